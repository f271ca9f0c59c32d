/* SPDX-License-Identifier: MIT */
/*
 * Where things go on a terminal: columns for lanes, words beside lifelines,
 * arrows between them. It lays them on the canvas; when is text.c's matter.
 */
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "quote.h"
#include "text-inner.h"

void text_put(void *to, const char *bytes, size_t n)
{
	draw_put(to, bytes, n);
}

/* -- Where things go ---------------------------------------------------------------------- */

int text_margin(const struct text *t)
{
	return t->d.look->untimed ? 1 : MARGIN;
}

static void lay_out_two(struct text *t)
{
	int left = text_margin(t), each = (t->c.width - left - GAP - 2) / 2, right = left + each + GAP + 1;

	t->column[0] = (struct column){ left + each, left, left + each - 1, true };
	t->column[1] = (struct column){ right, right + 2, t->c.width, false };
}

static void lay_out_many(struct text *t)
{
	int each = (t->c.width - text_margin(t)) / (t->lanes ? t->lanes : 1);

	for (int i = 0; i < t->lanes; i++) {
		int life = text_margin(t) + i * each;

		int to = i + 1 < t->lanes ? life + each - 1 : t->c.width;

		t->column[i] = (struct column){ life, life + 2, to, false };
	}
}

static void life_lines(struct text *t, int line)
{
	for (int i = 0; i < t->named; i++)
		if (!t->ended[i] && canvas_is_free(&t->c, line, t->column[i].life, t->column[i].life + 1))
			canvas_put(&t->c, line, t->column[i].life, t->waits[i] ? LIFE_WAITING : LIFE,
			           t->waits[i] ? CANVAS_DIM : CANVAS_LANE + i);
}

void text_flush(struct text *t)
{
	for (int i = 0; i < t->c.lines; i++)
		life_lines(t, i);
	if (t->c.lines && t->sofar)
		draw_put(&t->d, "\r\033[K", 4);
	t->sofar = t->sofar && !t->c.lines;
	canvas_flush(&t->c, text_put, &t->d);
	t->open.is = false;
}

/* Above its lifeline; of two lanes neither goes beyond the middle between them. */
static int name_place(const struct text *t, int i, int width, int *room)
{
	int life = t->column[i].life, middle = life + GAP / 2, at = life - width / 2;

	if (t->lanes > 2) {
		*room = t->column[i].to - life;
		return life;
	}
	if (i == 0) {
		*room = middle;
		if (at + width > middle)
			at = middle - width;
		return at < 0 ? 0 : at;
	}
	if (at < life - GAP / 2 + 1)
		at = life - GAP / 2 + 1;
	*room = t->c.width - at;
	return at;
}

static void name_lanes(struct text *t, const struct story_lane *lane, int n)
{
	for (int i = 0; i < n; i++) {
		char text[100];
		bool pid = lane[i].pid && !t->d.look->untimed;
		int len = pid ? snprintf(text, sizeof text, "%s (%d)", lane[i].name, (int)lane[i].pid)
		              : snprintf(text, sizeof text, "%s", lane[i].name);
		int width = canvas_width(text, (size_t)len), room, at = name_place(t, i, width, &room);

		canvas_text(&t->c, 0, at, width < room ? width : room, text, (size_t)len, CANVAS_STRONG);
	}
}

/* More lanes than before: new columns from here on, unless there are such already. */
void text_make_room(struct text *t)
{
	int n, expected = t->d.look->lanes < LANES ? t->d.look->lanes : LANES;
	const struct story_lane *lane = story_lanes(t->d.story, &n);

	if (n > LANES)
		n = LANES;
	if (n <= t->named)
		return;
	text_flush(t);
	if (n > t->lanes) {
		t->lanes = n > expected ? n : expected;
		if (t->lanes == 2)
			lay_out_two(t);
		else
			lay_out_many(t);
	}
	name_lanes(t, lane, n);
	text_flush(t);
	t->named = n;
}

/* -- Labels -------------------------------------------------------------------------------- */

/* The end of a line of at most room columns that begins at s: behind a space or comma where there is one. */
size_t text_break(const char *s, size_t n, int room)
{
	size_t best = 0, i = 0, next;

	for (int column = 0; i < n && column < room; column++, i = next) {
		next = i + canvas_step(s + i, n - i);
		if (next < n && (s[i] == ' ' || (s[i] == ',' && i)))
			best = next;
	}
	return i >= n ? n : best ? best : i ? i : canvas_step(s, n);
}

/* Lay a text beside a lane's lifeline, on as many lines as it needs. Returns how many. */
static int label(struct text *t, int lane, int line, const char *s, int style)
{
	const struct column *k = &t->column[lane];
	int room = k->to - k->from, lines = 0;
	size_t n = strlen(s);

	while (n && lines < LABEL_LINES && room > 0) {
		int indent = lines && !k->right ? 2 : 0;
		bool is_last = lines == LABEL_LINES - 1;
		size_t used = is_last ? n : text_break(s, n, room - indent);
		size_t shown = used;

		while (shown && s[shown - 1] == ' ')
			shown--;
		int width = canvas_width(s, shown), at = k->from + indent;
		if (width > room - indent)
			width = room - indent;
		if (k->right)
			at = k->to - width;
		canvas_text(&t->c, line + lines, at, width, s, shown, style);
		lines++;
		s += used;
		n -= used;
	}
	return lines;
}

static void put_took(const struct text *t, const struct row *row, char *out, size_t room)
{
	out[0] = '\0';
	if (t->d.look->untimed || row->took < CLOCK_MS)
		return;
	if (row->took < 10 * CLOCK_SEC)
		snprintf(out, room, " %.*f ms", row->took < 100 * CLOCK_MS, (double)row->took / CLOCK_MS);
	else
		snprintf(out, room, " %.1f s", (double)row->took / CLOCK_SEC);
}

