/* SPDX-License-Identifier: MIT */
/*
 * Event records of what another process does, filled as base/witness.c fills
 * those of one's own: the addresses are asked for until they are settled, the
 * place in the stream is counted with the socket. A process that never used a
 * socket is not told of.
 */
#include <errno.h>
#include <string.h>

#include "../base/clock.h"
#include "ptrace-inner.h"

static void init(const struct ptrace_thread *t, struct event *e, int call, int64_t time)
{
	memset(e, 0, sizeof *e);
	e->time = time;
	e->pid = t->process->pid;
	e->tid = t->tid;
	e->fd = e->other = -1;
	e->call = (uint16_t)call;
	e->phase = EVENT_ENTER;
	memcpy(e->program, t->process->program, sizeof e->program);
}

static void emit(const struct ptrace_thread *t, const struct event *e)
{
	if (!t->process->silent)
		t->all->o.emit(t->all->o.to, e);
}

/* Put what is known of its socket into the record. */
static void look(struct ptrace_thread *t, struct event *e, int fd, struct ptrace_open *open)
{
	ptrace_open_locate(t, fd, open);
	e->family = open->family;
	e->type = open->type;
	e->proto = open->proto;
	e->cookie = open->cookie;
	e->local = open->local;
	e->peer = open->peer;
}

/* -- A call ------------------------------------------------------------------------------- */

void ptrace_tell_about(struct ptrace_thread *t, struct ptrace_call *c, int fd)
{
	struct ptrace_open *open = ptrace_files_get(t, fd);

	ptrace_open_hold(open);
	ptrace_open_free(t->all, c->open);
	c->open = open;
	c->e.fd = fd;
	look(t, &c->e, fd, open);
}

static bool begin(struct ptrace_thread *t, struct ptrace_call *c, int fd)
{
	init(t, &c->e, c->kind->event, c->start);
	if (fd >= 0)
		ptrace_tell_about(t, c, fd);
	c->e.fd = fd;
	t->process->awake |= !t->process->silent;
	return true;
}

bool ptrace_tell_begin(struct ptrace_thread *t, struct ptrace_call *c, int fd)
{
	return ptrace_files_get(t, fd)->is == PTRACE_IS_SOCKET && begin(t, c, fd);
}

bool ptrace_tell_begin_socket(struct ptrace_thread *t, struct ptrace_call *c, int fd)
{
	enum ptrace_is is = ptrace_files_get(t, fd)->is;

	return (is == PTRACE_IS_SOCKET || is == PTRACE_IS_NONE) && begin(t, c, fd);
}

bool ptrace_tell_begin_new(struct ptrace_thread *t, struct ptrace_call *c)
{
	return begin(t, c, -1);
}

bool ptrace_tell_may_wait(const struct ptrace_call *c, int flags)
{
	return !(flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) && !(c->open && c->open->nonblock);
}

void ptrace_tell_enter(struct ptrace_thread *t, struct ptrace_call *c)
{
	c->entered = true;
	emit(t, &c->e);
}

static void finish(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	c->e.phase = EVENT_RETURN;
	if (c->e.time == c->start)
		c->e.time = clock_now();
	c->e.took = c->e.time - c->start;
	c->e.error = r < 0 ? (int32_t)-r : 0;
	emit(t, &c->e);
}

/* May the addresses be others now? A connect changes them while it is under way and when it fails. */
static bool moves(int call, int64_t r)
{
	return call == EVENT_CONNECT || (r == 0 && (call == EVENT_BIND || call == EVENT_LISTEN));
}

void ptrace_tell_done(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	struct event_addr asked = c->e.peer;

	if (c->open && c->open->is == PTRACE_IS_SOCKET && moves(c->e.call, r)) {
		c->open->settled = false;
		look(t, &c->e, c->e.fd, c->open);
	}
	if (c->e.call == EVENT_CONNECT)
		c->e.peer = asked;
	finish(t, c, r);
}

/* The new number is known by now: the caller has set it, or it is asked about here. */
void ptrace_tell_made(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	int fd = c->e.fd;

	if (r >= 0) {
		ptrace_tell_about(t, c, (int)r);
		if (fd >= 0) {
			c->e.fd = fd;
			c->e.other = (int32_t)r;
		}
	}
	if (r >= 0 && c->e.call == EVENT_ACCEPT && c->e.family == AF_UNIX)
		c->e.arg[1] = ptrace_open_peer(t, (int)r);
	finish(t, c, r);
}

