/* SPDX-License-Identifier: MIT */
/*
 * Messages in flight on many connections. A message is a piece of a stream: it
 * begins when its first byte is sent and ends when its last one is back, and
 * as one ends the next may begin. steady.c keeps the account; an engine moves
 * the bytes.
 */
#ifndef BENCH_STEADY_H
#define BENCH_STEADY_H

#include "load.h"

struct conn {
	int fd;                 /* -1: broken */
	uint64_t shift;         /* where in the pattern its stream begins */
	uint64_t sent, back;    /* bytes */
	uint64_t *begun;        /* when the messages in flight did */
};

struct run {
	const struct load *load;
	struct tally *tally;
	struct conn *conns;
	long whole;             /* connections that are not broken */
	uint64_t size, depth;
	bool stopping;          /* begin no more messages */
};

/* How many bytes, from steady_bytes on, may be sent now. */
uint64_t steady_room(const struct run *run, const struct conn *c);
const char *steady_bytes(const struct conn *c);

/* So many were sent; so many came back. */
void steady_sent(struct run *run, struct conn *c, uint64_t n, uint64_t now);
void steady_back(struct run *run, struct conn *c, const char *bytes, uint64_t n, uint64_t now);

void steady_broken(struct run *run, struct conn *c);

struct engine {
	bool (*open)(struct run *run);          /* false: not to be had here */
	void (*turn)(struct run *run);          /* move what can be moved; wait at most 100 ms */
	void (*close)(void);
};

extern const struct engine engine_epoll, engine_uring;

#endif
