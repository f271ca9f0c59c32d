/* SPDX-License-Identifier: MIT */
/*
 * The shim's own life: what it was told to watch, its tape, and which process
 * this is. A process whose shim is off runs on as if it were not there.
 *
 * What no shim sees: calls that libc makes inside itself, as stdio on a socket
 * and the resolver do; io_uring; programs that are linked statically, and those
 * whose loader ignores LD_PRELOAD.
 */
#ifndef PRELOAD_SHIM_H
#define PRELOAD_SHIM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../base/event.h"

enum shim_state {
	SHIM_OFF,               /* not told to watch, or it could not be done */
	SHIM_ASLEEP,            /* no socket was used yet, there is no tape */
	SHIM_WAKING,            /* a thread makes the tape */
	SHIM_ON
};

extern _Atomic int shim_state;

static inline bool shim_is_off(void)
{
	return __builtin_expect(atomic_load_explicit(&shim_state, memory_order_relaxed) == SHIM_OFF, 0);
}

/* Make the tape unless it is there. */
bool shim_wake(void);

/* Is there a tape to tell, now that a socket is used? */
static inline bool shim_is_on(void)
{
	return __builtin_expect(atomic_load_explicit(&shim_state, memory_order_acquire) == SHIM_ON, 1) || shim_wake();
}

/* Is this the process whose memory this is? Not in the child of a vfork, which borrows it. */
bool shim_is_ours(void);

/* As event_init, from what is remembered of the process and the thread. */
void shim_event(struct event *e, int call);

/* The process ends with this status: tell it, once. */
void shim_ends(int status);

#endif
