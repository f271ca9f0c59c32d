/* SPDX-License-Identifier: MIT */
/*
 * The story's thread: each record changes what is known of its socket, and
 * becomes a row. A call is told as one row when nothing happened between its
 * entry and its return; else as two, and between them it waits. What the
 * kernel did beside it follows the row.
 */
#include "story.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/put.h"
#include "args.h"
#include "order.h"
#include "story-inner.h"

struct story *story_new(const struct story_options *o, row_sink *sink, void *to)
{
	struct story *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->o = *o;
	s->sink = sink;
	s->to = to;
	return s;
}

static uint64_t thread_of(const struct event *e)
{
	return (uint64_t)(uint32_t)e->pid << 32 | (uint32_t)e->tid;
}

void story_leave(struct story *s, struct story_call *c)
{
	map_set(&s->open, thread_of(c->event), NULL);
	*(c->before ? &c->before->after : &s->first) = c->after;
	*(c->after ? &c->after->before : &s->last) = c->before;
	s->open_n--;
	free(c->event);
	free(c);
}

void story_free(struct story *s)
{
	if (!s)
		return;
	while (s->first)
		story_leave(s, s->first);
	for (uint32_t i = 0; i < s->sockets_n; i++) {
		story_pieces_free(s->sockets[i]);
		story_flight_free(&s->sockets[i]->flight);
		free(s->sockets[i]);
	}
	story_flight_free(&s->astray);
	map_free(&s->pids);
	map_free(&s->open);
	map_free(&s->cookies);
	map_free(&s->fds);
	map_free(&s->tuples);
	map_free(&s->places);
	map_free(&s->left);
	map_free(&s->strangers);
	free(s->sockets);
	free(s);
}

/* -- Rows ------------------------------------------------------------------------------- */

static bool has_addr(const struct story *s, const struct story_socket *k)
{
	return story_addr_matches(&k->local, s->o.follow) || story_addr_matches(&k->peer_addr, s->o.follow);
}

/* A datagram's address is the record's, not the socket's. */
static bool is_followed(const struct story *s, const struct row *row)
{
	const struct event *e = row->event;

	return !s->o.follow || !row->socket || has_addr(s, row->socket) ||
	       (e && (event_sends(e) || event_receives(e)) && story_addr_matches(&e->peer, s->o.follow));
}

void story_tell(struct story *s, const struct row *row)
{
	if (!is_followed(s, row))
		return;
	s->sink(s->to, row);
}

static const char *call_text(char *out, size_t room, const struct event *e)
{
	struct put p = put_into(out, room);
	char args[STORY_TEXT];

	args_text(args, sizeof args, e, true);
	put_text(&p, event_call_name(e->call));
	put_text(&p, "(");
	put_text(&p, args);
	put_text(&p, ")");
	return out;
}

static void tell_waiting(struct story *s, struct story_call *c)
{
	const struct event *e = c->event;
	struct story_inner *k = story_at(s, e->pid, e->fd);
	char text[STORY_TEXT], who[24];
	struct row row = {
		.kind = ROW_BEGIN, .lane = (int16_t)story_lane(s, e), .call = c->number,
		.time = e->time - s->start, .event = e, .socket = k ? &k->is : NULL,
		.text = text, .result = "", .who = story_who(s, e, k ? &k->is : NULL, who),
	};

	call_text(text, sizeof text, e);
	c->told = true;
	story_tell(s, &row);
}

/* All that have entered before this moment and not returned are seen to wait. */
static void tell_open(struct story *s, const struct story_call *but)
{
	struct story_call *c = s->last;

	/* Those that are told are the first ones. */
	while (c && c->before && (!c->told || c == but) && (!c->before->told || c->before == but))
		c = c->before;
	for (; c; c = c->after)
		if (c != but && !c->told)
			tell_waiting(s, c);
}

bool story_is_open(const struct story *s, uint32_t call)
{
	const struct story_call *c = s->first;

	while (c && !(c->told && c->number == call))
		c = c->after;
	return c != NULL;
}

void story_idle(struct story *s)
{
	tell_open(s, NULL);
}

/* -- Calls under way -------------------------------------------------------------------------- */

/* The call that this thread has under way, unless the record says that it must have left it. */
static struct story_call *open_call(struct story *s, const struct event *e)
{
	struct story_call *c = map_get(&s->open, thread_of(e));

