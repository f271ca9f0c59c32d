/* SPDX-License-Identifier: MIT */
/* The ladder on a terminal, shared by its files: text.c has the rows, text-place.c knows where things go. */
#ifndef EYE_TEXT_INNER_H
#define EYE_TEXT_INNER_H

#include "canvas.h"
#include "draw.h"

enum {
	MARGIN = 10,            /* of the times: "  1234.567 " */
	GAP = 19,               /* between the lifelines of two lanes */
	LANES = 64,
	WAITING = 64,           /* calls of a lane whose end is awaited */
	LABEL_LINES = 4,
	LABEL = 700,
	LIFE = 0x2502, LIFE_WAITING = 0x250a
};

struct column {
	int life;               /* where the lifeline is */
	int from, to;           /* where its calls are told, [from, to) */
	bool right;             /* at the right end of that */
};

struct open_row {               /* what is on the canvas and may be joined */
	bool is, kernel_only;
	int lane, arrow_to;
	uint32_t call;
};

struct text {
	struct draw d;
	struct canvas c;
	int lanes;              /* laid out so far */
	struct column column[LANES];
	uint32_t waiting[LANES][WAITING];
	int waits[LANES];
	int named;              /* lanes that have begun */
	bool ended[LANES];
	struct open_row open;
	bool sofar;             /* the last line is a count that may be written again */
};

/* Columns in front of the lanes. */
int text_margin(const struct text *t);

/* Columns for the lanes that the story has by now; their names are told where there are new ones. */
void text_make_room(struct text *t);

/* For canvas_flush: to is a struct draw. */
void text_put(void *to, const char *bytes, size_t n);

/* Write what is on the canvas, with the lifelines. */
void text_flush(struct text *t);

/* How much of n bytes makes a line of at most room columns. */
size_t text_break(const char *s, size_t n, int room);

/* The time of a row; its words beside its lane, which take so many lines. */
void text_time(struct text *t, const struct row *row, int line);
int text_tell(struct text *t, const struct row *row, int line);

/* Is the way of an arrow free? One arrow; all of a row, below its lines where they must: the lines then. */
bool text_fits(const struct text *t, const struct row_arrow *a, int line);
void text_arrow(struct text *t, const struct row_arrow *a, int line);
int text_arrows(struct text *t, const struct row *row, int lines);

#endif
