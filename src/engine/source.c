/* SPDX-License-Identifier: MIT */
/*
 * Callers by their addresses. The table is shared by the workers and behind a
 * lock, but callers on loopback, who are free of limits, never come near it.
 */
#include "source.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../base/clock.h"
#include "../base/event.h"

bool source_bytes(const struct sock_addr *addr, uint8_t out[16])
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&addr->storage;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->storage;

	if (addr->len >= sizeof *in6 && in6->sin6_family == AF_INET6) {
		memcpy(out, &in6->sin6_addr, 16);
	} else if (addr->len >= sizeof *in && in->sin_family == AF_INET) {
		memset(out, 0, 10);
		memset(out + 10, 0xff, 2);
		memcpy(out + 12, &in->sin_addr, 4);
	} else {
		return false;
	}
	return true;
}

bool source_is_loopback(const struct sock_addr *addr)
{
	struct in6_addr ip;

	if (!source_bytes(addr, ip.s6_addr))
		return false;
	return IN6_IS_ADDR_LOOPBACK(&ip) || (IN6_IS_ADDR_V4MAPPED(&ip) && ip.s6_addr[12] == 127);
}

bool source_is_any(const struct sock_addr *addr)
{
	struct in6_addr ip;
	const uint8_t *v4 = ip.s6_addr + 12;

	if (!source_bytes(addr, ip.s6_addr))
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&ip))
		return !(v4[0] | v4[1] | v4[2] | v4[3]) || v4[0] >= 224 || v4[3] == 255;
	return IN6_IS_ADDR_UNSPECIFIED(&ip) || IN6_IS_ADDR_MULTICAST(&ip);
}

static bool is_in(const uint8_t ip[16], const struct engine_net *net)
{
	int whole = net->bits / 8, rest = net->bits % 8;

	if (memcmp(ip, net->bytes, whole) != 0)
		return false;
	return !rest || (ip[whole] ^ net->bytes[whole]) >> (8 - rest) == 0;
}

static bool is_in_one(const uint8_t ip[16], const struct engine_net *list, int n)
{
	for (int i = 0; i < n; i++)
		if (is_in(ip, &list[i]))
			return true;
	return false;
}

bool source_is_admitted(const struct sock_addr *addr, const struct engine_net *allow, int allows,
                        const struct engine_net *deny, int denies)
{
	uint8_t ip[16];

	if (!source_bytes(addr, ip))
		return true;
	return !is_in_one(ip, deny, denies) && (!allows || is_in_one(ip, allow, allows));
}

/* -- Counting -------------------------------------------------------------------------- */

struct entry {
	uint8_t ip[16];
	uint32_t count, next;           /* callers; the next entry of the bucket, or of the free ones */
};

struct sources {
	pthread_mutex_t lock;
	uint64_t secret;
	uint32_t buckets, most, used, free;     /* entries are numbered from 1 */
	uint32_t *bucket;
	struct entry *entries;
};

struct sources *sources_make(uint32_t most)
{
	struct sources *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	t->most = most;
	t->buckets = most + 1;
	t->bucket = calloc(t->buckets, sizeof *t->bucket);
	t->entries = calloc((size_t)most + 1, sizeof *t->entries);
	if (getrandom(&t->secret, sizeof t->secret, GRND_NONBLOCK) < 0)
		t->secret = (uint64_t)clock_now();
	if (t->bucket && t->entries)
		return t;
	sources_free(t);
	return NULL;
}

void sources_free(struct sources *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t->bucket);
	free(t->entries);
	free(t);
}

static uint32_t *bucket_of(struct sources *t, const uint8_t ip[16])
{
	struct iovec key[] = { { &t->secret, sizeof t->secret }, { (void *)(uintptr_t)ip, 16 } };

	return &t->bucket[event_hash(key, 2, sizeof t->secret + 16) % t->buckets];
}

/* The place that names the address's entry: an entry's next or the bucket; it names 0 if there is none. */
static uint32_t *find(struct sources *t, const uint8_t ip[16])
{
	uint32_t *at = bucket_of(t, ip);

	while (*at && memcmp(t->entries[*at].ip, ip, 16) != 0)
		at = &t->entries[*at].next;
	return at;
}

static uint32_t add(struct sources *t, const uint8_t ip[16])
{
	uint32_t i = t->free, *bucket = bucket_of(t, ip);

	if (i)
		t->free = t->entries[i].next;
	else if (t->used < t->most)
		i = ++t->used;
	else
		return 0;
	memcpy(t->entries[i].ip, ip, 16);
	t->entries[i].count = 0;
	t->entries[i].next = *bucket;
	*bucket = i;
	return i;
}

bool source_enter(struct sources *t, const struct sock_addr *addr, int most, uint32_t *place)
{
	uint8_t ip[16];
	uint32_t i;
	bool in;

	*place = 0;
	if (!source_bytes(addr, ip))
		return true;
	pthread_mutex_lock(&t->lock);
	i = *find(t, ip);
	if (!i)
		i = add(t, ip);
	in = i && t->entries[i].count < (uint32_t)most;
	if (in) {
		t->entries[i].count++;
		*place = i;
	}
	pthread_mutex_unlock(&t->lock);
	return in;
}

void source_leave(struct sources *t, uint32_t place)
{
	pthread_mutex_lock(&t->lock);
	if (--t->entries[place].count == 0) {
		uint32_t *at = find(t, t->entries[place].ip);

		*at = t->entries[place].next;
		t->entries[place].next = t->free;
		t->free = place;
	}
	pthread_mutex_unlock(&t->lock);
}
