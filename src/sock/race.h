/* SPDX-License-Identifier: MIT */
/* Connecting to several addresses at once: the race of RFC 8305, section 5. */
#ifndef SOCK_RACE_H
#define SOCK_RACE_H

#include <sockeye.h>

struct race_entry {
	struct sock_addr addr;
	struct sock s;          /* while it runs, and the winner's after */
	/* Why it lost: a positive errno, LIMIT_REACHED, or ECANCELED for not tried; 0: it has not. */
	int err;
};

/* Make a socket for an address, ready to connect, or a dead one. */
typedef struct sock race_make_fn(const struct sock_addr *addr, void *ctx);

/*
 * Start the entries 250 ms apart, or as soon as all before have failed, until
 * one connects. Returns its index with an open, connected entry.s, all others
 * closed; or a negative errno with the reason in every entry.
 */
int race_run(struct race_entry *list, int n, int64_t deadline, race_make_fn *make, void *ctx);

#endif
