/* SPDX-License-Identifier: MIT */
/* Who holds an address that is in use. */
#ifndef CMD_HOLDER_H
#define CMD_HOLDER_H

#include <sockeye/addr.h>
#include <stdbool.h>

enum { HOLDER_TEXT = 160 };

/*
 * Look for a socket of this machine that stands in the way of binding addr, and
 * for the process that has it: "held by pid 1234 (nginx)", or by which user
 * when that is all that may be known. Returns whether there is one.
 */
bool holder_find(const struct sock_addr *addr, char text[HOLDER_TEXT]);

#endif
