/* SPDX-License-Identifier: MIT */
/*
 * One worker. It waits in its back end, looks after the conns that asked for
 * it, and now and then sweeps over all of them for what is a matter of time.
 * A sweep costs a few hundred microseconds at ten thousand conns and spares
 * every message the upkeep of a timer.
 */
#include "loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../base/clock.h"
#include "accept.h"
#include "dgram.h"
#include "note.h"
#include "out.h"
#include "rate.h"
#include "space.h"
#include "stream.h"

enum { SWEEP_MOST_MS = 1000, SWEEP_LEAST_MS = 10, DRAIN_SWEEP_MS = 20, STOP_PATIENCE_MS = 2000 };

/* -- Memory ---------------------------------------------------------------------- */

/* The first thousand clients find their records in memory already: no page fault each. */
static void warm(void *at, size_t n)
{
	enum { WARM = 64 * 1024 };

	if (at)
		madvise(at, n < WARM ? n : WARM, MADV_POPULATE_WRITE);
}

static bool reserve_all(struct loop *l)
{
	l->conns = space_reserve(l->most * sizeof *l->conns);
	warm(l->conns, l->most * sizeof *l->conns);
	l->later = space_reserve(l->most * sizeof *l->later);
	l->looked = space_reserve(l->most * sizeof *l->looked);
	l->round = space_reserve(CORE_ROUND);
	if (l->engine->plan->level >= ENGINE_COME_AND_GO)
		l->peers = space_reserve(l->most * sizeof *l->peers);
	return l->conns && l->later && l->looked && l->round &&
	       (l->peers || l->engine->plan->level < ENGINE_COME_AND_GO);
}

struct loop *loop_make(struct engine *e, int number, int ports, uint32_t most)
{
	struct loop *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->engine = e;
	l->backend = e->backend;
	l->number = number;
	l->most = most;
	l->ports = aligned_alloc(64, (ports ? ports : 1) * sizeof *l->ports);
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!l->ports || l->wake < 0 || !reserve_all(l)) {
		loop_free(l);
		return NULL;
	}
	loop_clock(l);
	return l;
}

void loop_free(struct loop *l)
{
	for (int i = 0; i < l->port_count; i++)
		if (l->ports[i].owned)
			sock_close(&l->ports[i].sock);
	space_release(l->conns, l->most * sizeof *l->conns);
	space_release(l->later, l->most * sizeof *l->later);
	space_release(l->looked, l->most * sizeof *l->looked);
	space_release(l->peers, l->most * sizeof *l->peers);
	space_release(l->round, CORE_ROUND);
	dgram_free(l);
	out_forget_room(l);
	if (l->wake >= 0)
		close(l->wake);
	free(l->ports);
	free(l);
}

/* -- Time ------------------------------------------------------------------------ */

void loop_clock(struct loop *l)
{
	l->now = clock_now();
	l->tick = (uint32_t)(l->now / CLOCK_MS);
	l->tick += l->tick == 0;
	l->tight = atomic_load_explicit(&l->engine->held, memory_order_relaxed) > CORE_HELD;
}

void loop_sweep_within(struct loop *l, uint32_t ms)
{
	if (!l->period || ms < l->period)
		l->period = ms;
}

/* Idle conns are found at most a sixteenth of their time late. */
static uint32_t idle_period(const struct loop *l)
{
	uint32_t least = 0;

	for (int i = 0; i < l->port_count; i++) {
		uint32_t idle = l->ports[i].group->idle;

		if (idle && (!least || idle < least))
			least = idle;
	}
	if (!least || !l->clients)
		return 0;
	least /= 16;
	return least < SWEEP_LEAST_MS ? SWEEP_LEAST_MS : least > SWEEP_MOST_MS ? SWEEP_MOST_MS : least;
}

static bool is_past_its_time(struct conn *c)
{
	struct loop *l = c->port->loop;
	uint32_t idle = c->port->group->idle, quiet = l->tick - c->active;

	if (c->is & CONN_SHUT && quiet > CORE_LINGER_MS) {
		CORE_COUNT(l, lingered, 1);
		return true;
	}
	if (idle && quiet > idle) {
		CORE_COUNT(l, idled, 1);
		note_conn(c, ENGINE_COME_AND_GO, "idle for too long");
		return true;
	}
	return false;
}

