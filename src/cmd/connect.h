/* SPDX-License-Identifier: MIT */
/* What the parts of the verb connect share: the options in connect.c, the other side's in connect-listen.c. */
#ifndef CMD_CONNECT_H
#define CMD_CONNECT_H

#include <stdbool.h>

#include "meet.h"
#include "talk.h"

struct connect {
	struct meet meet;               /* first, for its options */
	const struct verb *verb;
	bool listen, keep, hold, hex, raw;
	const char *exec, *record;
	int64_t linger;                 /* ns; 0: what suits the socket; -1: for ever */
	int verbosity;                  /* -v adds, -q takes away */
};

/* Talk, or let a program talk, through a connected socket, which is closed. Returns the exit code. */
int connect_through(const struct connect *c, struct sock *s);

/* Wait for a caller, or for one after the other, and talk. Returns the exit code. */
int connect_listen(const struct connect *c);

/* A line on stderr, from a verbosity on. */
void connect_say(const struct connect *c, int from, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