/* A call that has been told already is not told with all its arguments again. */
static void put_call(const struct text *t, const struct row *row, char *out, size_t room)
{
	size_t name = strcspn(row->text, "(");
	char took[40];

	put_took(t, row, took, sizeof took);
	const char *gap = row->who[0] ? " " : "";
	if (row->kind == ROW_END)
		snprintf(out, room, "%s%s%.*s %s%s", row->who, gap, (int)name, row->text, row->result, took);
	else if (row->kind == ROW_BEGIN)
		snprintf(out, room, "%s%s%s ...", row->who, gap, row->text);
	else
		snprintf(out, room, "%s%s%s %s%s", row->who, gap, row->text, row->result, took);
}

/* The words of a row beside its lane, and what moved below them. Returns the lines. */
int text_tell(struct text *t, const struct row *row, int line)
{
	char words[LABEL], bytes[QUOTE_ROOM(64)];
	int style = row->wrong ? CANVAS_WRONG : row->kind == ROW_KERNEL ? CANVAS_DIM : CANVAS_PLAIN;
	int lines;

	if (row->event)
		put_call(t, row, words, sizeof words);
	else
		snprintf(words, sizeof words, "%s", row->text);
	lines = label(t, row->lane, line, words, style);
	if (t->d.look->payload && row->event && quote_event(bytes, sizeof bytes, row->event, 64))
		lines += label(t, row->lane, line + lines, bytes, CANVAS_DIM);
	return lines;
}

void text_time(struct text *t, const struct row *row, int line)
{
	char text[32];
	int n;

	if (t->d.look->untimed)
		return;
	n = row->time < 100 * CLOCK_SEC ? snprintf(text, sizeof text, "%9.3f", (double)row->time / CLOCK_MS)
	                                : snprintf(text, sizeof text, "%8.2fs", (double)row->time / CLOCK_SEC);
	canvas_text(&t->c, line, 0, MARGIN - 1, text, (size_t)n, CANVAS_DIM);
}

/* -- Arrows ----------------------------------------------------------------------------------- */

static void reach(const struct text *t, const struct row_arrow *a, int *from, int *to)
{
	int x = t->column[a->from].life, y = t->column[a->to].life;

	*from = x < y ? x : y;
	*to = x < y ? y : x;
}

bool text_fits(const struct text *t, const struct row_arrow *a, int line)
{
	int from, to;

	reach(t, a, &from, &to);
	return canvas_is_free(&t->c, line, from + 1, to);
}

static const char *mark_of(const struct row_arrow *a)
{
	return a->kind == ARROW_TWICE ? ", again" : a->kind == ARROW_LOST ? ", lost" : "";
}

static void put_label(struct text *t, const struct row_arrow *a, int line, int from, int to, int style)
{
	char text[120];
	const char *mark = mark_of(a);
	int room = to - from - 5, n = snprintf(text, sizeof text, " %s%s ", a->label, mark);
	int width = canvas_width(text, (size_t)n);

	/* How many is worth more than where they are. */
	if (width > room && a->kind == ARROW_BYTES) {
		n = snprintf(text, sizeof text, " %.*s%s ", (int)strcspn(a->label, "["), a->label, mark);
		width = canvas_width(text, (size_t)n);
	}
	if (width > room)
		width = room;
	if (width > 2)
		canvas_text(&t->c, line, from + 1 + (to - from - width) / 2, width, text, (size_t)n, style);
}

void text_arrow(struct text *t, const struct row_arrow *a, int line)
{
	bool kernel = a->kind == ARROW_KERNEL, wrong = a->kind != ARROW_BYTES && a->kind != ARROW_DATAGRAM && !kernel;
	int style = kernel ? CANVAS_DIM : wrong ? CANVAS_WRONG : CANVAS_LANE + a->from;
	bool rightwards = t->column[a->to].life > t->column[a->from].life;
	int from, to, lost;

	reach(t, a, &from, &to);
	lost = rightwards ? to - (to - from) / 4 : from + (to - from) / 4;
	for (int x = from + 1; x < to; x++)
		if (a->kind != ARROW_LOST || (rightwards ? x < lost : x > lost))
			canvas_put(&t->c, line, x, kernel ? 0x2504 : 0x2500, style);
	put_label(t, a, line, from, to, style);
	canvas_put(&t->c, line, t->column[a->from].life, rightwards ? 0x251c : 0x2524, style);
	if (a->kind == ARROW_LOST)
		canvas_put(&t->c, line, lost, 0x2573, style);
	else
		canvas_put(&t->c, line, rightwards ? to - 1 : from + 1, rightwards ? 0x25b6 : 0x25c0, style);
}

/* Both ends are in one lane: there is no room for an arrow, so it is said. */
static int put_own(struct text *t, const struct row_arrow *a, int line)
{
	char text[100];

	snprintf(text, sizeof text, "\u21b3 %s%s", a->label, mark_of(a));
	return label(t, a->to, line, text, CANVAS_DIM);
}

int text_arrows(struct text *t, const struct row *row, int lines)
{
	for (int i = 0; i < row->arrows; i++) {
		const struct row_arrow *a = &row->arrow[i];
		int line = 0;

		if (a->from >= t->lanes || a->to >= t->lanes || a->from < 0 || a->to < 0)
			continue;
		if (a->from == a->to) {
			lines += put_own(t, a, lines);
			continue;
		}
		while (line < lines && !text_fits(t, a, line))
			line++;
		text_arrow(t, a, line);
		lines = line >= lines ? line + 1 : lines;
	}
	return lines;
}
