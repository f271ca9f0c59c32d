/* SPDX-License-Identifier: MIT */
/*
 * Whole messages: several buffers, an address, flags and control data in one
 * call. Nothing of the kernel's layout is trusted on the way back: control data
 * is walked by its own lengths, and never beyond them. Descriptors among it are
 * read in fds.c, the notices of zero-copy sends in zero.c.
 */
#include "msg.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "call.h"
#include "kind.h"
#include "why.h"

enum { IOVS_MOST = 1024 };

/* A message that cannot be meant is refused with a sentence, before the kernel sees it. */
static int check(struct sock *s, const char *op, const struct sock_msg *m)
{
	const struct sock_control *c = m ? m->control : NULL;
	char at[32];

	if (!m)
		return why_fail_at(s, op, "NULL", EINVAL, "not a message");
	if (m->iovs < 0 || m->iovs > IOVS_MOST) {
		snprintf(at, sizeof at, "%d buffers", m->iovs);
		return why_fail_at(s, op, at, EINVAL, "a message has 0 to 1024");
	}
	if (m->iovs ? !m->iov : m->n && !m->buf)
		return why_fail_at(s, op, "NULL", EINVAL, "not a buffer");
	if (c && c->room && !c->data)
		return why_fail_at(s, op, "NULL", EINVAL, "not a buffer for control data");
	return 0;
}

/* The kernel's form of a message. one holds the iovec of a single buffer. */
static struct msghdr header(const struct sock_msg *m, struct iovec *one)
{
	struct iovec *iov = (struct iovec *)(uintptr_t)m->iov;

	*one = (struct iovec){ .iov_base = m->buf, .iov_len = m->n };
	return (struct msghdr){
		.msg_iov = m->iovs ? iov : one,
		.msg_iovlen = m->iovs ? m->iovs : 1,
	};
}

/* The pace, where the caller's own MSG_DONTWAIT is a limit of 0 for this call. */
static struct pace pace_with(const struct sock *s, int flags)
{
	if (flags & MSG_DONTWAIT)
		return (struct pace){ .deadline = PACE_NOW };
	return pace_of(s);
}

/* Whoever asked for MSG_DONTWAIT is told what the kernel told. */
static int plain(ssize_t r, int flags)
{
	return r == -LIMIT_REACHED && flags & MSG_DONTWAIT ? EAGAIN : -r;
}

/* Why a message was not sent. What it carries or where it goes is not the socket's fault. */
static int unsent(struct sock *s, const char *op, const struct sock_msg *m, int err)
{
	if (err == EBADF && m->control && m->control->n)
		return why_fail_at(s, op, "control data", err, NULL);
	if (m->addr && m->addr->len && s->type != SOCK_STREAM)
		return why_fail_at(s, op, sock_addr_text(m->addr).s, err, NULL);
	return why_fail(s, op, err);
}

ssize_t msg_send(struct sock *s, const char *op, const struct sock_msg *m)
{
	struct iovec one;
	ssize_t r;

	if (!why_ok(s, op))
		return -1;
	s->sent = 0;
	if (check(s, op, m) < 0)
		return -1;
	if (m->control && m->control->n > m->control->room)
		return why_fail_at(s, op, "control data", EINVAL,
		                   "more is used than there is room");
	if (m->addr && m->addr->len > sizeof m->addr->storage)
		return why_fail_at(s, op, "address", EINVAL, "longer than an address can be");

	struct msghdr h = header(m, &one);
	struct pace p = pace_with(s, m->flags);
	int flags = m->flags | p.flags | MSG_NOSIGNAL;
	struct sock_addr to;

	if (m->addr && m->addr->len) {
		to = s->family == AF_INET6 ? addr_mapped(m->addr) : *m->addr;
		h.msg_name = &to.storage;
		h.msg_namelen = to.len;
	}
	if (m->control && m->control->n) {
		h.msg_control = m->control->data;
		h.msg_controllen = m->control->n;
	}
	do
		r = call_sendmsg(s->fd, &h, flags);
	while (pace_again(&p, s->fd, POLLOUT, &r));
	if (r < 0)
		return unsent(s, op, m, plain(r, m->flags));
	s->sent = r;
	why_well(s);
	return r;
}

ssize_t sock_sendmsg(struct sock *s, const struct sock_msg *m)
{
	return msg_send(s, "sendmsg", m);
}

static size_t room_of(const struct msghdr *h)
{
	size_t room = 0;

	for (size_t i = 0; i < h->msg_iovlen; i++)
		if (__builtin_add_overflow(room, h->msg_iov[i].iov_len, &room))
			return SIZE_MAX;
	return room;
}

bool msg_errors_again(struct sock *s, const struct pace *p, int *waited, ssize_t *r)
{
	int pending = 0;
	socklen_t n = sizeof pending;

	if (*r != -EAGAIN)
		return *r == -EINTR;
	if (p->deadline == PACE_NOW) {
		*r = -LIMIT_REACHED;
		return false;
	}
	if (!(*waited)++) {
		*r = pace_wait(p->deadline, s->fd, 0);
		return *r == 0;
	}
	if (call_getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &pending, &n) == 0 && pending > 0)
		*r = -pending;
	return false;
}

