/* SPDX-License-Identifier: MIT */
/*
 * Sending on io_uring: first an offer that never waits, of all pieces where
 * they lie; and of what was not taken, once it lies on the heap, a send that
 * waits. Between the two the conn is stalled. Receiving is uring.c's.
 */
#include "uring.h"

#include <errno.h>

#include "../sock/watch.h"
#include "out.h"
#include "ring-tell.h"
#include "stream.h"

void uring_flush(struct conn *c)
{
	struct ring *r = uring_ring(c->port->loop);

	if (c->is & CONN_DIRTY)
		return;
	c->is |= CONN_DIRTY;
	r->dirty[r->dirty_count++] = c;
}

/* A message for several pieces, in the round's memory. NULL: there is none left. */
static struct msghdr *message(struct loop *l)
{
	struct iovec *iov = out_round(l, RING_PIECES * sizeof *iov);
	struct msghdr *m = iov ? out_round(l, sizeof *m) : NULL;

	if (m)
		*m = (struct msghdr){ .msg_iov = iov };
	return m;
}

/*
 * A send of all pieces that never waits, and counts as done. Well done it says
 * nothing, unless something waits for that or somebody watches; a part of it
 * (MSG_WAITALL makes that a failure) or none always comes as a completion.
 */
static void offer(struct conn *c)
{
	struct loop *l = c->port->loop;
	struct ring *r = uring_ring(l);
	const int flags = MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL;
	struct msghdr *m = c->out->next != c->out ? message(l) : NULL;
	struct io_uring_sqe *sqe;
	struct iovec one;
	size_t n;

	if (!m && c->out->next != c->out && !out_settle(c)) {   /* without a message it must be one piece */
		stream_mind_memory(c);
		return;
	}
	sqe = ring_entry(r);
	if (m) {
		m->msg_iovlen = out_gather(c, m->msg_iov, RING_PIECES, &n);
		io_uring_prep_sendmsg(sqe, c->fd, m, flags);
	} else {
		out_gather(c, &one, 1, &n);
		io_uring_prep_send(sqe, c->fd, one.iov_base, one.iov_len, flags);
	}
	if (!stream_will_wait(c) && !watch_on())
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	c->is |= CONN_SENDING;
	CORE_COUNT(l, bytes_out, n);
	r->offered[r->offered_count++] = (struct offer){ c, n };
	uring_tag(sqe, c, OF_SEND);
}

/* A send that waits for the peer, of what lies on the heap. */
static void drain(struct conn *c)
{
	struct io_uring_sqe *sqe;
	struct iovec first;
	size_t n;

	if (c->is & (CONN_DEAD | CONN_DRAINING) || !c->out)
		return;
	out_gather(c, &first, 1, &n);
	sqe = ring_entry(uring_ring(c->port->loop));
	io_uring_prep_send(sqe, c->fd, first.iov_base, first.iov_len, MSG_NOSIGNAL);
	c->is |= CONN_DRAINING;
	uring_tag(sqe, c, OF_DRAIN);
}

void uring_offer_all(struct loop *l)
{
	struct ring *r = uring_ring(l);
	uint32_t n = r->dirty_count;

	r->dirty_count = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct conn *c = r->dirty[i];

		c->is &= ~CONN_DIRTY;
		if (c->is & CONN_DEAD)
			stream_later(c);
		else if (c->out && !(c->is & (CONN_SENDING | CONN_DRAINING)))
			offer(c);
	}
}

/* What follows when the kernel has taken res bytes, or a negative errno: the next, or a send that waits. */
static void sent(struct conn *c, int64_t res)
{
	if (c->out && watch_on())
		ring_tell_send(c, res);
	if (res > 0)
		out_sent(c, res);
	if (res < 0 && res != -EAGAIN && res != -EINTR && res != -ECANCELED)
		stream_break(c, -res);
	if (c->is & CONN_DEAD) {
		out_drop(c);
		stream_later(c);
		return;
	}
	stream_offered(c);
	if (c->is & CONN_STALLED)
		drain(c);
}

/* An offer was answered: not all was taken, or somebody wanted to know. Its pieces are as they were. */
void uring_answered(struct conn *c, int64_t res)
{
	struct iovec iov[RING_PIECES];
	size_t n;

	out_gather(c, iov, RING_PIECES, &n);
	CORE_COUNT(c->port->loop, bytes_out, (res > 0 ? (uint64_t)res : 0) - n);
	c->is &= ~CONN_SENDING;
	sent(c, res);
}

void uring_drained(struct conn *c, int64_t res)
{
	CORE_COUNT(c->port->loop, bytes_out, res > 0 ? res : 0);
	c->is &= ~CONN_DRAINING;
	sent(c, res);
}

/*
 * Those of which nothing was heard are done, once all that was submitted has
 * been seen to. Till then an answered offer must not stay in the list, where
 * its conn's next one would stand again.
 */
void uring_end_offers(struct ring *r, bool settled)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < r->offered_count; i++) {
		struct conn *c = r->offered[i].conn;

		if (!(c->is & CONN_SENDING))
			continue;
		if (!settled) {
			r->offered[kept++] = r->offered[i];
			continue;
		}
		c->is &= ~CONN_SENDING;
		sent(c, r->offered[i].n);
	}
	r->offered_count = kept;
}