	if (!c || (c->event->call == e->call && e->phase == EVENT_RETURN))
		return c;
	story_leave(s, c);
	return NULL;
}

static void enter(struct story *s, struct story_inner *k, const struct event *e)
{
	struct story_call *c = s->open_n < STORY_OPEN ? calloc(1, sizeof *c) : NULL;

	if (!c || !(c->event = event_copy(e, SIZE_MAX)) || !map_set(&s->open, thread_of(e), c)) {
		if (c)
			free(c->event);
		free(c);
		return;
	}
	c->number = ++s->calls;
	c->before = s->last;
	*(s->last ? &s->last->after : &s->first) = c;
	s->last = c;
	s->open_n++;
	if (k && event_sends(e) && story_is_stream(&k->is))
		story_sent(s, k, e, c->number, true);
	else if (k && event_sends(e))
		story_datagram_begun(s, k, e, c->number);
}

/* -- Records ---------------------------------------------------------------------------------------- */

static bool is_wait(const struct event *e)
{
	return e->call == EVENT_POLL || e->call == EVENT_SELECT || e->call == EVENT_EPOLL_WAIT;
}

static bool is_minor(const struct story *s, const struct event *e, bool waited)
{
	if (s->o.all || waited)
		return false;
	switch (e->call) {
	case EVENT_FCNTL:
	case EVENT_SETSOCKOPT:
	case EVENT_GETSOCKOPT:
	case EVENT_GETSOCKNAME:
	case EVENT_GETPEERNAME:
	case EVENT_DUP:
		return true;
	default:
		return is_wait(e) || ((event_receives(e) || e->call == EVENT_ACCEPT) &&
		                      (e->error == EAGAIN || e->error == EINTR));
	}
}

static void attach_arrows(struct story *s, struct story_inner *k, const struct event *e, struct row *row)
{
	bool sends_datagram = k && event_sends(e) && !story_is_stream(&k->is);

	if (!k || (e->error && !sends_datagram))
		return;
	if (event_receives(e) && story_is_stream(&k->is))
		story_received(s, k, e, row);
	else if (event_receives(e))
		story_datagram_received(s, k, e, row);
	else if (event_sends(e) && story_is_stream(&k->is))
		story_sent_away(s, k, e, row);
	else if (event_sends(e))
		story_datagram_sent(s, k, e, row);
}

static void returned(struct story *s, struct story_inner *k, const struct event *e, struct story_call *c)
{
	char text[STORY_TEXT], result[STORY_TEXT], who[24];
	bool waited = c && c->told;
	struct row row = {
		.kind = e->call == EVENT_EXIT ? ROW_EXIT : waited ? ROW_END : ROW_CALL,
		.call = c ? c->number : ++s->calls, .time = s->now, .took = e->took, .event = e,
		.wrong = e->error != 0 && e->error != EINPROGRESS && e->error != EAGAIN,
		.text = text, .result = result, .who = who,
		.lane = (int16_t)story_lane(s, e),
	};

	row.minor = is_minor(s, e, waited);
	if (!row.minor)
		tell_open(s, c);
	story_change(s, k, e, row.call);
	if (e->call == EVENT_ACCEPT && !e->error)
		k = story_at(s, e->pid, e->other);
	row.socket = k ? &k->is : NULL;
	story_who(s, e, row.socket, who);
	attach_arrows(s, k, e, &row);
	call_text(text, sizeof text, e);
	args_result(result, sizeof result, e);
	if (k && (e->call == EVENT_CONNECT || event_sends(e)))
		story_implicit_bind(k, e, result, sizeof result);
	story_tell(s, &row);
	story_follow_up(s, k, e);
}

void story_event(struct story *s, const struct event *e)
{
	bool entry = e->phase == EVENT_ENTER;
	struct story_call *c = open_call(s, e);
	int64_t time = c && c->told ? e->time : order_time(e);

	if (!s->started) {
		s->started = true;
		s->start = e->time - e->took;
	}
	if (time - s->start > s->now)
		s->now = time - s->start;
	struct story_inner *k = story_find(s, e);
	if (k && (entry || e->error || e->call != EVENT_ACCEPT))
		story_learn(s, k, e);
	if (entry) {
		enter(s, k, e);
		return;
	}
	returned(s, k, e, c);
	if (c) {
		story_leave(s, c);
	}
}

/* Both ends of the run: who waits still did so to its end. */
void story_end(struct story *s)
{
	tell_open(s, NULL);
	story_datagrams_end(s);
}
