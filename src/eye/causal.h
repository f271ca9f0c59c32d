/* SPDX-License-Identifier: MIT */
/*
 * The ladder by cause instead of time: a layout that is the same for every
 * run in which the programs did the same. Each program's calls keep their
 * order, and none comes before what it had to wait for; what merely happened
 * to be earlier or later, waits, retries, and how a stream was cut into
 * receives leave no trace; of a connect in the background it is told how it
 * ended. Sockets are numbered (s1, s2), ports are letters, and there are no
 * times, descriptors and processes. Where a program has several connections at
 * once, its calls are in order for each of them alone.
 */
#ifndef EYE_CAUSAL_H
#define EYE_CAUSAL_H

#include "row.h"
#include "story.h"

struct causal;

struct causal *causal_new(struct story *story, row_sink *sink, void *to);

/* A row_sink. c is a struct causal. */
void causal_row(void *c, const struct row *row);

/* Give all rows to the sink, in the order of cause, and free it. */
void causal_end(struct causal *c);

#endif
