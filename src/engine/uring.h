/* SPDX-License-Identifier: MIT */
/* What the parts of the back end on io_uring share. */
#ifndef ENGINE_URING_H
#define ENGINE_URING_H

#include "ring.h"

/* What a completion is of, in the low bits of a pointer to a conn or port. */
enum { OF_NOTHING, OF_ACCEPT, OF_POLL, OF_RECEIVE, OF_BULK, OF_SEND, OF_DRAIN, OF_WAKE, OF_BITS = 0xf };

static inline struct ring *uring_ring(const struct loop *l)
{
	return l->own;
}

static inline void uring_tag(struct io_uring_sqe *sqe, const void *what, int of)
{
	io_uring_sqe_set_data64(sqe, (uint64_t)(uintptr_t)what | (uint64_t)of);
}

/* Wait for callers or datagrams at a port, or not. */
int uring_listen(struct port *p, bool on);

/* Completions of a port: a caller or a negative errno, and whether more will come; readiness. */
void uring_accepted(struct port *p, int res, bool more);
void uring_polled(struct port *p);

#endif
