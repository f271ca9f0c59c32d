/* SPDX-License-Identifier: MIT */
/*
 * A heap of records by the time at which they count. A call that causes
 * something is often seen to return only after its effect was: it counts from
 * its entry, and the record of the entry is dropped, unless it took so long
 * that people want to see it wait.
 */
#include "order.h"

#include <stddef.h>
#include <stdlib.h>

#include "../base/clock.h"
#include "map.h"

/* Most records are small; as many of such are kept for the next ones, for malloc(3) would cost more than all else. */
enum { USUAL = 640, SPARES = 4096 };

struct entry {
	struct event *event;
	struct entry *next;     /* of the spare ones */
	bool dropped, usual;
	max_align_t block[];    /* the event */
};

/* What is compared lies in the heap itself: to follow a pointer for it costs more than all else. */
struct slot {
	int64_t key;
	uint64_t turn;          /* of equal keys the one that was put first */
	struct entry *entry;
};

struct order {
	int64_t hold;           /* ns */
	struct slot *heap;
	size_t n, room;
	uint64_t turns;
	struct map entries;     /* by thread: its last entry of a call that causes, while it is here */
	struct entry *taken, *spare;
	size_t spares;
};

struct order *order_new(void)
{
	struct order *o = calloc(1, sizeof *o);

	if (o)
		order_hold(o, ORDER_HOLD_MS);
	return o;
}

void order_hold(struct order *o, int ms)
{
	o->hold = ms * CLOCK_MS;
}

static struct entry *new_entry(struct order *o, const struct event *event)
{
	size_t size = event_size(event, SIZE_MAX);
	bool usual = size <= USUAL;
	struct entry *e = usual ? o->spare : NULL;

	if (e) {
		o->spare = e->next;
		o->spares--;
	} else {
		e = malloc(sizeof *e + (usual ? USUAL : size));
	}
	if (e)
		*e = (struct entry){ .event = event_copy_into(e->block, event, SIZE_MAX), .usual = usual };
	return e;
}

static void drop(struct order *o, struct entry *e)
{
	if (!e || !e->usual || o->spares == SPARES) {
		free(e);
		return;
	}
	e->next = o->spare;
	o->spare = e;
	o->spares++;
}

void order_free(struct order *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->n; i++)
		free(o->heap[i].entry);
	for (struct entry *e = o->spare, *next; e; e = next) {
		next = e->next;
		free(e);
	}
	map_free(&o->entries);
	free(o->heap);
	free(o->taken);
	free(o);
}

size_t order_held(const struct order *o)
{
	return o->n;
}

static bool was_caused(const struct event *e)
{
	switch (e->call) {
	case EVENT_ACCEPT:
	case EVENT_POLL:
	case EVENT_SELECT:
	case EVENT_EPOLL_WAIT:
	case EVENT_GETADDRINFO:
	case EVENT_GETNAMEINFO:
		return true;
	default:
		return event_receives(e);
	}
}

static int64_t counts_at(const struct event *e, int64_t hold)
{
	bool late = e->phase == EVENT_ENTER || was_caused(e) || e->took > hold;

	return late ? e->time : e->time - e->took;
}

int64_t order_time(const struct event *e)
{
	return counts_at(e, ORDER_HOLD_MS * CLOCK_MS);
}

/* -- The heap --------------------------------------------------------------------------- */

static bool earlier(const struct slot *a, const struct slot *b)
{
	return a->key != b->key ? a->key < b->key : a->turn < b->turn;
}

static void rise(struct order *o, size_t i)
{
	struct slot e = o->heap[i];

	for (; i && earlier(&e, &o->heap[(i - 1) / 2]); i = (i - 1) / 2)
		o->heap[i] = o->heap[(i - 1) / 2];
	o->heap[i] = e;
}

static void sink(struct order *o)
{
	struct slot e = o->heap[0];
	size_t i = 0;

	for (size_t child; (child = 2 * i + 1) < o->n; i = child) {
		if (child + 1 < o->n && earlier(&o->heap[child + 1], &o->heap[child]))
			child++;
		if (!earlier(&o->heap[child], &e))
			break;
		o->heap[i] = o->heap[child];
	}
	o->heap[i] = e;
}

static bool push(struct order *o, struct slot e)
{
	if (o->n == o->room) {
		size_t room = o->room ? 2 * o->room : 1024;
		struct slot *heap = realloc(o->heap, room * sizeof *heap);

		if (!heap)
			return false;
		o->heap = heap;
		o->room = room;
	}
	o->heap[o->n] = e;
	rise(o, o->n++);
	return true;
}

static struct entry *pop(struct order *o)
{
	struct entry *e = o->heap[0].entry;

	o->heap[0] = o->heap[--o->n];
	if (o->n)
		sink(o);
	return e;
}

/* -- Entries and returns -------------------------------------------------------------------- */

static uint64_t thread_of(const struct event *e)
{
	return (uint64_t)(uint32_t)e->pid << 32 | (uint32_t)e->tid;
}

/* When it counts. A short call that causes takes the record of its entry out. */
static int64_t place(struct order *o, const struct event *e)
{
	int64_t time = counts_at(e, o->hold);
	struct entry *entry = map_get(&o->entries, thread_of(e));

	if (entry && time != e->time && entry->event->call == e->call)
		entry->dropped = true;
	return time;
}

bool order_put(struct order *o, const struct event *e)
{
	struct entry *entry = new_entry(o, e);

	if (!entry)
		return false;
	if (!push(o, (struct slot){ place(o, e), o->turns++, entry })) {
		drop(o, entry);
		return false;
	}
	if (!was_caused(e))
		map_set(&o->entries, thread_of(e), e->phase == EVENT_ENTER ? entry : NULL);
	return true;
}

const struct event *order_take(struct order *o, int64_t now)
{
	int64_t until = now == INT64_MAX ? now : now - o->hold;

	drop(o, o->taken);
	o->taken = NULL;
	while (o->n && !o->taken && o->heap[0].key <= until) {
		struct entry *e = pop(o);

		if (map_get(&o->entries, thread_of(e->event)) == e)
			map_set(&o->entries, thread_of(e->event), NULL);
		if (e->dropped)
			drop(o, e);
		else
			o->taken = e;
	}
	return o->taken ? o->taken->event : NULL;
}
