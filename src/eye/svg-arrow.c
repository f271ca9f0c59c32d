/* SPDX-License-Identifier: MIT */
/*
 * Arrows: each leaves at the row of the call that sent and comes in at the row
 * it belongs to, so its slope shows that time went by. At a lane whose words
 * stand in its way it first underlines them. Its label stands in a corridor,
 * where no other label is.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "svg.h"

enum {
	GAP = 5,                /* between an arrow's end and the line */
	UNDER = 10,             /* an underline, below the middle of its words */
	SHORT = 46,             /* a lost datagram ends so far before its lane */
	HALF = 8,               /* half the fall of what falls within its own row */
	LABEL_UP = 5,
	STEEP = 1,
	LABEL_HEIGHT = 14,
	LABEL_PAD = 6,
	NEAR = 24               /* so many arrows before and behind are looked at for a label */
};

static const char *const classes[] = { "bytes", "datagram", "cut", "twice", "lost", "kernel" };

struct point {
	int x, y;
};

struct box {
	int left, right, top, bottom;
};

struct arrow {
	const struct row_arrow *is;
	const struct kept_row *kept; /* the row it belongs to */
	struct point from, to;  /* at the lines */
	struct point begin, end; /* of the part that falls */
	struct box label;       /* empty until it has one */
};

struct arrows {
	struct arrow *all;
	size_t n;
};

/* Where the words of a row end on the side where an arrow goes; 0: they are not in its way. */
static int words_end(
	struct page *p, const struct plan_lane *lane, const struct kept_row *kept, bool rightwards)
{
	struct plan_words w;

	if (!kept || !lane->column || !rightwards || kept->row->kind > ROW_END)
		return 0;
	plan_words(&w, kept->row, p->draw.look);
	return lane->x + PLAN_SIDE + plan_wide(w.columns) + 4;
}

/* One end of an arrow, and its knee. */
static void place_end(struct page *p, const struct plan_lane *lane, const struct kept_row *kept,
	int sign, struct point *at, struct point *knee)
{
	int words = words_end(p, lane, kept, sign > 0);

	at->x = lane->x + sign * GAP;
	if (words)
		at->y += UNDER;
	*knee = *at;
	if (words)
		knee->x = words;
}

/* The row in which it left, or NULL. */
static const struct kept_row *sender(
	const struct kept *k, const struct kept_row *kept, const struct row_arrow *is)
{
	const struct kept_call *call = is->call ? kept_find(k, is->call) : NULL;

	return call && &k->rows[call->first] <= kept ? &k->rows[call->first] : NULL;
}

static bool place(
	struct page *p, const struct plan *plan, const struct kept_row *kept, struct arrow *a)
{
	const struct plan_lane *from = plan_lane(plan, a->is->from),
			       *to = plan_lane(plan, a->is->to);
	const struct kept_row *left = sender(&p->kept, kept, a->is), *came = kept;
	int sign = a->is->to > a->is->from ? 1 : -1;

	if (!from || !to)
		return false;
	a->from.y = left ? left->y : kept->y - HALF;
	a->to.y = kept->y;
	if (left == kept || a->is->kind == ARROW_LOST || kept->row->kind == ROW_KERNEL) {
		a->to.y = left && left != kept && kept->row->kind != ROW_KERNEL ? kept->y
										: kept->y + HALF;
		a->from.y = left && kept->row->kind != ROW_KERNEL ? left->y : kept->y - HALF;
	}
	if (kept->row->lane != a->is->to)
		came = NULL;
	if (kept->row->kind == ROW_KERNEL)
		left = NULL;
	place_end(p, from, left, sign, &a->from, &a->begin);
	place_end(p, to, came, -sign, &a->to, &a->end);
	if (a->is->kind == ARROW_LOST) {
		a->to.x -= sign * SHORT;
		a->end = a->to;
	}
	return true;
}

/* The part of a falling line that lies in the corridor right of this lane; false: none. */
static bool clip(const struct plan *plan, const struct arrow *a, int lane, int *left, int *right)
{
	*left = plan->lane[lane].x + plan->lane[lane].column + LABEL_PAD;
	*right = plan->lane[lane + 1].x - GAP - LABEL_PAD;
	int low = a->begin.x < a->end.x ? a->begin.x : a->end.x,
	    high = a->begin.x < a->end.x ? a->end.x : a->begin.x;

	if (*left < low)
		*left = low;
	if (*right > high)
		*right = high;
	return *left < *right;
}

static int height_at(const struct arrow *a, int x)
{
	int wide = a->end.x - a->begin.x;

	return wide ? a->begin.y + (int)((int64_t)(a->end.y - a->begin.y) * (x - a->begin.x) / wide)
		    : a->end.y;
}

