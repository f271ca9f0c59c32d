/* SPDX-License-Identifier: MIT */
/*
 * The loop of probe. A job is an address and a port; it is asked at each place
 * its name leads to, by a try, which has a socket. Jobs live in a ring that is
 * longer than the number of sockets, so that a slow one at its beginning holds
 * up the output, but not the work. Deadlines of one kind are all equally far
 * away when they are set, so each kind's are in order in a plain list.
 */
#include "probe-run.h"

#include <errno.h>
#include <sockeye/addr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/code.h"
#include "../sock/sys.h"
#include "probe-due.h"

enum { AHEAD = 1 << 16, EVENTS = 256, SOME = 16, QUEUE_PAUSE_MS = 10 };

struct job;

struct try {
	struct probe_due due;           /* first: a list finds its try by it */
	struct probe_ask ask;
	struct job *job;
	int which;                      /* of the target's addresses */
	struct try *next;               /* of the same job, or of those that are free */
};

struct job {
	struct probe_result result;
	struct probe_answer *each;
	struct try *tries;              /* under way */
	int begun;                      /* addresses that were tried */
	bool known;
};

struct loop {
	const struct probe_run *run;
	struct probe_target *targets;
	int count, epoll;
	struct probe_lookup lookup;
	int at;                         /* the target whose ports come next */
	struct probe_place place;
	struct job *jobs, *now;         /* now: has addresses that were not tried, or NULL */
	uint64_t room, began, told;     /* jobs: places, begun, told */
	struct try *tries, *free;
	int busy;
	bool more;                      /* that may begin at once */
	struct probe_due_list stream, says, queue;
};

/* -- A job ends ------------------------------------------------------------------------- */

static void give_back(struct loop *l, struct try *t)
{
	struct try **link = &t->job->tries;

	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	probe_due_cancel(&t->due);
	sock_close(&t->ask.s);
	t->next = l->free;
	l->free = t;
	l->busy--;
}

static void settle(struct loop *l, struct job *j)
{
	while (j->tries)
		give_back(l, j->tries);
	j->known = true;
	if (l->now == j)
		l->now = NULL;
}

/* One address has answered: is that the answer of all? */
static void take(struct loop *l, struct job *j, int which, const struct probe_answer *a)
{
	struct probe_answer *best = &j->result.answer;

	if (j->each)
		j->each[which] = *a;
	if (best->weight < 0 || a->weight > best->weight)
		*best = *a;
	if ((best->state == PROBE_OPEN && !l->run->each) ||
	    (!j->tries && j->begun == j->result.target->n))
		settle(l, j);
}

static void end(struct loop *l, struct try *t, const struct probe_answer *a)
{
	struct job *j = t->job;
	int which = t->which;

	give_back(l, t);
	take(l, j, which, a);
}

/* -- A try goes on ---------------------------------------------------------------------- */

static int watch(struct loop *l, struct try *t)
{
	struct epoll_event e = {
		.events = probe_ask_says(&t->ask.to) ? EPOLLIN : EPOLLOUT,
		.data.ptr = t,
	};

	return sys.epoll_ctl(l->epoll, EPOLL_CTL_ADD, t->ask.s.fd, &e);
}

/* What a step has come to. */
static void follow(struct loop *l, struct try *t, enum probe_step step, const struct probe_answer *a)
{
	if (step == PROBE_DONE)
		end(l, t, a);
	else if (step == PROBE_QUEUES)
		probe_due_set(&l->queue, &t->due, clock_now());
}

static void look(struct loop *l, struct try *t)
{
	struct probe_answer a = { .weight = 0 };

	follow(l, t, probe_ask_go_on(&t->ask, &a), &a);
}

static void time_is_up(struct loop *l, struct try *t)
{
	struct probe_answer a = { .weight = 0 };

	probe_ask_end(&t->ask, &a);
	end(l, t, &a);
}

static void say_again(struct loop *l, struct try *t)
{
	struct probe_answer a = { .weight = 0 };

	if (t->ask.sent == PROBE_SENDS) {
		time_is_up(l, t);
		return;
	}
	probe_due_set(&l->says, &t->due, clock_now());
	follow(l, t, probe_ask_again(&t->ask, &l->run->how, &a), &a);
}

