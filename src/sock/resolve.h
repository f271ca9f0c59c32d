/* SPDX-License-Identifier: MIT */
/* From a parsed address to binary ones, within a deadline. */
#ifndef SOCK_RESOLVE_H
#define SOCK_RESOLVE_H

#include "lookup.h"
#include "where.h"

enum { RESOLVE_MOST = 32 };

/*
 * Fill list with at most room addresses of w in the order to try them: for
 * calling (an empty host is localhost) or, passive, for serving (every
 * interface). Returns the count, at least 1, or a negative errno; -ENOENT comes
 * with *gai, an EAI_* code.
 */
int resolve_where(struct sock_addr *list, int room, const struct where *w, bool passive,
                  int64_t deadline, int *gai);

#endif
