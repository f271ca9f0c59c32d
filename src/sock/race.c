/* SPDX-License-Identifier: MIT */
/*
 * The race: one descriptor per attempt, all polled together, the first that
 * connects wins. A head start of 250 ms keeps the number of useless
 * connections down; an attempt that fails lets the next one start at once.
 */
#include "race.h"

#include <errno.h>
#include <stdbool.h>

#include "../base/clock.h"
#include "call.h"
#include "connect.h"
#include "resolve.h"
#include "wait.h"

enum { HEAD_START_MS = 250 };

struct race {
	struct race_entry *list;
	int n, next, running;
	int64_t next_at;        /* when the next entry starts */
	int64_t deadline;
	race_make_fn *make;
	void *ctx;
};

static void lose(struct race *r, struct race_entry *e, int err)
{
	e->err = err;
	sock_close(&e->s);
	r->running--;
	r->next_at = clock_now();
}

/* Returns true when the entry is connected at once, as on a Unix socket or loopback. */
static bool start(struct race *r)
{
	struct race_entry *e = &r->list[r->next++];
	int err;

	r->next_at = clock_now() + HEAD_START_MS * CLOCK_MS;
	e->s = r->make(&e->addr, r->ctx);
	r->running++;
	err = e->s.state == STATE_OPEN ? connect_to(&e->s, &e->addr, PACE_NOW) : -e->s.error;
	if (err && err != -LIMIT_REACHED)
		lose(r, e, -err);
	return err == 0;
}

/* Look at the entries that poll reported. Returns the winner's index or -1. */
static int judge(struct race *r, const struct pollfd *polls)
{
	for (int i = 0; i < r->next; i++) {
		struct race_entry *e = &r->list[i];
		int err;

		if (e->s.state != STATE_OPEN || !polls[i].revents)
			continue;
		err = connect_result(e->s.fd, &e->addr);
		if (err == 0)
			return i;
		lose(r, e, -err);
	}
	return -1;
}

/* Poll the running entries until something happens or it is time for the next. 0, or a negative errno. */
static int wait_some(struct race *r, struct pollfd *polls)
{
	int64_t until = r->deadline;
	int ms, n;

	if (r->next < r->n && r->next_at < until)
		until = r->next_at;
	for (int i = 0; i < r->next; i++)
		polls[i] = (struct pollfd){
			.fd = r->list[i].s.state == STATE_OPEN ? r->list[i].s.fd : -1,
			.events = POLLOUT,
		};
	ms = pace_ms(until);
	n = call_polls(polls, r->next, ms);
	return n < 0 && n != -EINTR ? n : 0;
}

/* Returns the winner, -ECONNREFUSED or the like when all lost, or -LIMIT_REACHED. */
static int run(struct race *r)
{
	struct pollfd polls[RESOLVE_MOST];

	while (r->running > 0 || r->next < r->n) {
		int err, winner;

		if (r->next < r->n && (r->running == 0 || clock_now() >= r->next_at)) {
			if (start(r))
				return r->next - 1;
			continue;
		}
		err = wait_some(r, polls);
		if (err)
			return err;
		winner = judge(r, polls);
		if (winner >= 0)
			return winner;
		if (pace_ms(r->deadline) == 0)
			return -LIMIT_REACHED;
	}
	return -r->list[0].err;
}

int race_run(struct race_entry *list, int n, int64_t deadline, race_make_fn *make, void *ctx)
{
	struct race r = { .list = list, .n = n, .deadline = deadline, .make = make, .ctx = ctx };
	int winner = run(&r);
	/* The winner goes back to blocking mode: its limits are kept by MSG_DONTWAIT. */
	int err = winner < 0 ? winner : pace_set_nonblock(list[winner].s.fd, false);

	for (int i = 0; i < r.n; i++) {
		if (i == winner && !err)
			continue;
		if (i < r.next)
			sock_close(&list[i].s);
		if (!list[i].err)
			list[i].err = err && i < r.next ? -err : ECANCELED;
	}
	return err ? err : winner;
}