static void queue_again(struct loop *l, struct try *t)
{
	if (clock_now() - t->ask.began >= l->run->how.timeout)
		time_is_up(l, t);
	else
		look(l, t);
}

static void work_off(struct loop *l, struct probe_due_list *list,
                     void (*each)(struct loop *, struct try *))
{
	int64_t now = clock_now();

	for (struct probe_due *d; (d = probe_due_take(list, now));)
		each(l, (struct try *)(void *)d);
}

/* -- Beginning -------------------------------------------------------------------------- */

/* Begin a try at the next address of a job. False: this machine is short of something. */
static bool begin_try(struct loop *l, struct job *j)
{
	struct probe_answer a = { .weight = 0 };
	struct sock_addr to = j->result.target->list[j->begun];
	struct try *t = l->free;

	if (j->result.target->inet)
		sock_addr_set_port(&to, j->result.port);
	enum probe_step step = probe_ask_begin(&t->ask, &to, &l->run->how, &a);
	if (step == PROBE_SHORT && l->busy)
		return false;
	l->free = t->next;
	l->busy++;
	t->job = j;
	t->which = j->begun++;
	t->next = j->tries;
	j->tries = t;
	if (l->now == j && j->begun == j->result.target->n)
		l->now = NULL;
	if (step == PROBE_WAITS && watch(l, t) < 0) {
		probe_answer_set(&a, PROBE_FAILED, 0, strerrordesc_np(errno));
		step = PROBE_DONE;
	}
	if (step == PROBE_WAITS)
		probe_due_set(probe_ask_says(&to) ? &l->says : &l->stream, &t->due, t->ask.began);
	follow(l, t, step == PROBE_SHORT ? PROBE_DONE : step, &a);
	return true;
}

/* The name led nowhere: all ports of it have the same answer. */
static void answer_unknown(struct loop *l, struct job *j)
{
	const struct probe_target *t = j->result.target;
	enum probe_state state = t->code == CODE_NAME ? PROBE_UNKNOWN :
	                         t->code == CODE_TIMEOUT ? PROBE_SILENT : PROBE_FAILED;

	probe_answer_set(&j->result.answer, state, 0, t->why);
	j->result.answer.took = t->took;
	settle(l, j);
}

static int begin_job(struct loop *l, const struct probe_target *t, int port)
{
	struct job *j = &l->jobs[l->began % l->room];

	*j = (struct job){ .result = { .target = t, .port = port, .answer.weight = -1 } };
	if (l->run->each && t->n > 1) {
		j->each = calloc((size_t)t->n, sizeof *j->each);
		if (!j->each)
			return -ENOMEM;
		j->result.each = j->each;
	}
	l->began++;
	l->now = j;
	if (!t->n)
		answer_unknown(l, j);
	return 0;
}

/* The next job, unless its name is still being looked up. Returns 1, 0 or a negative errno. */
static int next_job(struct loop *l)
{
	while (l->at < l->count && l->began - l->told < l->room) {
		const struct probe_target *t = &l->targets[l->at];

		if (!atomic_load(&t->known))
			return 0;
		int port = probe_ports_next(&t->ports, &l->place);
		if (port) {
			int err = begin_job(l, t, port);

			return err ? err : 1;
		}
		l->at++;
		l->place = (struct probe_place){ .port = 0 };
	}
	return 0;
}

/* A few at a time, lest answers lie unread, and their times be wrong, while others begin. */
static int begin_some(struct loop *l)
{
	l->more = false;
	for (int i = 0; i < SOME && l->free; i++) {
		int found = l->now ? 1 : next_job(l);

		if (found <= 0)
			return found;
		if (l->now && !begin_try(l, l->now))
			return 0;
	}
	l->more = l->free != NULL;
	return 0;
}

/* -- The loop --------------------------------------------------------------------------- */

