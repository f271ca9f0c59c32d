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

/* There is output: offer it when the round ends. */
void uring_flush(struct conn *c);

/* Offer the output of all conns that have some. */
void uring_offer_all(struct loop *l);

/* An offer was answered with bytes or a negative errno; so was a send that waits. */
void uring_answered(struct conn *c, int64_t res);
void uring_drained(struct conn *c, int64_t res);

/* All offers that nothing was heard of are done, if everything has been heard; the others stay. */
void uring_end_offers(struct ring *r, bool settled);

/* When nearly all places are taken callers are taken one by one. */
void uring_mind_places(struct loop *l);

#endif
