/* SPDX-License-Identifier: MIT */
/* One connect on one descriptor, within a deadline: for step.c, dial.c and race.c. */
#ifndef SOCK_CONNECT_H
#define SOCK_CONNECT_H

#include <sockeye.h>

/*
 * Connect, or go on with a connect that is under way, and wait until the
 * deadline. 0, -LIMIT_REACHED (still under way) or a negative errno, which is
 * -EISCONN, and changes nothing, when the value was connected before. The caller
 * keeps FLAG_CONNECTING and the peer.
 */
int connect_to(struct sock *s, const struct sock_addr *addr, int64_t deadline);

/* A connect that poll found finished: take its error, and refuse TCP that met itself. 0 or a negative errno. */
int connect_result(int fd, const struct sock_addr *addr);

#endif
