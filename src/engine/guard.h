/* SPDX-License-Identifier: MIT */
/*
 * The rules that keep a datagram service from being somebody's weapon: from
 * answering forged requests at a third's cost, and from talking with another
 * service of its kind for ever.
 */
#ifndef ENGINE_GUARD_H
#define ENGINE_GUARD_H

#include "core.h"

/* May this datagram be answered at all? What says no is counted. */
bool guard_admits(struct port *p, const struct sock_dgram *d);

/* The longest reply that may answer it. */
size_t guard_longest(const struct sock_dgram *d);

/* Give the reply one hop fewer than its request had. False: none is left. */
bool guard_hops(struct sock_dgram *d);

/* Has the network of this datagram had its share of replies? */
bool guard_paces(struct port *p, const struct sock_dgram *d, size_t reply);

#endif
