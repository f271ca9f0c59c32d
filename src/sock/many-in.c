/* SPDX-License-Identifier: MIT */
/*
 * Receiving datagrams by the batch. The kernel hands over messages; a message
 * is one datagram or, with UDP GRO, a train of them, cut here into the list.
 * The list may be too short for what one call brought: the trains left over
 * wait in the batch and, all but the first, at the end of the arena, which is
 * why a little of it is not received into. The other direction is many-out.c.
 */
#include <sockeye/many.h>
#include <sockeye/msg.h>

#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdalign.h>
#include <string.h>
#include <time.h>

#include "call.h"
#include "kind.h"
#include "wait.h"
#include "why.h"

enum {
	MESSAGES = 64,          /* in one system call */
	LARGEST = 65536,        /* no datagram and no train is longer */
	CONTROL = 256           /* told about one message: all of ours take 212 */
};

/* What one system call fills besides the arena: 30 KiB of stack, touched only as far as used. */
struct intake {
	int messages;
	size_t slot;            /* bytes of arena for each */
	struct mmsghdr m[MESSAGES];
	struct iovec iov[MESSAGES];
	struct sockaddr_storage from[MESSAGES];
	alignas(struct cmsghdr) unsigned char control[MESSAGES][CONTROL];
};

/* May a message be a train? Asked of the kernel once, for the option has other ways to be set. */
static bool trains_come(struct sock *s)
{
	int on = 0;
	socklen_t n = sizeof on;

	if (s->flags & FLAG_GRO_ASKED)
		return s->flags & FLAG_TRAINS;
	s->flags |= FLAG_GRO_ASKED;
	if ((s->family == AF_INET || s->family == AF_INET6) &&
	    call_getsockopt(s->fd, IPPROTO_UDP, UDP_GRO, &on, &n) == 0 && on)
		s->flags |= FLAG_TRAINS;
	return s->flags & FLAG_TRAINS;
}

/* The own port, for the address a datagram was sent to; it does not change once there is one. */
static void learn_port(struct sock *s)
{
	struct sock_addr own;

	if (s->port || call_getsockname(s->fd, &own) < 0)
		return;
	if (own.storage.ss_family == AF_INET)
		s->port = ntohs(((const struct sockaddr_in *)&own.storage)->sin_port);
	else if (own.storage.ss_family == AF_INET6)
		s->port = ntohs(((const struct sockaddr_in6 *)&own.storage)->sin6_port);
}

/*
 * How many messages to ask for, and how long each may be. Each but the last
 * must find room at the end of the arena for the record of its train, in case
 * the first one fills list.
 */
static void measure(struct intake *in, const struct sock_batch *b, bool trains)
{
	size_t most = b->room < MESSAGES ? b->room : MESSAGES;
	size_t slot = b->size / b->room;

	if (trains) {
		slot = b->size;
		if (most > b->size / LARGEST)
			most = b->size / LARGEST;
		while (most > 1 &&
		       most * LARGEST + (most - 1) * sizeof(struct sock_train) > b->size)
			most--;
	}
	in->messages = most ? most : 1;
	in->slot = slot < LARGEST ? slot : LARGEST;
}

static void lay_out(struct intake *in, const struct sock *s, const struct sock_batch *b)
{
	/* Descriptors in a Unix socket's control data would have to be closed: ask for none. */
	bool control = s->family != AF_UNIX;

	for (int i = 0; i < in->messages; i++) {
		in->iov[i] = (struct iovec){ (char *)b->arena + i * in->slot, in->slot };
		in->m[i].msg_len = 0;
		in->m[i].msg_hdr = (struct msghdr){
			.msg_name = &in->from[i],
			.msg_namelen = sizeof in->from[i],
			.msg_iov = &in->iov[i],
			.msg_iovlen = 1,
			.msg_control = control ? in->control[i] : NULL,
			.msg_controllen = control ? CONTROL : 0,
		};
	}
}

/* Copy an item's data, if it has the length that its type says. */
static bool copied(void *to, size_t n, const struct sock_control_item *item)
{
	if (item->n < n)
		return false;
	memcpy(to, item->data, n);
	return true;
}

