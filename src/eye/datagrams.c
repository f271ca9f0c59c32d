/* SPDX-License-Identifier: MIT */
/*
 * A datagram that both ends tell of is one packet. A receive is matched with
 * the oldest send between the same ports of as many bytes with the same hash;
 * addresses are not compared, since either end may know its own as 0.0.0.0. Of
 * a datagram that was cut on receipt the hash says nothing, so its length must
 * do. Sends that are never received are forgotten in their turn.
 */
#include "datagrams.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "args.h"

enum { KEPT = 4096 };

struct sent {
	uint16_t from, to;              /* ports; 0: free */
	uint64_t whole, hash;
};

struct datagrams {
	struct packet_file *f;
	struct sent sent[KEPT];         /* a ring: the oldest is at next */
	size_t next;
	uint8_t bytes[PACKET_DATAGRAM];
};

struct datagrams *datagrams_new(struct packet_file *f)
{
	struct datagrams *d = calloc(1, sizeof *d);

	if (d)
		d->f = f;
	return d;
}

void datagrams_free(struct datagrams *d)
{
	free(d);
}

static void keep(struct datagrams *d, const struct event *e, uint16_t from, uint16_t to)
{
	d->sent[d->next] = (struct sent){ from, to, e->whole, e->hash };
	d->next = (d->next + 1) % KEPT;
}

static bool is_same(const struct sent *s, const struct event *e, uint16_t from, uint16_t to)
{
	return s->to && s->from == from && s->to == to && s->whole == e->whole &&
	       (e->moved < e->whole || !s->hash || !e->hash || s->hash == e->hash);
}

/* Was it told at its send? It is taken: an equal one is another. */
static bool take(struct datagrams *d, const struct event *e, uint16_t from, uint16_t to)
{
	for (size_t i = 0; i < KEPT; i++) {
		struct sent *s = &d->sent[(d->next + i) % KEPT];

		if (!is_same(s, e, from, to))
			continue;
		s->to = 0;
		return true;
	}
	return false;
}

static size_t gather(struct datagrams *d, const struct event *e)
{
	size_t have = 0;

	for (int i = 0; e->iov && i < e->iovs && have < sizeof d->bytes; i++)
		have += e->iov[i].iov_len;
	return event_preview(e, d->bytes, have < sizeof d->bytes ? have : sizeof d->bytes);
}

static void put(struct datagrams *d, const struct event *e, const struct packet_end *from, const struct packet_end *to)
{
	char call[PACKET_COMMENT], cut[PACKET_COMMENT];
	size_t have = gather(d, e), whole = (size_t)e->whole;

	packet_call(call, e);
	packet_put(d->f, &(struct packet){
		.from = from, .to = to, .datagram = true, .bytes = d->bytes, .have = have, .whole = whole,
		.comment = have < whole ? packet_cut(cut, call, have, whole) : call,
	});
}

bool datagrams_event(struct datagrams *d, const struct event *e)
{
	struct packet_end local, peer;
	bool sends = event_sends(e);
	bool reads = e->call == EVENT_READ || e->call == EVENT_READV;

	if ((!sends && !event_receives(e)) || e->error || (!e->moved && !e->peer.len))
		return true;
	if (!sends && !reads && e->arg[0] & (MSG_PEEK | MSG_ERRQUEUE))
		return true;
	if (!packet_ends(e, &local, &peer) || e->whole > PACKET_DATAGRAM)
		return false;
	if (sends) {
		put(d, e, &local, &peer);
		keep(d, e, local.port, peer.port);
	} else if (!take(d, e, peer.port, local.port)) {
		put(d, e, &peer, &local);
	}
	return true;
}
