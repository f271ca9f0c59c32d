/* SPDX-License-Identifier: MIT */
/*
 * The library's own calls, told. What a record says is base/witness.c's
 * matter; here is how the kernel is asked, by the table of sys.h as everything
 * else. The hot path never comes here: see watch_on in the header.
 */
#include "watch.h"

#include "../base/flow.h"
#include "sys.h"

static int ask_option(int fd, int level, int option, void *value, socklen_t *n)
{
	return sys.getsockopt(fd, level, option, value, n);
}

static int ask_name(int fd, struct sockaddr *addr, socklen_t *n)
{
	return sys.getsockname(fd, addr, n);
}

static int ask_peer(int fd, struct sockaddr *addr, socklen_t *n)
{
	return sys.getpeername(fd, addr, n);
}

static const struct witness_ask ask = { ask_option, ask_name, ask_peer };

void watch_init(struct witness *w, int call, int fd)
{
	event_init(&w->e, call, EVENT_ENTER);
	witness_begin(w, &ask, fd);
}

void watch_sent(struct witness *w, ssize_t r, const struct iovec *iov, int iovs, const struct sock_addr *addr)
{
	witness_sent(w, r, iov, iovs, addr ? (const struct sockaddr *)&addr->storage : NULL, addr ? addr->len : 0);
}

void watch_received(struct witness *w, ssize_t r, const struct iovec *iov, int iovs,
                    const struct sock_addr *addr)
{
	witness_received(w, r, iov, iovs, addr ? (const struct sockaddr *)&addr->storage : NULL,
	                 addr ? addr->len : 0);
}

void watch_forget(int fd)
{
	if (watch_on())
		flow_reset(fd);
}

/* It may have been away for a while, and got other addresses there. */
void watch_adopt(int fd)
{
	if (!watch_on())
		return;
	struct flow f = flow_get(fd);
	if (f.known && f.cookie && witness_cookie(&ask, fd) == f.cookie)
		flow_unsettle(fd);
	else
		flow_reset(fd);
}
