/* SPDX-License-Identifier: MIT */
/*
 * Callers and datagrams on io_uring: an accept that goes on by itself, or a
 * poll where callers are to be taken one by one; datagrams come by a poll, for
 * batches of them are a matter of recvmmsg(2). Conns are uring.c's.
 */
#include "uring.h"

#include <errno.h>
#include <poll.h>

#include "../sock/call.h"
#include "../sock/watch.h"
#include "accept.h"
#include "dgram.h"
#include "ring-tell.h"

static void await_port(struct port *p)
{
	struct io_uring_sqe *sqe;

	if (p->waiting || !p->listening)
		return;
	sqe = ring_entry(uring_ring(p->loop));
	p->waiting = true;
	p->multi = !p->datagram && !accept_is_tight(p->loop->engine);
	if (p->multi)
		io_uring_prep_multishot_accept(sqe, p->sock.fd, NULL, NULL, SOCK_CLOEXEC);
	else
		io_uring_prep_poll_add(sqe, p->sock.fd, POLLIN);
	uring_tag(sqe, p, p->multi ? OF_ACCEPT : OF_POLL);
}

static void call_off_port(struct port *p)
{
	struct io_uring_sqe *sqe;

	if (!p->waiting || p->cancelling)
		return;
	p->cancelling = true;
	sqe = ring_entry(uring_ring(p->loop));
	io_uring_prep_cancel64(sqe, (uint64_t)(uintptr_t)p | (p->multi ? OF_ACCEPT : OF_POLL), 0);
	uring_tag(sqe, NULL, OF_NOTHING);
}

void uring_mind_places(struct loop *l)
{
	for (int i = 0; i < l->port_count && accept_is_tight(l->engine); i++)
		if (l->ports[i].multi)
			call_off_port(&l->ports[i]);
}

int uring_listen(struct port *p, bool on)
{
	p->listening = on;
	if (on)
		await_port(p);
	else
		call_off_port(p);
	return 0;
}

void uring_accepted(struct port *p, int res, bool more)
{
	p->waiting = more;
	p->cancelling = p->cancelling && more;
	p->multi = p->multi && more;
	if (res != -ECANCELED && watch_on())
		ring_tell_accept(p->sock.fd, res);
	res = call_above_streams(res);
	if (res >= 0)
		accept_given(p, res);
	else
		accept_failed(p, -res);
	await_port(p);
}

void uring_polled(struct port *p)
{
	p->waiting = p->cancelling = false;
	if (p->listening && p->datagram)
		dgram_ready(p);
	else if (p->listening)
		accept_ready(p);
	await_port(p);
}
