/* SPDX-License-Identifier: MIT */
/*
 * Event records for calls on descriptors. The addresses of a descriptor are
 * asked of the kernel until they are settled and remembered in base/flow; the
 * place in the stream is counted there. Only memory that a call has read or
 * filled is looked into, for a watched program must not fail where it would
 * not unwatched. The hot path never comes here: see watch_on in the header.
 */
#include "watch.h"

#include <errno.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/flow.h"
#include "sys.h"

static void emit(const struct event *e)
{
	event_hook_fn *hook = __atomic_load_n(&event_hook, __ATOMIC_ACQUIRE);
	int saved = errno;

	if (hook)
		hook(e);
	errno = saved;
}

void watch_addr(struct event_addr *to, const struct sockaddr *from, socklen_t len)
{
	if (len > sizeof to->bytes)
		len = sizeof to->bytes;
	to->len = len;
	if (len)
		memcpy(to->bytes, from, len);
}

static int int_option(int fd, int option)
{
	int value = 0;
	socklen_t n = sizeof value;

	return sys.getsockopt(fd, SOL_SOCKET, option, &value, &n) < 0 ? 0 : value;
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t n = sizeof cookie;

	return sys.getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &n) < 0 ? 0 : cookie;
}

static void identify(struct flow *f, int fd)
{
	f->family = int_option(fd, SO_DOMAIN);
	f->type = int_option(fd, SO_TYPE);
	f->proto = int_option(fd, SO_PROTOCOL);
	f->cookie = cookie_of(fd);
	f->known = f->family != 0;
}

static bool has_port(const struct event_addr *a, int family)
{
	uint16_t port = 0;

	if (family != AF_INET && family != AF_INET6)
		return a->len > 0;
	if (a->len >= 4)
		memcpy(&port, a->bytes + 2, 2);
	return port != 0;
}

/* A socket that has no such address any more must not show the one it had. */
static void ask(struct event_addr *to, int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_storage a;
	socklen_t n = sizeof a;

	*to = (struct event_addr){ .len = 0 };
	if (get(fd, (struct sockaddr *)&a, &n) == 0)
		watch_addr(to, (struct sockaddr *)&a, n < sizeof a ? n : sizeof a);
}

static void locate(struct flow *f, int fd)
{
	ask(&f->local, fd, sys.getsockname);
	ask(&f->peer, fd, sys.getpeername);
	f->settled = has_port(&f->local, f->family) &&
	             (f->type != SOCK_STREAM || f->peer.len || int_option(fd, SO_ACCEPTCONN));
}

/* Ask for what is not settled yet, and put it into the record. */
static void look(struct event *e, int fd)
{
	struct flow f = flow_get(fd);
	int saved = errno;

	if (!f.known)
		identify(&f, fd);
	if (f.known && !f.settled) {
		locate(&f, fd);
		flow_put(fd, &f);
	}
	e->family = f.family;
	e->type = f.type;
	e->proto = f.proto;
	e->cookie = f.cookie;
	e->local = f.local;
	e->peer = f.peer;
	errno = saved;
}

void watch_init(struct watch *w, int call, int fd)
{
	event_init(&w->e, call, EVENT_ENTER);
	w->e.fd = fd;
	w->start = w->e.time;
	w->end = 0;
	if (fd >= 0)
		look(&w->e, fd);
}

void watch_enter(struct watch *w)
{
	emit(&w->e);
}

/* Close the record with the result; the caller has filled the rest. */
static void finish(struct watch *w, ssize_t r)
{
	w->e.phase = EVENT_RETURN;
	w->e.time = w->end ? w->end : clock_now();
	w->e.took = w->e.time - w->start;
	w->e.error = r < 0 ? -r : 0;
	emit(&w->e);
}

/* May the addresses be others now? A connect changes them while it is under way and when it fails. */
static bool moves(int call, ssize_t r)
{
	return call == EVENT_CONNECT || (r == 0 && (call == EVENT_BIND || call == EVENT_LISTEN));
}

void watch_done(struct watch *w, ssize_t r)
{
	struct event_addr asked = w->e.peer;

	if (moves(w->e.call, r)) {
		flow_unsettle(w->e.fd);
		look(&w->e, w->e.fd);
	}
	if (w->e.call == EVENT_CONNECT)
		w->e.peer = asked;
	finish(w, r);
}

void watch_made(struct watch *w, int r)
{
	if (r < 0) {
		finish(w, r);
		return;
	}
	if (w->e.call == EVENT_DUP)
		flow_share(w->e.fd, r);
	else
		flow_reset(r);
	look(&w->e, r);
	if (w->e.fd < 0)
		w->e.fd = r;
	else
		w->e.other = r;
	finish(w, r);
}

/* What both directions share: the payload, if there is one to see, and where it went. */
static void moved(struct watch *w, ssize_t r, const struct iovec *iov, int iovs,
                  const struct sock_addr *addr)
{
	if (addr && addr->len)
		watch_addr(&w->e.peer, (const struct sockaddr *)&addr->storage, addr->len);
	if (r <= 0)
		return;
	w->e.whole = r;
	w->e.moved = (size_t)r < w->e.asked ? (size_t)r : w->e.asked;
	w->e.hash = event_hash(iov, iovs, w->e.moved);
	if (!w->e.hash)
		return;
	w->e.iov = iov;
	w->e.iovs = iovs;
}

/* Of an urgent send the last byte goes beside the stream; a Unix socket sends it last or not at all. */
static bool is_urgent(const struct event *e)
{
	return e->arg[0] & MSG_OOB && (e->family != AF_UNIX || e->whole == e->asked);
}

void watch_sent(struct watch *w, ssize_t r, const struct iovec *iov, int iovs, const struct sock_addr *addr)
{
	look(&w->e, w->e.fd);
	moved(w, r, iov, iovs, addr);
	if (r > 0 && w->e.type == SOCK_STREAM)
		w->e.offset = flow_add_out(w->e.fd, r - is_urgent(&w->e));
	finish(w, r);
}

void watch_received(struct watch *w, ssize_t r, const struct iovec *iov, int iovs,
                    const struct sock_addr *addr)
{
	bool stream = w->e.type == SOCK_STREAM;
	int flags = w->e.arg[0];

	/* From a stream this flag takes bytes and stores none. */
	if (flags & MSG_TRUNC && (stream || !w->e.type))
		iov = NULL;
	moved(w, r, iov, iovs, addr);
	if (r > 0 && stream && !(flags & MSG_ERRQUEUE))
		w->e.offset = flow_add_in(w->e.fd, flags & (MSG_PEEK | MSG_OOB) ? 0 : r);
	finish(w, r);
}

void watch_forget(int fd)
{
	if (watch_on())
		flow_reset(fd);
}

/* It may have been away for a while, and got other addresses there. */
void watch_adopt(int fd)
{
	int saved = errno;

	if (!watch_on())
		return;
	struct flow f = flow_get(fd);
	if (f.known && f.cookie && cookie_of(fd) == f.cookie)
		flow_unsettle(fd);
	else
		flow_reset(fd);
	errno = saved;
}