static double slope_of(const struct arrow *a)
{
	return a->end.x == a->begin.x ? STEEP
				      : (double)(a->end.y - a->begin.y) / (a->end.x - a->begin.x);
}

static bool is_steep(double slope)
{
	return slope > STEEP || slope < -STEEP;
}

/* The box of a label at this place of a line: above it and turned along; level and beside it where
 * it is steep. */
static struct box box_at(const struct arrow *a, int x, int width)
{
	double slope = slope_of(a);
	int y = height_at(a, x),
	    high = LABEL_HEIGHT / 2 + (int)((slope < 0 ? -slope : slope) * width / 2);

	if (is_steep(slope)) {
		x += width / 2 + LABEL_PAD;
		return (struct box){ x - width / 2, x + width / 2, y - LABEL_HEIGHT / 2,
			y + LABEL_HEIGHT / 2 };
	}
	y -= LABEL_HEIGHT / 2;
	return (struct box){ x - width / 2, x + width / 2, y - high, y + high };
}

static bool overlap(const struct box *b, const struct box *o)
{
	return b->left < o->right && o->left < b->right && b->top < o->bottom && o->top < b->bottom;
}

/* Does the line go through the box? Looked at in its middle and at both its sides. */
static bool strikes(const struct arrow *a, const struct box *b)
{
	int low = a->begin.x < a->end.x ? a->begin.x : a->end.x,
	    high = a->begin.x < a->end.x ? a->end.x : a->begin.x;

	for (int i = 0; i <= 2; i++) {
		int x = b->left + (b->right - b->left) * i / 2, y = height_at(a, x);

		if (x >= low && x <= high && y >= b->top && y <= b->bottom)
			return true;
	}
	return false;
}

/* How bad a place is: other labels are worse than other lines. */
static int cost(const struct arrows *s, size_t own, const struct box *b)
{
	size_t first = own > NEAR ? own - NEAR : 0, last = own + NEAR < s->n ? own + NEAR : s->n;
	int sum = 0;

	for (size_t i = first; i < last; i++)
		if (i != own)
			sum += 10 * overlap(b, &s->all[i].label) + strikes(&s->all[i], b);
	return sum;
}

/* The best place in one corridor, if better than the best so far. Returns its cost. */
static int find_in(const struct arrows *s, size_t own, int left, int right, int width, int best)
{
	static const int parts[] = { 50, 30, 70, 10, 90, 0, 100 };
	struct arrow *a = &s->all[own];

	for (size_t i = 0; i < sizeof parts / sizeof *parts && best; i++) {
		int least = left + width / 2, most = right - width / 2;
		int x = most > least ? least + (most - least) * parts[i] / 100 : (left + right) / 2;
		struct box box = box_at(a, x, width);

		if (box.right > right && is_steep(slope_of(a))) { /* to the other side */
			box.left -= width + 2 * LABEL_PAD;
			box.right -= width + 2 * LABEL_PAD;
		}
		int costs = cost(s, own, &box);

		if (costs < best) {
			best = costs;
			a->label = box;
		}
	}
	return best;
}

/* The corridors from the receiver's back to the sender's. */
static void find_place(const struct plan *plan, const struct arrows *s, size_t own, int width)
{
	const struct arrow *a = &s->all[own];
	int from = a->is->from, to = a->is->to, step = from < to ? -1 : 1, left, right,
	    best = INT32_MAX;
	struct box box = { a->end.x - width / 2, a->end.x + width / 2, a->end.y,
		a->end.y + LABEL_HEIGHT };

	for (int lane = from < to ? to - 1 : to; lane != (from < to ? from - 1 : from) && best;
		lane += step)
		if (clip(plan, a, lane, &left, &right))
			best = find_in(s, own, left, right, width, best);
	if (best == INT32_MAX)
		s->all[own].label = box;
}

/* The angle of a slope of at most 1, to a third of a degree. */
static void put_turn(struct page *p, const struct arrow *a, int x, int y)
{
	double slope = slope_of(a);

	if (!is_steep(slope))
		page_print(p, " transform=\"rotate(%.2f %d %d)\"",
			57.29578 * slope * (0.9724 - 0.1919 * slope * slope), x, y);
}

static const char *mark_of(int kind)
{
	switch (kind) {
	case ARROW_CUT:
		return " cut";
	case ARROW_TWICE:
		return " again";
	case ARROW_LOST:
		return " lost";
	default:
		return "";
	}
}

/* The words are what Tab goes through; a label is for whoever points at it. */
static void open_label(struct page *p, const struct plan *plan, const struct kept_row *kept,
	const struct row_arrow *is)
{
	bool alone = is == kept->row->arrow && !svg_has_words(plan, kept->row);

	page_put(p, alone ? "<a href=\"#" : "<a tabindex=\"-1\" href=\"#");
	svg_name(p, kept);
	if (alone) {
		page_put(p, "\" id=\"at-");
		svg_name(p, kept);
	}
	page_put(p, "\">");
}