static void here_v4(struct sock_dgram *d, const struct sock_control_item *item, int port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&d->here.storage;
	struct in_pktinfo info;

	if (!copied(&info, sizeof info, item))
		return;
	/* Not ipi_addr: of a broadcast that is no address of ours, and no reply leaves from it. */
	d->group = info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr;
	*in = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = info.ipi_spec_dst,
	};
	d->here.len = sizeof *in;
}

/* IPv4 on a socket for both families: what IPv6 tells of a broadcast is no address of ours either. */
static void here_mapped(struct sock_dgram *d, const struct sock_control_item *item)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&d->here.storage;
	struct in_pktinfo info;

	if (!copied(&info, sizeof info, item) || !d->here.len)
		return;
	d->group = info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr;
	memcpy(&in6->sin6_addr.s6_addr[12], &info.ipi_spec_dst, 4);
}

static void here_v6(struct sock_dgram *d, const struct sock_control_item *item, int port)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)&d->here.storage;
	struct in6_pktinfo info;

	if (!copied(&info, sizeof info, item))
		return;
	if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) {
		d->group = 1;
		return;
	}
	*in = (struct sockaddr_in6){
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = info.ipi6_addr,
		.sin6_scope_id = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0,
	};
	d->here.len = sizeof *in;
}

static bool is(const struct sock_control_item *item, int level, int type)
{
	return item->level == level && item->type == type;
}

/* Take what control data tells about a message. Whatever it holds, nothing outside it is read. */
static void learn(struct sock_train *t, const struct sock_control *c, const struct sock *s)
{
	struct sock_dgram *d = &t->like;
	struct sock_control_item item, mapped = { .data = NULL };
	struct timespec at;
	int value;
	size_t place = 0;

	while (sock_control_next(c, &place, &item)) {
		if (is(&item, IPPROTO_IP, IP_PKTINFO) && s->family == AF_INET)
			here_v4(d, &item, s->port);
		else if (is(&item, IPPROTO_IPV6, IPV6_PKTINFO))
			here_v6(d, &item, s->port);
		else if (is(&item, IPPROTO_IP, IP_PKTINFO))
			mapped = item;
		else if (is(&item, SOL_SOCKET, SCM_TIMESTAMPNS) && copied(&at, sizeof at, &item))
			d->time = (int64_t)((uint64_t)at.tv_sec * 1000000000 + at.tv_nsec);
		else if (!copied(&value, sizeof value, &item))
			continue;
		else if (is(&item, IPPROTO_IP, IP_TTL) || is(&item, IPPROTO_IPV6, IPV6_HOPLIMIT))
			d->hops = value;
		else if (is(&item, IPPROTO_UDP, UDP_GRO) && value > 0)
			t->step = value;
	}
	if (mapped.data)
		here_mapped(d, &mapped);
}

static void describe(struct sock_train *t, const struct intake *in, int i, struct sock *s)
{
	const struct msghdr *h = &in->m[i].msg_hdr;
	struct sock_control c = { .data = h->msg_control, .n = h->msg_controllen, .room = CONTROL };
	size_t whole = in->m[i].msg_len;
	size_t n = whole < in->slot ? whole : in->slot;
	struct sock_dgram *d = &t->like;

	t->step = 0;
	d->data = in->iov[i].iov_base;
	d->n = n;
	d->cut = whole - n;
	d->hops = d->group = 0;
	d->time = 0;
	d->addr.type = d->here.type = s->type;
	d->addr.proto = d->here.proto = kind_proto(s);
	d->addr.len = d->here.len = 0;
	if (h->msg_namelen <= sizeof in->from[i]) {
		memcpy(&d->addr.storage, &in->from[i], h->msg_namelen);
		d->addr.len = h->msg_namelen;
	}
	learn(t, &c, s);
	if (t->step)
		s->flags |= FLAG_TRAINS;
}

/* Move a message's datagrams into list, those cut away too. True when none is left. */
static bool deal(struct sock_batch *b, struct sock_train *t)
{
	struct sock_dgram *left = &t->like;

	do {
		size_t whole = left->n + left->cut;
		size_t len = t->step && t->step < whole ? t->step : whole;
		size_t n = len < left->n ? len : left->n;
		struct sock_dgram *d;

		if (b->count == b->room)
			return false;
		d = &b->list[b->count++];
		*d = *left;
		d->n = n;
		d->cut = len - n;
		left->data = (char *)left->data + n;
		left->n -= n;
		left->cut -= d->cut;
	} while (left->n + left->cut > 0);
	return true;
}

