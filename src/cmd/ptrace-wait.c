/* SPDX-License-Identifier: MIT */
/*
 * The calls that wait for several descriptors: one record for all, about the
 * socket that stands for them. A look that finds nothing is not told.
 */
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>

#include "ptrace-inner.h"

/* What is waited for, or what came of it. */
struct wait {
	int fd;                 /* the socket that stands for all; -1: none */
	int events;
	int count;              /* descriptors in all */
};

static bool listens(struct ptrace_thread *t, int fd)
{
	return ptrace_files_get(t, fd)->listens;
}

/* Another descriptor: the first socket stays, unless this one listens and that does not. */
static void wait_for(struct ptrace_thread *t, struct wait *w, int fd, int events)
{
	w->count++;
	if (ptrace_files_get(t, fd)->is != PTRACE_IS_SOCKET || (w->fd >= 0 && (listens(t, w->fd) || !listens(t, fd))))
		return;
	w->fd = fd;
	w->events = events;
}

static bool begin(struct ptrace_thread *t, struct ptrace_call *c, const struct wait *what, int timeout)
{
	if (what->fd < 0 || !ptrace_tell_begin(t, c, what->fd))
		return false;
	c->e.asked = (uint64_t)what->count;
	c->e.arg[0] = what->events;
	c->e.arg[2] = timeout;
	if (timeout)
		ptrace_tell_enter(t, c);
	return true;
}

static void end(struct ptrace_thread *t, struct ptrace_call *c, int64_t r, const struct wait *ready)
{
	if (r == 0 && c->e.arg[2] == 0)
		return;
	if (r > 0) {
		c->e.moved = (uint64_t)r;
		c->e.arg[1] = ready->events;
		if (ready->fd >= 0 && ready->fd != c->e.fd)
			ptrace_tell_about(t, c, ready->fd);
	}
	ptrace_tell_done(t, c, r);
}

/* Times in ms, rounded up, for ever where there is none. The two forms have the same shape. */
static int ms_of(struct ptrace_thread *t, uint64_t at, long parts)
{
	long time[2];

	if (!at || !ptrace_read(t, at, time, sizeof time))
		return -1;
	if (time[0] < 0 || time[0] > INT_MAX / 1000 - 1 || time[1] < 0 || time[1] >= 1000 * parts)
		return INT_MAX;
	return (int)(time[0] * 1000 + (time[1] + parts - 1) / parts);
}

enum { PER_MS_OF_TIMESPEC = 1000000, PER_MS_OF_TIMEVAL = 1000 };

/* -- Lists -------------------------------------------------------------------------------- */

static int listed(struct ptrace_thread *t, const struct ptrace_call *c, struct pollfd *list)
{
	uint64_t n = c->args[1] < PTRACE_POLLS ? c->args[1] : PTRACE_POLLS;

	return ptrace_read(t, c->args[0], list, (size_t)n * sizeof *list) ? (int)n : 0;
}

bool ptrace_enter_poll(struct ptrace_thread *t, struct ptrace_call *c)
{
	struct pollfd list[PTRACE_POLLS];
	struct wait what = { .fd = -1 };
	int n = listed(t, c, list), timeout = (int)c->args[2];

	if (c->nr == SYS_ppoll)
		timeout = ms_of(t, c->args[2], PER_MS_OF_TIMESPEC);
	for (int i = 0; i < n; i++)
		if (list[i].fd >= 0)
			wait_for(t, &what, list[i].fd, list[i].events);
	return begin(t, c, &what, timeout < 0 ? -1 : timeout);
}

void ptrace_leave_poll(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	struct pollfd list[PTRACE_POLLS];
	struct wait ready = { .fd = -1 };
	int n = r > 0 ? listed(t, c, list) : 0;

	for (int i = 0; i < n && ready.fd < 0; i++)
		if (list[i].fd >= 0 && list[i].revents && ptrace_files_get(t, list[i].fd)->is == PTRACE_IS_SOCKET)
			ready = (struct wait){ .fd = list[i].fd, .events = list[i].revents };
	end(t, c, r, &ready);
}

/* -- Sets --------------------------------------------------------------------------------- */

struct sets {
	int n;
	uint64_t bits[3][PTRACE_POLLS / 64];    /* to read from, to write to, urgent */
};

static void sets_read(struct ptrace_thread *t, const struct ptrace_call *c, struct sets *s)
{
	int n = (int)c->args[0];

	s->n = n < 0 ? 0 : n < PTRACE_POLLS ? n : PTRACE_POLLS;
	for (int i = 0; i < 3; i++)
		if (!ptrace_read(t, c->args[1 + i], s->bits[i], (size_t)(s->n + 63) / 64 * 8))
			memset(s->bits[i], 0, sizeof s->bits[i]);
}

