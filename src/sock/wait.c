/* SPDX-License-Identifier: MIT */
/*
 * Deadlines and waiting. One rule: a limit covers the whole public call, so a
 * deadline is fixed once, at its beginning, and every later wait gets what is
 * left. The header shows the loop that all calls share.
 */
#include "wait.h"

#include <fcntl.h>
#include <limits.h>

#include "../base/clock.h"
#include "call.h"

int64_t sock_ms(int64_t ms)
{
	if (ms > INT64_MAX / CLOCK_MS || ms < INT64_MIN / CLOCK_MS)
		return ms < 0 ? INT64_MIN : INT64_MAX;
	return ms * CLOCK_MS;
}

int64_t sock_sec(int64_t sec)
{
	if (sec > INT64_MAX / CLOCK_SEC || sec < INT64_MIN / CLOCK_SEC)
		return sec < 0 ? INT64_MIN : INT64_MAX;
	return sec * CLOCK_SEC;
}

int64_t sock_now(void)
{
	return clock_now();
}

int64_t pace_deadline(int64_t limit)
{
	int64_t now;

	if (limit < 0)
		return PACE_FOREVER;
	if (limit == 0)
		return PACE_NOW;
	now = clock_now();
	return limit > PACE_FOREVER - now ? PACE_FOREVER : now + limit;
}

struct pace pace_limited(const struct sock *s)
{
	struct pace p = { .deadline = pace_deadline(s->limit), .flags = MSG_DONTWAIT };

	if (s->until && s->until < p.deadline)
		p.deadline = s->until;
	return p;
}

int pace_ms(int64_t deadline)
{
	int64_t left;

	if (deadline == PACE_FOREVER)
		return -1;
	if (deadline == PACE_NOW)
		return 0;
	left = deadline - clock_now();
	if (left <= 0)
		return 0;
	if (left > INT_MAX * CLOCK_MS)
		return INT_MAX;
	return (left + CLOCK_MS - 1) / CLOCK_MS;
}

int pace_wait(int64_t deadline, int fd, short events)
{
	for (;;) {
		int ms = pace_ms(deadline);
		int r = call_poll(fd, events, ms);

		if (r > 0)
			return r & POLLNVAL ? -EBADF : 0;
		if (r < 0 && r != -EINTR)
			return r;
		if (ms == 0)
			return -LIMIT_REACHED;
	}
}

/* Of a stream the kernel tells the end itself, after its last byte. */
static bool receiving_is_shut(int fd)
{
	int type = SOCK_STREAM, state;
	socklen_t n = sizeof type;

	if (sys.getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) < 0 || type == SOCK_STREAM)
		return false;
	state = call_poll(fd, POLLRDHUP, 0);
	return state > 0 && state & POLLRDHUP;
}

/*
 * Ready, and yet nothing: a datagram socket after SHUT_RD is so for ever, which
 * is an end (0); one that sends to a full Unix peer for a while, which must
 * neither keep a processor busy nor outlast the deadline. 1: try again.
 */
static ssize_t ready_in_vain(struct pace *p, int fd, short events)
{
	if (p->vain++ == 0)
		return 1;
	if (events & POLLIN && receiving_is_shut(fd))
		return 0;
	if (pace_ms(p->deadline) == 0)
		return -LIMIT_REACHED;
	sys.poll(NULL, 0, 1);
	return 1;
}

bool pace_retry(struct pace *p, int fd, short events, ssize_t *r)
{
	if (*r == -EINTR)
		return true;
	if (*r != -EAGAIN && *r != -EWOULDBLOCK)
		return false;
	*r = p->deadline == PACE_NOW ? -LIMIT_REACHED : pace_wait(p->deadline, fd, events);
	if (*r == 0)
		*r = ready_in_vain(p, fd, events);
	return *r > 0;
}

int pace_nonblock(struct sock *s)
{
	int flags;

	if (s->flags & FLAG_NONBLOCK)
		return 0;
	flags = call_fcntl(s->fd, F_GETFL, 0);
	if (flags >= 0 && !(flags & O_NONBLOCK))
		flags = call_fcntl(s->fd, F_SETFL, flags | O_NONBLOCK);
	if (flags < 0)
		return flags;
	s->flags |= FLAG_NONBLOCK;
	return 0;
}

int sock_limit(struct sock *s, int64_t limit)
{
	if (!why_ok(s, "limit"))
		return -1;
	s->limit = limit < 0 ? SOCKEYE_FOREVER : limit;
	why_well(s);
	return 0;
}

int sock_until(struct sock *s, int64_t moment)
{
	if (!why_ok(s, "until"))
		return -1;
	s->until = moment;
	why_well(s);
	return 0;
}

static int64_t default_limit = SOCKEYE_FOREVER;

int64_t sock_default_limit(int64_t limit)
{
	return __atomic_exchange_n(&default_limit, limit < 0 ? SOCKEYE_FOREVER : limit, __ATOMIC_RELAXED);
}

int64_t wait_default(void)
{
	return __atomic_load_n(&default_limit, __ATOMIC_RELAXED);
}

enum { WAIT_MOST = 1024 };

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
	struct pollfd polls[WAIT_MOST];
	int64_t deadline = pace_deadline(limit);
	int r;

	if (n < 0 || n > WAIT_MOST || (n > 0 && !list)) {
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
