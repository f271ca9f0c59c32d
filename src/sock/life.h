/* SPDX-License-Identifier: MIT */
/* Making values of descriptors, inside the library. */
#ifndef SOCK_LIFE_H
#define SOCK_LIFE_H

#include <sockeye.h>
#include <stdbool.h>

/* An open value for a descriptor whose kind is known, with the default limit. */
struct sock life_open(int fd, int family, int type, int proto);

/* Make a socket of a kind and wrap it; op and at are for the sentence of a failure. */
struct sock life_make(int family, int type, int proto, const char *op, const char *at);

/* Where messages have ends MSG_TRUNC tells their length; a stream would throw bytes away. */
static inline bool life_has_ends(const struct sock *s)
{
	return s->type == SOCK_DGRAM || s->type == SOCK_RAW || s->type == SOCK_SEQPACKET;
}

#endif
