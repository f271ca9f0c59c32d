/* SPDX-License-Identifier: MIT */
/* Strict UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * The character that the n bytes at s begin with. Returns its length, 1 to 4,
 * and the code point; or 0 when the first byte begins no whole valid one.
 */
int utf8_next(const char *s, size_t n, uint32_t *point);

#endif
