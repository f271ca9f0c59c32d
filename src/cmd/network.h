/* SPDX-License-Identifier: MIT */
/* Networks for --allow and --deny. */
#ifndef CMD_NETWORK_H
#define CMD_NETWORK_H

#include <stddef.h>

#include "../engine/engine.h"

enum { NETWORK_WHY = 200 };

/*
 * Read 10.0.0.0/8, 2001:db8::/32, or an address alone, which is a network of
 * one. Bits set behind the prefix are refused, for one of the two is a mistake.
 * Returns NULL, or what is wrong, which may stand in why.
 */
const char *network_read(struct engine_net *net, const char *text, char why[NETWORK_WHY]);

#endif