/* -- Bytes -------------------------------------------------------------------------------- */

/* All of them are read for their hash, unless there are very many. */
static void see(struct ptrace_thread *t, struct event *e, struct iovec *seen, int iovs)
{
	size_t payload = t->all->o.payload, n = e->moved;
	bool whole = n <= PTRACE_WHOLE || n <= payload;
	const char *bytes;

	if (!whole)
		n = payload;
	bytes = iovs < 0 ? NULL : ptrace_gather(t, iovs, n);
	if (!bytes)
		return;
	*seen = (struct iovec){ (char *)(uintptr_t)bytes, n };
	e->iov = seen;
	e->iovs = 1;
	if (whole)
		e->hash = event_hash(seen, 1, n);
}

static void moved(struct ptrace_thread *t, struct ptrace_call *c, int64_t r, int iovs)
{
	struct iovec seen;

	if (r > 0) {
		c->e.whole = (uint64_t)r;
		c->e.moved = (uint64_t)r < c->e.asked ? (uint64_t)r : c->e.asked;
		if (c->e.time == c->start)
			c->e.time = clock_now();
		see(t, &c->e, &seen, iovs);
	}
	finish(t, c, r);
	c->e.iov = NULL;
}

/* Of an urgent send the last byte goes beside the stream; a Unix socket sends it last or not at all. */
static bool is_urgent(const struct event *e, int64_t r)
{
	return e->arg[0] & MSG_OOB && (e->family != AF_UNIX || (uint64_t)r == e->asked);
}

void ptrace_tell_sent(struct ptrace_thread *t, struct ptrace_call *c, int64_t r, int iovs)
{
	struct event_addr to = c->e.peer;

	if (!c->open->settled && c->open->is == PTRACE_IS_SOCKET) {
		look(t, &c->e, c->e.fd, c->open);
		c->e.peer = to;
	}
	if (r > 0 && c->e.type == SOCK_STREAM) {
		c->e.offset = c->open->out;
		c->open->out += (uint64_t)(r - is_urgent(&c->e, r));
	}
	moved(t, c, r, iovs);
}

void ptrace_tell_received(struct ptrace_thread *t, struct ptrace_call *c, int64_t r, int iovs)
{
	bool stream = c->e.type == SOCK_STREAM;
	int flags = c->e.arg[0];

	/* From a stream this flag takes bytes and stores none. */
	if (flags & MSG_TRUNC && (stream || !c->e.type))
		iovs = -1;
	if (r > 0 && stream && !(flags & MSG_ERRQUEUE)) {
		c->e.offset = c->open->in;
		c->open->in += flags & (MSG_PEEK | MSG_OOB) ? 0 : (uint64_t)r;
	}
	moved(t, c, r, iovs);
}

/* -- Without a call ----------------------------------------------------------------------- */

void ptrace_tell_closed(struct ptrace_thread *t, int fd, int64_t start)
{
	struct ptrace_open *open = ptrace_files_known(t->process->files, fd);
	struct event e;

	if (!open || open->is != PTRACE_IS_SOCKET)
		return;
	init(t, &e, EVENT_CLOSE, clock_now());
	e.took = e.time - start;
	e.phase = EVENT_RETURN;
	e.fd = fd;
	e.family = open->family;
	e.type = open->type;
	e.proto = open->proto;
	e.cookie = open->cookie;
	e.local = open->local;
	e.peer = open->peer;
	emit(t, &e);
}

void ptrace_tell_fork(struct ptrace_thread *t, pid_t child)
{
	struct event e;

	if (!t->process->awake)
		return;
	init(t, &e, EVENT_FORK, clock_now());
	e.phase = EVENT_RETURN;
	e.other = child;
	emit(t, &e);
}

void ptrace_tell_exit(struct ptrace_thread *t, int status)
{
	struct event e;
	int number = status & 0x7f;

	if (!t->process->awake || t->process->over)
		return;
	t->process->over = true;
	init(t, &e, EVENT_EXIT, clock_now());
	e.phase = EVENT_RETURN;
	e.arg[0] = number ? -1 : status >> 8 & 0xff;
	e.arg[1] = number;
	emit(t, &e);
}
