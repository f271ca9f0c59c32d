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
#include <sys/stat.h>
#include <sys/un.h>

#include "../sock/why.h"
#include "address.h"
#include "holder.h"

/* Whom a step is for. Of several that suit the first is taken. */
enum kind {
	ANY,
	INET,
	LOCAL,                  /* Unix sockets */
	LOCAL_DATAGRAM,
	DATAGRAM,               /* of the Internet */
	SERVER,                 /* Unix sockets that wait for callers */
	ACCEPTER                /* a caller was waited for */
};

static const struct step {
	int error;
	enum kind kind;
	const char *text;
} steps[] = {
	{ ECONNREFUSED, DATAGRAM,
	  "the host says that no program has this UDP port: is the server running, and is the port right?" },
	{ ECONNREFUSED, INET,
	  "the host is there, but no program listens at this port: start the server, or wait for it "
	  "with --wait 10s" },
	{ ENOENT, SERVER, "the folder that this path names is not there: make it first" },
	{ ENOENT, LOCAL,
	  "there is no such socket file: is the server running, and the path right? --wait 10s waits for it" },
	{ ENOTDIR, LOCAL, "a part of the path is a file where a folder should be" },
	{ EPROTOTYPE, LOCAL_DATAGRAM,
	  "the socket at this path takes connections: write unix:PATH, or unix-seqpacket:PATH" },
	{ EPROTOTYPE, LOCAL,
	  "the socket at this path is of another kind: write unix-dgram:PATH, or unix-seqpacket:PATH" },
	{ EHOSTUNREACH, ANY,
	  "no way leads to this host, or a firewall turned the call away: see ip route get ADDRESS" },
	{ ENETUNREACH, ANY,
	  "this machine has no route to that network: see ip route, and ip -6 route" },
	{ ENETDOWN, ANY, "the network interface is down: see ip link" },
	{ EHOSTDOWN, ANY, "the host does not answer on its own network: is it switched on?" },
	{ ETIMEDOUT, ACCEPTER, "nobody called in time: --timeout TIME, or off, waits longer" },
	{ ETIMEDOUT, DATAGRAM,
	  "no reply in time: over UDP the server may be missing, slow, or silent to this message; sockeye "
	  "probe looks closer, --timeout and --retry wait longer" },
	{ ETIMEDOUT, LOCAL_DATAGRAM,
	  "no reply in time: the server is slow, or silent to this message; --timeout waits longer" },
	{ ETIMEDOUT, LOCAL,
	  "the server is there, but takes no caller, and its queue is full; --timeout waits longer" },
	{ ETIMEDOUT, INET,
	  "nobody answered in time: the host may be down, its server too busy, or a firewall drops the call; "
	  "sockeye probe looks closer, --timeout waits longer" },
	{ EMSGSIZE, INET,
	  "one UDP datagram over IPv4 holds 65507 bytes, over IPv6 65527: send less, or use tcp" },
	{ EMSGSIZE, ANY, "one datagram cannot hold this much: send less, or use a stream" },
	{ EADDRNOTAVAIL, INET,
	  "ip addr lists the addresses of this machine; if all ports are in use, see sockeye doctor" },
	{ EAFNOSUPPORT, ANY, "this system was built or started without that family of addresses" },
	{ ECONNRESET, ANY,
	  "the peer gave up: it crashed, was killed, or closed without reading all that it got" },
	{ EPIPE, ANY, "the peer has closed and takes no more" },
	{ EACCES, SERVER, "this user may not make a file in that folder: see ls -ld" },
	{ EACCES, LOCAL,
	  "the socket file, or a folder on the way, is for its owner or group alone: see ls -l" },
	{ EACCES, INET,
	  "a firewall of this machine forbids it, or it is a broadcast address (-o broadcast)" },
	{ EPERM, INET, "a firewall of this machine forbids it: see nft list ruleset" },
	{ EMFILE, ANY, "this process may open no more descriptors: see ulimit -n" },
	{ ENFILE, ANY, "the whole system has no descriptor left: see sysctl fs.file-nr" },
	{ ENOBUFS, ANY, "the system has no memory left for network buffers" },
	{ EISCONN, ANY, "this socket talks to somebody already" },
};

static const struct step names[] = {
	{ EAI_NONAME, ANY,
	  "nobody knows this name: look at its spelling, and at getent hosts NAME" },
	{ EAI_NODATA, ANY,
	  "the name is known, but has no address: see getent ahosts NAME" },
	{ EAI_AGAIN, ANY,
	  "no name server answered: see /etc/resolv.conf, or write the address in numbers" },
	{ EAI_FAIL, ANY,
	  "the name server failed: write the address in numbers, or try again" },
	{ EAI_ADDRFAMILY, ANY,
	  "the name has no address of that family: try tcp:// instead of tcp4:// or tcp6://" },
};

