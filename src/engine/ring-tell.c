/* SPDX-License-Identifier: MIT */
/* See ring-tell.h. The time of a record is that of its completion; it blocked nobody, so it took none. */
#include "ring-tell.h"

#include <errno.h>

#include "../sock/watch.h"
#include "out.h"
#include "ring.h"

void ring_tell_accept(int listener, int fd)
{
	struct witness w;

	watch_init(&w, EVENT_ACCEPT, listener);
	witness_made(&w, fd);
}

void ring_tell_receive(const struct conn *c, int res, char *data)
{
	struct iovec iov = { data, res > 0 ? (size_t)res : 0 };
	struct witness w;

	if (res == -ENOBUFS || res == -ECANCELED)
		return;
	watch_init(&w, EVENT_RECV, c->fd);
	w.e.asked = res > 0 ? res : CORE_INPUT;
	w.e.arg[0] = data || res <= 0 ? 0 : MSG_TRUNC;
	watch_received(&w, res, &iov, 1, NULL);
}

void ring_tell_send(const struct conn *c, int res)
{
	struct iovec iov[RING_PIECES];
	size_t n;
	struct witness w;

	watch_init(&w, EVENT_SEND, c->fd);
	int count = out_gather(c, iov, RING_PIECES, &n);
	w.e.asked = n;
	watch_sent(&w, res, iov, count, NULL);
}
