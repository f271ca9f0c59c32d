/* SPDX-License-Identifier: MIT */
/* The steps on a descriptor: shared by the public steps, dial.c and server.c. */
#ifndef SOCK_STEP_H
#define SOCK_STEP_H

#include <sockeye.h>

#include "where.h"

/* What an open socket knows of the addresses that fit it. */
struct where_known step_known(const struct sock *s);

/* Why bind failed, with what to do about it where that is known; NULL: the errno's own words. */
const char *step_bind_words(int err, const struct sock_addr *addr, char *buf, size_t n);

#endif
