/* SPDX-License-Identifier: MIT */
/*
 * Deadlines and waiting. One rule: a limit covers the whole public call, so a
 * deadline is fixed once, at its beginning, and every later wait gets what is
 * left. The header shows the loop that all calls share.
 */
#include "wait.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/time.h>

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
	/* A limit beyond all time is none. */
	if (p.deadline == PACE_FOREVER)
		p.flags = 0;
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

bool pace_is_shut(int fd)
{
	int state = call_poll(fd, POLLRDHUP, 0);

	return state > 0 && state & POLLRDHUP;
}

/*
 * Ready, and yet nothing. A datagram socket after SHUT_RD is so for ever, and
 * so is a Unix listener: asked twice, for what came in between comes first. One
 * that sends to a full Unix peer is so for a while, which must neither keep a
 * processor busy nor outlast the deadline. Returns 1 to try again.
 */
static ssize_t ready_in_vain(struct pace *p, int fd, short events)
{
	if (p->vain++ == 0)
		return 1;
	if (p->when_shut && events & POLLIN && pace_is_shut(fd)) {
		if (p->shut) {
			p->ended = p->when_shut == PACE_END;
			return p->ended ? 0 : p->when_shut;
		}
		p->shut = true;
		return 1;
	}
	if (pace_ms(p->deadline) == 0)
		return -LIMIT_REACHED;
	sys.poll(NULL, 0, p->vain < 10 ? p->vain : 10);
	return 1;
}

int64_t pace_own_timeout(int fd, short events)
{
	int option = events & POLLIN ? SO_RCVTIMEO : SO_SNDTIMEO;
	struct timeval t = { 0 };
	socklen_t n = sizeof t;

	if (sys.getsockopt(fd, SOL_SOCKET, option, &t, &n) < 0)
		return 0;
	return t.tv_sec * CLOCK_SEC + t.tv_usec * INT64_C(1000);
}

/*
 * Without a deadline EAGAIN may be the socket's own timeout, which is to be
 * heard. In non-blocking mode the kernel does not keep it, so it is kept here.
 * Returns false when it has passed.
 */
static bool keep_own_timeout(struct pace *p, int fd, short events)
{
	int64_t own = pace_own_timeout(fd, events);
	int flags = own ? call_fcntl(fd, F_GETFL, 0) : 0;

	if (!own || flags < 0)
		return true;
	p->own = true;
	p->deadline = clock_now() + own;
	return flags & O_NONBLOCK;
}

bool pace_retry(struct pace *p, int fd, short events, ssize_t *r)
{
	if (*r == -EINTR)
		return true;
	if (*r != -EAGAIN && *r != -EWOULDBLOCK)
		return false;
	if (p->deadline == PACE_FOREVER && !keep_own_timeout(p, fd, events))
		return false;
	*r = p->deadline == PACE_NOW ? -LIMIT_REACHED : pace_wait(p->deadline, fd, events);
	if (*r == 0)
		*r = ready_in_vain(p, fd, events);
	if (*r == -LIMIT_REACHED && p->own)
		*r = -EAGAIN;
	return *r > 0;
}

int pace_set_nonblock(int fd, bool on)
{
	int flags = call_fcntl(fd, F_GETFL, 0);
	int err;

	if (flags < 0 || !(flags & O_NONBLOCK) == !on)
		return flags < 0 ? flags : 0;
	err = call_fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
	return err < 0 ? err : 0;
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
	/* A moment before the clock began has passed, like any other in the past. */
	s->until = moment < 0 ? 1 : moment;
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
