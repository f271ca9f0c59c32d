/* SPDX-License-Identifier: MIT */
/*
 * Addresses out of recorded lines. The lines were printed by base/addrtext.c,
 * so this reads its forms and no others, without a look-up of names; what
 * people write is sock/where.c's matter, which the eye may not see.
 */
#include "place.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/un.h>

#include "../base/num.h"

static struct event_addr from(const void *bytes, size_t n)
{
	struct event_addr a = { .len = (uint16_t)n };

	memcpy(a.bytes, bytes, n);
	return a;
}

static const struct event_addr none;

/* Step over a word that the text begins with. */
static bool skip(const char **text, size_t *n, const char *word)
{
	size_t len = strlen(word);

	if (*n < len || memcmp(*text, word, len))
		return false;
	*text += len;
	*n -= len;
	return true;
}

/* Two numbers, "1:2". */
static bool pair(const char *text, size_t n, uint64_t max, uint64_t *a, uint64_t *b)
{
	const char *colon = memchr(text, ':', n);
	size_t first = colon ? (size_t)(colon - text) : 0;

	return colon && !num_decimal(text, first, max, a) &&
	       !num_decimal(colon + 1, n - first - 1, max, b);
}

static bool host_text(char out[INET6_ADDRSTRLEN], const char *text, size_t n)
{
	if (!n || n >= INET6_ADDRSTRLEN)
		return false;
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

static uint32_t zone_number(const char *zone, size_t n)
{
	char name[IF_NAMESIZE] = "";
	uint64_t number = 0;

	if (!num_decimal(zone, n, UINT32_MAX, &number) || n >= sizeof name)
		return (uint32_t)number;
	memcpy(name, zone, n);
	return if_nametoindex(name);
}

/* Behind the host: nothing, or a port. */
static bool port_number(const char *text, size_t n, in_port_t *port)
{
	uint64_t number = 0;

	if (n && (*text != ':' || num_decimal(text + 1, n - 1, 65535, &number)))
		return false;
	*port = htons((uint16_t)number);
	return true;
}

static struct event_addr inet6(const char *text, size_t n)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	const char *end = memchr(text, ']', n), *zone;
	char host[INET6_ADDRSTRLEN];

	if (!end || !port_number(end + 1, n - (size_t)(end + 1 - text), &in6.sin6_port))
		return none;
	n = (size_t)(end - text);
	if ((zone = memchr(text, '%', n))) {
		in6.sin6_scope_id = zone_number(zone + 1, (size_t)(end - zone - 1));
		n = (size_t)(zone - text);
	}
	if (!host_text(host, text, n) || inet_pton(AF_INET6, host, &in6.sin6_addr) != 1)
		return none;
	return from(&in6, sizeof in6);
}

static struct event_addr inet(const char *text, size_t n)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	const char *colon = memchr(text, ':', n);
	size_t host_len = colon ? (size_t)(colon - text) : n;
	char host[INET6_ADDRSTRLEN];

	if (skip(&text, &n, "["))
		return inet6(text, n);
	if (!port_number(text + host_len, n - host_len, &in.sin_port) ||
	    !host_text(host, text, host_len) || inet_pton(AF_INET, host, &in.sin_addr) != 1)
		return none;
	return from(&in, sizeof in);
}

static int digit(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* A name without its %XX; false when it is longer than any. */
static bool unescape(char *out, size_t room, size_t *used, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool escaped = text[i] == '%' && i + 2 < n && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;

		if (*used == room)
			return false;
		out[(*used)++] = escaped ? (char)(digit(text[i + 1]) << 4 | digit(text[i + 2])) : text[i];
		i += escaped ? 2 : 0;
	}
	return true;
}

/* A path has its NUL, as the kernel tells it, where there is room; an abstract name begins with one. */
static struct event_addr local(const char *text, size_t n)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t used = 0;
	bool abstract = skip(&text, &n, "@");

	used = abstract;
	if (!unescape(un.sun_path, sizeof un.sun_path, &used, text, n))
		return none;
	if (used && !abstract && used < sizeof un.sun_path)
		used++;
	return from(&un, offsetof(struct sockaddr_un, sun_path) + used);
}

static struct event_addr vsock(const char *text, size_t n)
{
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK };
	uint64_t cid, port;

	if (!pair(text, n, UINT32_MAX, &cid, &port))
		return none;
	vm.svm_cid = (uint32_t)cid;
	vm.svm_port = (uint32_t)port;
	return from(&vm, sizeof vm);
}

static struct event_addr netlink(const char *text, size_t n)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };
	uint64_t pid, groups;

	if (!pair(text, n, UINT32_MAX, &pid, &groups))
		return none;
	nl.nl_pid = (uint32_t)pid;
	nl.nl_groups = (uint32_t)groups;
	return from(&nl, sizeof nl);
}

/* A family alone; what is too short for its family is printed as unknown again. */
static struct event_addr family(const char *text, size_t n)
{
	uint64_t number = 0;

	if (num_decimal(text, n, UINT16_MAX, &number))
		return none;
	sa_family_t value = (sa_family_t)number;
	return from(&value, sizeof value);
}

struct event_addr place_read(const char *text, size_t n)
{
	static const struct {
		const char *begin;
		struct event_addr (*read)(const char *text, size_t n);
	} forms[] = {
		{ "tcp://", inet }, { "udp://", inet }, { "udplite://", inet }, { "raw://", inet },
		{ "unix:", local }, { "unix-dgram:", local }, { "unix-seqpacket:", local },
		{ "vsock:", vsock }, { "netlink:", netlink }, { "family-", family },
	};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (skip(&text, &n, forms[i].begin))
			return forms[i].read(text, n);
	return skip(&text, &n, "unknown") ? family("0", 1) : inet(text, n);
}
