/* SPDX-License-Identifier: MIT */
/*
 * Binary addresses as values. Reading them from text is in where.c, writing
 * them is base/addrtext.c, looking names up is resolve.c.
 */
#include "addr.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "../base/addrtext.h"

int sock_addr_family(const struct sock_addr *addr)
{
	return addr && addr->len >= sizeof(sa_family_t) ? addr->storage.ss_family : AF_UNSPEC;
}

bool addr_unnamed(const struct sock_addr *a)
{
	return sock_addr_family(a) == AF_UNIX && a->len <= offsetof(struct sockaddr_un, sun_path);
}

struct sock_addr addr_in4(struct in_addr ip, uint16_t port, int type, int proto)
{
	struct sock_addr a = { .type = type, .proto = proto, .len = sizeof(struct sockaddr_in) };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = ip };

	memcpy(&a.storage, &in, sizeof in);
	return a;
}

struct sock_addr addr_in6(struct in6_addr ip, uint32_t zone, uint16_t port, int type, int proto)
{
	struct sock_addr a = { .type = type, .proto = proto, .len = sizeof(struct sockaddr_in6) };
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = ip,
		.sin6_scope_id = zone,
	};

	memcpy(&a.storage, &in6, sizeof in6);
	return a;
}

struct sock_addr addr_mapped(const struct sock_addr *a)
{
	struct in6_addr ip = { .s6_addr = { [10] = 0xff, [11] = 0xff } };
	struct sockaddr_in in;

	if (sock_addr_family(a) != AF_INET)
		return *a;
	memcpy(&in, &a->storage, sizeof in);
	memcpy(&ip.s6_addr[12], &in.sin_addr, 4);
	return addr_in6(ip, 0, ntohs(in.sin_port), a->type, a->proto);
}

struct sock_text sock_addr_text(const struct sock_addr *addr)
{
	struct sock_text text = { "unknown" };

	if (addr && addr->len)
		addrtext_print(text.s, sizeof text.s, (const struct sockaddr *)&addr->storage,
		               addr->len, addr->type, addr->proto);
	return text;
}

struct sock_addr sock_addr_from(const struct sockaddr *addr, socklen_t len, int type)
{
	struct sock_addr a = { .type = type };

	if (!addr || len < sizeof(sa_family_t) || len > sizeof a.storage)
		return a;
	memcpy(&a.storage, addr, len);
	a.len = len;
	return a;
}

/* Where the port lies, or NULL where there is none. */
static in_port_t *port_of(struct sock_addr *a)
{
	if (sock_addr_family(a) == AF_INET && a->len >= sizeof(struct sockaddr_in))
		return &((struct sockaddr_in *)&a->storage)->sin_port;
	if (sock_addr_family(a) == AF_INET6 && a->len >= sizeof(struct sockaddr_in6))
		return &((struct sockaddr_in6 *)&a->storage)->sin6_port;
	return NULL;
}

int sock_addr_port(const struct sock_addr *addr)
{
	struct sock_addr copy = addr ? *addr : (struct sock_addr){ .len = 0 };
	in_port_t *port = port_of(&copy);

	return port ? ntohs(*port) : -1;
}

int sock_addr_set_port(struct sock_addr *addr, int port)
{
	in_port_t *at = addr ? port_of(addr) : NULL;

	if (!at || port < 0 || port > 65535) {
		errno = EINVAL;
		return -1;
	}
	*at = htons(port);
	return 0;
}

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* The kernel leaves padding and flow labels behind which do not make another place. */
static int cmp_in6(const struct sock_addr *a, const struct sock_addr *b)
{
	struct sockaddr_in6 x, y;
	int r;

	memcpy(&x, &a->storage, sizeof x);
	memcpy(&y, &b->storage, sizeof y);
	r = memcmp(&x.sin6_addr, &y.sin6_addr, sizeof x.sin6_addr);
	if (!r)
		r = order(ntohs(x.sin6_port), ntohs(y.sin6_port));
	return r ? r : order(x.sin6_scope_id, y.sin6_scope_id);
}

static int cmp_in4(const struct sock_addr *a, const struct sock_addr *b)
{
	struct sockaddr_in x, y;
	int r;

	memcpy(&x, &a->storage, sizeof x);
	memcpy(&y, &b->storage, sizeof y);
	r = memcmp(&x.sin_addr, &y.sin_addr, sizeof x.sin_addr);
	return r ? r : order(ntohs(x.sin_port), ntohs(y.sin_port));
}

int sock_addr_cmp(const struct sock_addr *a, const struct sock_addr *b)
{
	int family = sock_addr_family(a);
	int r = order(family, sock_addr_family(b));
	size_t n;

	if (!r && a && b)
		r = order(a->type, b->type);
	if (r || !a || !b || family == AF_UNSPEC)
		return r;
	if (family == AF_INET && a->len >= sizeof(struct sockaddr_in) && b->len >= sizeof(struct sockaddr_in))
		return cmp_in4(a, b);
	if (family == AF_INET6 && a->len >= sizeof(struct sockaddr_in6) && b->len >= sizeof(struct sockaddr_in6))
		return cmp_in6(a, b);
	n = a->len < b->len ? a->len : b->len;
	r = memcmp(&a->storage, &b->storage, n);
	return r ? r : order(a->len, b->len);
}
