/* SPDX-License-Identifier: MIT */
/*
 * Event records for calls on descriptors. The addresses of a descriptor are
 * asked of the kernel until they are settled and remembered in base/flow; the
 * place in the stream is counted there. The hot path never comes here: see
 * watch_on in the header.
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

static void identify(struct flow *f, int fd)
{
	socklen_t n = sizeof f->cookie;

	f->family = int_option(fd, SO_DOMAIN);
	f->type = int_option(fd, SO_TYPE);
	f->proto = int_option(fd, SO_PROTOCOL);
	if (sys.getsockopt(fd, SOL_SOCKET, SO_COOKIE, &f->cookie, &n) < 0)
		f->cookie = 0;
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

static void locate(struct flow *f, int fd)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof a;

	if (sys.getsockname(fd, (struct sockaddr *)&a, &n) == 0)
		watch_addr(&f->local, (struct sockaddr *)&a, n);
	n = sizeof a;
	if (sys.getpeername(fd, (struct sockaddr *)&a, &n) == 0)
		watch_addr(&f->peer, (struct sockaddr *)&a, n);
	f->settled = has_port(&f->local, f->family) &&
	             (f->type != SOCK_STREAM || f->peer.len || int_option(fd, SO_ACCEPTCONN));
}

/* Ask for what is not settled yet, and put it into the record. */
static void look(struct event *e, int fd)
{
	struct flow *f = flow_at(fd);
	int saved = errno;

	if (!f)
		return;
	if (!f->known)
		identify(f, fd);
	if (f->known && !f->settled)
		locate(f, fd);
	e->family = f->family;
	e->type = f->type;
	e->proto = f->proto;
	e->cookie = f->cookie;
	e->local = f->local;
	e->peer = f->peer;
	errno = saved;
}

void watch_init(struct watch *w, int call, int fd)
{
	event_init(&w->e, call, EVENT_ENTER);
	w->e.fd = fd;
	w->start = w->e.time;
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
	w->e.time = clock_now();
	w->e.took = w->e.time - w->start;
	w->e.error = r < 0 ? -r : 0;
	emit(&w->e);
}

void watch_done(struct watch *w, ssize_t r)
{
	struct event_addr asked = w->e.peer;
	struct flow *f = flow_at(w->e.fd);

	if (f && (w->e.call == EVENT_CONNECT || w->e.call == EVENT_BIND || w->e.call == EVENT_LISTEN)) {
		f->settled = false;
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

/* What both directions share: the payload and where it went. */
static void moved(struct watch *w, ssize_t r, const struct iovec *iov, int iovs,
                  const struct sock_addr *addr)
{
	if (addr && addr->len)
		watch_addr(&w->e.peer, (const struct sockaddr *)&addr->storage, addr->len);
	if (r < 0 || !iov)
		return;
	w->e.whole = r;
	w->e.moved = (size_t)r < w->e.asked ? (size_t)r : w->e.asked;
	w->e.iov = iov;
	w->e.iovs = iovs;
	w->e.hash = event_hash(iov, iovs, w->e.moved);
}

void watch_sent(struct watch *w, ssize_t r, const struct iovec *iov, int iovs, const struct sock_addr *addr)
{
	look(&w->e, w->e.fd);
	moved(w, r, iov, iovs, addr);
	if (r > 0 && !iov)
		w->e.moved = w->e.whole = r;
	if (r > 0 && w->e.type == SOCK_STREAM)
		w->e.offset = flow_add_out(w->e.fd, r);
	finish(w, r);
}

void watch_received(struct watch *w, ssize_t r, const struct iovec *iov, int iovs,
                    const struct sock_addr *addr)
{
	bool peek = w->e.arg[0] & MSG_PEEK;
	bool counted = w->e.type == SOCK_STREAM && !(w->e.arg[0] & (MSG_OOB | MSG_ERRQUEUE));

	moved(w, r, iov, iovs, addr);
	if (r > 0 && counted)
		w->e.offset = flow_add_in(w->e.fd, peek ? 0 : r);
	finish(w, r);
}

void watch_forget(int fd)
{
	if (watch_on())
		flow_reset(fd);
}
