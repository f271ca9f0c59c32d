/* SPDX-License-Identifier: MIT */
/*
 * Facts for the notes, row by row: counts, places and times that the story
 * does not keep.
 */
#include "explain-fact.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/utf8.h"

struct explain_fact *explain_fact_of(const struct explain *e, const struct story_socket *s)
{
	return s && s->number && s->number <= e->facts_n ? &e->facts[s->number - 1] : NULL;
}

static bool grow(struct explain *e, uint32_t number)
{
	uint32_t n = e->facts_n ? e->facts_n : 64;

	if (number <= e->facts_n)
		return true;
	while (n < number)
		n *= 2;
	struct explain_fact *more = realloc(e->facts, n * sizeof *more);
	if (!more)
		return false;
	memset(more + e->facts_n, 0, (n - e->facts_n) * sizeof *more);
	e->facts = more;
	e->facts_n = n;
	return true;
}

bool explain_begin(struct explain_case *c, struct explain *e, const struct row *row, const struct story_socket *s)
{
	*c = (struct explain_case){ .e = e, .row = row, .event = row ? row->event : NULL, .s = s };
	if (!s)
		return true;
	c->peer = s->peer;
	if (!grow(e, s->number) || (c->peer && !grow(e, c->peer->number)))
		return false;
	c->my = explain_fact_of(e, s);
	c->other = explain_fact_of(e, c->peer);
	if (c->my)
		c->my->known = true;
	return c->my != NULL;
}

/* -- What a row is ------------------------------------------------------------------------ */

static bool returned(const struct explain_case *c)
{
	return c->row && c->event && c->event->phase == EVENT_RETURN &&
	       (c->row->kind == ROW_CALL || c->row->kind == ROW_END);
}

bool explain_did(const struct explain_case *c, int call)
{
	return returned(c) && c->event->call == call;
}

static bool has_flags(const struct event *e)
{
	return e->call != EVENT_READ && e->call != EVENT_READV;
}

bool explain_received(const struct explain_case *c)
{
	return returned(c) && c->my && event_receives(c->event) && !c->event->error &&
	       !(has_flags(c->event) && c->event->arg[0] & (MSG_PEEK | MSG_OOB | MSG_ERRQUEUE));
}

bool explain_sent(const struct explain_case *c)
{
	return returned(c) && c->my && event_sends(c->event) && !c->event->error;
}

bool explain_stream(const struct story_socket *s)
{
	return s && s->type == SOCK_STREAM;
}

bool explain_datagrams(const struct story_socket *s)
{
	return s && s->type == SOCK_DGRAM;
}

bool explain_internet(const struct story_socket *s)
{
	return s && (s->family == AF_INET || s->family == AF_INET6);
}

bool explain_tcp(const struct story_socket *s)
{
	return explain_internet(s) && explain_stream(s) && (!s->proto || s->proto == IPPROTO_TCP);
}

bool explain_say(struct explain_case *c, const char *format, ...)
{
	size_t n = strlen(c->text);
	va_list args;

	va_start(args, format);
	vsnprintf(c->text + n, sizeof c->text - n, format, args);
	va_end(args);
	return true;
}

const char *explain_program(const struct story_socket *s)
{
	return s && s->made_by && *s->made_by ? s->made_by : "the other end";
}

/* -- Bytes ---------------------------------------------------------------------------------------- */

