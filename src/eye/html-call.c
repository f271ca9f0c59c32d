/* SPDX-License-Identifier: MIT */
/* The details of one call: what was asked, what came of it, with whom, which bytes, and what it
 * meant. */
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "html.h"
#include "svg.h"

enum { PREVIEW = 256, DUMP_LINE = 8 };

void html_open(struct page *p, const char *what)
{
	page_print(p, "<div><dt>%s</dt><dd>", what);
}

void html_close(struct page *p)
{
	page_put(p, "</dd></div>\n");
}

bool html_has_details(const struct kept *k, size_t i)
{
	const struct row *row = k->rows[i].row;
	const struct kept_call *call = kept_find(k, row->call);

	if (row->kind == ROW_NOTE || row->kind == ROW_FOLD)
		return false;
	return row->kind > ROW_END || !call || call->last == i;
}

static const char *lane_name(struct page *p, int lane)
{
	int n;
	const struct story_lane *lanes = story_lanes(p->draw.story, &n);

	return lane >= 0 && lane < n ? lanes[lane].name : "";
}

static void put_heading(struct page *p, const struct row *row)
{
	page_put(p, "<h3><code>");
	page_text(p, row->text);
	if (row->result && *row->result) {
		page_print(p, " <b%s>", row->wrong ? " class=\"wrong\"" : "");
		page_text(p, row->result);
		page_put(p, "</b>");
	}
	page_put(p, "</code></h3>\n");
}

static void put_who(struct page *p, const struct row *row)
{
	if (row->lane < 0)
		return;
	html_open(p, "Program");
	page_text(p, lane_name(p, row->lane));
	if (row->event && !p->draw.look->untimed) {
		page_print(p, ", pid %" PRId32, row->event->pid);
		if (row->event->tid != row->event->pid)
			page_print(p, ", thread %" PRId32, row->event->tid);
	}
	html_close(p);
}

/* When, from the call's first row on; and how long it took. */
static void put_time(struct page *p, const struct kept_row *kept)
{
	const struct kept_call *call = kept_find(&p->kept, kept->row->call);
	const struct row *row = kept->row, *first = call ? p->kept.rows[call->first].row : row;

	if (p->draw.look->untimed)
		return;
	html_open(p, "When");
	page_print(p, "%" PRId64 ".%09" PRId64 " s", first->time / 1000000000,
		first->time % 1000000000);
	html_close(p);
	if (row->kind == ROW_BEGIN) {
		html_open(p, "Took");
		page_put(p, "it waits until the end");
		html_close(p);
	} else if (row->kind <= ROW_END && row->took > 0) {
		html_open(p, "Took");
		page_took(p, row->took);
		html_close(p);
	}
}

static void put_error(struct page *p, const struct event *e)
{
	const char *name = strerrorname_np(e->error), *words = strerrordesc_np(e->error);

	if (!e->error || e->call == EVENT_GETADDRINFO || e->call == EVENT_GETNAMEINFO)
		return;
	html_open(p, "Error");
	page_print(p, "<b class=\"wrong\">%s</b>", name ? name : "unknown");
	page_print(p, " (%d): ", e->error);
	page_text(p, words ? words : "no words for it");
	html_close(p);
}

static void put_socket(struct page *p, const struct kept_row *kept)
{
	const struct event *e = kept->row->event;

	if (kept->socket) {
		html_open(p, "Socket");
		page_print(p, "<a href=\"#s%" PRIu32 "\">#%" PRIu32 "</a>", kept->socket,
			kept->socket);
		if (e && e->fd >= 0)
			page_print(p, ", descriptor %" PRId32, e->fd);
		html_close(p);
	}
	if (e && e->local.len) {
		html_open(p, "Own address");
		page_addr(p, &e->local, e->type, e->proto);
		html_close(p);
	}
	if (e && e->peer.len) {
		html_open(p, "Other end");
		page_addr(p, &e->peer, e->type, e->proto);
		html_close(p);
	}
}

