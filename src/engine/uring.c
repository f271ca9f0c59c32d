/* SPDX-License-Identifier: MIT */
/*
 * The back end on io_uring(7). Accepting and receiving go on by themselves
 * (multishot) into one ring of buffers that all conns share. A round's replies
 * are offered with sends that never wait, so that when the kernel comes back
 * every buffer of the round is free again; what was not taken lies on the heap
 * by then and leaves with a send that waits. So a peer that takes nothing holds
 * no buffer, and a ring that runs empty makes conns wait in line, no more.
 *
 * Completions are read twice: first the sends, which end the last round, then
 * the rest, which begin the next. ring.c makes the ring, uring-port.c takes
 * callers and datagrams, uring-out.c sends. The twin of it all is epoll.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../sock/call.h"
#include "../sock/watch.h"
#include "loop.h"
#include "out.h"
#include "ring-tell.h"
#include "stream.h"
#include "uring.h"

enum {
	BULK = 2                        /* full buffers in a row that make a conn one in bulk */
};

/* -- In ------------------------------------------------------------------------------- */

static void select_buffer(struct io_uring_sqe *sqe, enum ring_size size)
{
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = size;
}

/*
 * Receives that go on by themselves are the cheapest, but cannot be held back
 * at once. So who sends in bulk or has a rate to keep, and everybody while too
 * much is held, gets one receive at a time.
 */
static void receive(struct conn *c)
{
	struct loop *l = c->port->loop;
	struct ring *r = uring_ring(l);
	struct io_uring_sqe *sqe;
	int of = OF_RECEIVE;

	if (c->is & (CONN_RECEIVING | CONN_STARVED))
		return;
	sqe = ring_entry(r);
	c->is |= CONN_RECEIVING;
	c->bulk = false;
	if (stream_drops(c) && c->port->inet) {
		io_uring_prep_recv(sqe, c->fd, r->nowhere, RING_DROP, MSG_TRUNC);
	} else if (l->tight || c->port->group->rate) {
		io_uring_prep_recv(sqe, c->fd, NULL, CORE_TIGHT, 0);
		select_buffer(sqe, RING_SMALL);
	} else if (c->grown >= BULK && r->stock[RING_LARGE].free) {
		io_uring_prep_recv(sqe, c->fd, NULL, CORE_SCRATCH, 0);
		select_buffer(sqe, RING_LARGE);
		c->bulk = true;
		of = OF_BULK;
	} else {
		io_uring_prep_recv_multishot(sqe, c->fd, NULL, 0, 0);
		select_buffer(sqe, RING_SMALL);
		c->is |= CONN_MULTI;
	}
	uring_tag(sqe, c, of);
}

/* By its key, which the kernel finds at once; all of a descriptor's it would have to look for. */
static void cancel(struct conn *c, int of)
{
	struct io_uring_sqe *sqe = ring_entry(uring_ring(c->port->loop));

	io_uring_prep_cancel64(sqe, (uint64_t)(uintptr_t)c | of, 0);
	uring_tag(sqe, NULL, OF_NOTHING);
}

static void call_off_receive(struct conn *c)
{
	if (!(c->is & CONN_RECEIVING) || c->is & CONN_CANCELLING)
		return;
	c->is |= CONN_CANCELLING;
	cancel(c, c->bulk ? OF_BULK : OF_RECEIVE);
}

/* When too much is held, no receive may bring much: neither one that goes on by itself nor one in bulk. */
static void mind_tightness(struct loop *l)
{
	struct ring *r = uring_ring(l);

	for (uint32_t i = 0; l->tight && !r->tight && i < l->top; i++) {
		struct conn *c = &l->conns[i];

		if (c->port && (c->is & CONN_MULTI || c->bulk))
			call_off_receive(c);
	}
	r->tight = l->tight;
}

static void uring_read(struct conn *c, bool on)
{
	if (on)
		receive(c);
	else if (c->is & CONN_MULTI)
		call_off_receive(c);
}

static int uring_begin(struct conn *c)
{
	receive(c);
	return 0;
}

/* No buffer was left: wait in line for one. */
static void starve(struct conn *c)
{
	struct ring *r = uring_ring(c->port->loop);

	if (!stream_is_open_for_input(c))
		return;
	c->is |= CONN_STARVED;
	r->starved[(r->starved_first + r->starved_count++) % c->port->loop->most] = c;
	CORE_COUNT(c->port->loop, starved, 1);
}

/* As many as there are buffers, first come first served. */
static void feed_starved(struct loop *l)
{
	struct ring *r = uring_ring(l);

	for (unsigned n = r->stock[RING_SMALL].free; n && r->starved_count; n--) {
		struct conn *c = r->starved[r->starved_first];

		r->starved_first = (r->starved_first + 1) % l->most;
		r->starved_count--;
		c->is &= ~CONN_STARVED;
		if (c->is & CONN_DEAD)
			stream_later(c);
		else if (stream_is_open_for_input(c))
			receive(c);
	}
}

static bool is_under_way(const struct conn *c)
{
	return c->is & (CONN_RECEIVING | CONN_SENDING | CONN_DRAINING | CONN_DIRTY | CONN_STARVED | CONN_QUEUED);
}

static void uring_drop(struct conn *c)
{
	if (!is_under_way(c)) {
		stream_gone(c);
		return;
	}
	if (c->hung)
		return;
	c->hung = true;
	if (c->is & CONN_RECEIVING && !(c->is & CONN_CANCELLING))
		cancel(c, c->bulk ? OF_BULK : OF_RECEIVE);
	if (c->is & CONN_DRAINING)
		cancel(c, OF_DRAIN);
}

