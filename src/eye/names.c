/* SPDX-License-Identifier: MIT */
/*
 * The tables of names, and how they are searched. A table is short and a name
 * is looked for once a call, so each is walked from its beginning. The options
 * with their shapes and meanings are sock/option-table.c, which the eye may not
 * see: here are only the names by which they are told.
 */
#include "names.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>

#define NAME(x) { x, #x }

const struct names names_families[] = {
	NAME(AF_UNIX), NAME(AF_INET), NAME(AF_INET6), NAME(AF_NETLINK), NAME(AF_PACKET),
	NAME(AF_VSOCK), NAME(AF_CAN), NAME(AF_ALG), NAME(AF_BLUETOOTH), NAME(AF_TIPC),
	NAME(AF_QIPCRTR), NAME(AF_XDP), NAME(AF_RDS), NAME(AF_SMC), { 0, NULL },
};

const struct names names_types[] = {
	NAME(SOCK_STREAM), NAME(SOCK_DGRAM), NAME(SOCK_RAW), NAME(SOCK_RDM),
	NAME(SOCK_SEQPACKET), NAME(SOCK_DCCP), NAME(SOCK_PACKET), { 0, NULL },
};

const struct names names_type_flags[] = { NAME(SOCK_CLOEXEC), NAME(SOCK_NONBLOCK), { 0, NULL } };

const struct names names_protos[] = {
	NAME(IPPROTO_ICMP), NAME(IPPROTO_TCP), NAME(IPPROTO_UDP), NAME(IPPROTO_ICMPV6),
	NAME(IPPROTO_SCTP), NAME(IPPROTO_UDPLITE), NAME(IPPROTO_RAW), NAME(IPPROTO_MPTCP), { 0, NULL },
};

const struct names names_messages[] = {
	NAME(MSG_OOB), NAME(MSG_PEEK), NAME(MSG_DONTROUTE), NAME(MSG_CTRUNC), NAME(MSG_TRUNC),
	NAME(MSG_DONTWAIT), NAME(MSG_EOR), NAME(MSG_WAITALL), NAME(MSG_CONFIRM), NAME(MSG_ERRQUEUE),
	NAME(MSG_NOSIGNAL), NAME(MSG_MORE), NAME(MSG_WAITFORONE), NAME(MSG_ZEROCOPY),
	NAME(MSG_FASTOPEN), NAME(MSG_CMSG_CLOEXEC), { 0, NULL },
};

const struct names names_ends[] = { NAME(SHUT_RD), NAME(SHUT_WR), NAME(SHUT_RDWR), { 0, NULL } };

const struct names names_polls[] = {
	NAME(POLLIN), NAME(POLLPRI), NAME(POLLOUT), NAME(POLLERR), NAME(POLLHUP), NAME(POLLNVAL),
	NAME(POLLRDHUP), { 0, NULL },
};

const struct names names_commands[] = {
	NAME(F_DUPFD), NAME(F_GETFD), NAME(F_SETFD), NAME(F_GETFL), NAME(F_SETFL),
	NAME(F_DUPFD_CLOEXEC), NAME(F_SETOWN), NAME(F_GETOWN), NAME(F_SETPIPE_SZ), { 0, NULL },
};

const struct names names_files[] = {
	NAME(O_WRONLY), NAME(O_RDWR), NAME(O_APPEND), NAME(O_NONBLOCK), NAME(O_ASYNC), { 0, NULL },
};

const struct names names_levels[] = {
	NAME(SOL_SOCKET), NAME(IPPROTO_IP), NAME(IPPROTO_IPV6), NAME(IPPROTO_TCP), NAME(IPPROTO_UDP),
	{ 0, NULL },
};

const struct names names_lookups[] = {
	NAME(EAI_AGAIN), NAME(EAI_BADFLAGS), NAME(EAI_FAIL), NAME(EAI_FAMILY), NAME(EAI_MEMORY),
	NAME(EAI_NONAME), NAME(EAI_SERVICE), NAME(EAI_SOCKTYPE), NAME(EAI_SYSTEM), NAME(EAI_OVERFLOW),
	NAME(EAI_NODATA), NAME(EAI_ADDRFAMILY), { 0, NULL },
};

static const struct names of_socket[] = {
	NAME(SO_DEBUG), NAME(SO_REUSEADDR), NAME(SO_TYPE), NAME(SO_ERROR), NAME(SO_DONTROUTE),
	NAME(SO_BROADCAST), NAME(SO_SNDBUF), NAME(SO_RCVBUF), NAME(SO_KEEPALIVE), NAME(SO_OOBINLINE),
	NAME(SO_PRIORITY), NAME(SO_LINGER), NAME(SO_REUSEPORT), NAME(SO_PASSCRED), NAME(SO_PEERCRED),
	NAME(SO_RCVLOWAT), NAME(SO_SNDLOWAT), NAME(SO_RCVTIMEO), NAME(SO_SNDTIMEO),
	NAME(SO_BINDTODEVICE), NAME(SO_TIMESTAMP), NAME(SO_ACCEPTCONN), NAME(SO_SNDBUFFORCE),
	NAME(SO_RCVBUFFORCE), NAME(SO_MARK), NAME(SO_TIMESTAMPNS), NAME(SO_TIMESTAMPING),
	NAME(SO_PROTOCOL), NAME(SO_DOMAIN), NAME(SO_RXQ_OVFL), NAME(SO_PEEK_OFF), NAME(SO_NOFCS),
	NAME(SO_BUSY_POLL), NAME(SO_MAX_PACING_RATE), NAME(SO_INCOMING_CPU), NAME(SO_COOKIE),
	NAME(SO_ZEROCOPY), NAME(SO_TXTIME), { 0, NULL },
};