static void put_range(struct page *p, uint64_t first, uint64_t end)
{
	page_put(p, "[");
	page_count(p, first);
	page_put(p, ", ");
	page_count(p, end);
	page_put(p, ")");
}

static void put_bytes(struct page *p, const struct event *e)
{
	bool moves = e->call >= EVENT_SEND && e->call <= EVENT_READV;

	if (!moves || e->error)
		return;
	html_open(p, "Bytes");
	page_count(p, e->moved);
	if (e->asked != e->moved) {
		page_put(p, " of ");
		page_count(p, e->asked);
		page_put(p, e->call >= EVENT_RECV ? " there was room for" : " offered");
	}
	if (e->moved && e->type == SOCK_STREAM) {
		page_put(p, ", the stream's ");
		put_range(p, e->offset, e->offset + e->moved);
	}
	if (e->whole > e->moved) {
		page_put(p, "; the datagram had ");
		page_count(p, e->whole);
		page_put(p, ", the rest is gone");
	}
	html_close(p);
}

/* A link to the call at the other end, and which bytes it had. */
static void put_pair(struct page *p, uint32_t call, const struct row_arrow *arrow)
{
	const struct kept_call *found = kept_find(&p->kept, call);
	const struct row *row = found ? p->kept.rows[found->last].row : NULL;

	page_put(p, "<li>");
	if (arrow->end > arrow->first) {
		put_range(p, arrow->first, arrow->end);
		page_put(p, " ");
	} else {
		page_bytes(p, arrow->label, strnlen(arrow->label, sizeof arrow->label));
		page_put(p, " ");
	}
	if (row) {
		page_print(p, "<a class=\"pair\" href=\"#c%" PRIu32 "\">", call);
		page_text(p, row->text);
		page_put(p, "</a> of ");
		page_text(p, lane_name(p, row->lane));
	} else {
		page_print(p, "call %" PRIu32 ", which is not shown", call);
	}
	page_put(p, "</li>");
}

static void put_received_by(struct page *p, uint32_t call)
{
	const struct kept *k = &p->kept;
	size_t at = kept_pairs(k, call);

	if (!call || at == k->n_pairs || k->pairs[at].from != call)
		return;
	html_open(p, "Received by");
	page_put(p, "<ul>");
	for (; at < k->n_pairs && k->pairs[at].from == call; at++)
		put_pair(p, k->pairs[at].to, k->pairs[at].arrow);
	page_put(p, "</ul>");
	html_close(p);
}

static void put_sent_by(struct page *p, const struct row *row)
{
	int found = 0;

	for (int i = 0; i < row->arrows; i++)
		found += row->arrow[i].call && row->arrow[i].call != row->call;
	if (!found || row->kind > ROW_END)
		return;
	html_open(p, "Sent by");
	page_put(p, "<ul>");
	for (int i = 0; i < row->arrows; i++)
		if (row->arrow[i].call && row->arrow[i].call != row->call)
			put_pair(p, row->arrow[i].call, &row->arrow[i]);
	if (row->more_arrows)
		page_print(p, "<li>and %" PRIu32 " more calls</li>", row->more_arrows);
	page_put(p, "</ul>");
	html_close(p);
}

/* A datagram's fate. */
static void put_fate(struct page *p, const struct row *row)
{
	static const char *const fates[] = {
		[ARROW_CUT] = "It did not fit the receiver's buffer: the rest is gone.",
		[ARROW_TWICE] = "It had come before: the network delivered it twice.",
		[ARROW_LOST] = "It never came.",
		[ARROW_KERNEL] = NULL,
	};

	for (int i = 0; i < row->arrows; i++) {
		const char *fate =
			row->arrow[i].kind <= ARROW_KERNEL ? fates[row->arrow[i].kind] : NULL;

		if (!fate)
			continue;
		html_open(p, "Datagram");
		page_put(p, fate);
		html_close(p);
	}
}

