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
	LONGEST_4 = 65507, LONGEST_6 = 65527
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

bool guard_admits(struct port *p, const struct sock_dgram *d)
{
	struct loop *l = p->loop;
	const struct engine_group *asked = p->group->asked;

	if (!is_inet(&d->addr))
		return true;
	if (!source_is_admitted(&d->addr, asked->allow, asked->allows, asked->deny, asked->denies)) {
		CORE_COUNT(l, datagrams_denied, 1);
		return false;
	}
	if (d->group || is_service_port(l->engine, sock_addr_port(&d->addr))) {
		CORE_COUNT(l, datagrams_guarded, 1);
		return false;
	}
	return true;
}

size_t guard_longest(const struct sock_dgram *d)
{
	bool v4 = is_inet(&d->addr) && is_v4(&d->addr);
	size_t headers = v4 ? HEADERS_4 : HEADERS_6;
	size_t most = GAIN * (d->n + headers) - headers;
	size_t longest = v4 ? LONGEST_4 : LONGEST_6;

	if (!is_inet(&d->addr))
		return 65536;
	return most < longest ? most : longest;
}

bool guard_hops(struct sock_dgram *d)
{
	if (!d->hops)           /* unknown, or no Internet address */
		return true;
	return --d->hops > 0;
}

bool guard_paces(struct port *p, const struct sock_dgram *d, size_t reply)
{
	struct engine *e = p->loop->engine;
	bool slow = p->group->service->nature & SERVICE_PACED;

	if (slow && is_inet(&d->addr) && !networks_take(e->paced, &d->addr, 1, p->loop->now))
		return false;
	return !p->group->networks || networks_take(p->group->networks, &d->addr, reply, p->loop->now);
}
