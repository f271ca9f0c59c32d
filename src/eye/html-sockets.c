/* SPDX-License-Identifier: MIT */
/* The sockets of a conversation, as a table: what each was, how much went through it, who closed it
 * first. */
#include <inttypes.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "html.h"

static const char *const columns[] = {
	"Socket",
	"Kind",
	"Program",
	"Own address",
	"Other end",
	"Received",
	"Sent",
	"Closed first",
	"TIME_WAIT",
};

static bool is_tcp(const struct story_socket *s)
{
	bool internet = s->family == AF_INET || s->family == AF_INET6;

	return internet && s->type == SOCK_STREAM && (!s->proto || s->proto == IPPROTO_TCP);
}

static const char *kind_of(const struct story_socket *s)
{
	bool internet = s->family == AF_INET || s->family == AF_INET6;

	if (is_tcp(s))
		return s->listening ? "TCP, listens" : "TCP";
	if (internet && s->type == SOCK_DGRAM)
		return "UDP";
	if (s->family == AF_UNIX && s->type == SOCK_STREAM)
		return s->listening ? "Unix stream, listens" : "Unix stream";
	if (s->family == AF_UNIX)
		return s->type == SOCK_DGRAM ? "Unix datagrams" : "Unix packets";
	return s->type == SOCK_STREAM ? "another stream" : "another kind";
}

/* Negative: this side's FIN went first; positive: the other's; 0: none is known. */
static int first_end(const struct story_socket *s)
{
	int64_t own = s->first_end, other = s->peer ? s->peer->first_end : 0;

	if (!own && !other)
		return 0;
	return own && (!other || own <= other) ? -1 : 1;
}

static void put_end(struct page *p, const struct story_socket *s)
{
	static const char *const who[] = { "this side", "\xe2\x80\x93", "the other end" };
	int first = s->listening || s->type != SOCK_STREAM ? 0 : first_end(s);

	page_print(p, "<td>%s</td>", s->reset ? "reset" : s->refused ? "refused" : who[first + 1]);
	page_print(p, "<td>%s</td>",
		is_tcp(s) && first && !s->reset ? first < 0 ? "here" : "there" : "\xe2\x80\x93");
}

static void put_cell(struct page *p, const struct event_addr *addr, const struct story_socket *s)
{
	page_put(p, "<td><code>");
	if (addr->len)
		page_addr(p, addr, s->type, s->proto);
	else
		page_put(p, "\xe2\x80\x93");
	page_put(p, "</code></td>");
}

static void put_amount(struct page *p, uint64_t bytes, uint64_t calls)
{
	page_put(p, "<td class=\"number\">");
	page_count(p, bytes);
	page_put(p, " B");
	if (calls) {
		page_put(p, " in ");
		page_count(p, calls);
	}
	page_put(p, "</td>");
}

static void put_other(struct page *p, const struct story_socket *s)
{
	page_put(p, "<td>");
	if (s->peer)
		page_print(p, "<a href=\"#s%" PRIu32 "\">#%" PRIu32 "</a> ", s->peer->number,
			s->peer->number);
	page_put(p, "<code>");
	if (s->peer_addr.len)
		page_addr(p, &s->peer_addr, s->type, s->proto);
	else if (!s->peer)
		page_put(p, "\xe2\x80\x93");
	page_put(p, "</code></td>");
}

static void put_socket(struct page *p, const struct story_socket *s)
{
	int lanes;
	const struct story_lane *lane = story_lanes(p->draw.story, &lanes);

	page_print(p, "<tr id=\"s%" PRIu32 "\"><th scope=\"row\">#%" PRIu32 "</th><td>%s</td><td>",
		s->number, s->number, kind_of(s));
	if (s->lane >= 0 && s->lane < lanes)
		page_text(p, lane[s->lane].name);
	page_put(p, "</td>");
	put_cell(p, &s->local, s);
	put_other(p, s);
	put_amount(p, s->in, s->calls_in);
	put_amount(p, s->out, s->calls_out);
	put_end(p, s);
	page_put(p, "</tr>\n");
}

void html_sockets(struct page *p)
{
	uint32_t n = story_sockets(p->draw.story);

	if (!n)
		return;
	page_put(p, "<section id=\"sockets\">\n<h2>Sockets</h2>\n<div "
		    "class=\"wide\">\n<table>\n<thead><tr>");
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		page_print(p, "<th scope=\"col\">%s</th>", columns[i]);
	page_put(p, "</tr></thead>\n<tbody>\n");
	for (uint32_t i = 1; i <= n; i++) {
		const struct story_socket *s = story_socket_at(p->draw.story, i);

		if (s)
			put_socket(p, s);
	}
	page_put(p, "</tbody>\n</table>\n</div>\n<p>Bytes are of payload, and in how many calls "
		    "they moved. The side that "
		    "closes a TCP connection first keeps it in TIME_WAIT for a "
		    "minute.</p>\n</section>\n");
}
