/* SPDX-License-Identifier: MIT */
/* A worker: its memory, its rounds, its sweeps. */
#ifndef ENGINE_LOOP_H
#define ENGINE_LOOP_H

#include "core.h"

/* Make a loop with room for ports and for most conns. NULL: no memory or descriptor. */
struct loop *loop_make(struct engine *e, int number, int ports, uint32_t most);

/* Close its listeners and give everything back. The loop has ended or never began. */
void loop_free(struct loop *l);

/* Work until the engine's state says otherwise. A pthread's start: returns NULL. */
void *loop_run(void *loop);

/* Something waits for its time: sweep at least every so many ms from now on. */
void loop_sweep_within(struct loop *l, uint32_t ms);

/* Read the clock, at the start of a round. */
void loop_clock(struct loop *l);

/* Tell the loop that the engine's state has changed. From any thread. */
void loop_wake(struct loop *l);

#endif