/*
 * Put by what list had no room for. The arena is bytes to the compiler: records
 * go in and out by memcpy. There is no place when trains come unexpected, asked
 * for behind our back; what is lost then is counted as cut.
 */
static void keep(struct sock *s, struct sock_batch *b, const struct sock_train *t)
{
	if (b->waiting && !b->more) {
		s->cut += t->like.n + t->like.cut;
		return;
	}
	if (b->waiting == 0)
		b->rest = *t;
	else
		memcpy(b->more + (b->waiting - 1) * sizeof *t, t, sizeof *t);
	b->waiting++;
}

static void resume(struct sock_batch *b)
{
	while (b->waiting) {
		if (b->rest.step)
			b->used |= SOCKEYE_TRAINS;
		if (!deal(b, &b->rest))
			return;
		if (--b->waiting) {
			memcpy(&b->rest, b->more, sizeof b->rest);
			b->more += sizeof b->rest;
		}
	}
}

/* One system call, and the waiting for it. Returns messages, 0 at the end, or an errno. */
static ssize_t receive(struct intake *in, const struct sock *s)
{
	struct pace p = pace_of(s);
	ssize_t r;

	p.when_shut = PACE_END;
	do
		r = call_recvmmsg(s->fd, in->m, in->messages, MSG_TRUNC | MSG_WAITFORONE | p.flags);
	while (pace_again(&p, s->fd, POLLIN, &r));
	return r;
}

/* At the end the kernel hands out messages of no bytes from nobody, again and again. */
static bool is_end(const struct sock *s, const struct mmsghdr *m)
{
	return m->msg_len == 0 && m->msg_hdr.msg_namelen == 0 && pace_is_shut(s->fd);
}

static ssize_t take(struct sock *s, struct sock_batch *b)
{
	unsigned char *end = (unsigned char *)b->arena + b->size;
	bool trains = trains_come(s);
	struct intake in;
	ssize_t r;

	measure(&in, b, trains);
	lay_out(&in, s, b);
	r = receive(&in, s);
	b->more = trains ? end - (in.messages - 1) * sizeof(struct sock_train) : NULL;
	for (ssize_t i = 0; i < r; i++) {
		struct sock_train t;

		if (is_end(s, &in.m[i]))
			continue;
		describe(&t, &in, i, s);
		b->messages++;
		if (t.step)
			b->used |= SOCKEYE_TRAINS;
		if (!deal(b, &t))
			keep(s, b, &t);
	}
	if (b->messages > 1)
		b->used |= SOCKEYE_BATCHED;
	return r;
}

static void tally(struct sock *s, struct sock_batch *b)
{
	for (int i = 0; i < b->count; i++) {
		const struct sock_dgram *d = &b->list[i];

		s->got += d->n;
		s->cut += d->cut;
		b->used |= (d->here.len ? SOCKEYE_TELL_HERE : 0) |
		           (d->hops ? SOCKEYE_TELL_HOPS : 0) | (d->time ? SOCKEYE_TELL_TIME : 0);
	}
}

int sock_recvmany(struct sock *s, struct sock_batch *b)
{
	ssize_t r = 0;

	if (b)
		b->count = b->messages = b->used = 0;
	if (!why_ok(s, "recvmany"))
		return -1;
	s->got = s->cut = 0;
	if (!b || !b->list || b->room < 1 || !b->arena || b->size < (size_t)b->room)
		return why_fail_at(s, "recvmany", "batch", EINVAL,
		                   "needs a list, and an arena of its size");
	if (s->type == SOCK_STREAM)
		return why_fail_at(s, "recvmany", "batch", EOPNOTSUPP, "a stream has no datagrams");
	if (s->flags & SOCKEYE_TELL_HERE * FLAG_TELLS)
		learn_port(s);
	if (b->waiting)
		resume(b);
	else
		r = take(s, b);
	if (r < 0)
		return why_fail(s, "recvmany", -r);
	tally(s, b);
	why_well(s);
	return b->count;
}
