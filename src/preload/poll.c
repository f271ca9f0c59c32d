/* SPDX-License-Identifier: MIT */
/* poll and select, and their kin. */
#include <limits.h>
#include <poll.h>
#include <sys/select.h>

#include "real.h"
#include "wait.h"

int __poll_chk(struct pollfd *list, nfds_t n, int timeout, size_t room);
int __ppoll_chk(struct pollfd *list, nfds_t n, const struct timespec *timeout, const sigset_t *mask, size_t room);

/* -- Lists ---------------------------------------------------------------------------- */

static struct wait listed(const struct pollfd *list, nfds_t n)
{
	struct wait w = { .fd = -1 };

	for (nfds_t i = 0; list && i < n && !shim_is_off(); i++) {
		if (list[i].fd < 0)
			continue;
		w.count++;
		if (kind_is_socket(list[i].fd))
			wait_for(&w, list[i].fd, list[i].events);
	}
	return w;
}

static struct wait ready(const struct pollfd *list, nfds_t n)
{
	for (nfds_t i = 0; i < n; i++)
		if (list[i].fd >= 0 && list[i].revents && kind_is_socket(list[i].fd))
			return (struct wait){ .fd = list[i].fd, .events = list[i].revents };
	return (struct wait){ .fd = -1 };
}

static bool begin_poll(struct witness *w, const struct pollfd *list, nfds_t n, int timeout)
{
	struct wait what = listed(list, n);

	return wait_begin(w, EVENT_POLL, &what, timeout < 0 ? -1 : timeout);
}

static int end_poll(struct witness *w, int r, const struct pollfd *list, nfds_t n)
{
	struct wait found = { .fd = -1 };

	if (r > 0)
		found = ready(list, n);
	return wait_end(w, r, &found);
}

int (poll)(struct pollfd *list, nfds_t n, int timeout)
{
	struct witness w;

	if (!begin_poll(&w, list, n, timeout))
		return REAL(poll)(list, n, timeout);
	return end_poll(&w, REAL(poll)(list, n, timeout), list, n);
}

int (__poll_chk)(struct pollfd *list, nfds_t n, int timeout, size_t room)
{
	struct witness w;

	if (!begin_poll(&w, list, n, timeout))
		return REAL(__poll_chk)(list, n, timeout, room);
	return end_poll(&w, REAL(__poll_chk)(list, n, timeout, room), list, n);
}

int (ppoll)(struct pollfd *list, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	struct witness w;

	if (!begin_poll(&w, list, n, wait_ms(timeout)))
		return REAL(ppoll)(list, n, timeout, mask);
	return end_poll(&w, REAL(ppoll)(list, n, timeout, mask), list, n);
}

int (__ppoll_chk)(struct pollfd *list, nfds_t n, const struct timespec *timeout, const sigset_t *mask, size_t room)
{
	struct witness w;

	if (!begin_poll(&w, list, n, wait_ms(timeout)))
		return REAL(__ppoll_chk)(list, n, timeout, mask, room);
	return end_poll(&w, REAL(__ppoll_chk)(list, n, timeout, mask, room), list, n);
}

/* -- Sets, which may be longer than FD_ISSET allows ------------------------------------- */

static bool is_in(const fd_set *set, int fd)
{
	const unsigned long *words = (const unsigned long *)set;
	int bits = (int)(8 * sizeof *words);

	return set && words[fd / bits] >> fd % bits & 1;
}

static int events_in(int fd, const fd_set *in, const fd_set *out, const fd_set *other)
{
	return (is_in(in, fd) ? POLLIN : 0) | (is_in(out, fd) ? POLLOUT : 0) | (is_in(other, fd) ? POLLPRI : 0);
}

static struct wait of_sets(int n, const fd_set *in, const fd_set *out, const fd_set *other)
{
	struct wait w = { .fd = -1 };

	for (int fd = 0; fd < n && !shim_is_off(); fd++) {
		int events = events_in(fd, in, out, other);

		if (!events)
			continue;
		w.count++;
		if (kind_is_socket(fd))
			wait_for(&w, fd, events);
	}
	return w;
}

static struct wait ready_in(int n, const fd_set *in, const fd_set *out, const fd_set *other)
{
	for (int fd = 0; fd < n; fd++) {
		int events = events_in(fd, in, out, other);

		if (events && kind_is_socket(fd))
			return (struct wait){ .fd = fd, .events = events };
	}
	return (struct wait){ .fd = -1 };
}

static int ms_of(const struct timeval *t)
{
	if (!t)
		return -1;
	if (t->tv_sec < 0 || t->tv_sec > INT_MAX / 1000 - 1 || t->tv_usec < 0 || t->tv_usec > INT_MAX)
		return INT_MAX;
	return (int)(t->tv_sec * 1000 + (t->tv_usec + 999) / 1000);
}

static int end_select(struct witness *w, int r, int n, const fd_set *in, const fd_set *out, const fd_set *other)
{
	struct wait found = { .fd = -1 };

	if (r > 0)
		found = ready_in(n, in, out, other);
	return wait_end(w, r, &found);
}

int (select)(int n, fd_set *in, fd_set *out, fd_set *other, struct timeval *timeout)
{
	struct wait what = of_sets(n, in, out, other);
	struct witness w;

	if (!wait_begin(&w, EVENT_SELECT, &what, ms_of(timeout)))
		return REAL(select)(n, in, out, other, timeout);
	return end_select(&w, REAL(select)(n, in, out, other, timeout), n, in, out, other);
}

int (pselect)(int n, fd_set *in, fd_set *out, fd_set *other, const struct timespec *timeout, const sigset_t *mask)
{
	struct wait what = of_sets(n, in, out, other);
	struct witness w;

	if (!wait_begin(&w, EVENT_SELECT, &what, wait_ms(timeout)))
		return REAL(pselect)(n, in, out, other, timeout, mask);
	return end_select(&w, REAL(pselect)(n, in, out, other, timeout, mask), n, in, out, other);
}
