/* SPDX-License-Identifier: MIT */
/*
 * The ladder as a page that needs nothing else: the picture of svg.c, the
 * details of every call, and the sockets. Its policy lets one style and one
 * script be used, named by their hashes (tools/embed.py), and nothing be
 * fetched. Without the script the details are a list below the ladder. The
 * page is well-formed XML, so that any reader can check it.
 */
#include "html.h"

#include <inttypes.h>
#include <stdio.h>

#include "meaning.h"
#include "page-data.h"
#include "picture.h"
#include "svg.h"

static void put_name(struct page *p)
{
	page_text(p, p->draw.look->title ? p->draw.look->title : "A conversation");
}

static void put_policy(struct page *p)
{
	page_put(p, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ");
	page_print(p, "style-src '%s'; script-src '%s'; ", data_style_hash, data_script_hash);
	page_put(p, "base-uri 'none'; form-action 'none'\"/>\n");
}

static void put_start(struct page *p)
{
	page_put(p, "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" "
		    "lang=\"en\">\n<head>\n"
		    "<meta charset=\"utf-8\"/>\n");
	put_policy(p);
	page_put(p, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
		    "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
		    "<meta name=\"referrer\" content=\"no-referrer\"/>\n<title>");
	put_name(p);
	page_put(p, "</title>\n<style>\n");
	page_lines(p, data_ladder_css);
	page_lines(p, data_page_css);
	page_put(p, "</style>\n</head>\n<body>\n");
}

static void put_amount(struct page *p, uint64_t n, const char *one, const char *many)
{
	page_count(p, n);
	page_print(p, " %s", n == 1 ? one : many);
}

static void put_header(struct page *p, const struct plan *plan)
{
	size_t calls = p->kept.n_calls;

	page_put(p, "<header>\n<h1>");
	put_name(p);
	page_put(p, "</h1>\n<p>");
	put_amount(p, (uint64_t)plan->n, "program", "programs");
	page_put(p, ", ");
	put_amount(p, calls, "call", "calls");
	page_put(p, " shown, ");
	put_amount(p, story_sockets(p->draw.story), "socket", "sockets");
	if (p->kept.n && !p->draw.look->untimed) {
		page_put(p, ", ");
		page_took(p, p->kept.rows[p->kept.n - 1].row->time);
	}
	page_put(p, ".</p>\n</header>\n");
}

/* The first hint is for readers with the script, the second for those without. */
static void put_details(struct page *p)
{
	page_put(p, "<aside id=\"details\" aria-label=\"The chosen call\" aria-live=\"polite\">\n"
		"<h2>Calls</h2>\n<p class=\"hint lively\">Choose a call in the ladder to read what it did. "
		"With the keyboard: Tab into the ladder, then up and down go from call to call, left and "
		"right to the call at the other end, Escape closes.</p>\n<p class=\"hint plain\">Each call "
		"in the ladder leads to what is told of it here.</p>\n");
	for (size_t i = 0; i < p->kept.n; i++)
		if (html_has_details(&p->kept, i))
			html_call(p, i);
	page_put(p, "</aside>\n");
}

static void put_end(struct page *p)
{
	page_put(p, "<section id=\"reading\">\n<h2>How to read it</h2>\n"
		    "<p>Time runs down, a row for each call, not to scale. A program's calls stand "
		    "beside its line. A bar on "
		    "the line is a call that waits, from its begin to its return. A solid arrow "
		    "leads from the call that "
		    "sent to the call that received; <code>[0,12)</code> are places in the stream, "
		    "from the first byte to "
		    "one behind the last. What is dashed was not seen: the kernel must have done "
		    "it. A cross ends what was "
		    "lost.</p>\n</section>\n<script>");
	page_lines(p, data_page_js);
	page_put(p, "</script>\n</body>\n</html>\n");
}

/* The meaning is told while the row's socket is as it was at that time: its page, a line's end, its
 * words. */
static void keep(struct draw *d, const struct row *row)
{
	struct kept_row *kept = kept_add(&((struct page *)d)->kept, row);
	char meaning[MEANING_ROOM];
	const char *page;

	if (!kept || row->kind == ROW_NOTE || row->kind == ROW_FOLD)
		return;
	page = meaning_page(row);
	meaning_of(row, meaning);
	if ((page || *meaning) && asprintf(&kept->told, "%s\n%s", page ? page : "", meaning) < 0)
		kept->told = NULL;
}

static void write_page(struct page *p, const struct plan *plan)
{
	put_start(p);
	put_header(p, plan);
	page_put(p, "<main>\n<div class=\"picture\">\n");
	svg_ladder(p, plan, true);
	page_put(p, "</div>\n");
	put_details(p);
	page_put(p, "</main>\n");
	html_sockets(p);
	put_end(p);
}

struct draw *html_draw(const struct draw_look *look, struct story *story, draw_out *out, void *to)
{
	struct draw like = { .row = keep, .look = look, .story = story, .out = out, .to = to };

	return picture_draw(like, write_page);
}
