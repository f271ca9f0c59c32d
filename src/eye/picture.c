/* SPDX-License-Identifier: MIT */
/*
 * The life of a picture: its rows are kept (kept.c) until the last has come,
 * then laid out (plan.c), written (svg.c, html.c), and all is freed.
 */
#include "picture.h"

#include <errno.h>
#include <stdlib.h>

static void keep(struct draw *d, const struct row *row)
{
	kept_add(&((struct page *)d)->kept, row);
}

static void finish(struct draw *d)
{
	struct page *p = (struct page *)d;
	struct plan plan = { .lane = NULL };

	if (kept_sort(&p->kept) && plan_make(&plan, p)) {
		p->write(p, &plan);
		page_flush(p);
	} else {
		draw_fail(d, -ENOMEM);
	}
	plan_free(&plan);
	kept_free(&p->kept);
	free(p);
}

struct draw *picture_draw(struct draw like, void (*write)(struct page *p, const struct plan *plan))
{
	struct page *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->draw = like;
	p->draw.row = like.row ? like.row : keep;
	p->draw.end = finish;
	p->write = write;
	return &p->draw;
}
