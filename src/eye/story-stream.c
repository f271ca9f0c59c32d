/* SPDX-License-Identifier: MIT */
/*
 * Whose bytes: what a send put into a stream waits as a piece with its place,
 * until receives at the other end have passed it. A receive that gets a part
 * of a piece, or several pieces, is thereby told as that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "story-inner.h"

struct row_arrow *story_arrow(struct row *row, int kind, int from, int to)
{
	if (row->arrows == ROW_ARROWS) {
		row->more_arrows++;
		return NULL;
	}
	struct row_arrow *a = &row->arrow[row->arrows++];
	*a = (struct row_arrow){ .kind = (uint8_t)kind, .from = (int16_t)from, .to = (int16_t)to };
	return a;
}

int story_flags(const struct event *e)
{
	bool has = (e->call >= EVENT_SEND && e->call <= EVENT_SENDMMSG) ||
	           (e->call >= EVENT_RECV && e->call <= EVENT_RECVMMSG);

	return has ? e->arg[0] : 0;
}

/*
 * Each process counts for itself, from where it was when it forked: when
 * another one moves bytes, its count is taken on from the socket's.
 */
void story_turn(struct story_inner *k, const struct event *e)
{
	bool in = event_receives(e);
	struct story_side *side = &k->side[in];

	if (!e->whole || story_flags(e) & MSG_OOB || side->pid == e->pid)
		return;
	side->shift = side->pid ? (in ? k->is.in : k->is.out) - e->offset : 0;
	side->pid = e->pid;
}

/* The place of a record's first byte. */
static uint64_t place_of(const struct story_inner *k, const struct event *e)
{
	return e->offset + k->side[event_receives(e)].shift;
}

/* The piece of a send that is under way is made at its entry, lest its bytes arrive before its return. */
static struct story_piece *open_piece(struct story_inner *k, uint32_t call)
{
	int left = k->open;             /* the few latest, behind perhaps thousands that nobody has received yet */

	for (struct story_piece *p = k->last; p && left; p = p->before) {
		if (p->open && p->call == call)
			return p;
		left -= p->open;
	}
	return NULL;
}

static void forget_first(struct story_inner *k)
{
	struct story_piece *p = k->pieces;

	k->pieces = p->next;
	if (k->pieces)
		k->pieces->before = NULL;
	else
		k->last = NULL;
	k->open -= p->open;
	k->pieces_n--;
	free(p);
}

static void add_piece(struct story_inner *k, uint32_t call, uint64_t first, uint64_t end, bool open)
{
	struct story_piece *p = malloc(sizeof *p);

	if (!p)
		return;
	if (k->pieces_n == STORY_PIECES)
		forget_first(k);
	*p = (struct story_piece){ .call = call, .lane = k->is.lane, .first = first, .end = end, .open = open,
	                           .before = k->last };
	if (k->last)
		k->last->next = p;
	else
		k->pieces = p;
	k->last = p;
	k->open += open;
	k->pieces_n++;
}

/* Will anybody see them come? A connection in a listener's queue has its other end still to come. */
static bool may_be_received(const struct story_inner *k)
{
	return k->is.peer ? !k->is.peer->closed : k->is.listener && !k->is.accepted;
}

void story_sent(struct story *s, struct story_inner *k, const struct event *e, uint32_t call, bool open)
{
	struct story_piece *p = open_piece(k, call);
	uint64_t first = open || !e->whole ? k->is.out : place_of(k, e);

	(void)s;
	if (p) {
		p->first = first;
		p->end = e->error ? first : first + e->whole;
		p->open = false;
		k->open--;
	} else if (story_flags(e) & MSG_OOB) {
		k->urgent_call = call;
	} else if ((open ? e->asked : e->whole) && may_be_received(k)) {
		add_piece(k, call, first, first + (open ? e->asked : e->whole), open);
	}
}

void story_pieces_free(struct story_inner *k)
{
	while (k->pieces)
		forget_first(k);
}

/* Of a send that is under way, too: what has come was all that it had, and its return may never be told. */
static void forget_before(struct story_inner *k, uint64_t end)
{
	while (k->pieces && k->pieces->end <= end)
		forget_first(k);
}

static void label(struct row_arrow *a, uint64_t first, uint64_t end)
{
	a->first = first;
	a->end = end;
	snprintf(a->label, sizeof a->label, "%llu B [%llu,%llu)", (unsigned long long)(end - first),
	         (unsigned long long)first, (unsigned long long)end);
}

static struct row_arrow *one(struct row *row, int from, int to, uint64_t first, uint64_t end)
{
	struct row_arrow *a = story_arrow(row, ARROW_BYTES, from, to);

	if (a)
		label(a, first, end);
	return a;
}

static void urgent(struct row *row, int from, int to, uint64_t n, uint32_t call)
{
	struct row_arrow *a = story_arrow(row, ARROW_BYTES, from, to);

	if (!a)
		return;
	a->call = call;
	snprintf(a->label, sizeof a->label, "%llu B urgent", (unsigned long long)n);
}

/* To a stranger the arrow ends at once: nobody sees the receive. */
void story_sent_away(struct story *s, struct story_inner *k, const struct event *e, struct row *row)
{
	bool seen = k->is.peer || (k->is.listener && !k->is.accepted);

	if (!e->whole || seen || story_port(&k->is.peer_addr) < 0)
		return;
	int there = story_stranger(s, &k->is.peer_addr, e);
	uint64_t first = place_of(k, e);
	if (story_flags(e) & MSG_OOB)
		urgent(row, row->lane, there, e->whole, 0);
	else
		one(row, row->lane, there, first, first + e->whole);
}

/* The sends that the bytes [first, end) came from. Returns how far they are known. */
static uint64_t join_pieces(struct story_inner *sender, struct row *row, uint64_t first, uint64_t end)
{
	for (struct story_piece *p = sender->pieces; p && first < end; p = p->next) {
		uint64_t from = p->first > first ? p->first : first, to = p->end < end ? p->end : end;

		if (from >= to)
			continue;
		struct row_arrow *a = one(row, p->lane, row->lane, from, to);
		if (a)
			a->call = p->call;
		first = to;
	}
	return first;
}

void story_received(struct story *s, struct story_inner *k, const struct event *e, struct row *row)
{
	struct story_inner *sender = (struct story_inner *)k->is.peer;

	if (!e->whole || (!sender && story_port(&k->is.peer_addr) < 0))
		return;
	int from = sender ? sender->is.lane : story_stranger(s, &k->is.peer_addr, e);
	if (story_flags(e) & MSG_OOB) {
		urgent(row, from, row->lane, e->whole, sender ? sender->urgent_call : 0);
		return;
	}
	uint64_t first = place_of(k, e), end = first + e->whole;
	if (sender)
		first = join_pieces(sender, row, first, end);
	/* Bytes that nobody is known to have sent still came from the other end. */
	if (first < end)
		one(row, from, row->lane, first, end);
	if (sender && !(story_flags(e) & MSG_PEEK))
		forget_before(sender, end);
}
