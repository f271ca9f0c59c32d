/* SPDX-License-Identifier: MIT */
/*
 * Does a program wait for somebody? Then the next one may be started. It does
 * when a call of its own that accepts, receives, or watches a socket that
 * listens or takes datagrams has not returned for a moment.
 */
#ifndef CMD_TRACE_READY_H
#define CMD_TRACE_READY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/event.h"

enum { READY_CALLS = 64, READY_LISTENERS = 64 };

struct ready {
	pid_t pid;                      /* of the program, and of the group of its children */
	bool seen;                      /* there was a record of it */
	int calls, listeners;
	struct ready_call {
		int64_t since;
		pid_t tid;
		int fd, call;
		bool open;              /* it has not returned */
		bool vain;              /* it has, for nothing: the same again goes on waiting */
	} call[READY_CALLS];
	struct ready_listener {
		uint64_t cookie;
		pid_t pid;
		int fd;
	} listener[READY_LISTENERS];
};

/* Watch this program from now on. */
void ready_begin(struct ready *r, pid_t pid);

/* A record of any program. */
void ready_event(struct ready *r, const struct event *e);

bool ready_is(const struct ready *r, int64_t now);

#endif
