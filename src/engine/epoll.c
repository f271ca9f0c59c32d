/* SPDX-License-Identifier: MIT */
/*
 * The back end on epoll(7), edge-triggered: a conn is registered once and
 * remembered as ready until a read has emptied it, so that neither reading nor
 * not reading costs a system call. Sends are tried at once; EPOLLOUT is asked
 * for only when one did not fit. Its twin is uring.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../sock/call.h"
#include "accept.h"
#include "dgram.h"
#include "loop.h"
#include "out.h"
#include "space.h"
#include "stream.h"

enum {
	EVENTS = 256,                   /* in one call */
	READS = 16,                     /* of one conn before others get their turn */
	BUFFERS = 64,                   /* pieces in one send */
	GROWN_MOST = 4,                 /* CORE_INPUT << 4 is CORE_SCRATCH */
	DROP = 1024 * 1024,             /* bytes dropped in one call */
	SCRATCH = CORE_HEADROOM + DROP  /* the larger of what is read and what is dropped */
};

static const uint32_t IN = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;

struct poller {
	int fd;
	char *scratch;                  /* SCRATCH bytes, memory as far as they are touched */
	struct epoll_event events[EVENTS];
};

static struct poller *poller_of(const struct loop *l)
{
	return l->own;
}

static int control(const struct loop *l, int op, int fd, uint32_t events, void *what)
{
	struct epoll_event e = { .events = events, .data.ptr = what };

	return call_result(sys.epoll_ctl(poller_of(l)->fd, op, fd, &e));
}

/* Ports are told from conns by the lowest bit of the pointer, the wake-up is NULL. */
static void *mark(struct port *p)
{
	return (char *)p + 1;
}

static int epoll_open(struct loop *l)
{
	struct poller *p = calloc(1, sizeof *p);

	if (!p)
		return -ENOMEM;
	l->own = p;
	p->scratch = space_reserve(SCRATCH);
	p->fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->fd < 0)
		return -errno;
	return p->scratch ? control(l, EPOLL_CTL_ADD, l->wake, EPOLLIN, NULL) : -ENOMEM;
}

static void epoll_close(struct loop *l)
{
	struct poller *p = l->own;

	if (!p)
		return;
	if (p->fd >= 0)
		close(p->fd);
	space_release(p->scratch, SCRATCH);
	free(p);
	l->own = NULL;
}

/* A listener that several workers wait on wakes one of them. */
static int epoll_listen(struct port *p, bool on)
{
	int err;

	if (p->listening == on)
		return 0;
	p->listening = on;
	err = on ? control(p->loop, EPOLL_CTL_ADD, p->sock.fd, EPOLLIN | EPOLLEXCLUSIVE, mark(p)) :
	           control(p->loop, EPOLL_CTL_DEL, p->sock.fd, 0, NULL);
	return on ? err : 0;
}

/* A read from a Unix stream stops behind passed descriptors: a short one does not mean an empty queue there. */
static int epoll_begin(struct conn *c)
{
	c->hung = !c->port->inet;
	return control(c->port->loop, EPOLL_CTL_ADD, c->fd, IN, c);
}

/* -- Out ---------------------------------------------------------------------------- */

static ssize_t send_some(const struct conn *c, size_t *offered)
{
	struct iovec iov[BUFFERS];
	struct msghdr m = { .msg_iov = iov };
	ssize_t r;

	m.msg_iovlen = out_gather(c, iov, BUFFERS, offered);
	do
		r = m.msg_iovlen == 1 ? call_send(c->fd, iov->iov_base, iov->iov_len, MSG_DONTWAIT) :
		                        call_sendmsg(c->fd, &m, MSG_DONTWAIT);
	while (r == -EINTR);
	return r;
}

static int ask_for_room(struct conn *c, bool yes)
{
	if (yes == !!(c->is & CONN_WANTS_OUT))
		return 0;
	c->is ^= CONN_WANTS_OUT;
	return control(c->port->loop, EPOLL_CTL_MOD, c->fd, IN | (yes ? EPOLLOUT : 0), c);
}

static void epoll_flush(struct conn *c)
{
	struct loop *l = c->port->loop;
	size_t offered = 0;
	ssize_t r = 0;

	while (c->out) {
		r = send_some(c, &offered);
		if (r <= 0)
			break;
		out_sent(c, r);
		CORE_COUNT(l, bytes_out, r);
		if ((size_t)r < offered)
			break;
	}
	if (r >= 0 || r == -EAGAIN)
		r = ask_for_room(c, c->out != NULL);
	if (r < 0)
		stream_break(c, -r);
	else
		stream_offered(c);
	core_round_end(l);
}

/* -- In ----------------------------------------------------------------------------- */

