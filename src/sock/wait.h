/* SPDX-License-Identifier: MIT */
/*
 * Deadlines. A pace holds what is left of one call's limit:
 *
 *	struct pace p = pace_of(s);
 *	ssize_t r;
 *
 *	do
 *		r = call_recv(s->fd, buf, n, flags | p.flags);
 *	while (pace_again(&p, s->fd, POLLIN, &r));
 *
 * Without a limit the call itself blocks, so nothing is paid. With one the call
 * is made with MSG_DONTWAIT, and pace_again polls for the time that is left.
 */
#ifndef SOCK_WAIT_H
#define SOCK_WAIT_H

#include <sockeye.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>

#include "why.h"

#define PACE_FOREVER INT64_MAX
#define PACE_NOW INT64_MIN

/* What it means that receiving was shut down, for a call that poll calls ready and that has nothing. */
enum { PACE_GO_ON = 0, PACE_END = 1 };

struct pace {
	int64_t deadline;       /* clock_now's ns, PACE_FOREVER or PACE_NOW */
	int flags;              /* MSG_DONTWAIT under a deadline */
	int when_shut;          /* PACE_GO_ON, PACE_END (a result of 0), or a negative errno */
	int vain;               /* times in a row that poll said ready and the call said not */
	bool shut;              /* so said poll the last time */
	bool ended;             /* the result of 0 was made here */
	bool own;               /* the deadline is the socket's own SO_RCVTIMEO or SO_SNDTIMEO */
};

/* The deadline for a limit that starts now. */
int64_t pace_deadline(int64_t limit);

/* The pace of a value that has a limit or an until. */
struct pace pace_limited(const struct sock *s);

static inline struct pace pace_of(const struct sock *s)
{
	if (s->limit < 0 && !s->until)
		return (struct pace){ .deadline = PACE_FOREVER };
	return pace_limited(s);
}

/* ms for poll until the deadline, rounded up: -1 for ever, 0 when it has passed. */
int pace_ms(int64_t deadline);

/* Wait for events on fd: 0 when ready, -LIMIT_REACHED, or a negative errno. EINTR is retried. */
int pace_wait(int64_t deadline, int fd, short events);

/*
 * A failed result: shall the call be made again? Waits if so; else *r may have
 * become -LIMIT_REACHED or what when_shut says.
 */
bool pace_retry(struct pace *p, int fd, short events, ssize_t *r);

static inline bool pace_again(struct pace *p, int fd, short events, ssize_t *r)
{
	if (*r < 0)
		return pace_retry(p, fd, events, r);
	p->vain = p->shut = 0;
	return false;
}

/* Was receiving shut down, by either side? */
bool pace_is_shut(int fd);

/*
 * For a call that goes on after a part was done: has its time run out? Without
 * this a stream that never blocks would never look at the clock.
 */
static inline bool pace_spent(const struct pace *p)
{
	return p->flags && p->deadline != PACE_NOW && pace_ms(p->deadline) == 0;
}

/* The socket's own SO_RCVTIMEO (POLLIN) or SO_SNDTIMEO in ns, 0 for none. */
int64_t pace_own_timeout(int fd, short events);

/* The limit that new values start with. */
int64_t wait_default(void);

/*
 * Set or clear O_NONBLOCK, for calls that know no MSG_DONTWAIT. The flag belongs
 * to the open file, which other values and processes may share, so it is asked
 * each time and never remembered. 0 or a negative errno.
 */
int pace_set_nonblock(int fd, bool on);

#endif
