/* SPDX-License-Identifier: MIT */
/*
 * Whether a program waits, from its records. A server that asks a socket again
 * and again, each time for a short while, waits as well as one that asks once:
 * what returns for nothing and is called again counts from the first time.
 */
#include "trace-ready.h"

#include <sys/socket.h>
#include <unistd.h>

#include "../base/clock.h"

enum { MOMENT_MS = 10 };

void ready_begin(struct ready *r, pid_t pid)
{
	*r = (struct ready){ .pid = pid };
}

static bool is_listener(const struct ready *r, const struct event *e)
{
	for (const struct ready_listener *l = r->listener; l < r->listener + r->listeners; l++)
		if (e->cookie && l->cookie ? e->cookie == l->cookie : e->fd == l->fd && e->pid == l->pid)
			return true;
	return false;
}

/* Does it wait for somebody, rather than for room or for a file? */
static bool is_waiting(const struct ready *r, const struct event *e)
{
	switch (e->call) {
	case EVENT_ACCEPT:
	case EVENT_RECV:
	case EVENT_RECVFROM:
	case EVENT_RECVMSG:
	case EVENT_RECVMMSG:
	case EVENT_READ:
	case EVENT_READV:
		return true;
	case EVENT_POLL:
	case EVENT_SELECT:
	case EVENT_EPOLL_WAIT:
		return e->type == SOCK_DGRAM || is_listener(r, e);
	default:
		return false;
	}
}

static struct ready_call *call_of(struct ready *r, pid_t tid)
{
	for (struct ready_call *c = r->call; c < r->call + r->calls; c++)
		if (c->tid == tid)
			return c;
	if (r->calls == READY_CALLS)
		return NULL;
	r->call[r->calls] = (struct ready_call){ .tid = tid };
	return &r->call[r->calls++];
}

static void enter(struct ready_call *c, const struct event *e)
{
	bool again = c->vain && c->call == e->call && c->fd == e->fd;

	*c = (struct ready_call){
		.since = again ? c->since : e->time, .tid = e->tid, .fd = e->fd, .call = e->call, .open = true,
	};
}

static void leave(struct ready_call *c, const struct event *e)
{
	c->vain = c->open && c->call == e->call && (e->error || (e->call != EVENT_ACCEPT && e->moved == 0));
	c->open = false;
}

static void note_listener(struct ready *r, const struct event *e)
{
	if (e->call == EVENT_LISTEN && e->phase == EVENT_RETURN && !e->error && r->listeners < READY_LISTENERS)
		r->listener[r->listeners++] = (struct ready_listener){ e->cookie, e->pid, e->fd };
}

void ready_event(struct ready *r, const struct event *e)
{
	struct ready_call *c;

	if (!r->pid || (e->pid != r->pid && getpgid(e->pid) != r->pid))
		return;
	r->seen = true;
	note_listener(r, e);
	c = call_of(r, e->tid);
	if (!c)
		return;
	if (e->phase == EVENT_RETURN)
		leave(c, e);
	else if (is_waiting(r, e))
		enter(c, e);
	else
		*c = (struct ready_call){ .tid = e->tid };
}

bool ready_is(const struct ready *r, int64_t now)
{
	for (const struct ready_call *c = r->call; c < r->call + r->calls; c++)
		if (c->open && now - c->since >= MOMENT_MS * CLOCK_MS)
			return true;
	return false;
}
