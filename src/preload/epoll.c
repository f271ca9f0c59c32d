/* SPDX-License-Identifier: MIT */
/*
 * epoll. What comes out of a wait is the program's own data; where that is a
 * descriptor that was put in, as nearly all programs have it, the record is
 * about that one.
 */
#include <sys/epoll.h>

#include "real.h"
#include "wait.h"

int (epoll_ctl)(int epoll, int operation, int fd, struct epoll_event *event)
{
	int r = REAL(epoll_ctl)(epoll, operation, fd, event);
	uint32_t events = 0;

	if (r != 0 || shim_is_off() || !kind_is_socket(fd))
		return r;
	if (operation != EPOLL_CTL_DEL)
		events = event->events ? event->events : EPOLLERR;
	kind_watched(epoll, fd, events);
	return r;
}

static bool begin_epoll(struct witness *w, int epoll, int timeout)
{
	struct wait what = { .fd = shim_is_off() ? -1 : kind_of_watched(epoll) };

	if (what.fd < 0)
		return false;
	what.events = (int)kind_events(what.fd);
	what.count = kind_count(epoll);
	return wait_begin(w, EVENT_EPOLL_WAIT, &what, timeout < 0 ? -1 : timeout);
}

static int end_epoll(struct witness *w, int r, int epoll, const struct epoll_event *list)
{
	struct wait found = { .fd = -1 };

	for (int i = 0; i < r && found.fd < 0; i++)
		if (kind_is_watched(epoll, list[i].data.fd))
			found = (struct wait){ .fd = list[i].data.fd, .events = (int)list[i].events };
	if (r > 0 && found.fd < 0)
		found.events = (int)list[0].events;
	return wait_end(w, r, &found);
}

int (epoll_wait)(int epoll, struct epoll_event *list, int n, int timeout)
{
	struct witness w;

	if (!begin_epoll(&w, epoll, timeout))
		return REAL(epoll_wait)(epoll, list, n, timeout);
	return end_epoll(&w, REAL(epoll_wait)(epoll, list, n, timeout), epoll, list);
}

int (epoll_pwait)(int epoll, struct epoll_event *list, int n, int timeout, const sigset_t *mask)
{
	struct witness w;

	if (!begin_epoll(&w, epoll, timeout))
		return REAL(epoll_pwait)(epoll, list, n, timeout, mask);
	return end_epoll(&w, REAL(epoll_pwait)(epoll, list, n, timeout, mask), epoll, list);
}

int (epoll_pwait2)(int epoll, struct epoll_event *list, int n, const struct timespec *timeout,
                   const sigset_t *mask)
{
	struct witness w;

	if (!begin_epoll(&w, epoll, wait_ms(timeout)))
		return REAL(epoll_pwait2)(epoll, list, n, timeout, mask);
	return end_epoll(&w, REAL(epoll_pwait2)(epoll, list, n, timeout, mask), epoll, list);
}
