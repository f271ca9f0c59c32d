/* SPDX-License-Identifier: MIT */
/*
 * Sending datagrams by the batch. The list is packed into messages, one for a
 * run of datagrams of equal size to one address (a train, which the kernel or
 * the network card cuts) and one for any other; up to 64 messages go in one
 * system call. Where a train is refused its datagrams go one by one. The other
 * direction is many-in.c.
 */
#include <sockeye/addr.h>
#include <sockeye/many.h>
#include <sockeye/msg.h>

#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdalign.h>
#include <string.h>

#include "call.h"
#include "wait.h"
#include "why.h"

enum {
	MESSAGES = 64,          /* in one system call */
	BUFFERS = 512,          /* and as many pieces of memory, at most */
	CARS = 64,              /* datagrams in a train: the least that any kernel allows */
	TRAIN = 65000,          /* bytes in a train, safely below a datagram's own bounds */
	CONTROL = 128           /* an address, two hop limits and a segment size take 112 */
};

/* One system call in the making: 25 KiB of stack. */
struct outlet {
	struct sock *s;
	const struct sock_dgram *list;
	int left;               /* entries of list */
	size_t longest;         /* datagram that is worth putting into a train */
	int messages, buffers;
	int cars[MESSAGES];     /* datagrams in each message */
	struct mmsghdr m[MESSAGES];
	struct iovec iov[BUFFERS];
	alignas(struct cmsghdr) unsigned char control[MESSAGES][CONTROL];
};

/*
 * Does the kernel cut trains for this socket? It must be asked: one that knows
 * nothing of trains would send the whole as one datagram.
 */
static bool trains_go(struct sock *s)
{
	int step;
	socklen_t n = sizeof step;

	if (s->flags & FLAG_GSO_ASKED)
		return s->flags & FLAG_GSO;
	s->flags |= FLAG_GSO_ASKED;
	if ((s->family == AF_INET || s->family == AF_INET6) &&
	    call_getsockopt(s->fd, IPPROTO_UDP, UDP_SEGMENT, &step, &n) == 0)
		s->flags |= FLAG_GSO;
	return s->flags & FLAG_GSO;
}

static bool equal(const struct sock_addr *a, const struct sock_addr *b)
{
	return a->len == b->len && memcmp(&a->storage, &b->storage, a->len) == 0;
}

/* How many datagrams from d on can be a train: all of one size, the last may be shorter. */
static int run(const struct sock_dgram *d, int left, size_t longest)
{
	size_t total = d->n;
	int n = 1;

	if (d->n == 0 || d->n > longest)
		return 1;
	while (n < left && n < CARS && d[n - 1].n == d->n) {
		const struct sock_dgram *next = &d[n];

		total += next->n;
		if (next->n == 0 || next->n > d->n || total > TRAIN || next->hops != d->hops ||
		    !equal(&next->addr, &d->addr) || !equal(&next->here, &d->here))
			break;
		n++;
	}
	return n;
}

