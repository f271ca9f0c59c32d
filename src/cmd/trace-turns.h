/* SPDX-License-Identifier: MIT */
/*
 * Two threads that take turns at one task. Usually it is done by one that has
 * stepped back, as nice(1) does, so that it is not in the way of those whom it
 * watches. When they keep the processors so busy that it comes late, the other
 * one does it for a while: without privilege nobody takes back a step.
 */
#ifndef CMD_TRACE_TURNS_H
#define CMD_TRACE_TURNS_H

#include <stdbool.h>

struct turns {
	int (*turn)(void *with);        /* a piece of the task; returns for how many ms it may rest, -1: all is done */
	bool (*is_late)(void *with);
	void *with;                     /* of both, which never run at the same time */
	int fd;                         /* ends a rest when it can be read */
};

/* Until all is done. Nothing may be started meanwhile that should not be stepped back as well. */
void turns_run(const struct turns *t);

/* The same by the caller alone and as he is, for as long as he wants. Returns whether there is more to be done. */
bool turns_alone(const struct turns *t, bool (*wants)(void *with));

#endif
