/* SPDX-License-Identifier: MIT */
/*
 * All workers together: what a plan leaves open is decided here, listeners are
 * opened, threads started, signals taken, lines said and counters added up. The
 * thread that called engine_run does no work of its own, so that a slow
 * terminal or log slows nobody else.
 */
#include "engine.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/code.h"
#include "core.h"
#include "listen.h"
#include "loop.h"
#include "note.h"
#include "rate.h"
#include "source.h"
#include "total.h"
#include "uring-probe.h"

enum {
	DESCRIPTORS_APART = 32,         /* kept for what is no client: files, logs, look-ups */
	DESCRIPTORS_LOOP = 8,
	STACK = 512 * 1024,
	MAX_PER_SOURCE = 1000,
	REPLIES = 20, REPLIES_AT_ONCE = 40,     /* of a paced service, a second and at once, to a network */
	CLIENTS_MOST = 1024 * 1024,
	BUFFER = 64 * 1024, BUFFER_LEAST = 1024, BUFFER_MOST = 1024 * 1024 * 1024
};

static int fail(char why[ENGINE_WHY], int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int fail(char why[ENGINE_WHY], int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, ENGINE_WHY, format, args);
	va_end(args);
	return code;
}

/* -- Decisions --------------------------------------------------------------------------- */

int engine_probe(enum engine_kind kind, char why[ENGINE_WHY])
{
	const char *reason = "";
	int err = kind == ENGINE_EPOLL ? 0 : uring_probe(&reason);

	snprintf(why, ENGINE_WHY, "%s", err ? reason : "");
	return err;
}

/* The reason why there is no io_uring is told, unless it was asked for: then it is a failure. */
static int choose_backend(struct engine *e, char why[ENGINE_WHY])
{
	enum engine_kind kind = e->plan->engine;
	char reason[ENGINE_WHY];
	int err = engine_probe(kind, reason);

	if (err && kind == ENGINE_URING)
		return fail(why, CODE_FORBIDDEN, "engine io_uring: %s: %.400s", strerrordesc_np(-err), reason);
	e->backend = kind == ENGINE_EPOLL || err ? &backend_epoll : &backend_uring;
	note_line(e, ENGINE_COME_AND_GO, "engine %s, %d worker%s, at most %u clients%s%s", e->backend->name,
	          e->workers, e->workers == 1 ? "" : "s", e->clients_most, err ? ": no io_uring: " : "", reason);
	return 0;
}

static int count_cores(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}

static int decide_workers(int asked)
{
	int n = asked > 0 ? asked : count_cores();

	return n < ENGINE_WORKERS_MOST ? n : ENGINE_WORKERS_MOST;
}

/* Descriptors that no client can have. */
static int64_t descriptors_apart(int workers, int addresses)
{
	return DESCRIPTORS_APART + (int64_t)workers * (DESCRIPTORS_LOOP + addresses);
}

/* Clients may take what a limit of descriptors leaves them. */
static int64_t clients_within(rlim_t descriptors, int64_t apart)
{
	int64_t all = descriptors > INT32_MAX / 2 ? INT32_MAX / 2 : (int64_t)descriptors;

	return all - apart;
}

int engine_clients(int addresses)
{
	struct rlimit limit;
	int64_t most;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	most = clients_within(limit.rlim_max, descriptors_apart(decide_workers(0), addresses));
	return most < 0 ? 0 : most < CLIENTS_MOST ? (int)most : CLIENTS_MOST;
}

/* The soft limit is raised to the hard one. */
static int decide_clients(struct engine *e, char why[ENGINE_WHY])
{
	int64_t apart = descriptors_apart(e->workers, listen_count(e->plan));
	struct rlimit limit;
	int64_t most;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return fail(why, CODE_NETWORK, "getrlimit: %s", strerrordesc_np(errno));
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		getrlimit(RLIMIT_NOFILE, &limit);
	most = clients_within(limit.rlim_cur, apart);
	if (most < 1)
		return fail(why, CODE_USAGE, "%" PRIu64 " descriptors (RLIMIT_NOFILE) are too few: %" PRId64
		            " are needed besides those of clients: raise \"ulimit -n\"",
		            (uint64_t)limit.rlim_cur, apart);
	if (e->plan->max_clients > most)
		return fail(why, CODE_USAGE, "max-clients %d: the limit of descriptors here (RLIMIT_NOFILE) allows %"
		            PRId64 ": raise \"ulimit -n\"", e->plan->max_clients, most);
	if (e->plan->max_clients > 0)
		most = e->plan->max_clients;
	e->clients_most = most < CLIENTS_MOST ? most : CLIENTS_MOST;
	return 0;
}

