/* SPDX-License-Identifier: MIT */
/*
 * Event records for calls on descriptors. The addresses of a descriptor are
 * asked of the kernel until they are settled and remembered in flow.c; the
 * place in the stream is counted there. Only memory that a call has read or
 * filled is looked into, for a watched program must not fail where it would
 * not unwatched.
 */
#include "witness.h"

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "flow.h"

static void emit(const struct event *e)
{
	event_hook_fn *hook = __atomic_load_n(&event_hook, __ATOMIC_ACQUIRE);
	int saved = errno;

	if (hook)
		hook(e);
	errno = saved;
}

void witness_addr(struct event_addr *to, const struct sockaddr *from, socklen_t len)
{
	if (len > sizeof to->bytes)
		len = sizeof to->bytes;
	to->len = len;
	if (len)
		memcpy(to->bytes, from, len);
}

/* -- Who a descriptor is ------------------------------------------------------------ */

int witness_option(const struct witness_ask *ask, int fd, int option)
{
	int value = 0;
	socklen_t n = sizeof value;

	return ask->getsockopt(fd, SOL_SOCKET, option, &value, &n) < 0 ? 0 : value;
}

uint64_t witness_cookie(const struct witness_ask *ask, int fd)
{
	uint64_t cookie = 0;
	socklen_t n = sizeof cookie;
	int saved = errno;

	if (ask->getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &n) < 0)
		cookie = 0;
	errno = saved;
	return cookie;
}

static void identify(struct flow *f, const struct witness_ask *ask, int fd)
{
	f->family = witness_option(ask, fd, SO_DOMAIN);
	f->type = witness_option(ask, fd, SO_TYPE);
	f->proto = witness_option(ask, fd, SO_PROTOCOL);
	f->cookie = witness_cookie(ask, fd);
	f->known = f->family != 0;
}

bool witness_has_port(const struct event_addr *a, int family)
{
	uint16_t port = 0;

	if (family != AF_INET && family != AF_INET6)
		return a->len > 0;
	if (a->len >= 4)
		memcpy(&port, a->bytes + 2, 2);
	return port != 0;
}

void witness_locate(struct event_addr *to, int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_storage a;
	socklen_t n = sizeof a;

	*to = (struct event_addr){ .len = 0 };
	if (get(fd, (struct sockaddr *)&a, &n) == 0)
		witness_addr(to, (struct sockaddr *)&a, n < sizeof a ? n : sizeof a);
}

static void locate(struct flow *f, const struct witness_ask *ask, int fd)
{
	witness_locate(&f->local, fd, ask->getsockname);
	witness_locate(&f->peer, fd, ask->getpeername);
	f->settled = witness_has_port(&f->local, f->family) &&
	             (f->type != SOCK_STREAM || f->peer.len || witness_option(ask, fd, SO_ACCEPTCONN));
}

/* Ask for what is not settled yet, and put it into the record. */
static void look(struct witness *w, int fd)
{
	struct flow f = flow_get(fd);
	struct event *e = &w->e;
	int saved = errno;

	if (!f.known)
		identify(&f, w->ask, fd);
	if (f.known && !f.settled) {
		locate(&f, w->ask, fd);
		flow_put(fd, &f);
	}
	e->family = f.family;
	e->type = f.type;
	e->proto = f.proto;
	e->cookie = f.cookie;
	e->local = f.local;
	e->peer = f.peer;
	w->settled = f.settled;
	errno = saved;
}

/* -- A call ------------------------------------------------------------------------- */

void witness_begin(struct witness *w, const struct witness_ask *ask, int fd)
{
	w->e.fd = fd;
	w->start = w->e.time;
	w->end = 0;
	w->settled = false;
	w->ask = ask;
	if (fd >= 0)
		look(w, fd);
}

void witness_enter(struct witness *w)
{
	emit(&w->e);
}

/* Close the record with the result; the caller has filled the rest. */
static void finish(struct witness *w, ssize_t r)
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

void witness_done(struct witness *w, ssize_t r)
{
	struct event_addr asked = w->e.peer;

	if (w->e.fd >= 0 && moves(w->e.call, r)) {
		flow_unsettle(w->e.fd);
		look(w, w->e.fd);
	}
	if (w->e.call == EVENT_CONNECT)
		w->e.peer = asked;
	finish(w, r);
}

int witness_peer_pid(const struct witness_ask *ask, int fd)
{
	struct ucred who = { .pid = 0 };
	socklen_t n = sizeof who;
	int saved = errno;

	if (ask->getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
		who.pid = 0;
	errno = saved;
	return who.pid;
}

void witness_made(struct witness *w, int r)
{
	if (r < 0) {
		finish(w, r);
		return;
	}
	if (w->e.call == EVENT_DUP)
		flow_share(w->e.fd, r);
	else
		flow_reset(r);
	look(w, r);
	if (w->e.call == EVENT_ACCEPT && w->e.family == AF_UNIX)
		w->e.arg[1] = witness_peer_pid(w->ask, r);
	if (w->e.fd < 0)
		w->e.fd = r;
	else
		w->e.other = r;
	finish(w, r);
}

/* What both directions share: the payload, if there is one to see, and where it went. */
static void moved(struct witness *w, ssize_t r, const struct iovec *iov, int iovs,
                  const struct sockaddr *addr, socklen_t len)
{
	if (addr && len)
		witness_addr(&w->e.peer, addr, len);
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

void witness_sent(struct witness *w, ssize_t r, const struct iovec *iov, int iovs,
                  const struct sockaddr *addr, socklen_t len)
{
	if (!w->settled && w->e.fd >= 0)
		look(w, w->e.fd);
	moved(w, r, iov, iovs, addr, len);
	if (r > 0 && w->e.type == SOCK_STREAM)
		w->e.offset = flow_add_out(w->e.fd, r - is_urgent(&w->e));
	finish(w, r);
}

void witness_received(struct witness *w, ssize_t r, const struct iovec *iov, int iovs,
                      const struct sockaddr *addr, socklen_t len)
{
	bool stream = w->e.type == SOCK_STREAM;
	int flags = w->e.arg[0];

	/* From a stream this flag takes bytes and stores none. */
	if (flags & MSG_TRUNC && (stream || !w->e.type))
		iov = NULL;
	moved(w, r, iov, iovs, addr, len);
	if (r > 0 && stream && !(flags & MSG_ERRQUEUE))
		w->e.offset = flow_add_in(w->e.fd, flags & (MSG_PEEK | MSG_OOB) ? 0 : r);
	finish(w, r);
}
