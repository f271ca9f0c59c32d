/* SPDX-License-Identifier: MIT */
/* Text inside the quotes of JSON (RFC 8259), in ASCII alone: nothing leaves its quotes or commands a terminal. */
#ifndef BASE_JSONTEXT_H
#define BASE_JSONTEXT_H

#include "put.h"

/* One character, escaped where it must be. */
void jsontext_put(struct put *p, uint32_t point);

/* n bytes of UTF-8; what is none becomes U+FFFD. */
void jsontext_put_all(struct put *p, const char *text, size_t n);

#endif
