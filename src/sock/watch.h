/* SPDX-License-Identifier: MIT */
/*
 * Telling the watcher: fills an event record for one call on a descriptor and
 * hands it to the hook of base/event.h. Used by call.c alone, and only while a
 * hook is set.
 */
#ifndef SOCK_WATCH_H
#define SOCK_WATCH_H

#include <sockeye.h>
#include <stdbool.h>
#include <sys/types.h>

#include "../base/event.h"

struct watch {
	struct event e;         /* asked, arg and the like are set by the caller */
	int64_t start;
	int64_t end;            /* the time of the return record; 0: when it is made */
};

static inline bool watch_on(void)
{
	return __builtin_expect(__atomic_load_n(&event_hook, __ATOMIC_ACQUIRE) != NULL, 0);
}

/* Begin a record for a call on fd (-1: none yet). */
void watch_init(struct watch *w, int call, int fd);

/* Emit the entry record of a call that may block. */
void watch_enter(struct watch *w);

/* Emit the return record: r is the result or a negative errno. Each keeps the caller's errno. */
void watch_done(struct watch *w, ssize_t r);

/* The same for a call that made a new descriptor, r. */
void watch_made(struct watch *w, int r);

/* The same for bytes that went out or came in, to or from addr (NULL: the peer). */
void watch_sent(struct watch *w, ssize_t r, const struct iovec *iov, int iovs, const struct sock_addr *addr);
void watch_received(struct watch *w, ssize_t r, const struct iovec *iov, int iovs,
                    const struct sock_addr *addr);

/* Copy a system address into a record. */
void watch_addr(struct event_addr *to, const struct sockaddr *from, socklen_t len);

/* A descriptor was made or is about to be closed: what was known of its number is void. */
void watch_forget(int fd);

/* A descriptor is adopted: the same, unless it is the socket that was known. */
void watch_adopt(int fd);

#endif