static const struct step streams[] = {
	{ ENOSPC, ANY, "the disk is full; what came before was written" },
	{ EDQUOT, ANY, "this user's share of the disk is used up; what came before was written" },
	{ EFBIG, ANY, "the file may not grow any more: see ulimit -f; what came before was written" },
	{ EBADF, ANY, "it is not open: whoever starts the command must give it a file, a pipe, or /dev/null" },
	{ EISDIR, ANY, "it is a folder: name a file in it" },
};

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool suits(enum kind kind, const char *why, const struct address *a)
{
	bool local = sock_addr_family(&a->addr) == AF_UNIX;

	switch (kind) {
	case LOCAL:
		return local;
	case LOCAL_DATAGRAM:
		return local && a->type == SOCK_DGRAM;
	case INET:
		return !local;
	case DATAGRAM:
		return !local && a->type == SOCK_DGRAM;
	case SERVER:
		return local && begins(why, "server ");
	case ACCEPTER:
		return begins(why, "accept ");
	default:
		return true;
	}
}

static const char *find(const struct step *list, size_t n, int error, const char *why,
                        const struct address *a)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].error == error && suits(list[i].kind, why, a))
			return list[i].text;
	return NULL;
}

/* Who has the address. The one in the sentence may be a name's; ours was asked for by number. */
static const char *holder(const struct address *a, char next[FAIL_NEXT])
{
	char text[HOLDER_TEXT];

	if (!a->addr.len)
		return NULL;
	if (!holder_find(&a->addr, text))
		return sock_addr_family(&a->addr) == AF_UNIX ?
		       "nobody listens there: remove it if nobody needs it, or take another path" : NULL;
	snprintf(next, FAIL_NEXT, "%s is %s", sock_addr_text(&a->addr).s, text);
	return next;
}

/* A Unix path is refused also when no socket stands there. */
static const char *refuser(const struct address *a)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char path[sizeof un.sun_path + 1] = "";
	struct stat st;

	memcpy(&un, &a->addr.storage, a->addr.len < sizeof un ? a->addr.len : sizeof un);
	if (!un.sun_path[0])
		return "no program listens at this name: start the server, or wait for it with --wait 10s";
	memcpy(path, un.sun_path, sizeof un.sun_path);
	if (stat(path, &st) < 0 || S_ISSOCK(st.st_mode))
		return "the file is there, but no program listens at it any more: start the server again";
	if (S_ISDIR(st.st_mode))
		return "a folder is at this path, and no socket: name the socket in it";
	return "a file is at this path, and no socket: is the path right?";
}

/* The system's words, and behind them a reason that needs no more. */
static bool says_more(const struct sock *s)
{
	const char *words = strerrordesc_np(s->error), *at = words ? strstr(s->why, words) : NULL;

	return at && at[strlen(words)] == ':';
}

const char *fail_next(const struct sock *s, const char *where, char next[FAIL_NEXT])
{
	char why[SOCKEYE_WHY];
	struct address a;

	if (address_read(&a, where, why) < 0)
		memset(&a, 0, sizeof a);
	if (s->gai)
		return find(names, sizeof names / sizeof *names, s->gai, s->why, &a);
	if (s->error == EADDRINUSE)
		return holder(&a, next);
	if (s->error == EADDRNOTAVAIL && strstr(s->why, "another family"))
		return "IPv4 calls from IPv4, and IPv6, in brackets, from IPv6";
	if (s->error == EACCES && says_more(s))
		return NULL;
	if (s->error == ECONNREFUSED && sock_addr_family(&a.addr) == AF_UNIX)
		return refuser(&a);
	return find(steps, sizeof steps / sizeof *steps, s->error, s->why, &a);
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

int fail_cut(struct sock *s)
{
	char reason[96];

	snprintf(reason, sizeof reason, "a datagram of %llu bytes, more than the %llu that can be read",
	         (unsigned long long)(sock_got(s) + sock_cut(s)), (unsigned long long)sock_got(s));
	return why_fail_at(s, "recv", sock_peer(s).s, EOVERFLOW, reason);
}

int fail_stream(const struct verb *verb, const char *stream, int err)
{
	struct address none = { .fd = -1 };
	char why[128];

	snprintf(why, sizeof why, "%s: %s", stream, strerrordesc_np(err));
	if (err != EPIPE)       /* a reader that has seen enough, such as head(1), needs no remark */
		verb_fail(verb, why, find(streams, sizeof streams / sizeof *streams, err, "", &none));
	return CODE_NETWORK;
}
