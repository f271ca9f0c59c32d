/* SPDX-License-Identifier: MIT */
/*
 * What a call meant: in plain words what the kernel did, from the facts of
 * this very call, and which manual page says so.
 */
#ifndef EYE_MEANING_H
#define EYE_MEANING_H

#include <stddef.h>

#include "row.h"

enum { MEANING_ROOM = 1200 };

/* One to four sentences into out; "" when nothing is known. Returns out. */
const char *meaning_of(const struct row *row, char out[MEANING_ROOM]);

/* "accept(2)", "tcp(7)"; NULL for a row that has none. */
const char *meaning_page(const struct row *row);

#endif