static uint32_t ms_of(int64_t ns, int64_t otherwise)
{
	ns = ns ? ns : otherwise;
	if (ns < 0)
		return 0;
	return ns / CLOCK_MS < INT32_MAX ? (uint32_t)((ns + CLOCK_MS - 1) / CLOCK_MS) : INT32_MAX;
}

static bool fill_in(struct group *g, const struct engine_group *asked)
{
	uint64_t buffer = asked->buffer ? asked->buffer : BUFFER;

	*g = (struct group){
		.asked = asked,
		.service = asked->service,
		.idle = ms_of(asked->idle, 3600 * CLOCK_SEC),
		.buffer = buffer < BUFFER_LEAST ? BUFFER_LEAST : buffer > BUFFER_MOST ? BUFFER_MOST : buffer,
		.rate = asked->rate,
		.burst = asked->rate / 10 > CORE_INPUT ? asked->rate / 10 : CORE_INPUT,
		.max_per_source = asked->max_per_source < 0 ? 0 :
		                  asked->max_per_source ? asked->max_per_source : MAX_PER_SOURCE,
	};
	if (g->rate)
		g->networks = networks_make(g->rate, g->rate);
	return !g->rate || g->networks;
}

/* -- Making and unmaking ------------------------------------------------------------------- */

static void free_all(struct engine *e)
{
	listen_tidy(e);
	for (int i = 0; e->loops && i < e->workers; i++)
		if (e->loops[i])
			loop_free(e->loops[i]);
	for (int i = 0; e->groups && i < e->plan->count; i++)
		networks_free(e->groups[i].networks);
	sources_free(e->sources);
	networks_free(e->paced);
	notes_free(e->notes);
	free(e->own_ports);
	free(e->groups);
	free(e->loops);
}

static bool make_parts(struct engine *e)
{
	int ports = listen_count(e->plan);

	e->groups = calloc(e->plan->count, sizeof *e->groups);
	e->own_ports = calloc(ports, sizeof *e->own_ports);
	e->loops = calloc(e->workers, sizeof *e->loops);
	e->sources = sources_make(e->clients_most);
	e->paced = networks_make(REPLIES, REPLIES_AT_ONCE);
	if (!e->groups || !e->own_ports || !e->loops || !e->sources || !e->paced)
		return false;
	for (int i = 0; i < e->plan->count; i++)
		if (!fill_in(&e->groups[i], &e->plan->groups[i]))
			return false;
	for (int i = 0; i < e->workers; i++)
		if (!(e->loops[i] = loop_make(e, i, ports, e->clients_most)))
			return false;
	return true;
}

static int make(struct engine *e, char why[ENGINE_WHY])
{
	int code;

	e->workers = decide_workers(e->plan->workers);
	e->began = clock_now();
	e->overflows_before = total_overflows();
	e->notes = notes_make();
	if (!e->notes)
		return fail(why, CODE_NETWORK, "out of memory");
	code = decide_clients(e, why);
	if (!code)
		code = choose_backend(e, why);
	if (!code && !make_parts(e))
		code = fail(why, CODE_NETWORK, "out of memory");
	return code ? code : listen_all(e, why);
}

/* -- Signals -------------------------------------------------------------------------------- */

struct signals {
	sigset_t before;
	int fd;
	int caught;                     /* the signal that ends the run */
};

static bool signals_begin(struct signals *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGALRM);
	s->caught = 0;
	pthread_sigmask(SIG_BLOCK, &set, &s->before);
	sigdelset(&set, SIGPIPE);
	sigdelset(&set, SIGALRM);
	s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->fd >= 0;
}

/* A SIGPIPE that a dead log brought upon us, or a stray alarm, must not be waiting for the caller. */
static void signals_end(struct signals *s)
{
	const struct timespec now = { 0 };
	sigset_t stray;

	sigemptyset(&stray);
	sigaddset(&stray, SIGPIPE);
	sigaddset(&stray, SIGALRM);
	while (sigtimedwait(&stray, NULL, &now) > 0)
		;
	if (s->fd >= 0)
		close(s->fd);
	pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}

