/* SPDX-License-Identifier: MIT */
/*
 * Datagrams by the batch. One system call brings up to 64 messages, each maybe
 * a train of datagrams; the service is asked about each; and the replies leave
 * together, runs to one peer as trains (udp(7), UDP_GRO and UDP_SEGMENT). An
 * echo's reply is the request's own memory. A reply that the kernel does not
 * take at once is dropped and counted, as a network would.
 */
#include "dgram.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <sockeye/many.h>
#include <stdlib.h>
#include <string.h>

#include "../sock/call.h"
#include "../sock/wait.h"
#include "guard.h"
#include "note.h"
#include "out.h"
#include "source.h"
#include "space.h"

enum {
	LIST = 256,                     /* datagrams taken out of a batch of messages at once */
	PLAIN = 64,                     /* the same where there are no trains */
	MESSAGES = 64,
	BATCHES = 16,                   /* in a flood, before others get their turn */
	ARENA = (MESSAGES + 1) * 65536,
	LEAST_ROOM = 128 * 1024         /* of the round's memory, for any reply */
};

struct dgrams {
	struct sock_batch batch;
	struct sock_dgram list[LIST];
	char *arena;

	const struct sock_dgram *now;   /* the request at hand */
	struct guard_sender who;        /* who sent it */
	struct sock_addr from;          /* and from where */
	const char *reply;              /* what was written so far; NULL nothing */
	char *whole;                    /* the same, with room for longest bytes; NULL: it lies in the request */
	size_t n, longest;
	bool refused;                   /* more was to be written than may be */
};

bool dgram_make(struct loop *l)
{
	struct dgrams *d = l->dgrams;

	if (d)
		return true;
	d = calloc(1, sizeof *d);
	if (!d)
		return false;
	d->arena = space_reserve(ARENA);
	if (!d->arena) {
		free(d);
		return false;
	}
	d->batch = (struct sock_batch){ .list = d->list, .arena = d->arena, .size = ARENA };
	l->dgrams = d;
	return true;
}

void dgram_free(struct loop *l)
{
	if (l->dgrams)
		space_release(l->dgrams->arena, ARENA);
	free(l->dgrams);
	l->dgrams = NULL;
}

/*
 * A socket on one address of loopback answers from there and gets nothing that
 * went to many; any other must be told which address was asked.
 */
void dgram_prepare(struct sock *s)
{
	struct sock_addr own;
	bool any = sock_name_addr(s, &own) < 0 || !source_is_loopback(&own) || source_is_any(&own);

	sock_limit(s, 0);
	sock_batch_tell(s, (any ? SOCKEYE_TELL_HERE : 0) | SOCKEYE_TELL_HOPS | SOCKEYE_TRAINS);
}

uint64_t dgram_lost(const struct port *p)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t n = sizeof info;

	if (call_getsockopt(p->sock.fd, SOL_SOCKET, SO_MEMINFO, info, &n) < 0)
		return 0;
	return info[SK_MEMINFO_DROPS];
}

/* -- The reply at hand --------------------------------------------------------------- */

/* Move what was written so far to where all that may follow has room. False: no memory. */
static bool move(struct loop *l)
{
	struct dgrams *d = l->dgrams;

	if (d->whole)
		return true;
	d->whole = out_round(l, d->longest);
	if (!d->whole)
		return false;
	if (d->n)
		memcpy(d->whole, d->reply, d->n);
	d->reply = d->whole;
	return true;
}

/* One piece of the request itself is not copied. */
size_t dgram_write(struct conn *c, const void *bytes, size_t n)
{
	struct dgrams *d = c->port->loop->dgrams;
	const char *request = d->now->data, *from = bytes;
	bool own = !n || (from >= request && from + n <= request + d->now->n);

	if (d->n + n > d->longest || ((d->reply || !own) && !move(c->port->loop))) {
		d->refused = true;
		return 0;
	}
	if (!d->whole)
		d->reply = from;
	else if (n)
		memcpy(d->whole + d->n, from, n);
	d->n += n;
	return n;
}

/* A reply in place is written once: behind an earlier piece there is no room. */
char *dgram_room(struct conn *c, size_t want, size_t *room)
{
	struct loop *l = c->port->loop;
	struct dgrams *d = l->dgrams;
	size_t at = core_round_top(l);

	*room = d->reply ? 0 : want < d->longest ? want : d->longest;
	if (*room < want)
		d->refused = true;
	return *room ? l->round + at : NULL;
}

void dgram_commit(struct conn *c, size_t n)
{
	struct dgrams *d = c->port->loop->dgrams;

	d->reply = out_round(c->port->loop, n);
	d->n = d->reply ? n : 0;
	d->refused = false;
}

void dgram_peer(const struct conn *c, struct sock_addr *peer)
{
	*peer = c->port->loop->dgrams->now->addr;
}

