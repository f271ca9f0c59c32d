/* SPDX-License-Identifier: MIT */
/* The output of a conn: pieces in a ring, of the round's memory or the heap's. */
#ifndef ENGINE_OUT_H
#define ENGINE_OUT_H

#include <sys/uio.h>

#include "core.h"

/* Add bytes; those of the round's own input are not copied. Returns how many were taken. */
size_t out_add(struct conn *c, const char *bytes, size_t n);

/* Room in the round's memory, at most want; what is written there is added by out_commit. */
char *out_room(struct conn *c, size_t want, size_t *room);
void out_commit(struct conn *c, size_t n);

/* Forget a room that was never committed. */
void out_forget_room(struct loop *l);

/* The first pieces as buffers, at most most of them. Returns how many; *n their bytes. */
int out_gather(const struct conn *c, struct iovec *iov, int most, size_t *n);

/* The kernel has taken the first n bytes. */
void out_sent(struct conn *c, size_t n);

/* The round ends: what is left moves to the heap, and the conn is stalled. False without memory. */
bool out_settle(struct conn *c);

/* Throw all away. */
void out_drop(struct conn *c);

/* Bytes of heap memory taken or given back: keeps the loop's and the engine's count. */
void out_hold(struct loop *l, int64_t bytes);

/* n bytes of the round's memory, or NULL. */
void *out_round(struct loop *l, size_t n);

#endif
