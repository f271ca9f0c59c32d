/* SPDX-License-Identifier: MIT */
/* What the calls that wait for descriptors have in common. */
#ifndef PRELOAD_WAIT_H
#define PRELOAD_WAIT_H

#include <time.h>

#include "tell.h"

/* What is waited for, or what came of it. */
struct wait {
	int fd;                 /* the socket that stands for all; -1: none */
	int events;             /* its events */
	int count;              /* descriptors in all */
};

/* Another socket: the first one stays, unless this one listens and that does not. */
void wait_for(struct wait *w, int fd, int events);

/* Begin the record, if a socket is waited for; timeout in ms, -1 for ever. */
bool wait_begin(struct witness *w, int call, const struct wait *what, int timeout);

/* The return record: r as the call returned it, and the first ready socket. A look that finds nothing is not told. */
int wait_end(struct witness *w, int r, const struct wait *ready);

/* Times in ms, rounded up, for ever where there is none. */
int wait_ms(const struct timespec *t);

#endif
