/* SPDX-License-Identifier: MIT */
/*
 * A lock says whose turn it is. Who steps back gives it up after each piece of
 * work; the other one asks for it every few milliseconds, has a look, and keeps
 * it as long as that one would be late.
 */
#include "trace-turns.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>

#include "../base/clock.h"

enum { LOOK_MS = 20, STEP = 10, PAUSE_MS = 1 };

struct shared {
	const struct turns *t;
	pthread_mutex_t lock;
	atomic_bool wanted;             /* by the other one: a lock by itself is not fair */
	bool done;
};

static void rest(const struct turns *t, int ms)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };

	if (ms > 0)
		poll(&p, 1, ms);
}

bool turns_alone(const struct turns *t, bool (*wants)(void *with))
{
	while (wants(t->with)) {
		int ms = t->turn(t->with);

		if (ms < 0)
			return false;
		rest(t, ms);
	}
	return true;
}

static bool always(void *with)
{
	(void)with;
	return true;
}

/* -- Who steps back ----------------------------------------------------------------------- */

static int take_turn(struct shared *s)
{
	int ms;

	while (atomic_load(&s->wanted))
		poll(NULL, 0, PAUSE_MS);
	pthread_mutex_lock(&s->lock);
	ms = s->done ? -1 : s->t->turn(s->t->with);
	s->done = ms < 0;
	pthread_mutex_unlock(&s->lock);
	return ms;
}

/* The niceness of Linux is a thread's own, whatever POSIX says of processes. */
static void *stepped_back(void *shared)
{
	struct shared *s = shared;
	int ms = 0;

	setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + STEP);
	while (ms >= 0) {
		ms = take_turn(s);
		rest(s->t, ms);
	}
	return NULL;
}

/* -- Who looks after him ------------------------------------------------------------------- */

static void look(struct shared *s)
{
	atomic_store(&s->wanted, true);
	pthread_mutex_lock(&s->lock);
	if (!s->done)
		s->done = !turns_alone(s->t, s->t->is_late);
	pthread_mutex_unlock(&s->lock);
	atomic_store(&s->wanted, false);
}

static bool ends_soon(pthread_t thread)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * CLOCK_MS;
	until.tv_sec += until.tv_nsec / CLOCK_SEC;
	until.tv_nsec %= CLOCK_SEC;
	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0;
}

void turns_run(const struct turns *t)
{
	struct shared s = { .t = t, .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t thread;

	if (pthread_create(&thread, NULL, stepped_back, &s) != 0) {
		turns_alone(t, always);
		return;
	}
	while (!ends_soon(thread))
		look(&s);
}
