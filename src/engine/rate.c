/* SPDX-License-Identifier: MIT */
/*
 * Leaky buckets. A conn's debt grows with each byte and shrinks with time; a
 * network's purse is the same the other way round. No timers: time is read off
 * when the next byte comes, or by the loop's sweep.
 */
#include "rate.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../base/clock.h"
#include "../base/event.h"
#include "loop.h"
#include "source.h"

enum { PURSES = 4096, SWEEP_MS = 10 };

static void decay(struct conn *c)
{
	struct loop *l = c->port->loop;
	uint64_t paid = (uint64_t)(l->tick - c->active) * c->port->group->rate / 1000;

	/* A time too short to pay a byte stays on the clock. */
	if (!paid && c->debt)
		return;
	c->debt -= paid < c->debt ? (uint32_t)paid : c->debt;
	c->active = l->tick;
}

void rate_charge(struct conn *c, uint64_t n)
{
	const struct group *g = c->port->group;
	struct loop *l = c->port->loop;
	uint64_t debt;

	if (!g->rate) {
		c->active = l->tick;
		return;
	}
	decay(c);
	debt = c->debt + n;
	c->debt = debt < UINT32_MAX ? (uint32_t)debt : UINT32_MAX;
	if (debt > g->burst && !(c->is & CONN_THROTTLED)) {
		c->is |= CONN_THROTTLED;
		l->backend->read(c, false);
		loop_sweep_within(l, SWEEP_MS);
	}
}

/* Until it is paid the debt's clock stands: waiting is no activity. */
bool rate_relax(struct conn *c)
{
	const struct group *g = c->port->group;
	uint64_t paid = (uint64_t)(c->port->loop->tick - c->active) * g->rate / 1000;

	if (paid < c->debt && c->debt - paid > g->burst / 2)
		return false;
	decay(c);
	c->is &= ~CONN_THROTTLED;
	return true;
}

/* -- Networks ------------------------------------------------------------------------ */

struct networks {
	pthread_mutex_t lock;
	uint64_t per_second, burst;
	uint64_t secret;
	struct {
		int64_t since;          /* when tokens was true; 0 never used */
		uint64_t tokens;
	} purse[PURSES];
};

struct networks *networks_make(uint64_t per_second, uint64_t burst)
{
	struct networks *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	t->per_second = per_second;
	t->burst = burst;
	if (getrandom(&t->secret, sizeof t->secret, GRND_NONBLOCK) < 0)
		t->secret = (uint64_t)clock_now();
	return t;
}

void networks_free(struct networks *t)
{
	if (t)
		pthread_mutex_destroy(&t->lock);
	free(t);
}

/* The network's bits, IPv4 as ::ffff:a.b.c.0. Addresses of other kinds are one network. */
static void network_of(const struct sock_addr *addr, uint8_t out[16])
{
	memset(out, 0, 16);
	if (source_bytes(addr, out) && IN6_IS_ADDR_V4MAPPED((struct in6_addr *)(void *)out))
		out[15] = 0;
	else
		memset(out + 7, 0, 9);
}

static size_t purse_of(const struct networks *t, const struct sock_addr *addr)
{
	struct {
		uint64_t secret;
		uint8_t network[16];
	} key = { .secret = t->secret };

	network_of(addr, key.network);
	return event_hash(&(struct iovec){ &key, sizeof key }, 1, sizeof key) % PURSES;
}

static void refill(const struct networks *t, int64_t *since, uint64_t *tokens, int64_t now)
{
	int64_t gone = *since ? now - *since : INT64_MAX;
	uint64_t more;

	if (gone > 3600 * CLOCK_SEC) {
		*tokens = t->burst;
		*since = now;
		return;
	}
	if (gone <= 0)          /* another worker's round began later */
		return;
	more = (uint64_t)((double)gone * (double)t->per_second / (double)CLOCK_SEC);
	if (!more)
		return;
	/* The time that has paid part of a token stays on the clock. */
	*since = now - (int64_t)((double)gone - (double)more * (double)CLOCK_SEC / (double)t->per_second);
	*tokens = *tokens + more < t->burst ? *tokens + more : t->burst;
}

bool networks_take(struct networks *t, const struct sock_addr *addr, uint64_t tokens, int64_t now)
{
	size_t i = purse_of(t, addr);
	bool enough;

	pthread_mutex_lock(&t->lock);
	refill(t, &t->purse[i].since, &t->purse[i].tokens, now);
	enough = t->purse[i].tokens >= tokens;
	if (enough)
		t->purse[i].tokens -= tokens;
	pthread_mutex_unlock(&t->lock);
	return enough;
}