static void put_dump(struct page *p, const unsigned char *bytes, size_t n)
{
	for (size_t at = 0; at < n; at += DUMP_LINE) {
		char text[DUMP_LINE];
		size_t part = n - at < DUMP_LINE ? n - at : DUMP_LINE;

		page_print(p, "%04zx ", at);
		for (size_t i = 0; i < DUMP_LINE; i++) {
			if (i < part)
				page_print(p, " %02x", bytes[at + i]);
			else
				page_put(p, "   ");
			if (i < part)
				text[i] = bytes[at + i] >= 0x20 && bytes[at + i] < 0x7f
						  ? (char)bytes[at + i]
						  : '.';
		}
		page_put(p, "  ");
		page_bytes(p, text, part);
		page_put(p, "\n");
	}
}

static void put_payload(struct page *p, const struct event *e)
{
	unsigned char bytes[PREVIEW];
	size_t n = p->draw.look->payload ? event_preview(e, bytes, sizeof bytes) : 0;

	if (!n)
		return;
	page_put(p, "<h4>Payload");
	if (n < e->moved) {
		page_put(p, ", the first ");
		page_count(p, n);
		page_put(p, " bytes");
	}
	page_put(p, "</h4>\n<pre class=\"text\">");
	page_bytes(p, (char *)bytes, n);
	page_put(p, "</pre>\n<pre class=\"hex\">");
	put_dump(p, bytes, n);
	page_put(p, "</pre>\n");
}

/* "accept(2)" as what a person types: man 2 accept. */
static void put_manual(struct page *p, const char *page, size_t n)
{
	const char *open = memchr(page, '(', n);

	if (!open || page + n - open < 3)
		return;
	page_put(p, "<p class=\"manual\">Manual page: <b>");
	page_bytes(p, page, n);
	page_put(p, "</b>, <code>man ");
	page_bytes(p, open + 1, (size_t)(page + n - open) - 2);
	page_put(p, " ");
	page_bytes(p, page, (size_t)(open - page));
	page_put(p, "</code></p>\n");
}

static void put_meaning(struct page *p, const struct kept_row *kept)
{
	const char *end = kept->told ? strchr(kept->told, '\n') : NULL;

	if (!end)
		return;
	if (end[1]) {
		page_put(p, "<h4>What the kernel did</h4>\n<p>");
		page_text(p, end + 1);
		page_put(p, "</p>\n");
	}
	put_manual(p, kept->told, (size_t)(end - kept->told));
}

static void put_notes(struct page *p, size_t row)
{
	const struct kept *k = &p->kept;

	for (size_t i = row + 1; i < k->n && k->rows[i].row->kind == ROW_NOTE; i++) {
		page_print(p, "<p class=\"note%s\">", k->rows[i].row->wrong ? " warning" : "");
		page_text(p, k->rows[i].row->text);
		page_put(p, "</p>\n");
	}
}

void html_call(struct page *p, size_t i)
{
	const struct kept_row *kept = &p->kept.rows[i];
	const struct row *row = kept->row;
	const struct kept_call *call = row->kind <= ROW_END ? kept_find(&p->kept, row->call) : NULL;

	page_put(p, "<section class=\"call\" id=\"");
	svg_name(p, kept);
	page_put(p, "\">\n");
	put_heading(p, row);
	page_put(p, "<dl>\n");
	put_who(p, row);
	put_time(p, kept);
	if (row->event)
		put_error(p, row->event);
	put_socket(p, kept);
	if (row->event)
		put_bytes(p, row->event);
	put_received_by(p, row->call);
	put_sent_by(p, row);
	put_fate(p, row);
	page_put(p, "</dl>\n");
	put_meaning(p, kept);
	if (call && call->first != i)
		put_notes(p, call->first);
	put_notes(p, i);
	if (row->event)
		put_payload(p, row->event);
	page_put(p, "<p class=\"back\"><a href=\"#at-");
	svg_name(p, kept);
	page_put(p, "\">Show in the ladder</a></p>\n</section>\n");
}
