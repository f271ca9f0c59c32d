/* SPDX-License-Identifier: MIT */
/*
 * The order by cause. An item waits for the one before it in its chain, and for
 * its causes. A chain is a process's calls, or with several connections at
 * once one connection's. Of all items that wait for nothing more, what takes
 * bytes is told first, so that it stands beside their send; then the one of
 * the first lane, and there of the client that comes first: by its lane, and by
 * when it made its socket. So nothing depends on who was faster. Exits are last
 * of all: a program may wait for others to end, and that is not seen; and a
 * signal comes from outside, nobody knows on account of what.
 */
#include <stdlib.h>

#include "causal-inner.h"
#include "map.h"

struct causal_edge {
	struct causal_item *to;
	struct causal_edge *next;
};

struct sorting {
	struct causal_item **ready;     /* a heap */
	int ready_n;
	struct map tails, exits;        /* chain -> its last item; pid -> its exit */
	struct map ends;                /* pid, number of a listener -> the item that closes it */
	const struct map *crowded;
};

enum turn { TAKES_BYTES, ACTS, EXITS, IS_KILLED };

static enum turn turn_of(const struct causal_item *i)
{
	if (i->sents)
		return TAKES_BYTES;
	if (i->row->event->call != EVENT_EXIT)
		return ACTS;
	return i->row->event->arg[0] == -1 ? IS_KILLED : EXITS;
}

static bool is_sooner(const struct causal_item *a, const struct causal_item *b)
{
	if (turn_of(a) != turn_of(b))
		return turn_of(a) < turn_of(b);
	if (a->row->lane != b->row->lane)
		return a->row->lane < b->row->lane;
	if (a->client_lane != b->client_lane)
		return a->client_lane < b->client_lane;
	return a->client != b->client ? a->client < b->client : a->at < b->at;
}

/* -- The heap ------------------------------------------------------------------------------- */

static void push(struct sorting *s, struct causal_item *item)
{
	int i = s->ready_n++;

	for (; i && is_sooner(item, s->ready[(i - 1) / 2]); i = (i - 1) / 2)
		s->ready[i] = s->ready[(i - 1) / 2];
	s->ready[i] = item;
}

static struct causal_item *pop(struct sorting *s)
{
	struct causal_item *first = s->ready[0], *last = s->ready[--s->ready_n];
	int i = 0;

	for (int child; (child = 2 * i + 1) < s->ready_n; i = child) {
		if (child + 1 < s->ready_n && is_sooner(s->ready[child + 1], s->ready[child]))
			child++;
		if (!is_sooner(s->ready[child], last))
			break;
		s->ready[i] = s->ready[child];
	}
	s->ready[i] = last;
	return first;
}

/* -- Who waits for whom ------------------------------------------------------------------------ */

static void wait_for(struct causal_item *i, struct causal_item *other)
{
	struct causal_edge *edge = other && other != i ? malloc(sizeof *edge) : NULL;

	if (!edge)
		return;
	*edge = (struct causal_edge){ i, other->freed };
	other->freed = edge;
	i->waits++;
}

static uint64_t chain_key(const struct causal_item *i, uint32_t socket)
{
	return (uint64_t)(uint32_t)i->row->event->pid << 32 | socket;
}

/* In a crowded process an accept is the first of its connection's calls. */
static uint64_t chain_of(const struct sorting *s, const struct causal_item *i)
{
	bool crowded = map_get(s->crowded, (uint32_t)i->row->event->pid);

	return chain_key(i, !crowded ? UINT32_MAX : i->made ? i->made : i->socket);
}

static void note_ends(struct sorting *s, struct causal_item *i, const struct story_socket *k)
{
	const struct event *e = i->row->event;

	if (e->call == EVENT_EXIT)
		map_set(&s->exits, (uint32_t)e->pid, i);
	if (e->call == EVENT_CLOSE && k && k->listening)
		map_set(&s->ends, chain_key(i, i->socket), i);
}

/* An exit comes behind everything that its process did, a listener's end behind its accepts. */
static void chain(struct sorting *s, struct causal_item *i)
{
	uint64_t key = chain_of(s, i);
	struct causal_item *exit = map_get(&s->exits, (uint32_t)i->row->event->pid);
	struct causal_item *end = i->made ? map_get(&s->ends, chain_key(i, i->socket)) : NULL;

	wait_for(i, map_get(&s->tails, key));
	map_set(&s->tails, key, i);
	/* A crowded process's accept still needs its listener. */
	if (i->made)
		wait_for(i, map_get(&s->tails, chain_key(i, i->socket)));
	for (int n = 0; n < i->causes; n++)
		wait_for(i, i->cause[n]);
	if (exit && exit->at > i->at)
		wait_for(exit, i);
	if (end && end->at > i->at)
		wait_for(end, i);
}

/* Both ends of a connection belong to the client that made it. */
static void rank(struct causal_item *i, struct story *story)
{
	const struct story_socket *k = story_socket_at(story, i->made ? i->made : i->socket);

	if (k && k->accepted && k->peer)
		k = k->peer;
	i->client_lane = k ? k->lane : -1;
	i->client = k ? k->number : 0;
}

static void release(struct sorting *s, struct causal_item *i)
{
	struct causal_edge *next;

	i->told = true;
	for (struct causal_edge *edge = i->freed; edge; edge = next) {
		next = edge->next;
		if (--edge->to->waits == 0 && !edge->to->told)
			push(s, edge->to);
		free(edge);
	}
	i->freed = NULL;
}

/* Causes that form a circle cannot be; should they, time decides. */
void causal_sort(struct story *story, struct causal_item *first, int n, const struct map *crowded,
                 void (*tell)(void *to, struct causal_item *i), void *to)
{
	struct sorting s = { .crowded = crowded, .ready = calloc((size_t)n + 1, sizeof *s.ready) };
	struct causal_item *i;

	for (i = first; i; i = i->next) {
		rank(i, story);
		note_ends(&s, i, story_socket_at(story, i->socket));
	}
	for (i = first; i; i = i->next)
		chain(&s, i);
	for (i = first; i && s.ready; i = i->next)
		if (!i->waits)
			push(&s, i);
	for (i = first; i && s.ready;) {
		struct causal_item *next = s.ready_n ? pop(&s) : i;

		if (!next->told) {
			tell(to, next);
			release(&s, next);
		}
		while (i && i->told)
			i = i->next;
	}
	for (i = first; i; i = i->next)
		release(&s, i);
	free(s.ready);
	map_free(&s.tails);
	map_free(&s.exits);
	map_free(&s.ends);
}
