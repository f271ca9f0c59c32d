/* SPDX-License-Identifier: MIT */
/*
 * What a call changes: before its row is told, that it be told rightly; and
 * behind it what the kernel did on account of it, and what is over now.
 */
#include <errno.h>
#include <sys/socket.h>

#include "story-inner.h"

static void opened(struct story *s, struct story_inner *k, uint32_t call)
{
	if (k->is.opened_call)
		return;
	k->is.opened_call = call;
	k->is.time_opened = s->now;
}

void story_connected(struct story *s, struct story_inner *k)
{
	if (k->is.connected)
		return;
	k->is.connected = true;
	s->open_connections[k->is.lane]++;
}

static void was_accepted(struct story *s, const struct event *e, uint32_t call)
{
	struct story_inner *listener = story_at(s, e->pid, e->fd);
	struct story_inner *k = story_made(s, e, e->other);

	if (!k)
		return;
	opened(s, k, call);
	story_learn(s, k, e);
	k->is.accepted = true;
	k->bound_itself = true;
	story_connected(s, k);
	if (!k->is.peer)
		story_greeted(s, k, e);
	if (!listener)
		return;
	k->is.listener = &listener->is;
	listener->is.accepts++;
	story_unqueue(listener, k, e->arg[1]);
}

static void was_connected(struct story *s, struct story_inner *k, const struct event *e, uint32_t call)
{
	struct story_inner *listener;

	k->connect_call = call;
	k->connect_pid = e->pid;
	k->is.refused = e->error == ECONNREFUSED;
	if (e->error && e->error != EINPROGRESS)
		return;
	if (!story_is_stream(&k->is) || k->is.connected)
		return;
	listener = story_listener(s, &e->peer);
	k->half = !listener && e->error;
	if (k->half)
		return;
	story_connected(s, k);
	if (listener && !k->is.peer)
		story_queue(listener, k);
}

/* A connect that had not waited for its end is known to have done well, or not, by what follows. */
static void settle(struct story *s, struct story_inner *k, const struct event *e)
{
	bool asked = e->call == EVENT_GETSOCKOPT && e->arg[0] == SOL_SOCKET && e->arg[1] == SO_ERROR;
	bool moved = !e->error && (event_sends(e) || event_receives(e));

	if (!k->half || !(asked || moved))
		return;
	struct event end = *e;
	end.error = asked ? e->arg[2] : 0;
	k->half = end.error == EINPROGRESS;
	k->is.refused = end.error == ECONNREFUSED;
	if (!end.error)
		story_connected(s, k);
	story_handshake(s, k, &end);
}

static void was_paired(struct story *s, const struct event *e, uint32_t call)
{
	struct story_inner *a = story_at(s, e->pid, e->fd);
	struct event other = *e;

	other.cookie = 0;
	if (!a)
		return;
	struct story_inner *b = story_made(s, &other, e->other);
	if (!b)
		return;
	story_learn(s, b, &other);
	opened(s, a, call);
	opened(s, b, call);
	a->is.connected = b->is.connected = true;
	a->is.peer = &b->is;
	b->is.peer = &a->is;
}

/* The last descriptor goes: it is closed before the row of it is told, and what the kernel does follows. */
static void let_go(struct story *s, int32_t pid, int32_t fd)
{
	struct story_inner *k = story_at(s, pid, fd);

	if (!k || story_hold(s, pid, fd, NULL) > 0 || k->is.closed)
		return;
	story_closed(s, k);
	k->next_closing = s->closing;
	s->closing = k;
}

static void finish_closing(struct story *s, const struct event *e)
{
	struct story_inner *k;

	while ((k = s->closing) != NULL) {
		s->closing = k->next_closing;
		story_fin(s, k, e, true);
		story_forget(s, k);
	}
}

static void ended(struct story *s, const struct event *e)
{
	struct story_lane *lane = &s->lanes[story_lane(s, e)];
	uint64_t key;
	size_t at = 0;

	while (map_next(&s->fds, &at, &key))
		if (key >> 32 == (uint32_t)e->pid)
			let_go(s, e->pid, (int32_t)key);
	for (struct story_call *c = s->first, *next; c; c = next) {
		next = c->after;
		if (c->event->pid == e->pid && c->event->tid != e->tid)
			story_leave(s, c);
	}
	lane->ended = lane->ended || lane->pid == e->pid;
}

static void duplicated(struct story *s, struct story_inner *k, const struct event *e)
{
	if (e->other >= 0 && story_at(s, e->pid, e->other) != k) {
		let_go(s, e->pid, e->other);
		story_hold(s, e->pid, e->other, k);
	}
}

static void count(struct story_inner *k, const struct event *e)
{
	bool counts = e->whole && !(story_flags(e) & (event_sends(e) ? MSG_OOB : MSG_PEEK | MSG_OOB));

	if (counts && event_sends(e)) {
		k->is.out += e->whole;
		k->is.calls_out++;
	} else if (counts && event_receives(e)) {
		k->is.in += e->whole;
		k->is.calls_in++;
	} else if (event_receives(e) && !e->error && !e->whole && e->asked && story_is_stream(&k->is)) {
		k->is.got_end = !(story_flags(e) & MSG_OOB) || k->is.got_end;
	}
	if (story_is_stream(&k->is) && e->error == ECONNRESET)
		k->is.reset = true;
}

/* Before the row: what it needs to be told rightly. */
void story_change(struct story *s, struct story_inner *k, const struct event *e, uint32_t call)
{
	if (!e->error && e->call == EVENT_ACCEPT)
		was_accepted(s, e, call);
	else if (!e->error && e->call == EVENT_SOCKETPAIR)
		was_paired(s, e, call);
	else if (e->call == EVENT_FORK && !e->error)
		story_fork(s, e);
	else if (e->call == EVENT_CLOSE)
		let_go(s, e->pid, e->fd);
	else if (e->call == EVENT_EXIT)
		ended(s, e);
	if (!k)
		return;
	if (e->call == EVENT_SOCKET)
		opened(s, k, call);
	else if (e->call == EVENT_SETSOCKOPT && !e->error && e->arg[0] == SOL_SOCKET && e->arg[1] == SO_REUSEADDR)
		k->is.reuse = k->is.bound ? k->is.reuse : e->arg[2] != 0;
	else if (e->call == EVENT_BIND && !e->error)
		k->is.bound = k->bound_itself = true;
	else if (e->call == EVENT_LISTEN && !e->error) {
		k->is.listening = true;
		k->is.backlog = e->arg[0];
		story_place(s, k);
	} else if (e->call == EVENT_CONNECT) {
		was_connected(s, k, e, call);
	}
	if (e->call == EVENT_DUP && !e->error)
		duplicated(s, k, e);
	settle(s, k, e);
	if ((event_sends(e) || event_receives(e)) && story_is_stream(&k->is))
		story_turn(k, e);
	if (event_sends(e) && story_is_stream(&k->is))
		story_sent(s, k, e, call, false);
	count(k, e);
}

/* Behind the row: what the kernel did on account of it, and what is over now. */
void story_follow_up(struct story *s, struct story_inner *k, const struct event *e)
{
	finish_closing(s, e);
	if (!k)
		return;
	if (e->call == EVENT_CONNECT)
		story_handshake(s, k, e);
	if (event_sends(e) && e->whole)
		story_unwanted(s, k, e);
	if (e->call == EVENT_SHUTDOWN && !e->error && e->arg[0] != SHUT_RD) {
		k->is.shut_out = true;
		story_fin(s, k, e, false);
	}
}
