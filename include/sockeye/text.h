/* SPDX-License-Identifier: MIT */
/*
 * Text, as Python treats it, into the caller's buffer.
 *
 *	char out[6144], shown[4100];
 *	size_t used, n = sock_upper(out, sizeof out, in, in_n, &used);
 *
 *	printf("%s\n", sock_repr(shown, sizeof shown, out, n));
 */
#ifndef SOCKEYE_TEXT_H
#define SOCKEYE_TEXT_H

#include <sockeye.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Upper-case UTF-8 exactly as Python's str.upper(), the full mappings of
 * Unicode included ("ß" becomes "SS"). Bytes that are not UTF-8 pass through.
 * Returns the bytes written. *used (may be NULL) tells the bytes read: fewer
 * than n when the text ends inside a character, or when out is full. Output is
 * at most three times the input, and never cut inside a character. In and out
 * must not overlap, and room behind the result may be written over.
 */
size_t sock_upper(char *out, size_t room, const char *in, size_t n, size_t *used);

/*
 * Bytes as Python prints them: b'Hello\n\xff', choosing the quote as Python
 * does. Always NUL-terminated; 4 * n + 4 bytes of room always suffice, with
 * less the text ends after a whole character. Returns out.
 */
char *sock_repr(char *out, size_t room, const void *bytes, size_t n);

/*
 * An address as Python prints it: ('127.0.0.1', 65432), ('::1', 7, 0, 0),
 * '/tmp/s', b'\x00name', None for an empty one. But network interfaces stand
 * there by number, for the name of one would have to be asked of the system.
 * Always NUL-terminated; 660 bytes of room always suffice, with less the text
 * may end early, after a whole piece. Returns out.
 */
char *sock_repr_addr(char *out, size_t room, const struct sock_addr *addr);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