static const struct names of_ip[] = {
	NAME(IP_TOS), NAME(IP_TTL), NAME(IP_HDRINCL), NAME(IP_OPTIONS), NAME(IP_PKTINFO),
	NAME(IP_MTU_DISCOVER), NAME(IP_RECVERR), NAME(IP_RECVTTL), NAME(IP_RECVTOS), NAME(IP_MTU),
	NAME(IP_FREEBIND), NAME(IP_TRANSPARENT), NAME(IP_MINTTL), NAME(IP_BIND_ADDRESS_NO_PORT),
	NAME(IP_MULTICAST_IF), NAME(IP_MULTICAST_TTL), NAME(IP_MULTICAST_LOOP),
	NAME(IP_ADD_MEMBERSHIP), NAME(IP_DROP_MEMBERSHIP), { 0, NULL },
};

static const struct names of_ip6[] = {
	NAME(IPV6_UNICAST_HOPS), NAME(IPV6_MULTICAST_IF), NAME(IPV6_MULTICAST_HOPS),
	NAME(IPV6_MULTICAST_LOOP), NAME(IPV6_JOIN_GROUP), NAME(IPV6_LEAVE_GROUP),
	NAME(IPV6_MTU_DISCOVER), NAME(IPV6_MTU), NAME(IPV6_RECVERR), NAME(IPV6_V6ONLY),
	NAME(IPV6_RECVPKTINFO), NAME(IPV6_RECVHOPLIMIT), NAME(IPV6_HOPLIMIT), NAME(IPV6_TCLASS),
	{ 0, NULL },
};

static const struct names of_tcp[] = {
	NAME(TCP_NODELAY), NAME(TCP_MAXSEG), NAME(TCP_CORK), NAME(TCP_KEEPIDLE), NAME(TCP_KEEPINTVL),
	NAME(TCP_KEEPCNT), NAME(TCP_SYNCNT), NAME(TCP_LINGER2), NAME(TCP_DEFER_ACCEPT),
	NAME(TCP_WINDOW_CLAMP), NAME(TCP_INFO), NAME(TCP_QUICKACK), NAME(TCP_CONGESTION),
	NAME(TCP_USER_TIMEOUT), NAME(TCP_FASTOPEN), NAME(TCP_FASTOPEN_CONNECT),
	NAME(TCP_NOTSENT_LOWAT), NAME(TCP_ULP), { 0, NULL },
};

static const struct names of_udp[] = { NAME(UDP_CORK), NAME(UDP_SEGMENT), NAME(UDP_GRO), { 0, NULL } };

static const struct names of_none[] = { { 0, NULL } };

const struct names *names_options(int level)
{
	switch (level) {
	case SOL_SOCKET: return of_socket;
	case IPPROTO_IP: return of_ip;
	case IPPROTO_IPV6: return of_ip6;
	case IPPROTO_TCP: return of_tcp;
	case IPPROTO_UDP: return of_udp;
	default: return of_none;
	}
}

const char *names_text(const struct names *list, int number)
{
	while (list->text && list->number != number)
		list++;
	return list->text;
}

static bool is_name(const char *name, const char *text, size_t n)
{
	return strlen(name) == n && !memcmp(name, text, n);
}

bool names_number(const struct names *list, const char *text, size_t n, int *number)
{
	for (; list->text; list++) {
		if (!is_name(list->text, text, n))
			continue;
		*number = list->number;
		return true;
	}
	return false;
}

int names_error(const char *text, size_t n)
{
	enum { ERRORS = 4096 };         /* the kernel's own bound */

	for (int error = 1; error < ERRORS; error++) {
		const char *name = strerrorname_np(error);

		if (name && is_name(name, text, n))
			return error;
	}
	return 0;
}

void names_put(struct put *p, const struct names *list, int number)
{
	const char *text = names_text(list, number);

	if (text)
		put_text(p, text);
	else
		put_signed(p, number);
}

static void put_rest(struct put *p, unsigned rest)
{
	int digits = 1;

	while (digits < 8 && rest >> (4 * digits))
		digits++;
	put_text(p, "0x");
	put_hex(p, rest, digits);
}

void names_put_flags(struct put *p, const struct names *list, int flags)
{
	unsigned rest = (unsigned)flags;
	const char *between = "";

	for (; list->text; list++) {
		unsigned flag = (unsigned)list->number;

		if (!flag || (rest & flag) != flag)
			continue;
		put_text(p, between);
		put_text(p, list->text);
		between = "|";
		rest &= ~flag;
	}
	if (rest) {
		put_text(p, between);
		put_rest(p, rest);
	} else if (!*between) {
		put_text(p, "0");
	}
}