/* How many bytes of a character stand at the end of n bytes that are valid before them. */
static bool cut_at(const char *text, size_t n)
{
	static const unsigned char least[] = { 0, 0, 0xc2, 0xe0, 0xf0 };
	unsigned char first = (unsigned char)text[0];
	size_t whole = first >= least[4] ? 4 : first >= least[3] ? 3 : first >= least[2] ? 2 : 0;

	if (n >= whole || first > 0xf4)
		return false;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* The first byte that is no UTF-8, or one behind the last. */
static size_t valid(const char *text, size_t n)
{
	size_t at = 0;
	uint32_t point;

	for (int len; at < n && (len = utf8_next(text + at, n - at, &point)) > 0;)
		at += (size_t)len;
	return at;
}

/* Of long payloads the tape keeps the beginning alone, which may end anywhere. */
static void look_at_text(struct explain_case *c)
{
	const struct event *e = c->event;
	char *text = c->e->seen;
	size_t n = event_preview(e, text, EXPLAIN_SEEN);
	size_t good = valid(text, n);
	bool cut = good < n && cut_at(text + good, n - good);

	c->my->cut_character = cut && n == e->moved;
	if (good < n && !cut && c->s->lane >= 0 && c->s->lane < EXPLAIN_LANES)
		c->e->bad_text[c->s->lane] = c->s->number;
}

static void learn_receive(struct explain_case *c)
{
	struct explain_fact *my = c->my;
	const struct event *e = c->event;

	if (e->moved || explain_datagrams(c->s)) {
		look_at_text(c);
		my->zeros = 0;
		my->receives += e->moved > 0;
		my->last_asked = e->asked;
		my->last_in = e->whole > e->moved ? e->whole : e->moved;
		my->last_full = e->moved >= e->asked;
		my->last_was_send = false;
	} else if (e->asked && my->zeros < UINT32_MAX) {
		my->zeros++;
	}
}

static void learn_send(struct explain_case *c)
{
	struct explain_fact *my = c->my;
	const struct event *e = c->event;

	if (!c->s->in && !my->receives)
		my->spoke_first = true;
	my->empty_sends += e->asked == 0 && my->empty_sends < UINT16_MAX;
	my->last_was_send = true;
	my->last_out = e->moved;
	my->sent_at = c->row->time;
	if (c->row->call && e->moved)
		c->e->sends[c->row->call % EXPLAIN_SENDS] =
			(struct explain_send){ c->row->call, e->offset, e->offset + e->moved };
}

/* -- Life --------------------------------------------------------------------------------------------- */

static void learn_place(struct explain *e, struct explain_fact *my, const struct story_socket *s, bool bound)
{
	my->bound |= bound;
	for (uint32_t i = 0; i < EXPLAIN_PLACES && i < e->places_n; i++)
		if (e->places[i] == s->number)
			return;
	e->places[e->places_n++ % EXPLAIN_PLACES] = s->number;
}

static void learn_alone(struct explain_case *c, struct explain_fact *fact, const struct story_socket *s)
{
	struct explain_fact *listener = s->accepted ? explain_fact_of(c->e, s->listener) : NULL;

	if (!listener || fact->alone || fact->gone || s->closed)
		return;
	fact->alone = true;
	listener->alones++;
}

static void learn_accept(struct explain_case *c)
{
	c->my->accepted = c->row->time;
	if (c->other && c->other->gone)
		learn_alone(c, c->my, c->s);
}

uint64_t explain_unread(const struct story_socket *s)
{
	return s->peer && s->peer->out > s->in ? s->peer->out - s->in : 0;
}

void explain_learn_close(struct explain_case *c)
{
	struct explain_fact *listener = c->s->accepted ? explain_fact_of(c->e, c->s->listener) : NULL;

	c->my->closed = true;
	c->my->closed_at = c->row->time;
	if (listener) {
		listener->closes++;
		listener->alones -= c->my->alone;
	}
	c->my->alone = false;
}

static void learn_wait(struct explain_case *c)
{
	if (c->row->kind == ROW_BEGIN && event_receives(c->event)) {
		c->my->waits = c->row->call ? c->row->call : 1;
		c->my->wait_from = c->row->time;
	} else if (returned(c) && event_receives(c->event)) {
		c->my->waits = 0;
	}
}

static void learn_name(struct explain_case *c)
{
	int lane = c->row->lane;

	if (lane < 0 || lane >= EXPLAIN_LANES || !c->event->text)
		return;
	snprintf(c->e->looked_up[lane], sizeof c->e->looked_up[lane], "%s", c->event->text);
}

static void learn_return(struct explain_case *c)
{
	const struct event *e = c->event;

	bool goes_on = event_sends(e) || event_receives(e) || e->call == EVENT_ACCEPT || e->call == EVENT_CONNECT;

	if (goes_on && !e->error && c->row->lane >= 0 && c->row->lane < EXPLAIN_LANES)
		c->e->bad_text[c->row->lane] = 0;
	if (explain_received(c))
		learn_receive(c);
	else if (explain_sent(c))
		learn_send(c);
	if (explain_received(c) && c->my->zeros == 1)
		learn_alone(c, c->my, c->s);
	if (e->error)
		return;
	if (e->call == EVENT_BIND || e->call == EVENT_LISTEN)
		learn_place(c->e, c->my, c->s, e->call == EVENT_BIND);
	else if (e->call == EVENT_CONNECT)
		c->my->connected = c->row->time;
	else if (e->call == EVENT_CLOSE)
		c->my->unread = explain_unread(c->s);
	else if (e->call == EVENT_ACCEPT)
		learn_accept(c);
}

void explain_learn_gone(struct explain_case *c)
{
	c->my->gone = true;
	if (c->other)
		learn_alone(c, c->other, c->peer);
}

void explain_learn(struct explain_case *c)
{
	if (!c->event)
		return;
	if (explain_did(c, EVENT_GETADDRINFO))
		learn_name(c);
	if (!c->my)
		return;
	learn_wait(c);
	if (returned(c))
		learn_return(c);
}

/* -- Places ---------------------------------------------------------------------------------------------- */

const struct story_socket *explain_place(const struct explain *e, const struct event_addr *a, uint16_t type,
                                         bool open)
{
	const struct story_socket *found = NULL;
	int port = words_port(a);

	for (uint32_t i = 0; i < EXPLAIN_PLACES && i < e->places_n; i++) {
		const struct story_socket *s = story_socket_at(e->story, e->places[i]);

		if (!s || s->type != type || (open && s->closed) || (found && found->number > s->number))
			continue;
		bool same = port >= 0 ? words_port(&s->local) == port
		                      : a->len && a->len == s->local.len && !memcmp(a->bytes, s->local.bytes, a->len);
		if (same)
			found = s;
	}
	return found;
}
