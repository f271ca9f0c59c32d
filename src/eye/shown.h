/* SPDX-License-Identifier: MIT */
/*
 * Text of strangers as a person may see it: one line of valid UTF-8 in which
 * what has no picture (controls, marks of direction, stray bytes) is written
 * by its number, \x1b, \u202e. It means nothing to a terminal; for markup it
 * still wants its brackets escaped (page.h).
 */
#ifndef EYE_SHOWN_H
#define EYE_SHOWN_H

#include <stddef.h>

/* Write n bytes so into out, ended by a NUL. What finds no room is left out, whole characters. Returns the length. */
size_t shown_bytes(char *out, size_t room, const char *in, size_t n);

/* The columns that such a text takes where all letters are of one width. */
int shown_columns(const char *s);

/*
 * Cut it to so many columns, the last of them an ellipsis, for which there must
 * be 3 bytes of room behind the text. Returns the columns.
 */
int shown_cut(char *s, int columns);

#endif
