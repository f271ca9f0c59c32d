/* SPDX-License-Identifier: MIT */
/*
 * A few lines of a terminal, on which text is laid by line and column before
 * they are written out from left to right. What is laid on them is shown as
 * visible characters only.
 */
#ifndef EYE_CANVAS_H
#define EYE_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CANVAS_LINES = 12, CANVAS_WIDTH = 400 };

enum canvas_style {
	CANVAS_PLAIN,
	CANVAS_DIM,
	CANVAS_WRONG,
	CANVAS_NOTE,
	CANVAS_STRONG,
	CANVAS_LANE             /* and the next few: one for each lane */
};

struct canvas {
	int width, lines;       /* lines in use */
	bool ascii, colour;
	struct canvas_cell {
		uint32_t point; /* 0: free */
		uint8_t style;
	} cell[CANVAS_LINES][CANVAS_WIDTH];
};

/* Begin anew, with no line in use. */
void canvas_clear(struct canvas *c);

/* Lay one character. Beyond the edges nothing happens. */
void canvas_put(struct canvas *c, int line, int column, uint32_t point, int style);

/* Lay a text of n bytes of UTF-8, at most room columns of it. Returns the columns used. */
int canvas_text(struct canvas *c, int line, int column, int room, const char *text, size_t n, int style);

/* The bytes of its first column. */
size_t canvas_step(const char *text, size_t n);

/* The columns that it needs. */
int canvas_width(const char *text, size_t n);

/* Are these columns free, [from, to)? Lifelines (the points given to canvas_line) do not count. */
bool canvas_is_free(const struct canvas *c, int line, int from, int to);

/* Write the lines in use, each with its newline, to out; and clear. Out takes pieces. */
void canvas_flush(struct canvas *c, void (*out)(void *to, const char *bytes, size_t n), void *to);

#endif