/* Who fills buffer after buffer, and has more behind, is served in bulk from now on; who no longer does, is not. */
static void grow(struct conn *c, int res, unsigned flags)
{
	if (res < CORE_INPUT || (res == CORE_INPUT && !(flags & IORING_CQE_F_SOCK_NONEMPTY)))
		c->grown = 0;
	else if (c->grown < BULK && ++c->grown == BULK)
		uring_read(c, false);
}

static void received(struct conn *c, int res, unsigned flags, enum ring_size size)
{
	struct ring *r = uring_ring(c->port->loop);
	bool buffered = flags & IORING_CQE_F_BUFFER;
	char *data = buffered ? ring_take(r, size, flags >> IORING_CQE_BUFFER_SHIFT) : NULL;

	if (!(flags & IORING_CQE_F_MORE))
		c->is &= ~(CONN_RECEIVING | CONN_MULTI | CONN_CANCELLING);
	if (watch_on())
		ring_tell_receive(c, res, data);
	if (res > 0 && data) {
		stream_input(c, data, res);
		grow(c, res, flags);
	} else if (res > 0) {
		stream_count(c, res);
	} else if (res == 0) {
		stream_end(c);
	} else if (res == -ENOBUFS) {
		starve(c);
	} else if (res != -ECANCELED && res != -EINTR && res != -EAGAIN) {
		stream_break(c, -res);
	}
	if (c->is & CONN_RECEIVING)
		return;
	if (c->is & CONN_DEAD)
		stream_later(c);
	else if (stream_is_open_for_input(c))
		receive(c);
}

/* -- Rounds ------------------------------------------------------------------------------ */

static struct io_uring_cqe *completion(struct ring *r, unsigned i)
{
	return &r->ring.cq.cqes[(*r->ring.cq.khead + i) & (r->ring.cq.ring_entries - 1)];
}

static int of(const struct io_uring_cqe *cqe)
{
	return (int)(cqe->user_data & OF_BITS);
}

static void *what(const struct io_uring_cqe *cqe)
{
	return (void *)(uintptr_t)(cqe->user_data & ~(uint64_t)OF_BITS);
}

/*
 * The sends, which end the round before. Its memory is free then, unless the
 * completions overflowed: then an answer may still be missing.
 */
static void end_round(struct loop *l, unsigned n)
{
	struct ring *r = uring_ring(l);
	bool settled = ring_is_settled(r);      /* asked before what follows submits more */

	for (unsigned i = 0; i < n; i++) {
		struct io_uring_cqe *cqe = completion(r, i);
		struct conn *c = what(cqe);

		if (of(cqe) != OF_SEND)
			continue;
		uring_answered(c, ring_result(OF_SEND, cqe->res));
	}
	uring_end_offers(r, settled);
	if (!settled)
		return;
	ring_give_back(r);
	core_round_end(l);
}

static void woken(struct loop *l)
{
	uint64_t count;
	struct io_uring_sqe *sqe;

	if (read(l->wake, &count, sizeof count) < 0)
		count = 0;      /* nothing: the poll alone woke us */
	sqe = ring_entry(uring_ring(l));
	io_uring_prep_poll_add(sqe, l->wake, POLLIN);
	uring_tag(sqe, l, OF_WAKE);
}

static void dispatch(struct loop *l, const struct io_uring_cqe *cqe)
{
	int res = ring_result(of(cqe), cqe->res);
	struct conn *c = what(cqe);

	switch (of(cqe)) {
	case OF_ACCEPT:
		uring_accepted(what(cqe), res, cqe->flags & IORING_CQE_F_MORE);
		break;
	case OF_POLL:
		uring_polled(what(cqe));
		break;
	case OF_RECEIVE:
		received(c, res, cqe->flags, RING_SMALL);
		break;
	case OF_BULK:
		received(c, res, cqe->flags, RING_LARGE);
		break;
	case OF_DRAIN:
		uring_drained(c, res);
		break;
	case OF_WAKE:
		woken(l);
		break;
	}
}

static int uring_one_round(struct loop *l, int64_t timeout)
{
	struct ring *r = uring_ring(l);
	unsigned n;
	int err;

	mind_tightness(l);
	uring_mind_places(l);
	feed_starved(l);
	uring_offer_all(l);
	/* Who waits in line has come already: the buffers are back at the end of this round. */
	err = ring_wait(r, r->starved_count ? 0 : timeout, l->engine->plan->spin);
	if (err < 0)
		return err;
	loop_clock(l);
	n = io_uring_cq_ready(&r->ring);
	end_round(l, n);
	for (unsigned i = 0; i < n; i++)
		dispatch(l, completion(r, i));
	io_uring_cq_advance(&r->ring, n);
	return 0;
}

static int uring_open(struct loop *l)
{
	int err = ring_make((struct ring **)&l->own, l->most);

	if (!err)
		woken(l);
	return err;
}

static void uring_close(struct loop *l)
{
	ring_free(l->own, l->most);
	l->own = NULL;
}

const struct backend backend_uring = {
	.name = "io_uring",
	.open = uring_open,
	.close = uring_close,
	.listen = uring_listen,
	.begin = uring_begin,
	.read = uring_read,
	.flush = uring_flush,
	.drop = uring_drop,
	.wait = uring_one_round,
};
