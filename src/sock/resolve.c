/* SPDX-License-Identifier: MIT */
/*
 * Addresses of a place. What is numeric, empty or "localhost" needs no
 * resolver; a name goes to lookup.c. The order is the system's (RFC 6724), with
 * the families taking turns as RFC 8305 section 4 asks, so that one broken
 * family does not use up the time.
 */
#include "resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "addr.h"
#include "wait.h"

static struct sock_addr v6(const struct where *w, struct in6_addr ip)
{
	return addr_in6(ip, 0, w->port, w->type, w->proto);
}

static struct sock_addr v4(const struct where *w, in_addr_t ip)
{
	return addr_in4((struct in_addr){ htonl(ip) }, w->port, w->type, w->proto);
}

/* Both families' form of a special host; first6 says which leads. */
static int both(struct sock_addr *list, int room, const struct where *w, bool first6,
                struct in6_addr ip6, in_addr_t ip4)
{
	struct sock_addr a[] = { v6(w, ip6), v4(w, ip4) };
	int n = 0;

	for (int i = 0; i < 2 && n < room; i++) {
		const struct sock_addr *one = &a[first6 ? i : !i];

		if (w->family == AF_UNSPEC || w->family == sock_addr_family(one))
			list[n++] = *one;
	}
	return n;
}

static bool is_localhost(const char *host)
{
	return strcasecmp(host, "localhost") == 0 || strcasecmp(host, "localhost.") == 0;
}

/* A server on localhost stands on 127.0.0.1, where clients of every age look; callers try both. */
static int localhost(struct sock_addr *list, int room, const struct where *w, bool passive)
{
	return both(list, room, w, !passive, in6addr_loopback, INADDR_LOOPBACK);
}

static bool ascii(const char *text)
{
	for (; *text; text++)
		if (*text & 0x80)
			return false;
	return true;
}

static struct addrinfo hints_for(const struct where *w, bool passive)
{
	return (struct addrinfo){
		.ai_family = w->family,
		/* Only what every resolver knows; add() puts the true kind back. */
		.ai_socktype = w->type == SOCK_DGRAM ? SOCK_DGRAM : SOCK_STREAM,
		.ai_flags = (passive ? AI_PASSIVE : 0) | (ascii(w->host) ? 0 : AI_IDN) |
		            (w->family == AF_INET6 ? AI_V4MAPPED : 0),
	};
}

static const struct addrinfo *next_of(const struct addrinfo *a, int family)
{
	while (a && a->ai_family != family)
		a = a->ai_next;
	return a;
}

static void add(struct sock_addr *list, int *n, const struct where *w, const struct addrinfo *a)
{
	struct sock_addr one = sock_addr_from(a->ai_addr, a->ai_addrlen, w->type);

	one.proto = w->proto;
	if (w->type != SOCK_RAW)
		sock_addr_set_port(&one, w->port);
	for (int i = 0; i < *n; i++)
		if (sock_addr_cmp(&list[i], &one) == 0)
			return;
	list[(*n)++] = one;
}

/* Take the families in turn, beginning with the one the system put first. */
static int interleave(struct sock_addr *list, int room, const struct where *w, const struct addrinfo *all)
{
	int first = all->ai_family == AF_INET ? AF_INET : AF_INET6;
	const struct addrinfo *turn[2] = {
		next_of(all, first), next_of(all, first == AF_INET ? AF_INET6 : AF_INET),
	};
	int n = 0;

	for (int i = 0; n < room && (turn[0] || turn[1]); i = !i) {
		const struct addrinfo *a = turn[i];

		if (!a)
			continue;
		add(list, &n, w, a);
		turn[i] = next_of(a->ai_next, a->ai_family);
	}
	return n;
}

static int by_name(struct sock_addr *list, int room, const struct where *w, bool passive,
                   int64_t deadline, int *gai)
{
	struct addrinfo hints = hints_for(w, passive);
	struct addrinfo *all = NULL;
	int err = lookup_name(w->host, &hints, deadline, &all, gai);
	int n;

	if (err)
		return err;
	n = interleave(list, room, w, all);
	freeaddrinfo(all);
	*gai = n ? 0 : EAI_ADDRFAMILY;
	return n ? n : -ENOENT;
}

int resolve_where(struct sock_addr *list, int room, const struct where *w, bool passive,
                  int64_t deadline, int *gai)
{
	*gai = 0;
	if (room < 1)
		return -EINVAL;
	switch (w->kind) {
	case WHERE_ADDR:
		list[0] = w->addr;
		return 1;
	case WHERE_ANY:
		if (passive)
			return both(list, room, w, true, in6addr_any, INADDR_ANY);
		return localhost(list, room, w, passive);
	case WHERE_NAME:
		if (is_localhost(w->host))
			return localhost(list, room, w, passive);
		return by_name(list, room, w, passive, deadline, gai);
	default:
		return -EINVAL;
	}
}

/* -- The public calls ---------------------------------------------------------- */

static int resolve_public(struct sock_addr *list, int room, const char *text, bool passive,
                          int64_t limit, char *why)
{
	struct where w;
	char buf[64];
	int gai, n;

	if (!list || room < 1)
		return why_say(why, EINVAL, "resolve", text ? text : "", "no room for an address");
	if (where_parse(&w, text, NULL) < 0)
		return why_say(why, EINVAL, "resolve", text ? text : "", w.reason);
	if (w.kind == WHERE_FD)
		return why_say(why, EINVAL, "resolve", text, "a descriptor has no address to look up");
	n = resolve_where(list, room, &w, passive, pace_deadline(limit), &gai);
	if (n < 0)
		return why_say(why, -n, "resolve", text, lookup_words(n, gai, buf, sizeof buf));
	return n;
}

int sock_resolve(struct sock_addr *list, int room, const char *where, int64_t limit, char *why)
{
	return resolve_public(list, room, where, false, limit, why);
}

int sock_resolve_local(struct sock_addr *list, int room, const char *where, int64_t limit, char *why)
{
	return resolve_public(list, room, where, true, limit, why);
}

static int parse_public(struct sock_addr *addr, const char *text, bool old, char *why)
{
	struct where_known known = { .old_ipv4 = old };
	struct where w;
	int gai;

	if (where_parse(&w, text, &known) < 0)
		return why_say(why, EINVAL, "address", text ? text : "", w.reason);
	if (w.kind == WHERE_FD)
		return why_say(why, EINVAL, "address", text, "a descriptor is not an address");
	if (!addr || !w.type)
		return why_say(why, EINVAL, "address", text,
		               "no scheme: write tcp://HOST:PORT, udp://HOST:PORT or unix:PATH");
	if (w.kind == WHERE_NAME)
		return why_say(why, EINVAL, "address", text, "a name, not a number: look it up with sock_resolve");
	return resolve_where(addr, 1, &w, true, PACE_NOW, &gai) == 1 ? 0 : why_say(why, EINVAL, "address", text, NULL);
}

int sock_addr_parse(struct sock_addr *addr, const char *where, char *why)
{
	return parse_public(addr, where, false, why);
}

int sock_addr_parse_old(struct sock_addr *addr, const char *where, char *why)
{
	return parse_public(addr, where, true, why);
}
