/* SPDX-License-Identifier: MIT */
/*
 * Bytes of strangers on a terminal: text stays text, and whatever could command
 * the terminal or mislead its reader is shown by its number, \x1b. Lines and
 * tabs stay; a carriage return is shown only where no line ends with it.
 */
#ifndef CMD_VISIBLE_H
#define CMD_VISIBLE_H

#include <stddef.h>

enum { VISIBLE_HELD = 4 };

/* Zeroed memory is the beginning of a text that comes in pieces. */
struct visible {
	char held[VISIBLE_HELD];        /* the end of the last piece, whose meaning the next one tells */
	size_t n;
	char last;                      /* the last byte shown */
};

/* Room for what n bytes become, those held back included. */
#define VISIBLE_ROOM(n) (10 * ((n) + VISIBLE_HELD))

/* Write a piece as it may be shown to out. Returns the length. */
size_t visible_piece(struct visible *v, char *out, const char *in, size_t n);

/* What is still held back, at the end. Out has VISIBLE_ROOM(0). */
size_t visible_end(struct visible *v, char *out);

#endif