/* Make the call until it has an answer. h is as the kernel left it. */
static ssize_t receive(struct sock *s, struct msghdr *h, int flags)
{
	struct pace p = pace_with(s, flags);
	int waited = 0;
	ssize_t r;

	p.when_shut = PACE_END;
	flags |= p.flags | MSG_CMSG_CLOEXEC | (kind_has_ends(s) ? MSG_TRUNC : 0);
	do
		r = call_recvmsg(s->fd, h, flags);
	while (flags & MSG_ERRQUEUE ? msg_errors_again(s, &p, &waited, &r)
	                            : pace_again(&p, s->fd, POLLIN, &r));
	/* An end that the kernel did not tell left h as the caller filled it. */
	if (p.ended)
		h->msg_namelen = h->msg_controllen = h->msg_flags = 0;
	return r;
}

/* Tell what came beside the bytes; after a failure, that nothing came. */
static void answer(struct sock *s, struct sock_msg *m, const struct msghdr *h, bool well)
{
	struct sock_control *c = m->control;
	socklen_t most = sizeof m->addr->storage;

	if (m->addr) {
		m->addr->type = s->type;
		m->addr->proto = kind_proto(s);
		m->addr->len = !well ? 0 : h->msg_namelen < most ? h->msg_namelen : most;
	}
	if (c) {
		c->n = !well ? 0 : h->msg_controllen < c->room ? h->msg_controllen : c->room;
		c->cut = well && h->msg_flags & MSG_CTRUNC;
	}
	if (well)
		m->flags = h->msg_flags & ~MSG_CMSG_CLOEXEC;
}

ssize_t msg_recv(struct sock *s, const char *op, struct sock_msg *m)
{
	struct iovec one;

	if (!why_ok(s, op))
		return -1;
	s->got = s->cut = 0;
	if (check(s, op, m) < 0)
		return -1;

	struct msghdr h = header(m, &one);

	if (m->addr) {
		h.msg_name = &m->addr->storage;
		h.msg_namelen = sizeof m->addr->storage;
	}
	if (m->control) {
		h.msg_control = m->control->data;
		h.msg_controllen = m->control->room;
	}

	size_t room = room_of(&h);
	int flags = m->flags;
	/* For no bytes of a stream the kernel would wait all the same. */
	bool nothing = !room && !m->control && !kind_has_ends(s) && !(flags & MSG_ERRQUEUE);
	ssize_t r = nothing ? 0 : receive(s, &h, flags);

	if (nothing)
		h.msg_namelen = h.msg_flags = 0;

	answer(s, m, &h, r >= 0);
	if (r < 0)
		return why_fail(s, op, plain(r, flags));
	s->got = (size_t)r < room ? (size_t)r : room;
	s->cut = r - s->got;
	why_well(s);
	return s->got;
}

ssize_t sock_recvmsg(struct sock *s, struct sock_msg *m)
{
	return msg_recv(s, "recvmsg", m);
}

int sock_control_add(struct sock_control *c, int level, int type, const void *data, size_t n)
{
	struct cmsghdr head = { .cmsg_len = CMSG_LEN(n), .cmsg_level = level, .cmsg_type = type };

	if (!c || (n && !data) || (c->room && !c->data))
		return why_say(NULL, EINVAL, "control_add", "NULL", NULL);

	/* Compared by what is left, for sums of the caller's numbers may wrap around. */
	size_t start = CMSG_ALIGN(c->n);
	size_t left = start >= c->n && start < c->room ? c->room - start : 0;

	if (left < sizeof head || n > left - sizeof head)
		return why_say(NULL, ENOBUFS, "control_add", "control data", NULL);

	size_t space = CMSG_SPACE(n) < left ? CMSG_SPACE(n) : left;
	char *to = (char *)c->data + start;

	memset((char *)c->data + c->n, 0, start - c->n);
	memset(to, 0, space);
	memcpy(to, &head, sizeof head);
	if (n)
		memcpy(to + sizeof head, data, n);
	c->n = start + space;
	return 0;
}

int sock_control_next(const struct sock_control *c, size_t *at, struct sock_control_item *item)
{
	struct cmsghdr head;

	if (!c || !c->data || !at || !item)
		return 0;

	size_t used = c->n < c->room ? c->n : c->room;
	size_t left = *at < used ? used - *at : 0;
	const char *from = (const char *)c->data + (left ? *at : 0);

	*at = used;
	if (left < sizeof head)
		return 0;
	memcpy(&head, from, sizeof head);
	if (head.cmsg_len < sizeof head || head.cmsg_len > left)
		return 0;
	if (CMSG_ALIGN(head.cmsg_len) < left)
		*at = used - left + CMSG_ALIGN(head.cmsg_len);
	*item = (struct sock_control_item){
		.level = head.cmsg_level,
		.type = head.cmsg_type,
		.data = from + sizeof head,
		.n = head.cmsg_len - sizeof head,
	};
	/* Descriptors are whole ints, whatever a cut has left behind them. */
	if (item->level == SOL_SOCKET && item->type == SCM_RIGHTS)
		item->n -= item->n % sizeof(int);
	return 1;
}