/* -- Batches ---------------------------------------------------------------------------- */

/* Ask the service. True when there is a reply that may leave: a whole one, never a part. */
static bool ask(struct port *p, const struct sock_dgram *request)
{
	struct loop *l = p->loop;
	struct dgrams *d = l->dgrams;

	l->datagram.is = CONN_DATAGRAM;
	d->now = request;
	d->reply = d->whole = NULL;
	d->n = 0;
	d->refused = false;
	d->longest = guard_longest(&d->who, request->n);
	p->group->service->bytes(&l->datagram, request->data, request->n);
	if (d->refused && !(l->datagram.is & CONN_FINISHED))
		CORE_COUNT(l, replies_too_long, 1);
	return d->reply && !d->refused && request->addr.len;
}

/* Most datagrams come from where the one before came from. */
static const struct guard_sender *sender(struct port *p, const struct sock_addr *addr)
{
	struct dgrams *d = p->loop->dgrams;

	if (!d->who.known || d->from.len != addr->len ||
	    memcmp(&d->from.storage, &addr->storage, addr->len) != 0) {
		d->from = *addr;
		guard_look(&d->who, p, addr);
	}
	return &d->who;
}

/* Send the first n of list. One that is refused is left out and the rest goes on. */
static void leave(struct port *p, int n)
{
	struct loop *l = p->loop;
	struct dgrams *d = l->dgrams;
	int sent = 0;

	while (sent < n) {
		struct sock_batch out = { .list = d->list + sent, .count = n - sent };
		int r = sock_sendmany(&p->sock, &out);

		CORE_COUNT(l, bytes_out, sock_sent(&p->sock));
		CORE_COUNT(l, datagrams_out, r > 0 ? r : 0);
		sent += r > 0 ? r : 0;
		if (sent == n)
			break;
		CORE_COUNT(l, replies_dropped, 1);
		sent++;
	}
	core_round_end(l);
}

static void answer(struct port *p)
{
	struct loop *l = p->loop;
	struct dgrams *d = l->dgrams;
	int replies = 0, many = d->batch.count;

	l->datagram = (struct conn){ .fd = -1, .port = p };
	d->who.known = false;
	if (!p->group->service->bytes)
		many = 0;
	for (int i = 0; i < many; i++) {
		struct sock_dgram *one = &d->list[i], *reply = &d->list[replies];

		if (CORE_ROUND - l->round_used < LEAST_ROOM) {
			leave(p, replies);
			replies = 0;
			reply = d->list;
		}
		if (!guard_admits(l, sender(p, &one->addr), one) || !ask(p, one))
			continue;
		if (!guard_paces(p, one)) {
			CORE_COUNT(l, datagrams_paced, 1);
			continue;
		}
		if (!guard_hops(one)) {
			CORE_COUNT(l, datagrams_guarded, 1);
			continue;
		}
		if (reply != one)
			*reply = *one;
		reply->data = (void *)(uintptr_t)d->reply;
		reply->n = d->n;
		replies++;
	}
	leave(p, replies);
}

/* The library has added up already. */
static void count(struct port *p)
{
	struct loop *l = p->loop;
	const struct sock_batch *b = &l->dgrams->batch;

	CORE_COUNT(l, datagrams_in, b->count);
	CORE_COUNT(l, bytes_in, sock_got(&p->sock));
	for (int i = 0; sock_cut(&p->sock) && i < b->count; i++)
		CORE_COUNT(l, truncated, b->list[i].cut != 0);
}

/* A descriptor from outside that was shut for reading is ready for ever, with nothing. */
static void give_up(struct port *p)
{
	p->loop->backend->listen(p, false);
	note_line(p->loop->engine, ENGINE_WARN, "%s was shut for reading: it is not served any more",
	          sock_name(&p->sock).s);
}

/* One batch, and whether it was as long as a call can bring. -1: there was none. */
static int one_batch(struct port *p)
{
	struct dgrams *d = p->loop->dgrams;
	bool full = false;

	do {
		if (sock_recvmany(&p->sock, &d->batch) <= 0) {
			if (p->given && pace_is_shut(p->sock.fd))
				give_up(p);
			return -1;
		}
		full = full || d->batch.messages == MESSAGES;
		count(p);
		answer(p);
	} while (d->batch.waiting);
	return full;
}

/*
 * One batch a turn as a rule: a call that finds nothing would cost as much as
 * the back end's word that more wait. In a flood, full batches in a row, many.
 */
bool dgram_ready(struct port *p)
{
	p->loop->dgrams->batch.room = p->sock.family == AF_UNIX ? PLAIN : LIST;
	for (int i = 0; i < BATCHES; i++) {
		bool flooded = p->flooded;

		p->flooded = one_batch(p) > 0;
		if (!p->flooded || !flooded)
			return p->flooded;
	}
	return true;
}
