/* SPDX-License-Identifier: MIT */
/*
 * Messages on behalf of another public call: op is the name that the sentence
 * bears. Used by msg.c, fds.c and zero.c.
 */
#ifndef SOCK_MSG_H
#define SOCK_MSG_H

#include <sockeye/msg.h>
#include <stdbool.h>

#include "wait.h"

ssize_t msg_send(struct sock *s, const char *op, const struct sock_msg *m);
ssize_t msg_recv(struct sock *s, const char *op, struct sock_msg *m);

/*
 * pace_again for reads of the error queue, which poll announces unasked. It
 * waits once: *waited starts as 0, and a queue that is empty after all makes
 * *r the socket's own pending error, or -EAGAIN.
 */
bool msg_errors_again(struct sock *s, const struct pace *p, int *waited, ssize_t *r);

#endif
