/* SPDX-License-Identifier: MIT */
/* Each call of a side becomes a line that says who, what, how it ended, and whose bytes it got. */
#include "diff.h"

#include <stdlib.h>
#include <string.h>

#include "../base/put.h"

enum { LINE = 600, CONTEXT = 2 };

struct line {
	char *said;             /* compared: lanes by number */
	char *shown;            /* with their names */
};

struct side {
	struct line *lines;
	size_t n, room;
};

struct diff {
	struct side side[2];
	int at;
	struct story *story;
	bool lost;              /* no memory for all of it */
};

struct diff *diff_new(void)
{
	return calloc(1, sizeof(struct diff));
}

void diff_free(struct diff *d)
{
	for (int s = 0; d && s < 2; s++) {
		for (size_t i = 0; i < d->side[s].n; i++) {
			free(d->side[s].lines[i].said);
			free(d->side[s].lines[i].shown);
		}
		free(d->side[s].lines);
	}
	free(d);
}

void diff_begin(struct diff *d, int side, struct story *story)
{
	d->at = side;
	d->story = story;
}

static void put_lane(struct put *p, const struct diff *d, int lane, bool named)
{
	int n;
	const struct story_lane *lanes = story_lanes(d->story, &n);

	if (named && lane >= 0 && lane < n)
		put_text(p, lanes[lane].name);
	else
		put_signed(p, lane);
}

static char *line_of(const struct diff *d, const struct row *row, bool named)
{
	char text[LINE];
	struct put p = put_into(text, sizeof text);

	put_lane(&p, d, row->lane, named);
	put_text(&p, ": ");
	put_text(&p, row->text);
	put_text(&p, " ");
	put_text(&p, row->result);
	for (int i = 0; i < row->arrows; i++) {
		put_text(&p, row->arrow[i].to == row->lane ? ", from " : ", to ");
		put_lane(&p, d, row->arrow[i].to == row->lane ? row->arrow[i].from : row->arrow[i].to, named);
		put_text(&p, " ");
		put_text(&p, row->arrow[i].label);
	}
	return strdup(text);
}

void diff_row(void *diff, const struct row *row)
{
	struct diff *d = diff;
	struct side *s = &d->side[d->at];

	if (s->n == s->room) {
		size_t room = s->room ? 2 * s->room : 256;
		struct line *more = realloc(s->lines, room * sizeof *more);

		if (!more) {
			d->lost = true;
			return;
		}
		s->lines = more;
		s->room = room;
	}
	struct line *l = &s->lines[s->n];
	*l = (struct line){ line_of(d, row, false), line_of(d, row, true) };
	if (l->said && l->shown) {
		s->n++;
		return;
	}
	free(l->said);
	free(l->shown);
	d->lost = true;
}

size_t diff_calls(const struct diff *d, int side)
{
	return d->side[side].n;
}

static void put_side(struct put *p, const struct side *s, size_t at, const char *name)
{
	put_text(p, name);
	put_text(p, ":\n");
	for (size_t i = at; i < at + 3 && i < s->n; i++) {
		put_text(p, "  ");
		put_text(p, s->lines[i].shown);
		put_text(p, "\n");
	}
	if (at >= s->n)
		put_text(p, "  (nothing more)\n");
}

bool diff_same(const struct diff *d, const char *const names[2], char *out, size_t room)
{
	const struct side *a = &d->side[0], *b = &d->side[1];
	struct put p = put_into(out, room);
	size_t i = 0;

	while (i < a->n && i < b->n && strcmp(a->lines[i].said, b->lines[i].said) == 0)
		i++;
	if (i == a->n && i == b->n)
		return true;
	put_text(&p, "they part at call ");
	put_number(&p, i + 1);
	put_text(&p, " (in the order of cause)\n");
	if (i) {
		put_text(&p, "both:\n");
		for (size_t k = i > CONTEXT ? i - CONTEXT : 0; k < i; k++) {
			put_text(&p, "  ");
			put_text(&p, a->lines[k].shown);
			put_text(&p, "\n");
		}
	}
	put_side(&p, a, i, names[0]);
	put_side(&p, b, i, names[1]);
	return false;
}
