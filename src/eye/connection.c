/* SPDX-License-Identifier: MIT */
/*
 * A hash table of connections by their two addresses, whichever comes first.
 * One that is over stays for a second, since its other end may still tell of
 * it, and is swept when its bucket is next used. A socket that comes with the
 * addresses of another one, by its cookie, has begun a new connection.
 */
#include "connection.h"

#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"

enum { BUCKETS = 4096 };

struct connections {
	uint32_t count;
	struct connection *bucket[BUCKETS];
};

struct connections *connection_table(void)
{
	return calloc(1, sizeof(struct connections));
}

static void release(struct connection *c)
{
	free(c->side[0].holders);
	free(c->side[1].holders);
	free(c);
}

void connection_table_free(struct connections *t)
{
	for (size_t i = 0; t && i < BUCKETS; i++)
		for (struct connection *c; (c = t->bucket[i]);) {
			t->bucket[i] = c->next;
			release(c);
		}
	free(t);
}

static uint32_t spread(const struct packet_end *e)
{
	uint32_t sum = e->port;

	for (size_t i = 0; i < sizeof e->ip; i++)
		sum = (sum ^ e->ip[i]) * UINT32_C(16777619);
	return sum;
}

/* The same for both ends. */
static struct connection **bucket_of(struct connections *t, const struct packet_end *a, const struct packet_end *b)
{
	uint32_t sum = spread(a) + spread(b);

	return &t->bucket[(sum ^ sum >> 16) % BUCKETS];
}

/* How long one that nobody asks for may still be asked for. */
static int64_t patience(const struct connection *c)
{
	const struct side *a = &c->side[0], *b = &c->side[1];

	if (c->stage == STAGE_SYN)
		return 300 * CLOCK_SEC;
	if (c->stage != STAGE_OPEN || ((!a->watched || a->closed) && (!b->watched || b->closed)))
		return CLOCK_SEC;
	return INT64_MAX;
}

static void sweep(struct connection **at, int64_t now)
{
	while (*at) {
		struct connection *c = *at;

		if (now - c->last > patience(c)) {
			*at = c->next;
			release(c);
		} else {
			at = &c->next;
		}
	}
}

/* Who called whom, if the call does not say it: the lower port is more often the server's. */
static bool own_called(const struct event *e, const struct packet_end *local, const struct packet_end *peer)
{
	if (e->call == EVENT_CONNECT || e->call == EVENT_ACCEPT)
		return e->call == EVENT_CONNECT;
	return local->port > peer->port;
}

static struct connection *make(struct connections *t, struct connection **bucket,
                               const struct packet_end *caller, const struct packet_end *called)
{
	struct connection *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->side[0].at = *caller;
	c->side[1].at = *called;
	c->side[0].first = ++t->count * UINT32_C(0x9e3779b1);
	c->side[1].first = c->side[0].first * UINT32_C(0x85ebca6b) + 1;
	c->next = *bucket;
	*bucket = c;
	return c;
}

static int side_of(const struct connection *c, const struct packet_end *local, const struct packet_end *peer)
{
	for (int own = 0; own < 2; own++)
		if (packet_same(&c->side[own].at, local) && packet_same(&c->side[!own].at, peer))
			return own;
	return -1;
}

/* Is it another socket than the one that the side had? A new accept or connect has no place in an old talk. */
static bool is_another(const struct connection *c, int own, const struct event *e)
{
	const struct side *s = &c->side[own];

	if (s->cookie && e->cookie)
		return s->cookie != e->cookie;
	return c->stage == STAGE_OVER && (e->call == EVENT_CONNECT || e->call == EVENT_ACCEPT) && s->watched;
}

struct connection *connection_of(struct connections *t, const struct event *e, int64_t now, int *own)
{
	struct packet_end local, peer;
	struct connection *c;

	if (!packet_ends(e, &local, &peer))
		return NULL;
	struct connection **bucket = bucket_of(t, &local, &peer);
	for (c = *bucket; c; c = c->next)
		if ((*own = side_of(c, &local, &peer)) >= 0)
			break;
	if (!c || is_another(c, *own, e)) {
		if (c)
			c->stage = STAGE_OVER;
		sweep(bucket, now);
		*own = !own_called(e, &local, &peer);
		c = *own ? make(t, bucket, &peer, &local) : make(t, bucket, &local, &peer);
	}
	if (!c)
		return NULL;
	c->last = now;
	c->side[*own].watched = true;
	if (e->cookie)
		c->side[*own].cookie = e->cookie;
	return c;
}

struct connection *connection_by_cookie(struct connections *t, uint64_t cookie, int *own)
{
	for (size_t i = 0; cookie && i < BUCKETS; i++)
		for (struct connection *c = t->bucket[i]; c; c = c->next)
			for (*own = 0; *own < 2; ++*own)
				if (c->side[*own].cookie == cookie)
					return c;
	return NULL;
}

bool connection_hold(struct side *s, int32_t pid, int32_t fd)
{
	for (size_t i = 0; i < s->holders_n; i++)
		if (s->holders[i].pid == pid && s->holders[i].fd == fd)
			return true;
	if (s->holders_n == s->holders_room) {
		size_t room = 2 * s->holders_room + 2;
		struct holder *more = realloc(s->holders, room * sizeof *more);

		if (!more)
			return false;
		s->holders = more;
		s->holders_room = room;
	}
	s->holders[s->holders_n++] = (struct holder){ pid, fd };
	return true;
}

void connection_drop(struct side *s, int32_t pid, int32_t fd)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->holders_n; i++)
		if (s->holders[i].pid != pid || (fd >= 0 && s->holders[i].fd != fd))
			s->holders[kept++] = s->holders[i];
	s->holders_n = kept;
}

static bool inherit(struct side *s, int32_t parent, int32_t child)
{
	size_t n = s->holders_n;

	for (size_t i = 0; i < n; i++)
		if (s->holders[i].pid == parent && !connection_hold(s, child, s->holders[i].fd))
			return false;
	return true;
}

bool connection_fork(struct connections *t, int32_t parent, int32_t child)
{
	bool well = true;

	for (size_t i = 0; i < BUCKETS; i++)
		for (struct connection *c = t->bucket[i]; c; c = c->next)
			well = inherit(&c->side[0], parent, child) && inherit(&c->side[1], parent, child) && well;
	return well;
}

void connection_each(struct connections *t, connection_fn *call, void *to, const struct event *e)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct connection *c = t->bucket[i]; c; c = c->next)
			for (int own = 0; own < 2; own++)
				call(to, c, own, e);
}
