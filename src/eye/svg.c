/* SPDX-License-Identifier: MIT */
/*
 * The ladder as an SVG picture: lanes and their lines, calls that wait as bars
 * on them, arrows that fall with time, words beside. It has no script, and
 * colours for light, dark and paper. Where everything lies is plan.c's; rows
 * and arrows are svg-row.c and svg-arrow.c.
 */
#include "svg.h"

#include <inttypes.h>
#include <string.h>

#include "page-data.h"
#include "picture.h"
#include "shown.h"

static const char *const heads[] = { "bytes", "datagram", "cut", "twice", "lost", "kernel" };

/* A cross for what is lost, else the head of an arrow. */
static void put_heads(struct page *p)
{
	page_put(p, "<defs>\n");
	for (int i = ARROW_BYTES; i <= ARROW_KERNEL; i++) {
		bool lost = i == ARROW_LOST;

		page_print(p,
			"<marker id=\"head-%s\" class=\"head %s\" viewBox=\"0 0 10 10\" "
			"refX=\"%d\" refY=\"5\" "
			"markerWidth=\"%d\" markerHeight=\"%d\" markerUnits=\"userSpaceOnUse\" "
			"orient=\"auto\">"
			"<path d=\"%s\"/></marker>\n",
			heads[i], heads[i], lost ? 5 : 9, lost ? 12 : 9, lost ? 12 : 9,
			lost ? "M1 1L9 9M9 1L1 9" : "M0 1L9.5 5L0 9z");
	}
	page_put(p, "</defs>\n");
}

static void put_told(struct page *p)
{
	const char *title = p->draw.look->title ? p->draw.look->title : "A conversation";

	page_put(p, "<title>");
	page_text(p, title);
	page_put(p, "</title>\n<desc>A ladder diagram. Time runs down; each program has a line "
		    "with its calls beside it; "
		    "arrows lead from the call that sent to the call that received. ");
	page_print(p, "Programs: ");
	for (int i = 0, n = 0; story_lanes(p->draw.story, &n), i < n; i++) {
		const struct story_lane *lane = &story_lanes(p->draw.story, &n)[i];

		page_put(p, i ? ", " : "");
		page_bytes(p, lane->name, strnlen(lane->name, sizeof lane->name));
	}
	page_put(p, ".</desc>\n");
}

static void put_second_line(struct page *p, const struct story_lane *who)
{
	if (who->stranger)
		page_put(p, "not watched");
	else if (!p->draw.look->untimed && who->pid)
		page_print(p, "pid %" PRId32, who->pid);
	if (who->processes > 1)
		page_print(p, "%s%d processes", who->stranger || p->draw.look->untimed ? "" : ", ",
			who->processes);
}

static void put_head(struct page *p, const struct plan *plan, const struct plan_lane *lane)
{
	char name[sizeof lane->who->name * 4 + 4];
	int top = plan->top - PLAN_HEAD - 14;
	bool one = p->draw.look->untimed && !lane->who->stranger && lane->who->processes < 2;

	shown_bytes(name, sizeof name - 3, lane->who->name,
		strnlen(lane->who->name, sizeof lane->who->name));
	page_print(p, "<g class=\"lane%s\"><title>", lane->who->stranger ? " stranger" : "");
	page_text(p, name);
	page_print(p, "</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/>",
		lane->x - lane->head / 2, top, lane->head, PLAN_HEAD);
	shown_cut(name, (lane->head - 16) * 100 / 786);
	page_print(p, "<text class=\"name\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">", lane->x,
		top + (one ? 27 : 20));
	page_text(p, name);
	page_print(p, "</text><text class=\"pid\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">",
		lane->x, top + 36);
	put_second_line(p, lane->who);
	page_put(p, "</text></g>\n");
}

static void put_lines(struct page *p, const struct plan *plan)
{
	for (int i = 0; i < plan->n; i++) {
		const struct plan_lane *lane = &plan->lane[i];

		page_print(p, "<path class=\"line%s\" d=\"M%d %dV%d\"/>",
			lane->who->stranger ? " stranger" : "", lane->x, plan->top - 14, lane->end);
		if (lane->end != plan->bottom)
			page_print(p, "<path class=\"stop\" d=\"M%d %dh16\"/>", lane->x - 8,
				lane->end);
	}
	page_put(p, "\n");
}

