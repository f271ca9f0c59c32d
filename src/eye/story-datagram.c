/* SPDX-License-Identifier: MIT */
/*
 * Whose datagram: a receive is matched with the earliest datagram under way to
 * its address with its bytes. One that is overtaken by a later one from the
 * same sender is lost, unless it still comes; one that comes again came twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "story-inner.h"

static void label(struct row_arrow *a, uint64_t n)
{
	if (a)
		snprintf(a->label, sizeof a->label, "%llu B", (unsigned long long)n);
}

/* -- Under way -------------------------------------------------------------------------- */

static void take_out(struct story_flight *f, struct story_datagram *d)
{
	*(d->before ? &d->before->next : &f->first) = d->next;
	*(d->next ? &d->next->before : &f->last) = d->before;
	f->done -= d->taken || d->lost;
	f->open -= d->open;
	f->n--;
	free(d);
}

/* Take out the n oldest: of those that are done, or of all. */
static void thin(struct story_flight *f, size_t n, bool done)
{
	struct story_datagram *next;

	for (struct story_datagram *d = f->first; d && n; d = next) {
		next = d->next;
		if (done && !d->taken && !d->lost)
			continue;
		take_out(f, d);
		n--;
	}
}

static bool put(struct story_flight *f, const struct story_datagram *one)
{
	struct story_datagram *d = malloc(sizeof *d);

	if (!d)
		return false;
	if (f->n == STORY_FLIGHT)
		thin(f, STORY_FLIGHT / 2, false);
	if (f->done >= 2 * STORY_DONE)
		thin(f, STORY_DONE, true);
	*d = *one;
	d->before = f->last;
	*(f->last ? &f->last->next : &f->first) = d;
	f->last = d;
	f->open += d->open;
	f->n++;
	return true;
}

void story_flight_free(struct story_flight *f)
{
	thin(f, f->n, false);
}

/* -- Sent ---------------------------------------------------------------------------------- */

/* Where it goes to, as the sender knows it: with sockets of a pair or connected ones no address is needed. */
static struct story_inner *receiver_of(struct story *s, const struct story_inner *k, const struct event *e)
{
	if (k->is.peer)
		return (struct story_inner *)k->is.peer;
	return story_receiver(s, e->peer.len ? &e->peer : &k->is.peer_addr);
}

/*
 * A call that takes long is under way from its entry, for it may arrive before
 * the return; which bytes it has is known then only.
 */
void story_datagram_begun(struct story *s, struct story_inner *k, const struct event *e, uint32_t call)
{
	struct story_inner *receiver = receiver_of(s, k, e);

	if (!receiver || e->call == EVENT_SENDMMSG)
		return;
	put(&receiver->flight, &(struct story_datagram){
		.call = call, .lane = k->is.lane, .from = k, .receiver = receiver, .n = e->asked, .open = true,
		.to = e->peer.len ? e->peer : k->is.peer_addr });
}

/* That of a call which has not returned: among the latest, behind perhaps thousands that nobody receives. */
static struct story_datagram *open_one(const struct story_flight *f, uint32_t call)
{
	size_t left = f->open;

	for (struct story_datagram *d = f->last; d && left; d = d->before) {
		if (d->open && d->call == call)
			return d;
		left -= d->open;
	}
	return NULL;
}

/* The return of one that was begun. */
static bool has_begun(struct story_inner *receiver, const struct event *e, const struct row *row)
{
	struct story_datagram *d = receiver ? open_one(&receiver->flight, row->call) : NULL;

	if (!d)
		return false;
	receiver->flight.open--;
	d->open = false;
	d->hash = e->hash;
	if (e->error && !d->taken) {
		receiver->flight.done += !d->lost;
		d->taken = true;
	}
	return true;
}

void story_datagram_sent(struct story *s, struct story_inner *k, const struct event *e, struct row *row)
{
	const struct event_addr *to = e->peer.len ? &e->peer : &k->is.peer_addr;
	struct story_inner *receiver = receiver_of(s, k, e);

	if (has_begun(receiver, e, row) || e->error)
		return;
	struct story_inner *was = receiver ? NULL : story_was_there(s, to);
	if (was) {
		struct row_arrow *a = story_arrow(row, ARROW_LOST, row->lane, was->is.lane);

		label(a, e->whole);
		a->call = row->call;
		return;
	}
	if (!receiver && to->len) {
		label(story_arrow(row, ARROW_DATAGRAM, row->lane, story_stranger(s, to, e)), e->whole);
		return;
	}
	put(receiver ? &receiver->flight : &s->astray, &(struct story_datagram){
		.call = row->call, .lane = row->lane, .from = k, .receiver = receiver,
		.to = *to, .n = e->whole, .hash = e->hash });
}

/* -- Received ------------------------------------------------------------------------------ */

