/* SPDX-License-Identifier: MIT */
/* Runs of pure ASCII, at the speed of memory. */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stddef.h>

enum { ASCII_RUN = 256 };       /* bytes that are looked at together */

/*
 * Upper-case ASCII letters, ASCII_RUN bytes at a time, as long as there is
 * nothing but ASCII. Returns the bytes done, a multiple of ASCII_RUN. The
 * ASCII_RUN bytes behind them may have been written over, up to out[n].
 */
size_t ascii_upper(unsigned char *restrict out, const unsigned char *restrict in, size_t n);

#endif
