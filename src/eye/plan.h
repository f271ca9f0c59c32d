/* SPDX-License-Identifier: MIT */
/*
 * Where everything of a ladder lies, in pixels, before any of it is drawn. Time
 * runs down in even steps. The first lane's calls stand left of its line, those
 * of the others right of theirs; so between two lines lies first the column of
 * words, then a corridor in which arrows have their labels.
 *
 *	time    words | corridor | words   corridor | words
 *	                lane 0     lane 1             lane 2
 */
#ifndef EYE_PLAN_H
#define EYE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "kept.h"
#include "page.h"

enum {
	PLAN_SIDE = 14,         /* from a lane's line to its words */
	PLAN_HEAD = 46,         /* height of a lane's head */
	PLAN_LINE = 17,         /* of a note */
	PLAN_BAR = 8,           /* width of a call that waits */
	PLAN_SLOT = 5,          /* and how far one stands out behind another */
	PLAN_SLOTS = 8,
	PLAN_COLUMNS = 46,      /* the longest line of words */
	PLAN_NOTE_ROOM = 2048   /* bytes of a note */
};

struct plan_lane {
	const struct story_lane *who;
	int x;                  /* of its line */
	int column;             /* width of its words, with the side; 0: they stand left */
	int words;              /* width of its words in any case */
	int head;               /* width of its head */
	int end;                /* where its line ends */
};

struct plan {
	struct plan_lane *lane;
	int n;
	int left;               /* width of the margin with the times */
	int width, top, bottom, height; /* of all; where the rows begin and end */
	bool kinds[ARROW_KERNEL + 1], waits, folds;     /* what a legend has to tell */
};

/* The words of a call, cut to a lane's column. */
struct plan_words {
	char who[64], call[320], result[128], payload[320];
	int columns;            /* of who, call and result */
	bool cut;
};

/* Lay out the rows of the page. False: no memory. */
bool plan_make(struct plan *plan, struct page *p);
void plan_free(struct plan *plan);

/* A lane of a row or an arrow; NULL: it has none. */
const struct plan_lane *plan_lane(const struct plan *plan, int lane);

void plan_words(struct plan_words *w, const struct row *row, const struct draw_look *look);

/* The pixels that so many columns take: of calls, and in the smaller type of labels and notes. */
int plan_wide(int columns);
int plan_small(int columns);

/* A note's text made visible. Returns out. */
const char *plan_note(char out[PLAN_NOTE_ROOM], const struct row *row);

/* The columns of a note's line in its lane; and the lines it takes. */
int plan_note_columns(const struct plan *plan, const struct row *row);
int plan_note_lines(const char *text, int columns);

/*
 * The length of a note's next line, of at most so many columns, broken where a
 * word ends; *next: where the one after begins.
 */
size_t plan_note_break(const char *text, int columns, const char **next);

#endif
