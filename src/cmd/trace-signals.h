/* SPDX-License-Identifier: MIT */
/*
 * Signals to the tracer: none interrupts it, they are read when it looks. What
 * a terminal sends reaches the last program by itself; what somebody sends to
 * the tracer is meant for all that it runs.
 */
#ifndef CMD_TRACE_SIGNALS_H
#define CMD_TRACE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct signals {
	int fd;
	sigset_t before;        /* what was blocked already: for the programs */
	int asked;              /* the first that told us to end; 0: none */
	int typed;              /* the same, of the terminal */
};

/* From now on. Returns 0 or a negative errno. */
int signals_begin(struct signals *s);

/* Wait so long, or until one comes, and take those that are there. */
void signals_wait(struct signals *s, int ms);

void signals_end(struct signals *s);

#endif
