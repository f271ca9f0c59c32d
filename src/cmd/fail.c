/* SPDX-License-Identifier: MIT */
/*
 * What to do next, by the kind of failure and of address. The sentences above
 * them are the library's and say what happened; these say what a person who
 * knows the field would look at first.
 */
#include "fail.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../sock/why.h"
#include "address.h"
#include "holder.h"

enum kind { ANY, INET, LOCAL, DATAGRAM };

static const struct step {
	int error;
	enum kind kind;
	const char *text;
} steps[] = {
	{ ECONNREFUSED, LOCAL, "the file is there, but no program listens at it any more: start the server again" },
	{ ECONNREFUSED, DATAGRAM, "the host says that no program has this UDP port: is the server running, and is "
	                          "the port right?" },
	{ ECONNREFUSED, INET, "the host is there, but no program listens at this port: start the server, "
	                      "or wait for it with --wait 10s" },
	{ ENOENT, LOCAL, "there is no such socket file: is the server running, and the path right?" },
	{ ENOTDIR, LOCAL, "a part of the path is a file where a folder should be" },
	{ EPROTOTYPE, LOCAL, "the socket at this path is of the other kind: try unix: or unix-dgram:" },
	{ ENOTSOCK, ANY, "this descriptor is a file, a pipe or a terminal, not a socket" },
	{ EBADF, ANY, "this descriptor is not open here: whoever starts the command must hand it over" },
	{ EHOSTUNREACH, ANY, "no way leads to this host, or a firewall turned the call away: see ip route get "
	                     "ADDRESS" },
	{ ENETUNREACH, ANY, "this machine has no route to that network: see ip route, and ip -6 route" },
	{ ENETDOWN, ANY, "the network interface is down: see ip link" },
	{ EHOSTDOWN, ANY, "the host does not answer on its own network: is it switched on?" },
	{ ETIMEDOUT, INET, "nobody answered in time: the host may be down, or a firewall drops the call; sockeye probe "
	                   "looks closer, --timeout waits longer" },
	{ ETIMEDOUT, ANY, "nobody answered in time: --timeout waits longer" },
	{ EMSGSIZE, INET, "one UDP datagram over IPv4 holds 65507 bytes, over IPv6 65527: send less, or use tcp" },
	{ EMSGSIZE, ANY, "one datagram cannot hold this much: send less, or use a stream" },
	{ EADDRNOTAVAIL, INET, "ip addr lists the addresses of this machine; if all ports are in use, see sockeye "
	                       "doctor" },
	{ EAFNOSUPPORT, ANY, "this system was built or started without that family of addresses" },
	{ ECONNRESET, ANY, "the peer gave up: it crashed, was killed, or closed without reading all that it got" },
	{ EPIPE, ANY, "the peer has closed and takes no more" },
	{ EACCES, LOCAL, "the socket file may be used by its owner or group alone: see ls -l" },
	{ EACCES, INET, "a firewall of this machine forbids it, or it is a broadcast address (-o broadcast)" },
	{ EPERM, INET, "a firewall of this machine forbids it: see nft list ruleset" },
	{ EMFILE, ANY, "this process may open no more descriptors: see ulimit -n" },
	{ ENFILE, ANY, "the whole system has no descriptor left: see sysctl fs.file-nr" },
	{ ENOBUFS, ANY, "the system has no memory left for network buffers" },
	{ EISCONN, ANY, "this socket talks to somebody already" },
};

static const struct step names[] = {
	{ EAI_NONAME, ANY, "nobody knows this name: look at its spelling, and at getent hosts NAME" },
	{ EAI_NODATA, ANY, "the name is known, but has no address: see getent ahosts NAME" },
	{ EAI_AGAIN, ANY, "no name server answered: see /etc/resolv.conf, or write the address in numbers" },
	{ EAI_FAIL, ANY, "the name server failed: write the address in numbers, or try again" },
	{ EAI_ADDRFAMILY, ANY, "the name has no address of that family: try tcp:// instead of tcp4:// or tcp6://" },
};

static bool suits(enum kind kind, const struct address *a)
{
	bool local = sock_addr_family(&a->addr) == AF_UNIX;

	switch (kind) {
	case LOCAL:
		return local;
	case INET:
		return !local;
	case DATAGRAM:
		return !local && a->type == SOCK_DGRAM;
	default:
		return true;
	}
}

static const char *find(const struct step *list, size_t n, int error, const struct address *a)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].error == error && suits(list[i].kind, a))
			return list[i].text;
	return NULL;
}

/* Who has the address. The one in the sentence may be a name's; ours was asked for by number. */
static const char *holder(const struct address *a, char next[FAIL_NEXT])
{
	char text[HOLDER_TEXT];

	if (!a->addr.len || !holder_find(&a->addr, text))
		return NULL;
	snprintf(next, FAIL_NEXT, "%s is %s", sock_addr_text(&a->addr).s, text);
	return next;
}

const char *fail_next(const struct sock *s, const char *where, char next[FAIL_NEXT])
{
	char why[SOCKEYE_WHY];
	struct address a;

	if (address_read(&a, where, why) < 0)
		memset(&a, 0, sizeof a);
	if (s->gai)
		return find(names, sizeof names / sizeof *names, s->gai, &a);
	if (s->error == EADDRINUSE)
		return holder(&a, next);
	return find(steps, sizeof steps / sizeof *steps, s->error, &a);
}

int fail_tell(const struct verb *verb, const struct sock *s, const char *where)
{
	int code = why_code(s);
	char next[FAIL_NEXT];

	if (code == CODE_USAGE)
		return verb_refuse(verb, "%s", s->why);
	verb_fail(verb, s->why, fail_next(s, where, next));
	return code;
}
