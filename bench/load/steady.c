/* SPDX-License-Identifier: MIT */
/*
 * The account of steady.h, and the course of a measurement: warm up, count, let
 * what is still out come back.
 */
#include "steady.h"

#include "../plain.h"
#include "tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const uint64_t drain = 2000000000;

uint64_t steady_room(const struct run *run, const struct conn *c)
{
	uint64_t room = (c->back / run->size + run->depth) * run->size - c->sent;

	if (run->stopping)
		return 0;
	return room < PATTERN_LONGEST ? room : PATTERN_LONGEST;
}

const char *steady_bytes(const struct conn *c)
{
	return pattern_sent(c->shift + c->sent);
}

void steady_sent(struct run *run, struct conn *c, uint64_t n, uint64_t now)
{
	uint64_t message = (c->sent + run->size - 1) / run->size;

	c->sent += n;
	for (; message * run->size < c->sent; message++)
		c->begun[message % run->depth] = now;
}

void steady_back(struct run *run, struct conn *c, const char *bytes, uint64_t n, uint64_t now)
{
	uint64_t message = c->back / run->size;

	if (c->back + n > c->sent || !pattern_returns(run->load, c->shift + c->back, bytes, n))
		run->tally->errors++;
	c->back += n;
	run->tally->bytes += n;
	for (; (message + 1) * run->size <= c->back; message++) {
		histogram_add(&run->tally->took, now - c->begun[message % run->depth], 1);
		run->tally->messages++;
	}
}

void steady_broken(struct run *run, struct conn *c)
{
	run->tally->errors++;
	run->whole--;
	close(c->fd);
	c->fd = -1;
}

static uint64_t outstanding(const struct run *run)
{
	uint64_t sum = 0;

	for (long i = 0; i < run->load->connections; i++)
		sum += run->conns[i].sent - run->conns[i].back;
	return sum;
}

static void turn_until(struct run *run, const struct engine *engine, uint64_t end)
{
	while (run->whole && plain_now() < end && (!run->stopping || outstanding(run)))
		engine->turn(run);
}

static void measure(struct run *run, const struct engine *engine)
{
	struct tally *tally = run->tally;

	turn_until(run, engine, plain_now() + run->load->warm);
	tally_start(tally, run->load);
	turn_until(run, engine, tally->start + run->load->time);
	tally_end(tally, run->load);

	static struct tally counted;
	counted = *tally;
	run->stopping = true;
	turn_until(run, engine, plain_now() + drain);
	counted.lost = (outstanding(run) + run->size - 1) / run->size;
	counted.errors = tally->errors + counted.lost;  /* a stream loses nothing */
	*tally = counted;
}

static const struct engine *choose(struct run *run)
{
	if (!run->load->epoll && engine_uring.open(run))
		return &engine_uring;
	if (!run->load->epoll)
		fprintf(stderr, "tcp-load: no io_uring here, so epoll, which is dearer\n");
	if (!engine_epoll.open(run))
		plain_fail("epoll");
	return &engine_epoll;
}

void tcp_steady(const struct load *load, const int *fds, struct tally *tally)
{
	size_t n = (size_t)load->connections, depth = (size_t)load->depth;
	struct run run = { .load = load, .tally = tally, .whole = load->connections,
		.size = (uint64_t)load->size, .depth = (uint64_t)load->depth };
	uint64_t *begun = calloc(n * depth, sizeof *begun);

	run.conns = calloc(n, sizeof *run.conns);
	if (!run.conns || !begun)
		plain_fail("calloc");
	for (size_t i = 0; i < n; i++)
		run.conns[i] = (struct conn){
			.fd = fds[i], .shift = i, .begun = begun + i * depth };
	const struct engine *engine = choose(&run);
	measure(&run, engine);
	engine->close();
	free(run.conns);
	free(begun);
}
