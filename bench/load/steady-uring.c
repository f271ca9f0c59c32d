/* SPDX-License-Identifier: MIT */
/*
 * Moves the bytes of steady.h on io_uring: the cheaper the generator, the
 * more of the two cores' time is the server's. Multishot receives into
 * provided buffers; a send brings a completion only when it fails or would
 * have to wait, so after submitting all those without one have succeeded.
 */
#include "steady.h"

#include "../plain.h"

#include <liburing.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { BUFFERS = 512, ENTRIES = 4096, COMPLETIONS = 1 << 16, GROUP = 0, WAIT_NS = 100000000 };
enum { SMALLEST = 4 << 10, LARGEST = 64 << 10 };        /* bytes of a buffer */
enum kind { RECEIVE, HOPE, PATIENT };
enum state { AT_REST, HOPING, FAILED, WAITING };        /* how a send stands */

static struct io_uring ring;
static struct io_uring_buf_ring *pool;
static char *memory;
static size_t buffer_size;
static struct sending {
	enum state state;
	uint64_t n;             /* bytes under way */
} *sendings;
static long *hopeful, hoping;

static struct io_uring_sqe *entry(void)
{
	struct io_uring_sqe *sqe;

	while (!(sqe = io_uring_get_sqe(&ring)))
		io_uring_submit(&ring);
	return sqe;
}

static void mark(struct io_uring_sqe *sqe, enum kind kind, long i)
{
	sqe->user_data = (uint64_t)kind << 32 | (uint64_t)i;
}

