/* SPDX-License-Identifier: MIT */
/*
 * Telling the watcher of the library's own calls: base/witness.h, asking the
 * kernel through the table of sys.h. Used by call.c alone, and only while a
 * hook is set.
 */
#ifndef SOCK_WATCH_H
#define SOCK_WATCH_H

#include <sockeye.h>
#include <stdbool.h>
#include <sys/types.h>

#include "../base/event.h"
#include "../base/witness.h"

static inline bool watch_on(void)
{
	return __builtin_expect(__atomic_load_n(&event_hook, __ATOMIC_ACQUIRE) != NULL, 0);
}

/* Begin a record for a call on fd (-1: none yet). */
void watch_init(struct witness *w, int call, int fd);

/* The return record for bytes that went out or came in, to or from addr (NULL: the peer). */
void watch_sent(struct witness *w, ssize_t r, const struct iovec *iov, int iovs, const struct sock_addr *addr);
void watch_received(struct witness *w, ssize_t r, const struct iovec *iov, int iovs,
                    const struct sock_addr *addr);

/* A descriptor was made or is about to be closed: what was known of its number is void. */
void watch_forget(int fd);

/* A descriptor is adopted: the same, unless it is the socket that was known. */
void watch_adopt(int fd);

#endif
