/* SPDX-License-Identifier: MIT */
/*
 * How far a long transfer is: one line on stderr, written over and over, from a
 * thread of its own, so that a transfer that stands still is told too. It
 * begins after a second, on a terminal only, and is wiped at the end.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct progress {
	const _Atomic uint64_t *sent, *got;
	uint64_t size;          /* of what is to be sent; 0: unknown */
	int64_t began;
	int stop;
	bool runs;
	pthread_t thread;
};

/* Begin, where there is somebody to see it. The counts must live until progress_end. */
void progress_begin(struct progress *p, const _Atomic uint64_t *sent, const _Atomic uint64_t *got,
                    uint64_t size);
void progress_end(struct progress *p);

enum { PROGRESS_LINE = 160 };

/* The line for a moment, ns after the beginning; rate is bytes a second lately. Returns the length. */
int progress_line(char line[PROGRESS_LINE], const struct progress *p, int64_t ns, double rate);

#endif