static int tell_known(struct loop *l)
{
	int err = 0;

	while (!err && l->told < l->began && l->jobs[l->told % l->room].known) {
		struct job *j = &l->jobs[l->told % l->room];

		err = l->run->tell(l->run->ctx, &j->result);
		free(j->each);
		j->each = NULL;
		l->told++;
	}
	return err ? err : l->run->flush(l->run->ctx);
}

static int next_ms(const struct loop *l)
{
	const struct probe_due_list *lists[] = { &l->stream, &l->says, &l->queue };
	int64_t first = INT64_MAX, left;

	if (l->more)
		return 0;
	for (int i = 0; i < 3; i++)
		if (probe_due_first(lists[i]) < first)
			first = probe_due_first(lists[i]);
	if (first == INT64_MAX)
		return -1;
	left = first - clock_now();
	return left <= 0 ? 0 : (int)((left + CLOCK_MS - 1) / CLOCK_MS);
}

/* Wait for sockets, names and deadlines, and see to them. */
static int turn(struct loop *l)
{
	struct epoll_event events[EVENTS];
	int n = sys.epoll_wait(l->epoll, events, EVENTS, next_ms(l));

	if (n < 0 && errno != EINTR)
		return -errno;
	for (int i = 0; i < n; i++) {
		struct try *t = events[i].data.ptr;
		uint64_t times;

		if (!t && read(l->lookup.told, &times, sizeof times) < 0 && errno != EAGAIN)
			return -errno;
		if (t && t->ask.s.fd >= 0)      /* else it ended in this turn */
			look(l, t);
	}
	work_off(l, &l->says, say_again);
	work_off(l, &l->stream, time_is_up);
	work_off(l, &l->queue, queue_again);
	return 0;
}

static int go(struct loop *l)
{
	int err = 0;

	while (!err) {
		uint64_t told = l->told;

		err = begin_some(l);
		if (!err)
			err = tell_known(l);
		if (l->at == l->count && l->told == l->began)
			break;
		if (!err && l->told == told)    /* else there is room again for jobs to begin */
			err = turn(l);
	}
	return err;
}

static int set_up(struct loop *l)
{
	struct epoll_event told = { .events = EPOLLIN };
	uint64_t all = 0;
	size_t tries = (size_t)l->run->at_once;
	int err;

	for (int i = 0; i < l->count; i++)
		all += l->targets[i].ports.count;
	l->room = all < AHEAD ? all : AHEAD;
	l->jobs = calloc(l->room, sizeof *l->jobs);
	l->tries = calloc(tries, sizeof *l->tries);
	if (!l->jobs || !l->tries)
		return -ENOMEM;
	for (size_t i = 0; i < tries; i++) {
		l->tries[i].ask.s.fd = -1;
		l->tries[i].next = l->free;
		l->free = &l->tries[i];
	}
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0)
		return -errno;
	err = probe_lookup_begin(&l->lookup, l->targets, l->count, l->run->how.timeout);
	if (!err && sys.epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->lookup.told, &told) < 0)
		err = -errno;
	return err;
}

static void tear_down(struct loop *l)
{
	for (int i = 0; l->tries && i < l->run->at_once; i++)
		sock_close(&l->tries[i].ask.s);
	for (uint64_t i = 0; l->jobs && i < l->room; i++)
		free(l->jobs[i].each);
	probe_lookup_end(&l->lookup);
	if (l->epoll >= 0)
		close(l->epoll);
	free(l->tries);
	free(l->jobs);
}

int probe_run(const struct probe_run *run, struct probe_target *targets, int count)
{
	int64_t timeout = run->how.timeout;
	struct loop l = {
		.run = run,
		.targets = targets,
		.count = count,
		.epoll = -1,
		.lookup.told = -1,
		.stream.far = timeout,
		.says.far = timeout / PROBE_SENDS,
		.queue.far = timeout < QUEUE_PAUSE_MS * CLOCK_MS ? timeout : QUEUE_PAUSE_MS * CLOCK_MS,
	};
	int err = set_up(&l);

	if (!err)
		err = go(&l);
	tear_down(&l);
	return err;
}
