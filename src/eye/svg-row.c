/* SPDX-License-Identifier: MIT */
/* One row of the picture: the time, the words beside the lane, a note's box, a fold's band. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shown.h"
#include "svg.h"

enum { BASE = 4, PAYLOAD_BASE = 20, TIME_SIDE = 26, NOTE_SIDE = 10, GROUND_SIDE = 5 };

/* Where a line's words begin, or end when they stand left. */
static int side_of(const struct plan_lane *lane)
{
	return lane->column ? lane->x + PLAN_SIDE : lane->x - PLAN_SIDE;
}

static const char *anchor_of(const struct plan_lane *lane)
{
	return lane->column ? "" : " text-anchor=\"end\"";
}

void svg_name(struct page *p, const struct kept_row *kept)
{
	if (kept->row->call && kept->row->kind <= ROW_END)
		page_print(p, "c%" PRIu32, kept->row->call);
	else
		page_print(p, "r%zu", (size_t)(kept - p->kept.rows) + 1);
}

static void put_time(struct page *p, const struct plan *plan, const struct kept_row *kept)
{
	int64_t us = kept->row->time / 1000;

	if (p->draw.look->untimed)
		return;
	page_print(p,
		"<text class=\"time\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%" PRId64 ".%06" PRId64
		"</text>",
		plan->left - TIME_SIDE, kept->y + BASE, us / 1000000, us % 1000000);
}

static void put_span(struct page *p, const char *class, const char *text, bool *more)
{
	if (!*text)
		return;
	page_print(p, "%s<tspan class=\"%s\">", *more ? " " : "", class);
	page_text(p, text);
	page_put(p, "</tspan>");
	*more = true;
}

/* The whole of it, for whoever lingers. */
static void put_title(struct page *p, const struct row *row)
{
	page_put(p, "<title>");
	page_text(p, row->text);
	if (row->result && *row->result) {
		page_put(p, " ");
		page_text(p, row->result);
	}
	if (row->took && !p->draw.look->untimed) {
		page_put(p, ", ");
		page_took(p, row->took);
	}
	page_put(p, "</title>");
}

/* Where a link from the details leads back to: the call's last row. */
static bool is_last(const struct kept *k, const struct kept_row *kept)
{
	const struct kept_call *call =
		kept->row->kind <= ROW_END ? kept_find(k, kept->row->call) : NULL;

	return !call || &k->rows[call->last] == kept;
}

static void open_row(struct page *p, const struct kept_row *kept, bool links)
{
	const struct row *row = kept->row;
	const char *kind = row->kind == ROW_KERNEL ? "inferred"
			   : row->kind == ROW_EXIT ? "exit"
						   : "call";

	page_print(p, "<%s class=\"%s%s\"", links ? "a" : "g", kind, row->wrong ? " wrong" : "");
	if (links) {
		page_put(p, " href=\"#");
		svg_name(p, kept);
		page_put(p, is_last(&p->kept, kept) ? "\" id=\"at-" : "\"");
		if (is_last(&p->kept, kept)) {
			svg_name(p, kept);
			page_put(p, "\"");
		}
	}
	page_put(p, ">");
	put_title(p, row);
}

/* The ground of the words: it is what a finger hits, and what is tinted when the call is chosen. */
static void put_ground(struct page *p, const struct plan_lane *lane, const struct kept_row *kept,
	const struct plan_words *w)
{
	int wide = plan_wide(w->columns), below = plan_small(shown_columns(w->payload));
	int width = (wide > below ? wide : below) + 2 * GROUND_SIDE,
	    x = side_of(lane) - GROUND_SIDE;

	if (!lane->column)
		x -= width - 2 * GROUND_SIDE;
	page_print(p,
		"<rect class=\"ground\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>", x,
		kept->y - 12, width, *w->payload ? 38 : 21);
}

static void put_words(
	struct page *p, const struct plan_lane *lane, const struct kept_row *kept, bool links)
{
	struct plan_words w;
	bool more = false;