static int sets_events(const struct sets *s, int fd)
{
	static const int events[3] = { POLLIN, POLLOUT, POLLPRI };
	int all = 0;

	for (int i = 0; i < 3; i++)
		all |= s->bits[i][fd / 64] >> fd % 64 & 1 ? events[i] : 0;
	return all;
}

static bool is_pselect(const struct ptrace_call *c)
{
	return c->nr == SYS_pselect6;
}

bool ptrace_enter_select(struct ptrace_thread *t, struct ptrace_call *c)
{
	struct sets s;
	struct wait what = { .fd = -1 };

	sets_read(t, c, &s);
	for (int fd = 0; fd < s.n; fd++) {
		int events = sets_events(&s, fd);

		if (events)
			wait_for(t, &what, fd, events);
	}
	return begin(t, c, &what, ms_of(t, c->args[4], is_pselect(c) ? PER_MS_OF_TIMESPEC : PER_MS_OF_TIMEVAL));
}

void ptrace_leave_select(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	struct sets s = { .n = 0 };
	struct wait ready = { .fd = -1 };

	if (r > 0)
		sets_read(t, c, &s);
	for (int fd = 0; fd < s.n && ready.fd < 0; fd++) {
		int events = sets_events(&s, fd);

		if (events && ptrace_files_get(t, fd)->is == PTRACE_IS_SOCKET)
			ready = (struct wait){ .fd = fd, .events = events };
	}
	end(t, c, r, &ready);
}

/* -- epoll -------------------------------------------------------------------------------- */

bool ptrace_enter_epoll_ctl(struct ptrace_thread *t, struct ptrace_call *c)
{
	return ptrace_files_get(t, (int)c->args[2])->is == PTRACE_IS_SOCKET;
}

/* It is not told: what comes of it is. */
void ptrace_leave_epoll_ctl(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	struct epoll_event event = { .events = 0 };

	if (r < 0 || (c->args[1] != EPOLL_CTL_DEL && !ptrace_read(t, c->args[3], &event, sizeof event)))
		return;
	if (c->args[1] != EPOLL_CTL_DEL && !event.events)
		event.events = EPOLLERR;
	ptrace_open_watch(t, (int)c->args[0], (int)c->args[2], event.events, event.data.u64);
}

static struct ptrace_open *epoll_of(const struct ptrace_thread *t, const struct ptrace_call *c)
{
	struct ptrace_open *open = ptrace_files_known(t->process->files, (int)c->args[0]);

	return open && open->is == PTRACE_IS_EPOLL ? open : NULL;
}

bool ptrace_enter_epoll_wait(struct ptrace_thread *t, struct ptrace_call *c)
{
	struct ptrace_open *epoll = epoll_of(t, c);
	const struct ptrace_watched *chosen = epoll ? ptrace_open_chosen(epoll) : NULL;
	struct wait what = { .fd = -1 };
	int timeout = (int)c->args[3];

	if (!chosen || ptrace_files_known(t->process->files, chosen->fd) != chosen->open)
		return false;
	what = (struct wait){ .fd = chosen->fd, .events = (int)chosen->events, .count = epoll->watched_count };
#ifdef SYS_epoll_pwait2
	if (c->nr == SYS_epoll_pwait2)
		timeout = ms_of(t, c->args[3], PER_MS_OF_TIMESPEC);
#endif
	return begin(t, c, &what, timeout < 0 ? -1 : timeout);
}

void ptrace_leave_epoll_wait(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	enum { LOOK = 64 };
	struct ptrace_open *epoll = epoll_of(t, c);
	struct epoll_event list[LOOK];
	struct wait ready = { .fd = -1 };
	int n = r > 0 && epoll ? (int)(r < LOOK ? r : LOOK) : 0;

	if (n && !ptrace_read(t, c->args[1], list, (size_t)n * sizeof *list))
		n = 0;
	if (n)
		ready.events = (int)list[0].events;
	for (int i = 0; i < n && ready.fd < 0; i++) {
		const struct ptrace_watched *w = ptrace_open_by_data(epoll, list[i].data.u64);

		if (w && ptrace_files_known(t->process->files, w->fd) == w->open)
			ready = (struct wait){ .fd = w->fd, .events = (int)list[i].events };
	}
	end(t, c, r, &ready);
}