static void receive(struct run *run, long i)
{
	struct io_uring_sqe *sqe = entry();

	io_uring_prep_recv_multishot(sqe, run->conns[i].fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	mark(sqe, RECEIVE, i);
}

/* What may be sent now, if nothing is under way. */
static void push(struct run *run, long i)
{
	struct conn *c = &run->conns[i];
	uint64_t n = steady_room(run, c);

	if (n == 0 || c->fd < 0 || sendings[i].state != AT_REST)
		return;
	struct io_uring_sqe *sqe = entry();
	io_uring_prep_send(sqe, c->fd, steady_bytes(c), n,
		MSG_NOSIGNAL | MSG_WAITALL | MSG_DONTWAIT);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	mark(sqe, HOPE, i);
	sendings[i] = (struct sending){ .state = HOPING, .n = n };
	hopeful[hoping++] = i;
}

/* The same when there was no room: it may take its time, and counts as sent from its start. */
static void push_patiently(struct run *run, long i, uint64_t now)
{
	struct conn *c = &run->conns[i];
	uint64_t n = steady_room(run, c);
	struct io_uring_sqe *sqe = entry();

	io_uring_prep_send(sqe, c->fd, steady_bytes(c), n, MSG_NOSIGNAL | MSG_WAITALL);
	mark(sqe, PATIENT, i);
	sendings[i] = (struct sending){ .state = WAITING, .n = n };
	steady_sent(run, c, n, now);
}

static void give_back(unsigned buffer)
{
	io_uring_buf_ring_add(pool, memory + buffer * buffer_size, (unsigned)buffer_size,
		(unsigned short)buffer, io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(pool, 1);
}

static void received(struct run *run, long i, const struct io_uring_cqe *cqe, uint64_t now)
{
	struct conn *c = &run->conns[i];

	if (cqe->res > 0) {
		unsigned buffer = cqe->flags >> IORING_CQE_BUFFER_SHIFT;

		if (c->fd >= 0)
			steady_back(run, c, memory + buffer * buffer_size, (uint64_t)cqe->res, now);
		give_back(buffer);
		push(run, i);
	}
	if (cqe->flags & IORING_CQE_F_MORE || c->fd < 0)
		return;
	if (cqe->res > 0 || cqe->res == -ENOBUFS)
		receive(run, i);
	else
		steady_broken(run, c);
}

static const struct io_uring_cqe *completion(unsigned i)
{
	return &ring.cq.cqes[(*ring.cq.khead + i) & ring.cq.ring_mask];
}

/* Not all of it could be sent at once. */
static void disappointed(struct run *run, long i, int result, uint64_t now)
{
	struct conn *c = &run->conns[i];

	sendings[i].state = AT_REST;
	if (c->fd < 0)
		return;
	if (result < 0 && result != -EAGAIN) {
		steady_broken(run, c);
		return;
	}
	if (result > 0)
		steady_sent(run, c, (uint64_t)result, now);
	if (steady_room(run, c))
		push_patiently(run, i, now);
}

static void patience_ended(struct run *run, long i, int result)
{
	sendings[i].state = AT_REST;
	if (run->conns[i].fd < 0)
		return;
	if (result < 0 || (uint64_t)result != sendings[i].n)
		steady_broken(run, &run->conns[i]);
	else
		push(run, i);
}

/* Of the hopeful, those that have not failed have succeeded. */
static void settle(struct run *run, unsigned completions, uint64_t now)
{
	long n = hoping;

	for (unsigned k = 0; k < completions; k++)
		if (completion(k)->user_data >> 32 == HOPE)
			sendings[(unsigned)completion(k)->user_data].state = FAILED;
	hoping = 0;
	for (long k = 0; k < n; k++) {          /* push adds below k: one each at most */
		long i = hopeful[k];

		if (sendings[i].state == HOPING) {
			sendings[i].state = AT_REST;
			steady_sent(run, &run->conns[i], sendings[i].n, now);
			push(run, i);
		}
	}
}

static void await_completions(const struct load *load)
{
	struct __kernel_timespec limit = { .tv_nsec = WAIT_NS };
	struct io_uring_cqe *first;

	if (load->spin)
		io_uring_submit_and_get_events(&ring);
	else
		io_uring_submit_and_wait_timeout(&ring, &first, 1, &limit, NULL);
}

static void turn(struct run *run)
{
	uint64_t submitted = plain_now(), now;
	unsigned n;

	await_completions(run->load);
	now = plain_now();
	n = io_uring_cq_ready(&ring);
	settle(run, n, submitted);
	for (unsigned k = 0; k < n; k++) {
		const struct io_uring_cqe *cqe = completion(k);
		long i = (long)(unsigned)cqe->user_data;

		switch ((enum kind)(cqe->user_data >> 32)) {
		case RECEIVE: received(run, i, cqe, now); break;
		case HOPE: disappointed(run, i, cqe->res, submitted); break;
		case PATIENT: patience_ended(run, i, cqe->res); break;
		}
	}
	io_uring_cq_advance(&ring, n);
}

static bool make_ring(void)
{
	struct io_uring_params params = { .cq_entries = COMPLETIONS, .flags = IORING_SETUP_CQSIZE |
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN };
	struct io_uring_buf_reg reg = { .ring_entries = BUFFERS, .bgid = GROUP };
	size_t rings = BUFFERS * sizeof(struct io_uring_buf), all = BUFFERS * buffer_size;

	if (io_uring_queue_init_params(ENTRIES, &ring, &params) < 0)
		return false;
	pool = mmap(NULL, rings + all, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	if (pool == MAP_FAILED)
		return false;
	reg.ring_addr = (uintptr_t)pool;
	if (io_uring_register_buf_ring(&ring, &reg, 0) < 0)
		return false;
	io_uring_buf_ring_init(pool);
	memory = (char *)pool + rings;
	for (unsigned i = 0; i < BUFFERS; i++)
		give_back(i);
	return true;
}

static bool set_up(struct run *run)
{
	size_t n = (size_t)run->load->connections, all = (size_t)(run->size * run->depth);

	buffer_size = all < SMALLEST ? SMALLEST : all < LARGEST ? all : LARGEST;
	if (!make_ring())
		return false;
	sendings = calloc(n, sizeof *sendings);
	hopeful = calloc(n, sizeof *hopeful);
	if (!sendings || !hopeful)
		return false;
	for (long i = 0; i < run->load->connections; i++) {
		receive(run, i);
		push(run, i);
	}
	return true;
}

static void take_down(void)
{
	io_uring_queue_exit(&ring);
	free(sendings);
	free(hopeful);
}

const struct engine engine_uring = { set_up, turn, take_down };
