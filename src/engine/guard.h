/* SPDX-License-Identifier: MIT */
/*
 * The rules that keep a datagram service from being somebody's weapon: from
 * answering forged requests at a third's cost, and from talking with another
 * service of its kind for ever.
 */
#ifndef ENGINE_GUARD_H
#define ENGINE_GUARD_H

#include "core.h"

/* What is known of a datagram's sender, good for all that come from the same address. */
struct guard_sender {
	bool known;
	bool denied;            /* by the operator */
	bool guarded;           /* a service's port: never answered */
	bool inet;
	size_t headers;         /* bytes in front of a datagram on the wire */
	size_t longest;         /* that a datagram can be */
};

void guard_look(struct guard_sender *who, const struct port *p, const struct sock_addr *addr);

/* May this datagram be answered at all? What says no is counted. */
bool guard_admits(struct loop *l, const struct guard_sender *who, const struct sock_dgram *d);

/* The longest reply to n bytes. */
size_t guard_longest(const struct guard_sender *who, size_t n);

/* Give the reply one hop fewer than its request had. False: none is left. */
bool guard_hops(struct sock_dgram *d);

/* May the network of this datagram have one more reply now? */
bool guard_paces(struct port *p, const struct sock_dgram *d);

#endif
