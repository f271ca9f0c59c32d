/* SPDX-License-Identifier: MIT */
/*
 * What the load generators share: what is asked of them, a pattern that shows
 * lost, doubled and swapped bytes, a histogram, the processor time of the
 * server, and the one line of JSON that they end with.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load {
	long port, connections, size, depth;
	uint64_t warm, time;            /* ns: before anything counts, and then */
	bool spin;                      /* never sleep */
	bool epoll;                     /* even where io_uring is to be had */
	bool upper;                     /* the reply is in upper case */
	long server;                    /* the session whose processor time counts; 0: nobody's */
	const char *mode;               /* what the program calls its ways of loading */
};

/* Reads --port and its like. A wrong one ends the program with a sentence. */
struct load load_options(int argc, char **argv, const char *mode);

enum { PATTERN_LONGEST = 1 << 20 };

/* The bytes of a stream from a position on, PATTERN_LONGEST of them. */
const char *pattern_sent(uint64_t position);

/* Are these the bytes that come back, from a position on? */
bool pattern_returns(const struct load *load, uint64_t position, const char *bytes, size_t n);

/* Of ns, with 64 steps to an octave: off by 1.6 % at most. */
enum { HISTOGRAM_PLACES = 64 * 40 };

struct histogram {
	uint64_t count[HISTOGRAM_PLACES], all;
};

void histogram_add(struct histogram *h, uint64_t value, uint64_t times);
uint64_t histogram_share(const struct histogram *h, double share);

/* ns that all threads of all processes of a session have run, by the scheduler's own count. */
uint64_t cpu_time(long session);

/* What counts from its start to its end. */
struct tally {
	uint64_t messages, bytes, errors, lost;
	uint64_t start, end;            /* ns of the monotonic clock */
	uint64_t cpu;                   /* the server's, ns */
	struct histogram took;
};

void tally_start(struct tally *t, const struct load *load);
void tally_end(struct tally *t, const struct load *load);
void tally_print(const struct tally *t);

#endif
