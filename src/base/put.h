/* SPDX-License-Identifier: MIT */
/*
 * Text into a buffer, piece by piece, for places where printf may not go: in
 * signal handlers and while other locks are held. A piece that does not fit
 * is left out whole and so is everything after it; nothing is ever written
 * beyond room, and the text ends in a NUL.
 *
 *	char text[32];
 *	struct put p = put_into(text, sizeof text);
 *
 *	put_text(&p, "port ");
 *	put_number(&p, 7);
 */
#ifndef BASE_PUT_H
#define BASE_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct put {
	char *to;
	size_t room, n;         /* n: length so far, without the NUL */
	bool full;              /* something was left out */
};

/* Begin with an empty text. A room of 0 takes nothing, not even the NUL. */
struct put put_into(char *to, size_t room);

/* Add n bytes, a decimal number, or the last digits of a hexadecimal one. */
void put_bytes(struct put *p, const char *bytes, size_t n);
void put_number(struct put *p, uint64_t value);
void put_signed(struct put *p, int64_t value);
void put_hex(struct put *p, uint64_t value, int digits);

/* Add a string. Inline, since most are literals of known length. */
static inline void put_text(struct put *p, const char *text)
{
	put_bytes(p, text, strlen(text));
}

#endif