static void set_state(struct engine *e, int state)
{
	atomic_store(&e->state, state);
	for (int i = 0; i < e->workers; i++)
		loop_wake(e->loops[i]);
}

/* The first time clients may finish, the second time they may not. */
static void end(struct engine *e, struct signals *s, int number)
{
	int64_t drain = e->plan->drain ? e->plan->drain : 10 * CLOCK_SEC;

	if (!s->caught && e->plan->draining)
		e->plan->draining(e->plan->context);
	s->caught = number;
	if (atomic_load(&e->state) != CORE_RUN || drain < 0) {
		set_state(e, CORE_STOP);
		return;
	}
	atomic_store(&e->deadline, clock_now() + drain);
	bool whole = drain % CLOCK_SEC == 0;

	note_line(e, ENGINE_NOTE, "%s: taking no more callers, %u to finish within %" PRId64 " %s", sigdescr_np(number),
	          (unsigned)e->clients, drain / (whole ? CLOCK_SEC : CLOCK_MS), whole ? "s" : "ms");
	set_state(e, CORE_DRAIN);
}

static void report(struct engine *e, bool last)
{
	struct engine_stats stats;

	if (!e->plan->report)
		return;
	total_of(e, &stats);
	e->plan->report(e->plan->context, &stats, last);
}

static void take_signals(struct engine *e, struct signals *s)
{
	struct signalfd_siginfo info;

	while (read(s->fd, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGUSR1)
			report(e, false);
		else
			end(e, s, (int)info.ssi_signo);
	}
}

/* -- Running -------------------------------------------------------------------------------- */

static void announce(struct engine *e)
{
	const struct engine_plan *plan = e->plan;
	struct loop *l = e->loops[0];

	for (int i = 0; i < l->port_count && plan->listening; i++)
		plan->listening(plan->context, sock_name(&l->ports[i].sock).s, l->ports[i].group->service);
	if (plan->ready)
		plan->ready(plan->context);
}

static int start(struct engine *e, pthread_t *threads)
{
	pthread_attr_t attr;
	int started = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	while (started < e->workers) {
		atomic_fetch_add(&e->living, 1);
		if (pthread_create(&threads[started], &attr, loop_run, e->loops[started]) != 0) {
			atomic_fetch_sub(&e->living, 1);
			break;
		}
		started++;
	}
	pthread_attr_destroy(&attr);
	return started;
}

static void watch_over(struct engine *e, struct signals *s)
{
	struct pollfd list[] = {
		{ .fd = s->fd, .events = POLLIN },
		{ .fd = notes_fd(e->notes), .events = POLLIN },
	};

	while (atomic_load(&e->living)) {
		if (poll(list, 2, -1) < 0 && errno != EINTR) {
			set_state(e, CORE_STOP);
			break;
		}
		take_signals(e, s);
		notes_say(e);
		if (atomic_load(&e->failed))
			set_state(e, CORE_STOP);
	}
}

static int run(struct engine *e, struct signals *s, char why[ENGINE_WHY])
{
	pthread_t threads[ENGINE_WORKERS_MOST];
	struct engine_stats stats;
	int started;

	announce(e);
	started = start(e, threads);
	if (started < e->workers) {
		atomic_store(&e->failed, EAGAIN);
		set_state(e, CORE_STOP);
	}
	watch_over(e, s);
	for (int i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	notes_say(e);
	total_of(e, &stats);
	report(e, true);
	if (e->failed)
		return fail(why, CODE_NETWORK, "a worker of the engine ended: %s", strerrordesc_np(e->failed));
	return stats.cut ? CODE_SIGNAL + s->caught : 0;
}

int engine_run(const struct engine_plan *plan, char why[ENGINE_WHY])
{
	struct engine e = { .plan = plan };
	struct signals signals;
	int code;

	why[0] = '\0';
	mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
	if (!signals_begin(&signals))
		code = fail(why, CODE_NETWORK, "signalfd: %s", strerrordesc_np(errno));
	else
		code = make(&e, why);
	if (!code)
		code = run(&e, &signals, why);
	else if (e.notes)
		notes_say(&e);
	free_all(&e);
	signals_end(&signals);
	return code;
}
