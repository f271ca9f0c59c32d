/* SPDX-License-Identifier: MIT */
/*
 * A ring of io_uring(7) and the two stocks of buffers that the kernel receives
 * into: small ones for everybody, and a few large ones for conns in bulk. A
 * buffer is taken by a completion and given back when its round has ended.
 */
#ifndef ENGINE_RING_H
#define ENGINE_RING_H

#include <liburing.h>

#include "core.h"

enum {
	RING_DROP = 1024 * 1024,                /* bytes of a stream dropped in one receive */
	RING_PIECES = 128                       /* in one send */
};

enum ring_size { RING_SMALL, RING_LARGE, RING_SIZES };  /* also the number of the kernel's buffer group */

struct stock {
	struct io_uring_buf_ring *shelf;        /* shared with the kernel */
	char *memory;
	uint32_t count, size;
	uint32_t free;                          /* on the shelf, as far as completions tell */
	uint32_t taken;
	uint16_t *takings;                      /* numbers of the buffers taken */
};

/* A send that never waits: of whom, how many bytes. */
struct offer {
	struct conn *conn;
	size_t n;
};

struct ring {
	struct io_uring ring;
	struct stock stock[RING_SIZES];
	char *nowhere;                          /* RING_DROP bytes of address space for what TCP drops */
	bool tight;                             /* no receive goes on by itself */
	struct conn **dirty, **starved;
	struct offer *offered;                  /* and not yet answered */
	uint32_t offered_count, dirty_count, starved_first, starved_count;
};

/* Make a ring for up to so many conns, in the thread that will use it. 0 or a negative errno. */
int ring_make(struct ring **ring, uint32_t conns);
void ring_free(struct ring *r, uint32_t conns);

/* The next free entry for a submission; submits what there is when they run out. */
struct io_uring_sqe *ring_entry(struct ring *r);

/*
 * Submit all, and wait until something has come, or for timeout ns (<0 for
 * ever); before sleeping poll in vain for spin ns. 0 or a negative errno.
 */
int ring_wait(struct ring *r, int64_t timeout, int64_t spin);

/* Has the kernel taken all that was submitted, and have we seen all that it said of it? */
bool ring_is_settled(const struct ring *r);

/* The memory of a buffer that a completion names. It stays until ring_give_back. */
char *ring_take(struct ring *r, enum ring_size size, unsigned number);

/* Give all taken buffers back to the kernel. */
void ring_give_back(struct ring *r);

/* How many small buffers a ring gets, a power of two. A test may take fewer. */
extern uint32_t ring_small_buffers;

/* Where a test may change what a completion says. NULL: nowhere. */
extern int (*ring_seam)(int of, int res);

static inline int ring_result(int of, int res)
{
	return __builtin_expect(ring_seam != NULL, 0) ? ring_seam(of, res) : res;
}

#endif
