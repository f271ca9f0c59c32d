/* SPDX-License-Identifier: MIT */
/*
 * The flat list: one line for each call when it returns, in the form of
 * strace(1) with the program in front. What waits is told when it waits no
 * more, or at the end as unfinished. Payload is shown as far as it was
 * recorded; to show none, record none. Notes and folded calls are lines that
 * begin with a '#'; what the kernel did of its own is left to the ladder.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/put.h"
#include "args.h"
#include "draw.h"
#include "shown.h"

enum { NAME = 300, NAME_LEAST = 8, NAME_MOST = 24, LINE = NAME + ARGS_ROOM + 1000 };

static const int64_t SECOND = 1000000000;

/* A call that waits: its line so far. */
struct waiting {
	uint32_t call;
	char *line;
};

struct calls {
	struct draw d;
	int width;              /* of the names so far */
	struct waiting *waiting;
	size_t n, room;
};

/* Where nothing but ASCII may be shown another letter is a question mark. */
static size_t to_ascii(char *line)
{
	size_t n = 0;

	for (const char *c = line; *c; c++)
		if (((unsigned char)*c & 0xc0) != 0x80)
			line[n++] = (unsigned char)*c < 0x80 ? *c : '?';
	line[n] = '\0';
	return n;
}

/* Whatever is in it: one line, and nothing that commands a terminal. */
static void put_line(struct calls *c, const char *line, bool wrong)
{
	bool colour = c->d.look->colour && wrong;
	char shown[LINE];
	size_t n = shown_bytes(shown, sizeof shown, line, strlen(line));

	if (c->d.look->ascii)
		n = to_ascii(shown);
	if (colour)
		draw_put(&c->d, "\033[1;31m", 7);
	draw_put(&c->d, shown, n);
	if (colour)
		draw_put(&c->d, "\033[0m", 4);
	draw_put(&c->d, "\n", 1);
}

/* Who calls: the lane's name, with the process where there are several. Columns of their own, as far as they go. */
static void put_who(struct calls *c, struct put *p, const struct row *row)
{
	int n, columns;
	const struct story_lane *lane = story_lanes(c->d.story, &n);
	char name[NAME];
	size_t len = 0;

	if (row->lane >= 0 && row->lane < n) {
		lane += row->lane;
		len = shown_bytes(name, sizeof name - 20, lane->name, strnlen(lane->name, sizeof lane->name));
		if (lane->processes > 1 && row->event && !c->d.look->untimed)
			len += (size_t)snprintf(name + len, sizeof name - len, "[%d]", (int)row->event->pid);
	}
	name[len] = '\0';
	columns = shown_columns(name);
	if (columns > c->width)
		c->width = columns < NAME_MOST ? columns : NAME_MOST;
	put_text(p, name);
	for (int i = columns; i < c->width; i++)
		put_text(p, " ");
	put_text(p, "  ");
}

/* By cause instead of time the row has the words, for the record has numbers that differ between runs. */
static void put_call(struct calls *c, struct put *p, const struct row *row)
{
	char text[ARGS_ROOM];

	if (c->d.look->untimed || !row->event) {
		put_text(p, row->text);
		return;
	}
	args_text(text, sizeof text, row->event, false);
	put_text(p, event_call_name(row->event->call));
	put_text(p, "(");
	put_text(p, text);
	put_text(p, ")");
}

static void put_result(struct calls *c, struct put *p, const struct row *row)
{
	bool full = row->event && !c->d.look->untimed;
	char text[ARGS_ROOM];

	if (full)
		args_result(text, sizeof text, row->event);
	const char *result = full ? text : row->result;
	put_text(p, *result ? " " : "");
	put_text(p, result);
	if (!full || row->kind == ROW_EXIT)
		return;
	snprintf(text, sizeof text, " <%lld.%06lld>", (long long)(row->took / SECOND),
	         (long long)(row->took % SECOND / 1000));
	put_text(p, text);
}

static void tell_call(struct calls *c, const struct row *row)
{
	char line[LINE];
	struct put p = put_into(line, sizeof line);

	put_who(c, &p, row);
	put_call(c, &p, row);
	put_result(c, &p, row);
	put_line(c, line, row->wrong);
}

static void tell_note(struct calls *c, const struct row *row)
{
	char line[LINE];
	struct put p = put_into(line, sizeof line);

	put_text(&p, "# ");
	put_text(&p, row->text);
	put_line(c, line, row->wrong);
}

static void wait_for(struct calls *c, const struct row *row)
{
	char line[LINE];
	struct put p = put_into(line, sizeof line);

	if (c->n == c->room) {
		size_t room = 2 * c->room + 8;
		struct waiting *more = realloc(c->waiting, room * sizeof *more);

		if (!more) {
			draw_fail(&c->d, -ENOMEM);
			return;
		}
		c->waiting = more;
		c->room = room;
	}
	put_who(c, &p, row);
	put_call(c, &p, row);
	put_text(&p, " <unfinished>");
	char *copy = strdup(line);
	if (copy)
		c->waiting[c->n++] = (struct waiting){ row->call, copy };
	else
		draw_fail(&c->d, -ENOMEM);
}

static void wait_no_more(struct calls *c, uint32_t call)
{
	size_t i = 0;

	while (i < c->n && c->waiting[i].call != call)
		i++;
	if (i == c->n)
		return;
	free(c->waiting[i].line);
	memmove(&c->waiting[i], &c->waiting[i + 1], (--c->n - i) * sizeof *c->waiting);
}

static void row_of(struct draw *d, const struct row *row)
{
	struct calls *c = (struct calls *)d;

	switch (row->kind) {
	case ROW_BEGIN:
		wait_for(c, row);
		break;
	case ROW_END:
		wait_no_more(c, row->call);
		tell_call(c, row);
		break;
	case ROW_CALL:
	case ROW_EXIT:
		tell_call(c, row);
		break;
	case ROW_NOTE:
		tell_note(c, row);
		break;
	case ROW_FOLD:
		if (!row->minor)        /* else it is only how often so far */
			tell_note(c, row);
		break;
	}
}

static void end(struct draw *d)
{
	struct calls *c = (struct calls *)d;

	for (size_t i = 0; i < c->n; i++) {
		put_line(c, c->waiting[i].line, false);
		free(c->waiting[i].line);
	}
	free(c->waiting);
	free(c);
}

struct draw *calls_draw(const struct draw_look *look, struct story *story, draw_out *out, void *to)
{
	struct calls *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->d = (struct draw){ .row = row_of, .end = end, .look = look, .story = story, .out = out, .to = to };
	c->width = NAME_LEAST;
	return &c->d;
}
