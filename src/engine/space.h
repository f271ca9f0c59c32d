/* SPDX-License-Identifier: MIT */
/* Address space that becomes memory where it is touched: for what may grow large and seldom does. */
#ifndef ENGINE_SPACE_H
#define ENGINE_SPACE_H

#include <stddef.h>

/* n bytes of zeros, at a page's start; NULL: none to be had. */
void *space_reserve(size_t n);

/* Give them back; NULL is nothing. */
void space_release(void *at, size_t n);

#endif
