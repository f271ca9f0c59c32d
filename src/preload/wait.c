/* SPDX-License-Identifier: MIT */
/* Waits as records: one for all that is waited for, about the socket that stands for it. */
#include "wait.h"

#include <limits.h>

void wait_for(struct wait *w, int fd, int events)
{
	bool better = w->fd < 0 || (kind_known(fd) & KIND_LISTENS && !(kind_known(w->fd) & KIND_LISTENS));

	if (!better)
		return;
	w->fd = fd;
	w->events = events;
}

bool wait_begin(struct witness *w, int call, const struct wait *what, int timeout)
{
	if (what->fd < 0 || !tell_begin(w, call, what->fd))
		return false;
	w->e.asked = what->count;
	w->e.arg[0] = what->events;
	w->e.arg[2] = timeout;
	if (timeout)
		witness_enter(w);
	return true;
}

int wait_end(struct witness *w, int r, const struct wait *ready)
{
	if (r == 0 && w->e.arg[2] == 0)
		return r;
	if (r > 0) {
		w->e.moved = r;
		w->e.arg[1] = ready->events;
		if (ready->fd >= 0 && ready->fd != w->e.fd)
			witness_begin(w, &tell_ask, ready->fd);
	}
	return tell_done(w, r);
}

int wait_ms(const struct timespec *t)
{
	if (!t)
		return -1;
	if (t->tv_sec < 0 || t->tv_sec > INT_MAX / 1000 - 1)
		return INT_MAX;
	return (int)(t->tv_sec * 1000 + (t->tv_nsec + 999999) / 1000000);
}
