/* SPDX-License-Identifier: MIT */
/*
 * Making a ring, waiting on it, and its buffers. What a kernel offers is found
 * out by trying, never by its version: see uring-probe.c.
 */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "space.h"

enum { ENTRIES = 1024, COMPLETIONS = 8192, LARGE_BUFFERS = 16 };

uint32_t ring_small_buffers = 256;

int (*ring_seam)(int of, int res);

/* -- Buffers ---------------------------------------------------------------------------- */

/* Each buffer has headroom in front, where the start of a cut character may go. */
static char *buffer(const struct stock *s, unsigned number)
{
	return s->memory + (size_t)number * (CORE_HEADROOM + s->size) + CORE_HEADROOM;
}

static void shelve(struct stock *s, unsigned number, int place)
{
	io_uring_buf_ring_add(s->shelf, buffer(s, number), s->size, number, s->count - 1, place);
}

/* count is a power of two. */
static int stock_make(struct ring *r, enum ring_size which, uint32_t count, uint32_t size)
{
	struct stock *s = &r->stock[which];
	struct io_uring_buf_reg reg = { .ring_entries = count, .bgid = which };

	s->count = s->free = count;
	s->size = size;
	s->shelf = space_reserve(count * sizeof(struct io_uring_buf));
	s->memory = space_reserve((size_t)count * (CORE_HEADROOM + size));
	s->takings = malloc(count * sizeof *s->takings);
	if (!s->shelf || !s->memory || !s->takings)
		return -ENOMEM;
	reg.ring_addr = (uint64_t)(uintptr_t)s->shelf;
	io_uring_buf_ring_init(s->shelf);
	for (uint32_t i = 0; i < count; i++)
		shelve(s, i, i);
	io_uring_buf_ring_advance(s->shelf, count);
	return io_uring_register_buf_ring(&r->ring, &reg, 0);
}

static void stock_free(struct stock *s)
{
	space_release(s->shelf, s->count * sizeof(struct io_uring_buf));
	space_release(s->memory, (size_t)s->count * (CORE_HEADROOM + s->size));
	free(s->takings);
}

char *ring_take(struct ring *r, enum ring_size size, unsigned number)
{
	struct stock *s = &r->stock[size];

	s->free--;
	s->takings[s->taken++] = number;
	return buffer(s, number);
}

void ring_give_back(struct ring *r)
{
	for (int i = 0; i < RING_SIZES; i++) {
		struct stock *s = &r->stock[i];

		if (!s->taken)
			continue;
		for (uint32_t j = 0; j < s->taken; j++)
			shelve(s, s->takings[j], j);
		io_uring_buf_ring_advance(s->shelf, s->taken);
		s->free += s->taken;
		s->taken = 0;
	}
}

/* -- The ring ----------------------------------------------------------------------------- */

/*
 * Work that completes an operation runs when we ask for events and never
 * interrupts (DEFER_TASKRUN); where that is unknown, when we enter the kernel
 * anyway (COOP_TASKRUN).
 */
static int set_up(struct io_uring *ring)
{
	static const unsigned ways[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
	};
	int err = -ENOSYS;

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct io_uring_params p = {
			.flags = ways[i] | IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP,
			.cq_entries = COMPLETIONS,
		};

		err = io_uring_queue_init_params(ENTRIES, ring, &p);
		if (err != -EINVAL)
			break;
	}
	return err;
}

int ring_make(struct ring **ring, uint32_t conns)
{
	struct ring *r = calloc(1, sizeof *r);
	int err;

	if (!r)
		return -ENOMEM;
	err = set_up(&r->ring);
	if (err < 0) {
		free(r);
		return err;
	}
	*ring = r;
	io_uring_register_ring_fd(&r->ring);
	r->dirty = space_reserve((conns + 1) * sizeof *r->dirty);
	r->starved = space_reserve((conns + 1) * sizeof *r->starved);
	r->offered = space_reserve((conns + 1) * sizeof *r->offered);
	r->nowhere = space_reserve(RING_DROP);
	if (!r->dirty || !r->starved || !r->offered || !r->nowhere)
		return -ENOMEM;
	err = stock_make(r, RING_SMALL, ring_small_buffers, CORE_INPUT);
	return err ? err : stock_make(r, RING_LARGE, LARGE_BUFFERS, CORE_SCRATCH);
}

void ring_free(struct ring *r, uint32_t conns)
{
	if (!r)
		return;
	io_uring_queue_exit(&r->ring);
	for (int i = 0; i < RING_SIZES; i++)
		stock_free(&r->stock[i]);
	space_release(r->nowhere, RING_DROP);
	space_release(r->dirty, (conns + 1) * sizeof *r->dirty);
	space_release(r->starved, (conns + 1) * sizeof *r->starved);
	space_release(r->offered, (conns + 1) * sizeof *r->offered);
	free(r);
}

struct io_uring_sqe *ring_entry(struct ring *r)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);

	while (!sqe) {
		io_uring_submit(&r->ring);
		sqe = io_uring_get_sqe(&r->ring);
	}
	return sqe;
}

/* -- Waiting -------------------------------------------------------------------------------- */

/* All that can be had without waiting. */
static int look(struct ring *r)
{
	int n = io_uring_submit_and_get_events(&r->ring);

	return n < 0 ? n : (int)io_uring_cq_ready(&r->ring);
}

static int spin_for(struct ring *r, int64_t ns)
{
	int64_t until = clock_now() + ns;
	int n;

	do
		n = look(r);
	while (n == 0 && clock_now() < until);
	return n;
}

static int sleep_for(struct ring *r, int64_t ns)
{
	struct __kernel_timespec t = { .tv_sec = ns / CLOCK_SEC, .tv_nsec = ns % CLOCK_SEC };
	struct io_uring_cqe *cqe;

	return io_uring_submit_and_wait_timeout(&r->ring, &cqe, 1, ns < 0 ? NULL : &t, NULL);
}

/* A wait that was cut short is a round with less in it; a full ring empties in the next. */
static bool is_nothing(int err)
{
	return err == -ETIME || err == -EINTR || err == -EAGAIN || err == -EBUSY;
}

bool ring_is_settled(const struct ring *r)
{
	return !io_uring_sq_ready(&r->ring) &&
	       !(IO_URING_READ_ONCE(*r->ring.sq.kflags) & IORING_SQ_CQ_OVERFLOW);
}

int ring_wait(struct ring *r, int64_t timeout, int64_t spin)
{
	int err = 0;

	if (timeout == 0)
		err = look(r);
	else if (spin)
		err = spin_for(r, timeout > 0 && timeout < spin ? timeout : spin);
	/* Where completions lie already, sleeping would not even look at what else is ready. */
	if (timeout != 0 && err == 0)
		err = io_uring_cq_ready(&r->ring) ? look(r) : sleep_for(r, timeout);
	return err < 0 && !is_nothing(err) ? err : 0;
}
