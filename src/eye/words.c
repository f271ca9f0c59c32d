/* SPDX-License-Identifier: MIT */
/* Words for sentences about a run. They know addresses and numbers alone; who says what is elsewhere. */
#include "words.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static struct sockaddr_storage aligned(const struct event_addr *a)
{
	struct sockaddr_storage to = { .ss_family = AF_UNSPEC };

	memcpy(&to, a->bytes, a->len < sizeof a->bytes ? a->len : sizeof a->bytes);
	return to;
}

struct words words_addr(const struct event_addr *a)
{
	struct sockaddr_storage at = aligned(a);
	struct words w = { "" };
	size_t n = a->len < sizeof a->bytes ? a->len : sizeof a->bytes;

	addrtext_print(w.s, sizeof w.s, (struct sockaddr *)&at, (socklen_t)n, 0, 0);
	return w;
}

struct words words_span(int64_t ns)
{
	struct words w;
	double value = (double)ns;

	if (ns < 1000000)
		snprintf(w.s, sizeof w.s, "%.0f us", value / 1e3);
	else if (ns < 1000000000)
		snprintf(w.s, sizeof w.s, "%.3g ms", value / 1e6 >= 100 ? (double)(ns / 1000000) : value / 1e6);
	else
		snprintf(w.s, sizeof w.s, "%.1f s", value / 1e9);
	return w;
}

struct words words_count(uint64_t n, const char *what)
{
	struct words w;

	snprintf(w.s, sizeof w.s, "%llu %s%s", (unsigned long long)n, what, n == 1 ? "" : "s");
	return w;
}

int words_port(const struct event_addr *a)
{
	struct sockaddr_storage at = aligned(a);

	if (at.ss_family == AF_INET && a->len >= sizeof(struct sockaddr_in))
		return ntohs(((struct sockaddr_in *)&at)->sin_port);
	if (at.ss_family == AF_INET6 && a->len >= sizeof(struct sockaddr_in6))
		return ntohs(((struct sockaddr_in6 *)&at)->sin6_port);
	return -1;
}

/* The host as IPv6 has it: an IPv4 one is mapped. */
static bool host_of(const struct event_addr *a, struct in6_addr *host)
{
	struct sockaddr_storage at = aligned(a);

	if (words_port(a) < 0)
		return false;
	if (at.ss_family == AF_INET6) {
		*host = ((struct sockaddr_in6 *)&at)->sin6_addr;
		return true;
	}
	*host = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
	memcpy(host->s6_addr + 12, &((struct sockaddr_in *)&at)->sin_addr, 4);
	return true;
}

bool words_is_any(const struct event_addr *a)
{
	static const struct in6_addr any4 = { .s6_addr = { [10] = 0xff, [11] = 0xff } };
	struct in6_addr host;

	return host_of(a, &host) && (IN6_IS_ADDR_UNSPECIFIED(&host) || IN6_ARE_ADDR_EQUAL(&host, &any4));
}

bool words_is_loopback(const struct event_addr *a)
{
	struct in6_addr host;

	return host_of(a, &host) &&
	       (IN6_IS_ADDR_LOOPBACK(&host) || (IN6_IS_ADDR_V4MAPPED(&host) && host.s6_addr[12] == 127));
}
