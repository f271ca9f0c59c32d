/* SPDX-License-Identifier: MIT */
/*
 * ICMP and ICMPv6 as the kernel hands them to the socket whose packet they are
 * about: type, code, and who sent it (ip(7), IP_RECVERR). An errno alone would
 * make one word of "no such host" and "the firewall says no".
 */
#include "probe-icmp.h"

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sockeye/addr.h>
#include <stdio.h>
#include <string.h>

#include "../sock/call.h"

static const struct said {
	unsigned char type, code;
	enum probe_saying saying;
	const char *words;
} said4[] = {
	{ ICMP_DEST_UNREACH, ICMP_NET_UNREACH, SAID_UNREACHABLE, "network unreachable" },
	{ ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, SAID_UNREACHABLE, "host unreachable" },
	{ ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, SAID_REFUSED, "protocol unreachable" },
	{ ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, SAID_REFUSED, "port unreachable" },
	{ ICMP_DEST_UNREACH, ICMP_SR_FAILED, SAID_UNREACHABLE, "source route failed" },
	{ ICMP_DEST_UNREACH, ICMP_NET_UNKNOWN, SAID_UNREACHABLE, "network unknown" },
	{ ICMP_DEST_UNREACH, ICMP_HOST_UNKNOWN, SAID_UNREACHABLE, "host unknown" },
	{ ICMP_DEST_UNREACH, ICMP_HOST_ISOLATED, SAID_UNREACHABLE, "host isolated" },
	{ ICMP_DEST_UNREACH, ICMP_NET_ANO, SAID_PROHIBITED, "network administratively prohibited" },
	{ ICMP_DEST_UNREACH, ICMP_HOST_ANO, SAID_PROHIBITED, "host administratively prohibited" },
	{ ICMP_DEST_UNREACH, ICMP_NET_UNR_TOS, SAID_UNREACHABLE,
	  "network unreachable for this type of service" },
	{ ICMP_DEST_UNREACH, ICMP_HOST_UNR_TOS, SAID_UNREACHABLE,
	  "host unreachable for this type of service" },
	{ ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, SAID_PROHIBITED, "administratively prohibited" },
	{ ICMP_DEST_UNREACH, ICMP_PREC_VIOLATION, SAID_PROHIBITED, "precedence not allowed" },
	{ ICMP_DEST_UNREACH, ICMP_PREC_CUTOFF, SAID_PROHIBITED, "precedence too low" },
	{ ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, SAID_UNREACHABLE, "hop limit exceeded on the way" },
	{ ICMP_TIME_EXCEEDED, ICMP_EXC_FRAGTIME, SAID_UNREACHABLE,
	  "a fragment was lost on the way" },
	{ ICMP_PARAMETERPROB, 0, SAID_UNREACHABLE, "the packet was not understood" },
}, said6[] = {
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE, SAID_UNREACHABLE, "network unreachable" },
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, SAID_PROHIBITED,
	  "administratively prohibited" },
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_BEYONDSCOPE, SAID_UNREACHABLE,
	  "beyond the scope of the address" },
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, SAID_UNREACHABLE, "host unreachable" },
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, SAID_REFUSED, "port unreachable" },
	{ ICMP6_DST_UNREACH, 5, SAID_PROHIBITED, "the source address is prohibited" },
	{ ICMP6_DST_UNREACH, 6, SAID_PROHIBITED, "the route is rejected" },
	{ ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT, SAID_UNREACHABLE,
	  "hop limit exceeded on the way" },
	{ ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_REASSEMBLY, SAID_UNREACHABLE,
	  "a fragment was lost on the way" },
	{ ICMP6_PARAM_PROB, ICMP6_PARAMPROB_NEXTHEADER, SAID_REFUSED, "protocol unreachable" },
	{ ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER, SAID_UNREACHABLE,
	  "the packet was not understood" },
};

void probe_icmp_ask(const struct sock *s)
{
	int on = 1;

	if (s->family != AF_INET && s->family != AF_INET6)
		return;
	call_setsockopt(s->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
	if (s->family == AF_INET6)
		call_setsockopt(s->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
}

static const struct said *find(const struct sock_extended_err *e)
{
	bool six = e->ee_origin == SO_EE_ORIGIN_ICMP6;
	const struct said *list = six ? said6 : said4;
	size_t n = six ? sizeof said6 / sizeof *said6 : sizeof said4 / sizeof *said4;

	if (e->ee_origin != SO_EE_ORIGIN_ICMP && e->ee_origin != SO_EE_ORIGIN_ICMP6)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (list[i].type == e->ee_type && list[i].code == e->ee_code)
			return &list[i];
	return NULL;
}

/* The bare address, IPv4 also out of ::ffff:a.b.c.d. */
static bool host_of(const struct sockaddr_storage *from, char text[INET6_ADDRSTRLEN])
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memcpy(&in, from, sizeof in);
	memcpy(&in6, from, sizeof in6);
	if (from->ss_family == AF_INET)
		return inet_ntop(AF_INET, &in.sin_addr, text, INET6_ADDRSTRLEN);
	if (from->ss_family != AF_INET6)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
		return inet_ntop(AF_INET, &in6.sin6_addr.s6_addr[12], text, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, &in6.sin6_addr, text, INET6_ADDRSTRLEN);
}

/* Behind the error in its control message stands who sent it. */
static void tell(char words[PROBE_SAYING], const struct said *said, const void *data, size_t n,
                 const struct sock_addr *asked)
{
	char teller[INET6_ADDRSTRLEN], host[INET6_ADDRSTRLEN];
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };

	n -= sizeof(struct sock_extended_err);
	data = (const char *)data + sizeof(struct sock_extended_err);
	memcpy(&from, data, n < sizeof from ? n : sizeof from);
	if (host_of(&from, teller) && host_of(&asked->storage, host) && strcmp(teller, host) != 0)
		snprintf(words, PROBE_SAYING, "%s, says %s", said->words, teller);
	else
		snprintf(words, PROBE_SAYING, "%s", said->words);
}

static bool is_error(const struct cmsghdr *c)
{
	return (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
	       (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
}

static enum probe_saying read_one(struct msghdr *m, const struct sock_addr *asked,
                                  char words[PROBE_SAYING])
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t n = c->cmsg_len - CMSG_LEN(0);
		struct sock_extended_err e;

		if (!is_error(c) || n < sizeof e)
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof e);
		const struct said *said = find(&e);
		if (!said)
			continue;
		tell(words, said, CMSG_DATA(c), n, asked);
		return said->saying;
	}
	return SAID_NOTHING;
}

enum probe_saying probe_icmp_hear(int fd, const struct sock_addr *asked, char words[PROBE_SAYING])
{
	enum { MOST = 16 };
	enum probe_saying saying = SAID_NOTHING;

	for (int i = 0; i < MOST && saying == SAID_NOTHING; i++) {
		char payload[64];
		union {
			char bytes[512];
			struct cmsghdr align;
		} control;
		struct iovec iov = { payload, sizeof payload };
		struct msghdr m = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof control,
		};

		if (call_recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			break;
		saying = read_one(&m, asked, words);
	}
	return saying;
}