static void look_at(struct conn *c)
{
	struct loop *l = c->port->loop;

	if (c->is & CONN_DEAD)
		return;
	if (is_past_its_time(c)) {
		stream_close(c);
		return;
	}
	if (c->is & CONN_SHUT)
		loop_sweep_within(l, SWEEP_MOST_MS / 4);
	if (c->is & CONN_THROTTLED) {
		if (rate_relax(c))
			stream_later(c);
		loop_sweep_within(l, SWEEP_LEAST_MS);
	}
}

static void sweep(struct loop *l)
{
	l->swept = l->tick;
	l->period = idle_period(l);
	for (uint32_t i = 0; i < l->top; i++)
		if (l->conns[i].port)
			look_at(&l->conns[i]);
	accept_resume(l);
}

/* -- Rounds ------------------------------------------------------------------------ */

/* Each conn once, those that ask again wait for the next round: nobody keeps the loop to himself. */
static void look_after(struct loop *l)
{
	struct conn **now = l->later;
	uint32_t n = l->later_count;

	l->later = l->looked;
	l->looked = now;
	l->later_count = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct conn *c = now[i];

		c->is &= ~CONN_QUEUED;
		if (!(c->is & CONN_DEAD)) {
			stream_go_on(c);
			if (stream_is_open_for_input(c))
				l->backend->read(c, true);
		}
		if (c->is & CONN_DEAD && !(c->is & CONN_QUEUED))
			l->backend->drop(c);
	}
}

static int64_t patience(const struct loop *l)
{
	int64_t left;

	if (l->later_count)
		return 0;
	if (!l->period)
		return -1;
	left = (int64_t)l->period - (int32_t)(l->tick - l->swept);
	return left > 0 ? left * CLOCK_MS : 0;
}

static int work(struct loop *l)
{
	int err = l->backend->wait(l, patience(l));

	if (err < 0)
		return err;
	look_after(l);
	if (!l->period && l->clients)
		l->period = idle_period(l);
	if (l->period && l->tick - l->swept >= l->period)
		sweep(l);
	return 0;
}

/* -- The end ------------------------------------------------------------------------ */

/* Those already in the queue are still served, as far as a queue is long. */
static void empty(struct port *p)
{
	for (int i = 0; i < p->backlog && (p->datagram ? dgram_ready : accept_ready)(p); i++)
		;
}

/* Take no more callers. */
static void shed(struct loop *l)
{
	l->shedding = true;
	for (int i = 0; i < l->port_count; i++) {
		struct port *p = &l->ports[i];

		empty(p);
		l->backend->listen(p, false);
		if (p->owned && !p->given)
			sock_shutdown(&p->sock, SHUT_RD);
	}
	loop_sweep_within(l, DRAIN_SWEEP_MS);
}

static void cut_all(struct loop *l)
{
	for (uint32_t i = 0; i < l->top; i++) {
		struct conn *c = &l->conns[i];

		if (!c->port || c->is & CONN_DEAD)
			continue;
		CORE_COUNT(l, cut, 1);
		stream_close(c);
	}
}

/* The back end has ended: nothing is under way any more. */
static void drop_all(struct loop *l)
{
	for (uint32_t i = 0; i < l->top; i++)
		if (l->conns[i].port)
			stream_gone(&l->conns[i]);
}

static bool is_over(struct loop *l)
{
	int state = atomic_load(&l->engine->state);

	if (state == CORE_RUN)
		return false;
	if (!l->shedding)
		shed(l);
	loop_sweep_within(l, DRAIN_SWEEP_MS);
	return state == CORE_STOP || !l->clients || l->now >= atomic_load(&l->engine->deadline);
}

static int begin(struct loop *l)
{
	int err = l->backend->open(l);

	for (int i = 0; i < l->port_count && !err; i++)
		err = l->backend->listen(&l->ports[i], true);
	return err;
}

void *loop_run(void *loop)
{
	struct loop *l = loop;
	int err = begin(l);
	uint32_t stopped;

	while (!err && !is_over(l))
		err = work(l);
	cut_all(l);
	stopped = l->tick;
	while (!err && l->clients && l->tick - stopped < STOP_PATIENCE_MS) {
		loop_sweep_within(l, DRAIN_SWEEP_MS);
		err = work(l);
	}
	l->backend->close(l);
	drop_all(l);
	if (err)
		atomic_store(&l->engine->failed, -err);
	atomic_fetch_sub(&l->engine->living, 1);
	notes_wake(l->engine->notes);
	return NULL;
}

void loop_wake(struct loop *l)
{
	uint64_t one = 1;

	if (write(l->wake, &one, sizeof one) < 0)
		return;         /* full of earlier ones: it will wake */
}
