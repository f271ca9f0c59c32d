/* SPDX-License-Identifier: MIT */
/*
 * Output of a conn. While a round lasts nothing is copied that need not be:
 * an echo's pieces point into the input buffer itself, replies are written in
 * place. Whoever sends is epoll.c or uring.c; stream.c decides what follows.
 */
#include "out.h"

#include <stdlib.h>
#include <string.h>

#include "../sock/sys.h"

void out_hold(struct loop *l, int64_t bytes)
{
	struct engine *e = l->engine;
	uint64_t all, most;

	all = atomic_fetch_add_explicit(&e->held, bytes, memory_order_relaxed) + bytes;
	most = atomic_load_explicit(&e->held_most, memory_order_relaxed);
	while (all > most && all <= INT64_MAX &&
	       !atomic_compare_exchange_weak_explicit(&e->held_most, &most, all,
	                                              memory_order_relaxed, memory_order_relaxed))
		;
	l->tight = all > CORE_HELD;
}

void *out_round(struct loop *l, size_t n)
{
	size_t at = core_round_top(l);

	if (n > CORE_ROUND || at > CORE_ROUND - n)
		return NULL;
	l->round_used = at + n;
	return l->round + at;
}

static void append(struct conn *c, struct piece *p)
{
	if (c->out) {
		p->next = c->out->next;
		c->out->next = p;
	} else {
		p->next = p;
	}
	c->out = p;
	c->sent += p->n;
}

static struct piece *heap_piece(struct loop *l, size_t n)
{
	struct piece *p = sys.malloc(sizeof *p + n);

	if (!p) {
		l->no_memory = true;
		return NULL;
	}
	*p = (struct piece){ .data = (char *)(p + 1), .n = n, .heap = true };
	out_hold(l, n);
	return p;
}

/* A piece of the round that points to bytes which stay. */
static bool refer(struct conn *c, const char *bytes, size_t n)
{
	struct piece *p;

	if (c->out && !c->out->heap && c->out->data + c->out->n == bytes) {
		c->out->n += n;
		c->sent += n;
		return true;
	}
	p = out_round(c->port->loop, sizeof *p);
	if (!p)
		return false;
	*p = (struct piece){ .data = bytes, .n = n };
	append(c, p);
	return true;
}

static size_t queued(const struct conn *c)
{
	const struct piece *p = c->out;
	size_t n = 0;

	if (!p)
		return 0;
	do {
		n += p->n;
		p = p->next;
	} while (p != c->out);
	return n;
}

/* What may still be queued for a conn that does not stand in the round's input anyway. */
static size_t allowed(const struct conn *c)
{
	size_t buffer = c->port->group->buffer;
	size_t most = c->port->loop->tight && buffer > CORE_INPUT ? CORE_INPUT : buffer;
	size_t now = queued(c);

	return now < most ? most - now : 0;
}

static bool is_in_round(const struct loop *l, const char *bytes, size_t n)
{
	return bytes >= l->in_from && bytes < l->in_to && n <= (size_t)(l->in_to - bytes);
}

/*
 * Input that stays until the round's end is taken whole: unused it would have
 * to be held all the same.
 */
size_t out_add(struct conn *c, const char *bytes, size_t n)
{
	struct loop *l = c->port->loop;
	char *copy;
	size_t most;

	if (!n)
		return 0;
	if (is_in_round(l, bytes, n) && refer(c, bytes, n))
		return n;
	most = allowed(c);
	if (n > most)
		n = most;
	if (!n)
		return 0;
	copy = out_round(l, n);
	if (copy) {
		memcpy(copy, bytes, n);
		if (refer(c, copy, n))
			return n;
	}
	struct piece *p = heap_piece(l, n);
	if (!p)
		return 0;
	memcpy(p + 1, bytes, n);
	append(c, p);
	return n;
}

void out_forget_room(struct loop *l)
{
	if (!l->room)
		return;
	out_hold(l, -(int64_t)l->room->n);
	free(l->room);
	l->room = NULL;
}

/* Where the round's memory ends, the heap goes on: a full round must not look like a full conn. */
static char *heap_room(struct loop *l, size_t n)
{
	l->room = heap_piece(l, n);
	return l->room ? (char *)(l->room + 1) : NULL;
}

char *out_room(struct conn *c, size_t want, size_t *room)
{
	struct loop *l = c->port->loop;
	size_t at = core_round_top(l);
	size_t most = allowed(c);
	size_t n = want < most ? want : most;
	char *to = NULL;

	out_forget_room(l);
	if (n && at + n + 2 * sizeof(struct piece) <= CORE_ROUND)   /* the piece itself goes behind it */
		to = l->round + at;
	else if (n)
		to = heap_room(l, n);
	*room = to ? n : 0;
	return to;
}

/* What was not written goes back. */
static struct piece *shrink(struct piece *p, size_t n)
{
	struct piece *less = realloc(p, sizeof *p + n);

	p = less ? less : p;
	p->data = (char *)(p + 1);
	p->n = n;
	return p;
}

void out_commit(struct conn *c, size_t n)
{
	struct loop *l = c->port->loop;
	struct piece *p = l->room;

	if (!n)
		return;
	if (!p) {
		refer(c, out_round(l, n), n);
		return;
	}
	l->room = NULL;
	out_hold(l, (int64_t)n - p->n);
	append(c, shrink(p, n));
}

int out_gather(const struct conn *c, struct iovec *iov, int most, size_t *n)
{
	const struct piece *p = c->out;
	int count = 0;

	*n = 0;
	while (p && count < most) {
		p = p->next;
		iov[count++] = (struct iovec){ (void *)(uintptr_t)p->data, p->n };
		*n += p->n;
		if (p == c->out)
			break;
	}
	return count;
}

static void release(struct loop *l, struct piece *p)
{
	if (!p->heap)
		return;
	out_hold(l, -(int64_t)((size_t)(p->data - (char *)(p + 1)) + p->n));
	free(p);
}

void out_sent(struct conn *c, size_t n)
{
	struct loop *l = c->port->loop;

	while (c->out) {
		struct piece *first = c->out->next;

		if (n < first->n) {
			first->data += n;
			first->n -= n;
			return;
		}
		n -= first->n;
		first->data += first->n;
		first->n = 0;
		if (first == c->out)
			c->out = NULL;
		else
			c->out->next = first->next;
		release(l, first);
	}
}

bool out_settle(struct conn *c)
{
	struct loop *l = c->port->loop;
	size_t n = queued(c);
	struct piece *whole;
	char *to;

	if (!n || (c->out->next == c->out && c->out->heap))
		return true;
	whole = heap_piece(l, n);
	if (!whole)
		return false;
	to = (char *)(whole + 1);
	for (struct piece *p = c->out->next, *next; n; p = next) {
		next = p->next;
		memcpy(to, p->data, p->n);
		to += p->n;
		n -= p->n;
		release(l, p);
	}
	whole->next = whole;
	c->out = whole;
	return true;
}

void out_drop(struct conn *c)
{
	out_sent(c, SIZE_MAX);
}