static size_t size_of(const struct conn *c)
{
	return c->port->loop->tight ? CORE_TIGHT : (size_t)CORE_INPUT << c->grown;
}

static ssize_t receive(struct conn *c, char *data, size_t n, int flags)
{
	ssize_t r;

	do
		r = call_recv(c->fd, data, n, MSG_DONTWAIT | flags);
	while (r == -EINTR);
	return r;
}

/* Whoever fills a read and takes the reply is read from in larger pieces. */
static void grow(struct conn *c, bool full)
{
	if (c->is & CONN_STALLED)
		c->grown = 0;
	else if (full && c->grown < GROWN_MOST)
		c->grown++;
}

/* One read. What empties the queue ends the readiness, unless the end has been announced behind it. */
static void pull_once(struct conn *c)
{
	struct poller *p = poller_of(c->port->loop);
	bool drops = stream_drops(c) && c->port->inet;
	size_t n = drops ? DROP : size_of(c);
	ssize_t r = receive(c, p->scratch + CORE_HEADROOM, n, drops ? MSG_TRUNC : 0);

	if (r <= 0 || ((size_t)r < n && !c->hung))
		c->is &= ~CONN_READY;
	if (r > 0 && drops) {
		stream_count(c, r);
	} else if (r > 0) {
		stream_input(c, p->scratch + CORE_HEADROOM, r);
		grow(c, (size_t)r == n);
	} else if (r == 0) {
		stream_end(c);
	} else if (r != -EAGAIN) {
		stream_break(c, -r);
	}
	core_round_end(c->port->loop);
}

static void pull(struct conn *c)
{
	for (int i = 0; c->is & CONN_READY && stream_is_open_for_input(c); i++) {
		if (i == READS) {
			stream_later(c);
			return;
		}
		pull_once(c);
	}
}

static void epoll_read(struct conn *c, bool on)
{
	if (on && c->is & CONN_READY)
		pull(c);
}

static void epoll_drop(struct conn *c)
{
	stream_gone(c);
}

/* -- Waiting -------------------------------------------------------------------------- */

static void conn_event(struct conn *c, uint32_t events)
{
	if (!c->port || c->is & CONN_DEAD)
		return;
	/* An urgent byte, too, ends a read before the queue is empty. */
	if (events & (EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		c->hung = true;
	if (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		c->is |= CONN_READY;
	if (c->is & CONN_WANTS_OUT && events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		epoll_flush(c);
	pull(c);
}

static void port_event(struct port *p)
{
	if (!p->listening)
		return;
	if (p->datagram)
		dgram_ready(p);
	else
		accept_ready(p);
}

static void dispatch(struct loop *l, const struct epoll_event *e)
{
	uint64_t count;

	if (!e->data.ptr) {
		if (read(l->wake, &count, sizeof count) < 0)
			return;         /* another wake-up has taken it */
	} else if ((uintptr_t)e->data.ptr & 1) {
		port_event((struct port *)((char *)e->data.ptr - 1));
	} else {
		conn_event(e->data.ptr, e->events);
	}
}

/* Poll in vain for a while: a core that sleeps takes tens of microseconds to wake. */
static int spin(struct loop *l, struct poller *p, int64_t timeout)
{
	int64_t spin = l->engine->plan->spin;
	int64_t until = clock_now() + (timeout >= 0 && timeout < spin ? timeout : spin);
	int n;

	do
		n = sys.epoll_wait(p->fd, p->events, EVENTS, 0);
	while (n == 0 && clock_now() < until);
	return n;
}

static int wait_for_events(struct loop *l, struct poller *p, int64_t timeout)
{
	int n = 0;

	if (timeout && l->engine->plan->spin)
		n = spin(l, p, timeout);
	if (n == 0)
		n = sys.epoll_wait(p->fd, p->events, EVENTS,
		                   timeout < 0 ? -1 : (int)((timeout + CLOCK_MS - 1) / CLOCK_MS));
	return n < 0 && errno == EINTR ? 0 : n < 0 ? -errno : n;
}

static int epoll_one_round(struct loop *l, int64_t timeout)
{
	struct poller *p = poller_of(l);
	int n = wait_for_events(l, p, timeout);

	core_round_end(l);
	loop_clock(l);
	for (int i = 0; i < n; i++)
		dispatch(l, &p->events[i]);
	return n < 0 ? n : 0;
}

const struct backend backend_epoll = {
	.name = "epoll",
	.at_once = true,
	.open = epoll_open,
	.close = epoll_close,
	.listen = epoll_listen,
	.begin = epoll_begin,
	.read = epoll_read,
	.flush = epoll_flush,
	.drop = epoll_drop,
	.wait = epoll_one_round,
};
