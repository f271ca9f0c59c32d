/* SPDX-License-Identifier: MIT */
/*
 * Waiting for several sockets at once: poll(2) on values. What is ready for one
 * socket is wait.c.
 */
#include <errno.h>

#include "call.h"
#include "wait.h"

/* Fill poll's list; a socket that cannot be polled is ready at once. Returns how many of those. */
static int wait_list(struct pollfd *polls, struct sock_wait *list, int n)
{
	int now = 0;

	for (int i = 0; i < n; i++) {
		struct sock *s = list[i].s;
		bool open = s && s->state == STATE_OPEN;

		polls[i] = (struct pollfd){
			.fd = open ? s->fd : -1,
			.events = (list[i].want & SOCKEYE_READ ? POLLIN : 0) |
			          (list[i].want & SOCKEYE_WRITE ? POLLOUT : 0),
		};
		list[i].ready = s && !open ? list[i].want : 0;
		now += list[i].ready != 0;
	}
	return now;
}

static int wait_answers(const struct pollfd *polls, struct sock_wait *list, int n)
{
	int count = 0;

	for (int i = 0; i < n; i++) {
		short got = polls[i].revents;

		if (polls[i].fd >= 0 && got & (POLLERR | POLLNVAL | POLLHUP))
			list[i].ready = list[i].want;
		if (got & POLLIN)
			list[i].ready |= SOCKEYE_READ & list[i].want;
		if (got & POLLOUT)
			list[i].ready |= SOCKEYE_WRITE & list[i].want;
		count += list[i].ready != 0;
	}
	return count;
}

int sock_wait(struct sock_wait *list, int n, int64_t limit)
{
	struct pollfd polls[SOCKEYE_WAIT_MOST];
	int64_t deadline = pace_deadline(limit);
	int r;

	if (n < 0 || n > SOCKEYE_WAIT_MOST || (n > 0 && !list)) {
		errno = EINVAL;
		return -1;
	}
	if (wait_list(polls, list, n) > 0)
		deadline = PACE_NOW;
	do {
		int ms = pace_ms(deadline);

		r = call_polls(polls, n, ms);
		if (r == 0 && ms == 0)
			break;
	} while (r == 0 || r == -EINTR);
	if (r < 0) {
		errno = -r;
		return -1;
	}
	return wait_answers(polls, list, n);
}