	plan_words(&w, kept->row, p->draw.look);
	open_row(p, kept, links);
	if (links)
		put_ground(p, lane, kept, &w);
	page_print(p, "<text x=\"%d\" y=\"%d\"%s>", side_of(lane), kept->y + BASE, anchor_of(lane));
	put_span(p, "who", w.who, &more);
	put_span(p, "what", w.call, &more);
	put_span(p, "result", w.result, &more);
	page_put(p, "</text>");
	if (*w.payload) {
		page_print(p, "<text class=\"payload\" x=\"%d\" y=\"%d\"%s>", side_of(lane),
			kept->y + PAYLOAD_BASE, anchor_of(lane));
		page_text(p, w.payload);
		page_put(p, "</text>");
	}
	page_print(p, "</%s>", links ? "a" : "g");
}

/* What was inferred may be said by the label of its arrow. */
bool svg_has_words(const struct plan *plan, const struct row *row)
{
	const struct row_arrow *a = row->arrow;
	bool drawn = row->arrows && plan_lane(plan, a->from) && plan_lane(plan, a->to);

	return row->kind != ROW_KERNEL || !drawn || !*a->label || !row->text ||
	       strncmp(row->text, a->label, sizeof a->label - 1);
}

static void put_note(struct page *p, const struct plan *plan, const struct kept_row *kept)
{
	const struct plan_lane *lane = plan_lane(plan, kept->row->lane);
	char note[PLAN_NOTE_ROOM];
	int columns = plan_note_columns(plan, kept->row),
	    width = lane ? lane->words - PLAN_SIDE : plan->width - plan->left - 20;
	int x = !lane          ? plan->left
		: lane->column ? lane->x + PLAN_SIDE
			       : lane->x - PLAN_SIDE - width;
	int y = kept->y - kept->height / 2, line = y + 19;
	const char *next = plan_note(note, kept->row);

	page_print(p,
		"<g class=\"note%s\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>",
		kept->row->wrong ? " warning" : "", x, y + 1, width, kept->height - 7);
	page_print(p, "<rect class=\"edge\" x=\"%d\" y=\"%d\" width=\"3\" height=\"%d\"/>", x,
		y + 1, kept->height - 7);
	while (*next) {
		const char *at = next;
		size_t n = plan_note_break(at, columns, &next);

		page_print(p, "<text x=\"%d\" y=\"%d\">", x + NOTE_SIDE, line);
		page_bytes(p, at, n);
		page_put(p, *next ? " </text>" : "</text>");
		line += PLAN_LINE;
	}
	page_put(p, "</g>");
}

/* Does the text count the rows itself, in digits grouped or not? */
static bool counts(const struct row *row)
{
	char number[24];
	const char *digit = number;

	snprintf(number, sizeof number, "%" PRIu64, row->times);
	for (const char *c = row->text ? row->text : ""; *c && *digit; c++)
		if (*c == *digit)
			digit++;
		else if (*c != ',')
			digit = number;
	return !*digit;
}

static void put_fold(struct page *p, const struct plan *plan, const struct kept_row *kept)
{
	const struct row *row = kept->row;
	int y = kept->y - kept->height / 2 + 5, right = plan->width - 20;

	page_print(p,
		"<g class=\"fold\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>",
		plan->left, y, right - plan->left, kept->height - 10);
	page_print(p, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">", (plan->left + right) / 2,
		kept->y + BASE);
	if (!counts(row)) {
		page_put(p, "<tspan class=\"times\">\xc3\x97 ");
		page_count(p, row->times);
		page_put(p, "</tspan> ");
	}
	page_text(p, row->text);
	page_put(p, "</text></g>");
}

void svg_row(struct page *p, const struct plan *plan, size_t i, bool links)
{
	const struct kept_row *kept = &p->kept.rows[i];
	const struct plan_lane *lane = plan_lane(plan, kept->row->lane);
	const struct plan_lane nobody = { .x = plan->left - PLAN_SIDE, .column = plan->width };

	switch (kept->row->kind) {
	case ROW_NOTE:
		put_note(p, plan, kept);
		return;
	case ROW_FOLD:
		put_fold(p, plan, kept);
		return;
	default:
		put_time(p, plan, kept);
		if (svg_has_words(plan, kept->row))
			put_words(p, lane ? lane : &nobody, kept, links);
	}
}