static bool from_there(const struct story_datagram *d, const struct story_inner *k, const struct event *e)
{
	if (d->from->is.peer == &k->is)
		return true;
	if (e->peer.len && story_port(&e->peer) >= 0 && story_port(&e->peer) != story_port(&d->from->is.local))
		return false;
	return d->receiver == k || story_addr_matches(&k->is.local, &d->to);
}

/* A buffer that is full may hold the beginning of a longer one: few programs ask how long it was. */
static bool is_cut(const struct story_datagram *d, const struct event *e)
{
	return e->moved == e->asked && e->whole == e->moved && d->n > e->moved;
}

static bool is_that(const struct story_datagram *d, const struct story_inner *k, const struct event *e)
{
	bool cut = e->whole != e->moved, unseen = !d->hash || !e->hash;

	return d->n == e->whole && (cut || unseen || d->hash == e->hash) && from_there(d, k, e);
}

/* The earliest that has not come yet, whole or else cut; else one that has. */
static struct story_datagram *match(struct story_flight *f, const struct story_inner *k, const struct event *e)
{
	struct story_datagram *again = NULL, *cut = NULL;

	for (struct story_datagram *d = f->first; d; d = d->next) {
		if (!cut && !d->taken && is_cut(d, e) && from_there(d, k, e))
			cut = d;
		if (!is_that(d, k, e))
			continue;
		if (!d->taken)
			return d;
		again = d;
	}
	return cut ? cut : again;
}

static void tell_lost(struct story *s, struct story_datagram *d, int64_t time)
{
	struct story_inner *receiver = d->receiver;
	char text[64];
	struct row row = { .kind = ROW_KERNEL, .lane = -1, .time = time, .text = text, .wrong = true,
	                   .socket = receiver ? &receiver->is : NULL, .who = "", .result = "" };

	d->lost = true;
	if (!receiver)
		return;
	snprintf(text, sizeof text, "lost: %llu bytes never came", (unsigned long long)d->n);
	struct row_arrow *a = story_arrow(&row, ARROW_LOST, d->lane, receiver->is.lane);
	label(a, d->n);
	a->call = d->call;
	story_tell(s, &row);
}

/* Those from the same sender that left before and have not come. */
static void tell_overtaken(struct story *s, struct story_flight *f, const struct story_datagram *by, int64_t time)
{
	for (struct story_datagram *d = f->first; d && d != by; d = d->next)
		if (!d->taken && !d->lost && d->from == by->from) {
			f->done++;
			tell_lost(s, d, time);
		}
}

static void arrives(struct story_flight *f, struct story_datagram *d, const struct event *e, struct row *row)
{
	uint64_t whole = is_cut(d, e) ? d->n : e->whole;
	bool cut = whole != e->moved;
	struct row_arrow *a = story_arrow(row, d->taken ? ARROW_TWICE : cut ? ARROW_CUT : ARROW_DATAGRAM,
	                                  d->lane, row->lane);

	a->call = d->call;
	label(a, whole);
	if (cut)
		snprintf(a->label, sizeof a->label, "%llu B, cut to %llu", (unsigned long long)whole,
		         (unsigned long long)e->moved);
	if (e->arg[0] & MSG_PEEK)
		return;
	f->done += !d->taken && !d->lost;
	d->taken = true;
}

/* Sockets may share an address; which of them gets a datagram is the kernel's choice. */
static struct story_datagram *find(struct story *s, struct story_inner *k, const struct event *e,
                                   struct story_flight **f)
{
	struct story_datagram *d = match(*f = &k->flight, k, e);
	struct story_inner *other = NULL;

	while (!(d && !d->taken) && (other = story_neighbour(s, k, other)) != NULL) {
		struct story_datagram *theirs = match(&other->flight, k, e);

		if (theirs && (!d || !theirs->taken)) {
			d = theirs;
			*f = &other->flight;
		}
	}
	return d ? d : match(*f = &s->astray, k, e);
}

void story_datagram_received(struct story *s, struct story_inner *k, const struct event *e, struct row *row)
{
	struct story_flight *f;
	struct story_datagram *d = find(s, k, e, &f);

	if (!d) {
		if (e->peer.len && story_port(&e->peer) > 0)
			label(story_arrow(row, ARROW_DATAGRAM, story_stranger(s, &e->peer, e), row->lane), e->whole);
		return;
	}
	if (!d->taken && f == &k->flight)
		tell_overtaken(s, f, d, row->time);
	arrives(f, d, e, row);
}

/* -- The end -------------------------------------------------------------------------------- */

/* Nobody will receive any more what is under way to it. */
void story_unreceived(struct story *s, struct story_inner *k)
{
	for (struct story_datagram *d = k->flight.first; d; d = d->next)
		if (!d->taken && !d->lost)
			tell_lost(s, d, s->now);
	story_flight_free(&k->flight);
}

void story_datagrams_end(struct story *s)
{
	for (uint32_t i = 0; i < s->sockets_n; i++)
		story_unreceived(s, s->sockets[i]);
}
