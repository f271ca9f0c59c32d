/* SPDX-License-Identifier: MIT */
/* Datagrams: taken and answered by the batch, whatever the back end. */
#ifndef ENGINE_DGRAM_H
#define ENGINE_DGRAM_H

#include "core.h"

/* Make the memory of a loop's datagrams, once for all its ports. False: none to be had. */
bool dgram_make(struct loop *l);
void dgram_free(struct loop *l);

/* Ask the kernel for what the replies need; make room for bursts. */
void dgram_prepare(struct sock *s);

/* Datagrams wait at a port: answer a batch of them. True when more may wait. */
bool dgram_ready(struct port *p);

/* The contract's functions for the datagram at hand. */
size_t dgram_write(struct conn *c, const void *bytes, size_t n);
char *dgram_room(struct conn *c, size_t want, size_t *room);
void dgram_commit(struct conn *c, size_t n);
void dgram_peer(const struct conn *c, struct sock_addr *peer);

/* Datagrams that the kernel had no room for at this port so far. */
uint64_t dgram_lost(const struct port *p);

#endif
