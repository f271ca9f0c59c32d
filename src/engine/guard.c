/* SPDX-License-Identifier: MIT */
/*
 * Reflection and loops. A forged source makes a reply go to somebody who asked
 * nothing: so replies stay small next to their requests, and few where any
 * datagram is answered. Between two services one forged datagram could run for
 * ever: so the ports of services are not answered, and each reply may travel
 * one hop less than its request did, which ends any loop within 255 datagrams
 * (the hop limit of RFC 791 and RFC 8200, used once more).
 */
#include "guard.h"

#include <netinet/in.h>
#include <sockeye/addr.h>

#include "rate.h"
#include "source.h"

enum {
	WELL_KNOWN = 1024,              /* ports below are servers' */
	GAIN = 3,                       /* a reply may be so many times its request, headers counted */
	HEADERS_4 = 28, HEADERS_6 = 48, /* IP and UDP */
	LONGEST_4 = 65507, LONGEST_6 = 65527, LONGEST_LOCAL = 65536
};

static bool is_inet(const struct sock_addr *a)
{
	int family = sock_addr_family(a);

	return family == AF_INET || family == AF_INET6;
}

/* IPv4 on a socket for both families is IPv4 on the wire. */
static bool is_v4(const struct sock_addr *a)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&a->storage;

	return sock_addr_family(a) == AF_INET || IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
}

static bool is_service_port(const struct engine *e, int port)
{
	if (port < WELL_KNOWN)
		return true;
	for (int i = 0; i < e->own_port_count; i++)
		if (e->own_ports[i] == port)
			return true;
	return false;
}

void guard_look(struct guard_sender *who, const struct port *p, const struct sock_addr *addr)
{
	const struct engine_group *asked = p->group->asked;

	*who = (struct guard_sender){ .known = true, .inet = is_inet(addr), .longest = LONGEST_LOCAL };
	if (!who->inet)
		return;
	who->headers = is_v4(addr) ? HEADERS_4 : HEADERS_6;
	who->longest = is_v4(addr) ? LONGEST_4 : LONGEST_6;
	who->denied = !source_is_admitted(addr, asked->allow, asked->allows, asked->deny, asked->denies);
	who->guarded = is_service_port(p->loop->engine, sock_addr_port(addr));
}

bool guard_admits(struct loop *l, const struct guard_sender *who, const struct sock_dgram *d)
{
	CORE_COUNT(l, datagrams_denied, who->denied);
	if (who->denied)
		return false;
	if (!who->guarded && !d->group)
		return true;
	CORE_COUNT(l, datagrams_guarded, 1);
	return false;
}

size_t guard_longest(const struct guard_sender *who, size_t n)
{
	size_t most = GAIN * (n + who->headers) - who->headers;

	return who->inet && most < who->longest ? most : who->longest;
}

bool guard_hops(struct sock_dgram *d)
{
	if (!d->hops)           /* unknown, or no Internet address */
		return true;
	return --d->hops > 0;
}

/* At --rate an empty datagram counts like a byte, lest it be free. */
bool guard_paces(struct port *p, const struct sock_dgram *d)
{
	struct engine *e = p->loop->engine;
	struct networks *rated = p->group->networks;
	bool slow = p->group->service->nature & SERVICE_PACED;

	if (slow && is_inet(&d->addr) && !networks_take(e->paced, &d->addr, 1, p->loop->now))
		return false;
	return !rated || networks_take(rated, &d->addr, d->n + !d->n, p->loop->now);
}
