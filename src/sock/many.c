/* SPDX-License-Identifier: MIT */
/*
 * Datagrams by the batch: what the kernel is asked to tell about each one.
 * Receiving is many-in.c, sending many-out.c; neither relies on what was asked
 * here, they read what the kernel really says.
 */
#include <sockeye/many.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include "call.h"
#include "why.h"

/* What an option tells, and in which family's sockets; 0 is any but Unix. */
struct ask {
	int family;
	unsigned what;
	int level, option;
};

/*
 * A socket that serves both families gets IPv4 datagrams too. Their address
 * then comes as IPv6 tells it, but whether it was sent to many and its hop limit
 * only as IPv4 does.
 */
static const struct ask asks[] = {
	{ AF_INET, SOCKEYE_TELL_HERE, IPPROTO_IP, IP_PKTINFO },
	{ AF_INET6, SOCKEYE_TELL_HERE, IPPROTO_IPV6, IPV6_RECVPKTINFO },
	{ AF_INET6, SOCKEYE_TELL_HERE, IPPROTO_IP, IP_PKTINFO },
	{ AF_INET, SOCKEYE_TELL_HOPS, IPPROTO_IP, IP_RECVTTL },
	{ AF_INET6, SOCKEYE_TELL_HOPS, IPPROTO_IP, IP_RECVTTL },
	{ AF_INET6, SOCKEYE_TELL_HOPS, IPPROTO_IPV6, IPV6_RECVHOPLIMIT },
	{ 0, SOCKEYE_TELL_TIME, SOL_SOCKET, SO_TIMESTAMPNS },
	{ AF_INET, SOCKEYE_TRAINS, IPPROTO_UDP, UDP_GRO },
	{ AF_INET6, SOCKEYE_TRAINS, IPPROTO_UDP, UDP_GRO },
};

enum {
	ASKS = sizeof asks / sizeof asks[0],
	ALL = SOCKEYE_TELL_HERE | SOCKEYE_TELL_HOPS | SOCKEYE_TELL_TIME | SOCKEYE_TRAINS
};

/* Put one option on or off. Returns 1: on, 0: off or refused, or an errno of a worse kind. */
static int ask(const struct sock *s, const struct ask *a, unsigned what)
{
	unsigned told = s->flags / FLAG_TELLS;
	int on = (what & a->what) != 0;
	int r;

	if (s->family == AF_UNIX || (a->family && a->family != s->family))
		return 0;
	if (!on && !(told & a->what))
		return 0;
	r = call_setsockopt(s->fd, a->level, a->option, &on, sizeof on);
	if (r == -EBADF || r == -ENOTSOCK || r == -ENOMEM)
		return r;
	return r == 0 && on;
}

int sock_batch_tell(struct sock *s, unsigned what)
{
	unsigned agreed = 0;

	if (!why_ok(s, "batch_tell"))
		return -1;
	if (what & ~(unsigned)ALL)
		return why_fail_at(s, "batch_tell", "batch", EINVAL, "unknown bits");
	if (s->type == SOCK_STREAM)
		return why_fail_at(s, "batch_tell", "batch", EOPNOTSUPP,
		                   "a stream has no datagrams");
	for (int i = 0; i < ASKS; i++) {
		int r = ask(s, &asks[i], what);

		if (r < 0)
			return why_fail(s, "batch_tell", -r);
		if (r > 0)
			agreed |= asks[i].what;
	}
	s->flags &= ~(ALL * FLAG_TELLS | FLAG_GRO_ASKED | FLAG_TRAINS);
	s->flags |= agreed * FLAG_TELLS;
	why_well(s);
	return agreed;
}
