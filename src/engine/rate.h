/* SPDX-License-Identifier: MIT */
/* --rate: how fast a conn, or the datagrams of one network, may bring bytes. */
#ifndef ENGINE_RATE_H
#define ENGINE_RATE_H

#include "core.h"

/* The conn moved n bytes now (0: only that it is active). Beyond its rate it is throttled. */
void rate_charge(struct conn *c, uint64_t n);

/* Time has passed for a throttled conn. True when it is throttled no more. */
bool rate_relax(struct conn *c);

/*
 * A limit for each network: so many tokens a second, at most burst at once.
 * Networks are /24 of IPv4 and /56 of IPv6. They share 4,096 purses by a
 * secret hash, so that memory is fixed and nobody gets more than his share.
 */
struct networks *networks_make(uint64_t per_second, uint64_t burst);
void networks_free(struct networks *t);

/* Take tokens from the purse of an address; false when it has too few. From any thread. */
bool networks_take(struct networks *t, const struct sock_addr *addr, uint64_t tokens, int64_t now);

#endif