/* A call that waits, from its begin to its end, or to the end of all. */
static void put_bars(struct page *p, const struct plan *plan)
{
	for (size_t i = 0; i < p->kept.n; i++) {
		const struct kept_row *begin = &p->kept.rows[i];
		const struct plan_lane *lane = plan_lane(plan, begin->row->lane);
		const struct kept_call *call = kept_find(&p->kept, begin->row->call);

		if (begin->row->kind != ROW_BEGIN || !lane)
			continue;
		bool over = call && p->kept.rows[call->last].row->kind == ROW_END;
		int end = over ? p->kept.rows[call->last].y : lane->end;
		int x = lane->x - PLAN_BAR / 2 + (lane->column ? -1 : 1) * begin->slot * PLAN_SLOT;

		page_print(p,
			"<rect class=\"bar%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
			"rx=\"2\"/>",
			over ? "" : " open", x, begin->y, PLAN_BAR,
			end > begin->y ? end - begin->y : 1);
	}
	page_put(p, "\n");
}

static void put_key(struct page *p, int *x, int y, const char *class, const char *words)
{
	if (!strcmp(class, "bar"))
		page_print(p,
			"<rect class=\"bar\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"16\" "
			"rx=\"2\"/>",
			*x + 10, y - 8, PLAN_BAR);
	else
		page_print(p,
			"<path class=\"arrow %s\" marker-end=\"url(#head-%s)\" d=\"M%d %dh%d\"/>",
			class, class, *x, y, strcmp(class, "lost") ? 28 : 24);
	page_print(p, "<text x=\"%d\" y=\"%d\">%s</text>", *x + 38, y + 4, words);
	*x += 38 + plan_small((int)strlen(words)) + 22;
}

/* Only what the picture has. */
static void put_legend(struct page *p, const struct plan *plan)
{
	static const char *const words[] = {
		"bytes of a stream",
		"a datagram",
		"a datagram, cut",
		"a datagram, again",
		"a datagram, lost",
		"inferred: the kernel's own",
	};
	int x = plan->left, y = plan->bottom + 30;

	page_put(p, "<g class=\"legend\">");
	if (plan->waits)
		put_key(p, &x, y, "bar", "a call that waits");
	for (int i = ARROW_BYTES; i <= ARROW_KERNEL; i++)
		if (plan->kinds[i])
			put_key(p, &x, y, heads[i], words[i]);
	if (p->kept.left_out) {
		page_print(p, "<text class=\"left-out\" x=\"%d\" y=\"%d\">", plan->left, y + 22);
		page_count(p, p->kept.left_out);
		page_put(p, " more rows are left out.</text>");
	}
	page_put(p, "</g>\n");
}

static void open_picture(struct page *p, const struct plan *plan, bool links)
{
	if (!links)
		page_put(p, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	page_print(p,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ladder\" role=\"%s\" "
		"width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\">\n",
		links ? "group" : "graphics-document document", plan->width, plan->height,
		plan->width, plan->height);
	if (links)
		return;
	page_put(p, "<style>\n");
	page_lines(p, data_ladder_css);
	page_put(p, "</style>\n");
}

static void put_captions(struct page *p, const struct plan *plan, bool links)
{
	if (p->draw.look->title && !links) {
		page_print(p, "<text class=\"title\" x=\"%d\" y=\"26\">", 20);
		page_text(p, p->draw.look->title);
		page_put(p, "</text>\n");
	}
	if (!p->draw.look->untimed)
		page_print(p,
			"<text class=\"time\" x=\"%d\" y=\"%d\" "
			"text-anchor=\"end\">seconds</text>\n",
			plan->left - 26, plan->top - 18);
}

void svg_ladder(struct page *p, const struct plan *plan, bool links)
{
	open_picture(p, plan, links);
	put_told(p);
	put_heads(p);
	page_print(p, "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", plan->width,
		plan->height);
	put_captions(p, plan, links);
	put_lines(p, plan);
	put_bars(p, plan);
	for (int i = 0; i < plan->n; i++) put_head(p, plan, &plan->lane[i]);
	svg_arrows(p, plan, links);
	for (size_t i = 0; i < p->kept.n; i++) {
		svg_row(p, plan, i, links);
		page_put(p, "\n");
	}
	put_legend(p, plan);
	page_put(p, "</svg>\n");
}

static void write_picture(struct page *p, const struct plan *plan)
{
	svg_ladder(p, plan, false);
}

struct draw *svg_draw(const struct draw_look *look, struct story *story, draw_out *out, void *to)
{
	struct draw like = { .look = look, .story = story, .out = out, .to = to };

	return picture_draw(like, write_picture);
}
