/* SPDX-License-Identifier: MIT */
/*
 * What every drawing shares: rows in, bytes out, and the first error of the
 * output kept until somebody asks. The drawings are text.c, calls.c, svg.c,
 * html.c and mermaid.c.
 */
#include "draw.h"

/* The output as it is in draw_end: a drawing frees itself, so its error must lie elsewhere. */
struct last {
	draw_out *out;
	void *to;
	int error;
};

void draw_row(void *d, const struct row *row)
{
	struct draw *draw = d;

	draw->row(draw, row);
}

void draw_idle(struct draw *d)
{
	if (d->idle)
		d->idle(d);
}

void draw_put(struct draw *d, const char *bytes, size_t n)
{
	if (!d->error && n)
		d->error = d->out(d->to, bytes, n);
}

static int put_last(void *to, const char *bytes, size_t n)
{
	struct last *last = to;

	if (!last->error)
		last->error = last->out(last->to, bytes, n);
	return last->error;
}

/* In draw_end the error must be where it outlives the drawing. */
void draw_fail(struct draw *d, int error)
{
	struct last *last = d->out == put_last ? d->to : NULL;

	if (!d->error)
		d->error = error;
	if (last && !last->error)
		last->error = error;
}

int draw_end(struct draw *d)
{
	struct last last = { d->out, d->to, d->error };

	d->out = put_last;
	d->to = &last;
	d->end(d);
	return last.error;
}