static void put_label(struct page *p, const struct plan *plan, const struct arrows *s, size_t own)
{
	const struct arrow *a = &s->all[own];
	const char *text = a->is->label,
		   *mark = strstr(text, mark_of(a->is->kind)) ? "" : mark_of(a->is->kind);
	int width = plan_small((int)(strlen(text) + strlen(mark))) + LABEL_PAD;

	find_place(plan, s, own, width);
	int x = (a->label.left + a->label.right) / 2;
	int y = (a->label.top + a->label.bottom) / 2 + (is_steep(slope_of(a)) ? 4 : 2);

	page_print(p, "<text class=\"label %s\" x=\"%d\" y=\"%d\" text-anchor=\"middle\"",
		classes[a->is->kind], x, y);
	put_turn(p, a, x, y + LABEL_UP);
	page_put(p, ">");
	page_bytes(p, text, strnlen(text, sizeof a->is->label));
	page_print(p, "%s</text>", mark);
}

static void put_line(struct page *p, const struct arrow *a)
{
	const struct kept_row *kept = a->kept;

	page_print(p, "<path class=\"arrow %s\" marker-end=\"url(#head-%s)\"", classes[a->is->kind],
		classes[a->is->kind]);
	if (a->is->call)
		page_print(p, " data-from=\"c%" PRIu32 "\"", a->is->call);
	if (kept->row->call)
		page_print(p, " data-to=\"c%" PRIu32 "\"", kept->row->call);
	page_print(p, " d=\"M%d %d", a->from.x, a->from.y);
	if (a->begin.x != a->from.x)
		page_print(p, "H%d", a->begin.x);
	if (a->end.x != a->to.x)
		page_print(p, "L%d %dH%d", a->end.x, a->end.y, a->to.x);
	else
		page_print(p, "L%d %d", a->to.x, a->to.y);
	page_put(p, "\"/>");
}

/* What a program sends to itself turns round beside its lane, where no words are. */
static void put_loop(struct page *p, const struct plan *plan, const struct kept_row *kept,
	const struct row_arrow *is, bool links)
{
	const struct plan_lane *lane = plan_lane(plan, is->to);
	const struct kept_row *left = sender(&p->kept, kept, is);
	int sign = lane && lane->column ? -1 : 1;
	int top = left && left != kept ? left->y : kept->y - 2 * HALF;

	if (!lane)
		return;
	page_print(p,
		"<path class=\"arrow %s\" marker-end=\"url(#head-%s)\" d=\"M%d %dh%dV%dh%d\"/>",
		classes[is->kind], classes[is->kind], lane->x + sign * GAP, top, sign * 22, kept->y,
		-sign * 22);
	if (links)
		open_label(p, plan, kept, is);
	page_print(p, "<text class=\"label %s\" x=\"%d\" y=\"%d\"%s>", classes[is->kind],
		lane->x + sign * (GAP + 28), (top + kept->y) / 2 + 4,
		sign < 0 ? " text-anchor=\"end\"" : "");
	page_bytes(p, is->label, strnlen(is->label, sizeof is->label));
	page_put(p, links ? "</text></a>" : "</text>");
}

/* Those of one row that lead from lane to lane; the others are drawn at once. */
static void gather(struct page *p, const struct plan *plan, const struct kept_row *kept,
	struct arrows *s, bool links)
{
	const struct row *row = kept->row;

	for (int i = 0; i < row->arrows && i < ROW_ARROWS; i++) {
		struct arrow *a = &s->all[s->n];

		*a = (struct arrow){ .is = &row->arrow[i], .kept = kept };
		if (a->is->kind > ARROW_KERNEL)
			continue;
		if (a->is->from == a->is->to)
			put_loop(p, plan, kept, a->is, links);
		else if (place(p, plan, kept, a))
			s->n++;
	}
}

/* Labels come last, upon the lines. */
void svg_arrows(struct page *p, const struct plan *plan, bool links)
{
	struct arrows s = { calloc(p->kept.n + 1, ROW_ARROWS * sizeof *s.all), 0 };

	page_put(p, "<g class=\"arrows\">\n");
	for (size_t i = 0; s.all && i < p->kept.n; i++)
		gather(p, plan, &p->kept.rows[i], &s, links);
	for (size_t i = 0; i < s.n; i++) put_line(p, &s.all[i]);
	for (size_t i = 0; i < s.n; i++) {
		if (!*s.all[i].is->label)
			continue;
		if (links)
			open_label(p, plan, s.all[i].kept, s.all[i].is);
		put_label(p, plan, &s, i);
		page_put(p, links ? "</a>" : "");
	}
	page_put(p, "</g>\n");
	free(s.all);
}
