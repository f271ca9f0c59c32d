/* SPDX-License-Identifier: MIT */
/*
 * Strict numbers: the whole text must be the number. No sign, no space, no
 * hexadecimal, no digits but 0 to 9. Each returns 0 or -EINVAL (not a number)
 * or -ERANGE (a number beyond max).
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

/* n characters of decimal digits, at most max. */
int num_decimal(const char *text, size_t n, uint64_t max, uint64_t *value);

/* The same with an optional k, m or g behind it (1024 times each), either case. */
int num_size(const char *text, size_t n, uint64_t max, uint64_t *value);

#endif
