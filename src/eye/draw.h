/* SPDX-License-Identifier: MIT */
/*
 * A drawing of the ladder: takes rows, gives bytes. Each kind is a file of its
 * own with one function that begins it; what they share is here.
 *
 *	struct draw *d = text_draw(&look, story, to_stderr, NULL);
 *	draw_row(d, row);               (a row_sink)
 *	draw_end(d);
 *
 * What a stranger chose (payload, names, paths) leaves a drawing as visible
 * characters only, never as markup or as a command to a terminal.
 */
#ifndef EYE_DRAW_H
#define EYE_DRAW_H

#include <stdbool.h>
#include <stddef.h>

#include "row.h"
#include "story.h"

/* Takes bytes. Returns 0, or a negative errno, and is not called again then. */
typedef int draw_out(void *to, const char *bytes, size_t n);

struct draw_look {
	int width;              /* columns of the terminal; 0: 80 */
	bool ascii;             /* nothing but ASCII */
	bool colour;
	bool payload;           /* show the first bytes of what moved, escaped */
	bool live;              /* out is a terminal: the last line may be written again */
	bool untimed;           /* no times, pids and ports that differ between two runs */
	int lanes;              /* so many are expected; 0: as they come */
	const char *title;      /* "sockeye trace -- ./server -- ./client", or NULL */
};

struct draw {
	void (*row)(struct draw *d, const struct row *row);
	void (*end)(struct draw *d);    /* write what is left, and free it */
	void (*idle)(struct draw *d);   /* nothing comes for a while: write what is held back; or NULL */
	const struct draw_look *look;
	struct story *story;            /* for its lanes */
	draw_out *out;
	void *to;
	int error;                      /* of out, the first */
};

/* A row_sink. d is a struct draw. */
void draw_row(void *d, const struct row *row);

/* For a live drawing. */
void draw_idle(struct draw *d);

/* The drawing is complete: write its end, free it. Returns the first error of out, or 0. */
int draw_end(struct draw *d);

/* For the drawings: give bytes to out, unless it has failed. */
void draw_put(struct draw *d, const char *bytes, size_t n);

/* Likewise: it cannot be drawn, for want of memory. Out is not called again. */
void draw_fail(struct draw *d, int error);

/* NULL: no memory. Look and story must outlive the drawing. */
struct draw *text_draw(const struct draw_look *look, struct story *story, draw_out *out, void *to);
struct draw *calls_draw(const struct draw_look *look, struct story *story, draw_out *out, void *to);
struct draw *svg_draw(const struct draw_look *look, struct story *story, draw_out *out, void *to);
struct draw *html_draw(const struct draw_look *look, struct story *story, draw_out *out, void *to);
struct draw *mermaid_draw(const struct draw_look *look, struct story *story, draw_out *out, void *to);

/* These keep rows until the end: so many at most, the rest is counted and said. */
enum { DRAW_ROWS = 20000 };

#endif