static int leave_v4(struct sock_control *c, const struct sock_addr *here)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&here->storage;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&here->storage;
	struct in_pktinfo info = { .ipi_ifindex = 0 };

	if (in->sin_family == AF_INET)
		info.ipi_spec_dst = in->sin_addr;
	else if (in->sin_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		memcpy(&info.ipi_spec_dst, &in6->sin6_addr.s6_addr[12], 4);
	else
		return -EAFNOSUPPORT;
	return sock_control_add(c, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
}

static int leave_v6(struct sock_control *c, const struct sock_addr *here)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&here->storage;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&here->storage;
	struct in6_pktinfo info = { .ipi6_ifindex = 0 };

	if (in6->sin6_family == AF_INET6) {
		info.ipi6_addr = in6->sin6_addr;
		info.ipi6_ifindex = in6->sin6_scope_id;
	} else if (in6->sin6_family == AF_INET) {
		memset(&info.ipi6_addr.s6_addr[10], 0xff, 2);
		memcpy(&info.ipi6_addr.s6_addr[12], &in->sin_addr, 4);
	} else {
		return -EAFNOSUPPORT;
	}
	return sock_control_add(c, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
}

static int leave_from(struct sock_control *c, const struct sock *s, const struct sock_addr *here)
{
	if (s->family == AF_INET)
		return leave_v4(c, here);
	if (s->family == AF_INET6)
		return leave_v6(c, here);
	return -EAFNOSUPPORT;
}

/* Where a socket serves both families the kernel reads the item that fits the datagram's own. */
static void limit_hops(struct sock_control *c, const struct sock *s, int hops)
{
	if (s->family == AF_INET || s->family == AF_INET6)
		sock_control_add(c, IPPROTO_IP, IP_TTL, &hops, sizeof hops);
	if (s->family == AF_INET6)
		sock_control_add(c, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof hops);
}

/* The items for a message of n datagrams like d. There is room for all. 0 or a negative errno. */
static int instruct(struct msghdr *h, void *room, const struct sock *s,
                    const struct sock_dgram *d, int n)
{
	struct sock_control c = { .data = room, .room = CONTROL };
	uint16_t step = d->n;

	if (d->here.len) {
		int r = leave_from(&c, s, &d->here);

		if (r < 0)
			return r;
	}
	if (d->hops)
		limit_hops(&c, s, d->hops);
	if (n > 1)
		sock_control_add(&c, IPPROTO_UDP, UDP_SEGMENT, &step, sizeof step);
	h->msg_control = c.n ? room : NULL;
	h->msg_controllen = c.n;
	return 0;
}

/* Point a message at n datagrams. Those that lie side by side, as received, take one buffer. */
static void gather(struct outlet *o, struct msghdr *h, const struct sock_dgram *d, int n)
{
	struct iovec *iov = &o->iov[o->buffers];
	int used = 0;

	for (int i = 0; i < n; i++) {
		struct iovec *last = used ? &iov[used - 1] : NULL;

		if (last && d[i].data == (char *)last->iov_base + last->iov_len)
			last->iov_len += d[i].n;
		else
			iov[used++] = (struct iovec){ d[i].data, d[i].n };
	}
	h->msg_iov = iov;
	h->msg_iovlen = used;
	o->buffers += used;
}

/* Put the next datagrams of list into one message. Returns how many, or a negative errno. */
static int pack(struct outlet *o, const struct sock_dgram *d, int left)
{
	struct mmsghdr *m = &o->m[o->messages];
	int n, r;

	if (d->addr.len > sizeof d->addr.storage || d->here.len > sizeof d->here.storage)
		return -EINVAL;
	if (d->hops < 0 || d->hops > 255)
		return -EINVAL;
	n = run(d, left, o->longest);
	*m = (struct mmsghdr){ .msg_hdr.msg_namelen = d->addr.len };
	if (d->addr.len)
		m->msg_hdr.msg_name = (void *)(uintptr_t)&d->addr.storage;
	r = instruct(&m->msg_hdr, o->control[o->messages], o->s, d, n);
	if (r < 0)
		return r;
	gather(o, &m->msg_hdr, d, n);
	o->cars[o->messages++] = n;
	return n;
}

/* Fill the messages of one call. 0, or a negative errno when the first datagram cannot be sent. */
static int load(struct outlet *o)
{
	int done = 0;

	o->messages = o->buffers = 0;
	while (done < o->left && o->messages < MESSAGES && o->buffers + CARS <= BUFFERS) {
		int r = pack(o, o->list + done, o->left - done);

		if (r < 0)
			return done ? 0 : r;
		done += r;
	}
	return 0;
}

/*
 * The first message was refused. If it was a train, was it for being one? Then
 * none as long as it is tried again: by this call, where it is longer than a
 * route's packets, by this socket, where the route's device cannot do it.
 */
static bool derail(struct outlet *o, int err)
{
	if (o->cars[0] < 2 || (err != EIO && err != EINVAL && err != EMSGSIZE &&
	                       err != ENOPROTOOPT && err != EOPNOTSUPP))
		return false;
	o->longest = err == EINVAL || err == EMSGSIZE ? o->list->n - 1 : 0;
	if (o->longest == 0)
		o->s->flags &= ~FLAG_GSO;
	return true;
}

/* One system call. Returns datagrams sent, 0: again with shorter trains, or an errno. */
static int push(struct outlet *o, struct pace *p, struct sock_batch *b)
{
	int fd = o->s->fd, done = 0;
	ssize_t r = load(o);

	if (r < 0)
		return r;
	do
		r = call_sendmmsg(fd, o->m, o->messages, p->flags);
	while (pace_again(p, fd, POLLOUT, &r));
	if (r == 0)
		return -EIO;
	if (r < 0)
		return derail(o, -r) ? 0 : r;
	b->messages += r;
	if (r > 1)
		b->used |= SOCKEYE_BATCHED;
	for (int i = 0; i < r; i++) {
		const struct sock_dgram *d = &o->list[done];

		b->used |= (o->cars[i] > 1 ? SOCKEYE_TRAINS : 0) |
		           (d->here.len ? SOCKEYE_TELL_HERE : 0) |
		           (d->hops ? SOCKEYE_TELL_HOPS : 0);
		done += o->cars[i];
	}
	return done;
}

/* Send until all went or one did not. Returns 0 or a negative errno; *done counts. */
static int send_list(struct sock *s, struct sock_batch *b, int *done)
{
	struct outlet o;
	struct pace p = pace_of(s);
	int r = 0;

	o.s = s;
	o.longest = b->count > 1 && trains_go(s) ? TRAIN : 0;
	for (*done = 0; *done < b->count; *done += r) {
		o.list = b->list + *done;
		o.left = b->count - *done;
		r = push(&o, &p, b);
		if (r < 0)
			return r;
		for (int i = 0; i < r; i++)
			s->sent += o.list[i].n;
		if (*done + r < b->count && pace_spent(&p)) {
			*done += r;
			return -LIMIT_REACHED;
		}
	}
	return 0;
}

static void refused(struct sock *s, const struct sock_addr *to, int err)
{
	struct sock_addr a = *to;

	a.type = s->type;
	if (a.len && a.len <= sizeof a.storage && err != EBADF && err != ENOTSOCK)
		why_fail_at(s, "sendmany", sock_addr_text(&a).s, err, NULL);
	else
		why_fail(s, "sendmany", err);
}

int sock_sendmany(struct sock *s, struct sock_batch *b)
{
	int done, r;

	if (b)
		b->messages = b->used = 0;
	if (!why_ok(s, "sendmany"))
		return -1;
	s->sent = 0;
	if (!b || b->count < 0 || (b->count && !b->list))
		return why_fail_at(s, "sendmany", "batch", EINVAL, "needs a list");
	if (s->type == SOCK_STREAM)
		return why_fail_at(s, "sendmany", "batch", EOPNOTSUPP, "a stream has no datagrams");
	r = send_list(s, b, &done);
	if (r == 0) {
		why_well(s);
		return done;
	}
	refused(s, &b->list[done].addr, -r);
	return done ? done : -1;
}
