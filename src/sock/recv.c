/* SPDX-License-Identifier: MIT */
/*
 * Bytes in: recv, peek, recvall, recvfrom. Of datagrams the true length is
 * asked for (MSG_TRUNC), so that a cut one can be told; on a stream that flag
 * would throw bytes away, so it is left out there. Messages with control data
 * are in msg.c, lines in line.c.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sockeye/addr.h>

#include "call.h"
#include "kind.h"
#include "wait.h"

/* The flags that every receiving call on this socket carries. */
static int kind_flags(const struct sock *s)
{
	return kind_has_ends(s) ? MSG_TRUNC : 0;
}

/* What a result means for the value: bytes stored, bytes lost. Returns the bytes stored. */
static ssize_t stored(struct sock *s, ssize_t r, size_t room)
{
	size_t n = r < 0 ? 0 : r;

	s->cut = n > room ? n - room : 0;
	s->got = n - s->cut;
	return r < 0 ? r : (ssize_t)s->got;
}

/* For no bytes of a stream the kernel would wait all the same. */
static ssize_t nothing_asked(struct sock *s)
{
	s->got = s->cut = 0;
	why_well(s);
	return 0;
}

static inline ssize_t receive(struct sock *s, const char *op, void *buf, size_t n, int flags)
{
	struct pace p = pace_of(s);
	ssize_t r;

	if (n == 0 && !kind_has_ends(s))
		return nothing_asked(s);
	p.when_shut = PACE_END;
	flags |= kind_flags(s) | p.flags;
	do
		r = call_recv(s->fd, buf, n, flags);
	while (pace_again(&p, s->fd, POLLIN, &r));
	r = stored(s, r, n);
	if (r < 0)
		return why_fail(s, op, -r);
	why_well(s);
	return r;
}

ssize_t sock_recv(struct sock *s, void *buf, size_t n)
{
	return why_ok(s, "recv") ? receive(s, "recv", buf, n, 0) : -1;
}

ssize_t sock_peek(struct sock *s, void *buf, size_t n)
{
	return why_ok(s, "peek") ? receive(s, "peek", buf, n, MSG_PEEK) : -1;
}

ssize_t sock_recvall(struct sock *s, void *buf, size_t n)
{
	struct pace p;
	size_t have = 0;
	ssize_t r = 1;

	if (!why_ok(s, "recvall"))
		return -1;
	s->got = s->cut = 0;
	p = pace_of(s);
	p.when_shut = PACE_END;
	while (have < n && r > 0) {
		do
			r = call_recv(s->fd, (char *)buf + have, n - have, kind_flags(s) | p.flags);
		while (pace_again(&p, s->fd, POLLIN, &r));
		r = stored(s, r, n - have);
		have += s->got;
		if (r > 0 && have < n && pace_spent(&p))
			r = -LIMIT_REACHED;
	}
	s->got = have;
	if (r < 0)
		return why_fail(s, "recvall", -r);
	why_well(s);
	return have;
}

uint64_t sock_got(const struct sock *s)
{
	return s ? s->got : 0;
}

uint64_t sock_cut(const struct sock *s)
{
	return s ? s->cut : 0;
}

ssize_t sock_recvfrom(struct sock *s, void *buf, size_t n, struct sock_addr *from)
{
	struct sock_addr sender = { .len = 0 };
	struct pace p;
	ssize_t r;

	if (from)
		from->len = 0;
	if (!why_ok(s, "recvfrom"))
		return -1;
	if (n == 0 && !kind_has_ends(s))
		return nothing_asked(s);
	p = pace_of(s);
	p.when_shut = PACE_END;
	do
		r = call_recvfrom(s->fd, buf, n, kind_flags(s) | p.flags, &sender);
	while (pace_again(&p, s->fd, POLLIN, &r));
	r = stored(s, r, n);
	if (r < 0)
		return why_fail(s, "recvfrom", -r);
	sender.type = s->type;
	sender.proto = kind_proto(s);
	if (from)
		*from = sender.len || !s->peer.len ? sender : s->peer;
	why_well(s);
	return r;
}
