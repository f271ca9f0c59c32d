/* SPDX-License-Identifier: MIT */
/*
 * Where: addresses in one form, whether written for IPv4, IPv6 or both, and
 * the places that can be called: listeners and bound datagram sockets, by
 * port or path. A place where a datagram socket was is remembered, for what
 * is sent there is lost and goes to no stranger.
 */
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "story-inner.h"

/* -- Addresses ---------------------------------------------------------------------------- */

/* An Internet address in one form: IPv4 as IPv6 has it. */
struct place {
	struct in6_addr host;
	in_port_t port;
	uint16_t is;            /* 0: it is none */
};

static struct place place_of(const struct event_addr *a)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct place p = { .is = 0 };
	sa_family_t family = 0;

	if (a->len >= sizeof family)
		memcpy(&family, a->bytes, sizeof family);
	if (family == AF_INET && a->len >= sizeof v4) {
		memcpy(&v4, a->bytes, sizeof v4);
		p.host.s6_addr[10] = p.host.s6_addr[11] = 0xff;
		memcpy(&p.host.s6_addr[12], &v4.sin_addr, 4);
		p.port = v4.sin_port;
		p.is = 1;
	} else if (family == AF_INET6 && a->len >= sizeof v6) {
		memcpy(&v6, a->bytes, sizeof v6);
		p.host = v6.sin6_addr;
		p.port = v6.sin6_port;
		p.is = 1;
	}
	return p;
}

static bool is_v4(const struct place *p)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(&p->host, mapped, sizeof mapped) == 0;
}

/* Every address: "::" stands for those of IPv4 too. */
static bool is_any(const struct place *p, bool *v4)
{
	static const uint8_t none[16];

	*v4 = is_v4(p);
	return memcmp(p->host.s6_addr + (*v4 ? 12 : 0), none, *v4 ? 4 : 16) == 0;
}

static bool covers(const struct place *any, const struct place *one)
{
	bool v4;

	return is_any(any, &v4) && (!v4 || is_v4(one));
}

/* A path may be followed by zeros, an abstract name is what it is. */
static size_t path_of(const struct event_addr *a, const char **path)
{
	enum { PATH = offsetof(struct sockaddr_un, sun_path) };
	size_t n = a->len < sizeof a->bytes ? a->len : sizeof a->bytes;
	sa_family_t family = 0;

	if (n >= sizeof family)
		memcpy(&family, a->bytes, sizeof family);
	if (family != AF_UNIX || n <= PATH)
		return 0;
	*path = (const char *)a->bytes + PATH;
	return (*path)[0] ? strnlen(*path, n - PATH) : n - PATH;
}

int story_port(const struct event_addr *a)
{
	struct place p = place_of(a);

	return p.is ? ntohs(p.port) : -1;
}

/* How well: 0 not at all, 1 by a wildcard, 2 exactly. */
static int match(const struct event_addr *bound, const struct event_addr *asked)
{
	struct place b = place_of(bound), a = place_of(asked);
	const char *path = NULL, *other = NULL;

	if (b.is != a.is)
		return 0;
	if (!b.is) {
		size_t n = path_of(bound, &path);

		return n && n == path_of(asked, &other) && memcmp(path, other, n) == 0 ? 2 : 0;
	}
	if (!b.port || b.port != a.port)
		return 0;
	return memcmp(&b.host, &a.host, sizeof b.host) == 0 ? 2 : covers(&b, &a) || covers(&a, &b);
}

bool story_addr_matches(const struct event_addr *bound, const struct event_addr *asked)
{
	return match(bound, asked) > 0;
}

/* Who calls every address calls this machine, and by the address that it calls from. */
uint64_t story_tuple(const struct event_addr *from, const struct event_addr *to)
{
	struct place both[2] = { place_of(from), place_of(to) };
	const struct iovec iov = { both, sizeof both };
	bool v4;

	if (!both[0].is || !both[1].is || !both[0].port || !both[1].port)
		return 0;
	if (is_any(&both[1], &v4))
		both[1].host = both[0].host;
	return event_hash(&iov, 1, sizeof both);
}

/* -- Places ------------------------------------------------------------------------------- */

/* Under which a place is kept: those of one port together. 0: it is none. */
static uint64_t key_of(const struct event_addr *a, bool stream)
{
	struct place p = place_of(a);
	const char *path = NULL;
	size_t n;

	if (p.is)
		return p.port ? (uint64_t)p.port << 1 | stream : 0;
	n = path_of(a, &path);
	const struct iovec iov = { (void *)(uintptr_t)path, n };
	return n ? event_hash(&iov, 1, n) << 1 | UINT64_C(1) << 63 | stream : 0;
}

void story_displace(struct story *s, struct story_inner *k)
{
	struct story_inner *first = map_get(&s->places, k->place), **at = &first;

	if (!k->place)
		return;
	while (*at && *at != k)
		at = &(*at)->next_place;
	if (*at)
		*at = k->next_place;
	map_set(&s->places, k->place, first);
	if (!story_is_stream(&k->is))
		map_set(&s->left, k->place, k);
	k->place = 0;
}

void story_place(struct story *s, struct story_inner *k)
{
	uint64_t key = key_of(&k->is.local, story_is_stream(&k->is));

	if (key == k->place || k->is.closed)
		return;
	story_displace(s, k);
	k->next_place = map_get(&s->places, key);
	if (key && map_set(&s->places, key, k))
		k->place = key;
}

/* Of several the one that is bound most closely, and of these the latest. */
static struct story_inner *at_place(struct story *s, const struct event_addr *a, bool stream)
{
	struct story_inner *found = NULL, *k = map_get(&s->places, key_of(a, stream));
	int best = 0;

	for (; k && best < 2; k = k->next_place) {
		int how = match(&k->is.local, a);

		if (how > best) {
			best = how;
			found = k;
		}
	}
	return found;
}

struct story_inner *story_listener(struct story *s, const struct event_addr *a)
{
	return at_place(s, a, true);
}

struct story_inner *story_receiver(struct story *s, const struct event_addr *a)
{
	return at_place(s, a, false);
}

struct story_inner *story_neighbour(struct story *s, const struct story_inner *k, const struct story_inner *behind)
{
	struct story_inner *other = behind ? behind->next_place : map_get(&s->places, k->place);

	return other == k ? other->next_place : other;
}

struct story_inner *story_was_there(struct story *s, const struct event_addr *a)
{
	struct story_inner *k = map_get(&s->left, key_of(a, false));

	return k && match(&k->is.local, a) ? k : NULL;
}
