/* SPDX-License-Identifier: MIT */
/*
 * The ladder on a terminal: a lifeline for each lane, calls beside them,
 * arrows between them, time running down. With two lanes the calls stand
 * outside and the arrows have the middle; with more each lane has a column.
 * A row stays open until the next one, which joins its line where it goes on
 * with it: the receive at the head of the send's arrow, the SYN of a connect.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text-inner.h"

enum { USUAL_WIDTH = 80, LEAST_WIDTH = 40 };

/* -- Rows ---------------------------------------------------------------------------------------- */

static void wait_for(struct text *t, const struct row *row)
{
	int *n = &t->waits[row->lane];

	if (*n < WAITING)
		t->waiting[row->lane][(*n)++] = row->call;
}

static void wait_no_more(struct text *t, const struct row *row)
{
	int *n = &t->waits[row->lane];

	for (int i = 0; i < *n; i++)
		if (t->waiting[row->lane][i] == row->call) {
			t->waiting[row->lane][i] = t->waiting[row->lane][--*n];
			return;
		}
}

/* Does the row go on with what is on the open line, and is there room for it? */
static bool may_join(const struct text *t, const struct row *row)
{
	const struct row_arrow *a = &row->arrow[0];
	const struct open_row *o = &t->open;

	if (!o->is || row->arrows > 1 || (row->lane >= 0 && row->lane == o->lane))
		return false;
	if (row->lane >= 0 && !canvas_is_free(&t->c, 0, t->column[row->lane].from, t->column[row->lane].to))
		return false;
	if (row->arrows && (a->from == a->to || !text_fits(t, a, 0)))
		return false;
	if (row->kind == ROW_KERNEL)
		return row->lane < 0 && row->arrows && !o->kernel_only && a->from == o->lane &&
		       (a->kind != ARROW_LOST || a->call == o->call);
	if (row->kind != ROW_CALL && row->kind != ROW_END)
		return false;
	return row->arrows ? o->call && a->call == o->call : o->kernel_only && o->arrow_to == row->lane;
}

static void remember(struct text *t, const struct row *row)
{
	t->open = (struct open_row){
		.is = row->kind == ROW_CALL || row->kind == ROW_END || row->kind == ROW_KERNEL,
		.kernel_only = row->kind == ROW_KERNEL && row->lane < 0,
		.lane = row->lane, .call = row->call,
		.arrow_to = row->arrows ? row->arrow[0].to : -1,
	};
}

static void across(struct text *t, const struct row *row, int lines)
{
	const char *s = row->text;
	size_t n = strlen(s);
	int room = t->c.width - text_margin(t) - 4, line = 0;

	text_flush(t);
	while (n && line < lines) {
		size_t used = line == lines - 1 ? n : text_break(s, n, room);

		if (!line)
			canvas_put(&t->c, 0, text_margin(t), row->kind == ROW_FOLD ? 0x22ee : 0x25b8, CANVAS_NOTE);
		canvas_text(&t->c, line++, text_margin(t) + 2, room, s, used,
		            row->wrong ? CANVAS_WRONG : row->kind == ROW_FOLD ? CANVAS_STRONG : CANVAS_NOTE);
		s += used;
		n -= used;
	}
}

/* The ends of some may be among the rows that were counted, or their process has ended. */
static void look_who_waits(struct text *t)
{
	for (int lane = 0; lane < t->lanes; lane++)
		for (int i = t->waits[lane]; i-- > 0;)
			if (!story_is_open(t->d.story, t->waiting[lane][i]))
				t->waiting[lane][i] = t->waiting[lane][--t->waits[lane]];
}

static void fold(struct text *t, const struct row *row)
{
	look_who_waits(t);
	if (row->minor && !t->d.look->live)
		return;
	across(t, row, row->minor ? 1 : CANVAS_LINES);
	text_time(t, row, 0);
	if (!row->minor) {
		text_flush(t);
		return;
	}
	/* One line that is written again and again until the count is final: without its newline. */
	if (t->sofar)
		draw_put(&t->d, "\r\033[K", 4);
	t->sofar = false;
	canvas_flush(&t->c, text_put, &t->d);
	draw_put(&t->d, "\033[A", 3);
	t->sofar = true;
}

/* The lane goes on while a forked child lives, or another client. */
static bool has_ended(const struct text *t, const struct row *row)
{
	int n;
	const struct story_lane *lane = story_lanes(t->d.story, &n);

	return row->lane < n && lane[row->lane].clients + lane[row->lane].processes <= 2 &&
	       lane[row->lane].pid == row->event->pid;
}

static void row_of(struct draw *d, const struct row *row)
{
	struct text *t = (struct text *)d;
	int lines = 0;

	text_make_room(t);
	if (row->lane >= t->lanes)
		return;
	if (row->kind == ROW_NOTE) {
		across(t, row, CANVAS_LINES);
		text_flush(t);
		return;
	}
	if (row->kind == ROW_FOLD) {
		fold(t, row);
		return;
	}
	if (row->kind == ROW_END)
		wait_no_more(t, row);
	bool joins = may_join(t, row);
	if (!joins) {
		text_flush(t);
		text_time(t, row, 0);
	}
	if (row->lane >= 0)
		lines = text_tell(t, row, 0);
	if (joins && row->arrows)
		text_arrow(t, &row->arrow[0], 0);
	else
		text_arrows(t, row, lines);
	if (!joins)
		remember(t, row);
	else if (row->kind != ROW_KERNEL)
		text_flush(t);
	if (row->kind == ROW_BEGIN || row->kind == ROW_EXIT)
		text_flush(t);
	if (row->kind == ROW_BEGIN)
		wait_for(t, row);
	if (row->kind == ROW_EXIT)
		look_who_waits(t);
	if (row->kind == ROW_EXIT)
		t->ended[row->lane] = has_ended(t, row);
}

static void idle(struct draw *d)
{
	text_flush((struct text *)d);
}

static void end(struct draw *d)
{
	struct text *t = (struct text *)d;

	text_flush(t);
	if (t->sofar)
		draw_put(d, "\n", 1);
	free(t);
}

struct draw *text_draw(const struct draw_look *look, struct story *story, draw_out *out, void *to)
{
	struct text *t = calloc(1, sizeof *t);
	int width = look->width ? look->width : USUAL_WIDTH;

	if (!t)
		return NULL;
	t->d = (struct draw){ .row = row_of, .end = end, .idle = idle, .look = look,
	                      .story = story, .out = out, .to = to };
	t->c.width = width < LEAST_WIDTH ? LEAST_WIDTH : width > CANVAS_WIDTH ? CANVAS_WIDTH : width;
	t->c.ascii = look->ascii;
	t->c.colour = look->colour;
	return &t->d;
}
