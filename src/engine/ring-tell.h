/* SPDX-License-Identifier: MIT */
/*
 * Event records for what io_uring did: it makes no calls, so a completion is
 * told as the call it stands for. Only for when somebody watches.
 */
#ifndef ENGINE_RING_TELL_H
#define ENGINE_RING_TELL_H

#include "core.h"

/* Accepted at a listener: the new descriptor, or a negative errno. */
void ring_tell_accept(int listener, int fd);

/* Received, into data or (NULL) dropped: bytes or a negative errno. */
void ring_tell_receive(const struct conn *c, int res, char *data);

/* The kernel took the first bytes of the conn's output, or none of it for a negative errno. */
void ring_tell_send(const struct conn *c, int res);

#endif
