/* SPDX-License-Identifier: MIT */
/*
 * Sending without a copy, and the notices that say when the kernel has let go
 * of the bytes. Sends are numbered as the kernel numbers them: from 0 up, one
 * for each MSG_ZEROCOPY call that moved bytes. Where the kernel has no such
 * thing, or no memory for the bookkeeping, a plain send does the work.
 */
#include <errno.h>
#include <time.h>  /* before the kernel's header, which needs timespec and does not ask for it */

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>

#include "call.h"
#include "msg.h"
#include "why.h"

enum {
	ZERO_SKIPS = 64,        /* notices of other kinds that one call passes over */
	ZERO_SOL_VSOCK = 287,
	ZERO_VSOCK_RECVERR = 1
};

/* Put SO_ZEROCOPY on, once. Refusal is no failure: then bytes are copied. */
static bool switched_on(struct sock *s)
{
	if (s->flags & FLAG_ZEROCOPY)
		return true;
	if (call_setsockopt(s->fd, SOL_SOCKET, SO_ZEROCOPY, &(int){ 1 }, sizeof(int)) < 0)
		return false;
	s->flags |= FLAG_ZEROCOPY;
	return true;
}

ssize_t sock_sendzero(struct sock *s, const void *buf, size_t n, uint32_t *id)
{
	int flags = MSG_NOSIGNAL;
	ssize_t r;

	if (id)
		*id = UINT32_MAX;
	if (!why_ok(s, "sendzero"))
		return -1;
	s->sent = 0;
	if (!id || (n && !buf))
		return why_fail_at(s, "sendzero", "NULL", EINVAL,
		                   id ? "not a buffer" : "no place for the number");
	if (n && switched_on(s))
		flags |= MSG_ZEROCOPY;

	struct pace p = pace_of(s);

	do {
		r = call_send(s->fd, buf, n, flags | p.flags);
		/* No memory left for notices: this one goes as a copy. */
		if (r == -ENOBUFS && flags & MSG_ZEROCOPY) {
			flags &= ~MSG_ZEROCOPY;
			r = -EINTR;
		}
	} while (pace_again(&p, s->fd, POLLOUT, &r));
	if (r < 0)
		return why_fail(s, "sendzero", -r);
	if (flags & MSG_ZEROCOPY)
		*id = s->zero++;
	s->sent = r;
	why_well(s);
	return r;
}

/* May notices come at all? Another value of this socket may have sent, so the kernel is asked. */
static bool expected(struct sock *s)
{
	int on = 0;
	socklen_t n = sizeof on;

	if (s->flags & FLAG_ZEROCOPY)
		return true;
	if (call_getsockopt(s->fd, SOL_SOCKET, SO_ZEROCOPY, &on, &n) < 0 || !on)
		return false;
	s->flags |= FLAG_ZEROCOPY;
	return true;
}

static bool reports_errors(const struct sock_control_item *item)
{
	return (item->level == SOL_IP && item->type == IP_RECVERR) ||
	       (item->level == SOL_IPV6 && item->type == IPV6_RECVERR) ||
	       (item->level == ZERO_SOL_VSOCK && item->type == ZERO_VSOCK_RECVERR);
}

/* Is there a notice of finished sends among the control data? */
static bool find(const struct sock_control *c, struct sock_extended_err *e)
{
	struct sock_control_item item;

	for (size_t at = 0; sock_control_next(c, &at, &item);) {
		if (!reports_errors(&item) || item.n < sizeof *e)
			continue;
		memcpy(e, item.data, sizeof *e);
		if (e->ee_origin == SO_EE_ORIGIN_ZEROCOPY && e->ee_errno == 0)
			return true;
	}
	return false;
}

/* Take one message off the error queue: 1 for a notice, 0 for another, or a negative errno. */
static int take(struct sock *s, struct pace *p, struct sock_extended_err *e)
{
	union {
		struct cmsghdr align;
		char bytes[512];
	} room;
	struct msghdr h = { .msg_control = &room, .msg_controllen = sizeof room };
	int waited = 0;
	ssize_t r;

	do
		r = call_recvmsg(s->fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT);
	while (msg_errors_again(s, p, &waited, &r));
	if (r < 0)
		return r;
	return find(&(struct sock_control){ &room, sizeof room, h.msg_controllen, 0 }, e);
}

int sock_zerodone(struct sock *s, uint32_t *first, uint32_t *last, int *copied)
{
	struct sock_extended_err e = { .ee_info = 0 };
	int r = -EAGAIN;

	if (!why_ok(s, "zerodone"))
		return -1;
	if (expected(s)) {
		struct pace p = pace_of(s);

		r = 0;
		for (int i = 0; i < ZERO_SKIPS && r == 0; i++)
			r = take(s, &p, &e);
		if (r == 0)
			r = -EAGAIN;
	}
	if (r < 0)
		return why_fail(s, "zerodone", -r);
	/* Another value of this socket may have sent: go on behind what the kernel has counted. */
	if ((int32_t)(e.ee_data + 1 - s->zero) > 0)
		s->zero = e.ee_data + 1;
	if (first)
		*first = e.ee_info;
	if (last)
		*last = e.ee_data;
	if (copied)
		*copied = e.ee_code & SO_EE_CODE_ZEROCOPY_COPIED ? 1 : 0;
	why_well(s);
	return 1;
}
