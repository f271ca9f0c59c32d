/* SPDX-License-Identifier: MIT */
/*
 * An engine that runs in a thread, and clients for it. The clients use plain
 * calls, so that a test which makes the engine's calls fail leaves them alone.
 *
 *	struct running r = { .plan = { .groups = &group, .count = 1, .engine = kind } };
 *
 *	running_start(&r);              // r.at[0] is the first address
 *	...
 *	assert_int_equal(running_stop(&r), 0);
 */
#ifndef RUNNING_H
#define RUNNING_H

#include "net.h"

#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "engine/engine.h"

enum { RUNNING_PLACES = 8, RUNNING_PATIENCE_S = 20 };

struct running {
	struct engine_plan plan;
	char at[RUNNING_PLACES][128];   /* where it listens */
	int count;
	sem_t up, told, draining;       /* it is ready or has ended; USR1 was answered; a drain has begun */
	pthread_t thread;
	int code;
	char why[ENGINE_WHY];
	struct engine_stats stats;      /* the last report */
	int lines;
	char line[512];                 /* the last line */
};

/* Each test of an engine is there once for each kind of it. */
#define ON_BOTH(test)                                                           \
	{ #test "_on_epoll", test, NULL, NULL, &running_kinds[0] },             \
	{ #test "_on_io_uring", test, NULL, NULL, &running_kinds[1] }

static enum engine_kind running_kinds[] = { ENGINE_EPOLL, ENGINE_URING };

/* The kind that a test is for; skipped where it is not to be had. */
static inline enum engine_kind running_kind(void **state)
{
	enum engine_kind kind = *(enum engine_kind *)*state;
	char why[ENGINE_WHY];

	if (engine_probe(kind, why) < 0)
		CHECK_SKIP("%.120s", why);
	return kind;
}

static inline void running_await(sem_t *sem)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += RUNNING_PATIENCE_S;
	while (sem_timedwait(sem, &t) < 0)
		assert_int_equal(errno, EINTR);
}

static inline void running_listening(void *context, const char *where, const struct service *service)
{
	struct running *r = context;

	(void)service;
	if (r->count < RUNNING_PLACES)
		snprintf(r->at[r->count++], sizeof r->at[0], "%s", where);
}

static inline void running_ready(void *context)
{
	sem_post(&((struct running *)context)->up);
}

static inline void running_draining(void *context)
{
	sem_post(&((struct running *)context)->draining);
}

static inline void running_say(void *context, enum engine_level level, const char *line)
{
	struct running *r = context;

	(void)level;
	r->lines++;
	snprintf(r->line, sizeof r->line, "%s", line);
}

static inline void running_report(void *context, const struct engine_stats *stats, bool last)
{
	struct running *r = context;

	r->stats = *stats;
	if (!last)
		sem_post(&r->told);
}

/* The signals are blocked before the engine does so and after it: one that comes late reaches nobody. */
static inline void *running_thread(void *running)
{
	struct running *r = running;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	r->code = engine_run(&r->plan, r->why);
	sem_post(&r->up);
	return NULL;
}

/* True: it listens. False: it has ended, see code and why. */
static inline bool running_begin(struct running *r)
{
	r->plan.context = r;
	r->plan.listening = running_listening;
	r->plan.ready = running_ready;
	r->plan.draining = running_draining;
	r->plan.say = running_say;
	r->plan.report = running_report;
	if (!r->plan.workers)
		r->plan.workers = 1;
	if (!r->plan.max_clients)
		r->plan.max_clients = 2000;
	r->code = -1;
	sem_init(&r->up, 0, 0);
	sem_init(&r->told, 0, 0);
	sem_init(&r->draining, 0, 0);
	assert_int_equal(pthread_create(&r->thread, NULL, running_thread, r), 0);
	running_await(&r->up);
	return r->count > 0 && r->code < 0;
}

/* Wait for its end; returns its code. */
static inline int running_end(struct running *r)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += RUNNING_PATIENCE_S;
	assert_int_equal(pthread_timedjoin_np(r->thread, NULL, &t), 0);
	sem_destroy(&r->up);
	sem_destroy(&r->told);
	sem_destroy(&r->draining);
	return r->code;
}

static inline void running_start(struct running *r)
{
	if (running_begin(r))
		return;
	running_end(r);
	fail_msg("the engine ended with %d: %s", r->code, r->why);
}

static inline int running_stop(struct running *r)
{
	pthread_kill(r->thread, SIGTERM);
	return running_end(r);
}

/* The counters now. */
static inline struct engine_stats running_stats(struct running *r)
{
	pthread_kill(r->thread, SIGUSR1);
	running_await(&r->told);
	return r->stats;
}

/* An abstract Unix address that nobody else has. */
static inline const char *running_unix(void)
{
	static char where[64];
	static int number;

	snprintf(where, sizeof where, "unix:@sockeye-test-%d-%d", (int)getpid(), ++number);
	return where;
}

/* -- Clients ------------------------------------------------------------------------- */

/*
 * A blocking connection that gives up after a while; rcvbuf 0: the system's. The
 * limits come after the connect: giving up a ring may interrupt the thread that
 * asked whether there is io_uring, and only calls without a limit are restarted.
 */
static inline int client_with(const char *where, int rcvbuf)
{
	const struct timeval limit = { .tv_sec = RUNNING_PATIENCE_S };
	struct sock_addr a;
	char why[SOCKEYE_WHY];
	int fd;

	assert_int_equal(sock_addr_parse(&a, where, why), 0);
	fd = socket(sock_addr_family(&a), SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (rcvbuf)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof rcvbuf);
	if (connect(fd, (const struct sockaddr *)&a.storage, a.len) < 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	return fd;
}

static inline int client(const char *where)
{
	int fd = client_with(where, 0);

	assert_true(fd >= 0);
	return fd;
}

static inline bool client_sends(int fd, const char *bytes, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t r = send(fd, bytes + done, n - done, MSG_NOSIGNAL);

		if (r <= 0 && errno != EINTR)
			return false;
		done += r > 0 ? r : 0;
	}
	return true;
}

/* Reads n bytes or up to the end; returns how many, or -1 when the connection broke or nothing came. */
static inline ssize_t client_reads(int fd, char *to, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t r = recv(fd, to + done, n - done, 0);

		if (r == 0 || (r < 0 && errno != EINTR))
			return r < 0 ? -1 : (ssize_t)done;
		done += r > 0 ? r : 0;
	}
	return (ssize_t)n;
}

/* Send a text and read a reply that is as long as it. */
static inline bool client_echoes(int fd, const char *text)
{
	size_t n = strlen(text);
	char reply[256] = "";

	return n < sizeof reply && client_sends(fd, text, n) && client_reads(fd, reply, n) == (ssize_t)n &&
	       memcmp(reply, text, n) == 0;
}

/* Close with a reset. */
static inline void client_resets(int fd)
{
	const struct linger hard = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	close(fd);
}

#endif
