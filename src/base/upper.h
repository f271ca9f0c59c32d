/* SPDX-License-Identifier: MIT */
/* Upper case of UTF-8 text, by the full mappings of Unicode. */
#ifndef BASE_UPPER_H
#define BASE_UPPER_H

#include <stddef.h>

/*
 * Upper-case n bytes into out, which must not overlap them. Bytes that are not
 * UTF-8 pass through. Stops before a character that is cut off by the end of
 * the text, and before one whose upper case no longer fits. Returns the bytes
 * written and tells the bytes read. Whatever lies between the result and room
 * may have been written over.
 */
size_t upper_bytes(char *out, size_t room, const char *in, size_t n, size_t *used);

#endif
