/* SPDX-License-Identifier: MIT */
/* What follows from the kind of a socket. */
#ifndef SOCK_KIND_H
#define SOCK_KIND_H

#include <netinet/in.h>
#include <sockeye.h>
#include <stdbool.h>

/* Where messages have ends MSG_TRUNC tells their length; a stream would throw bytes away. */
static inline bool kind_has_ends(const struct sock *s)
{
	return s->type == SOCK_DGRAM || s->type == SOCK_RAW || s->type == SOCK_SEQPACKET;
}

/* Can it be broken by its peer? */
static inline bool kind_is_connection(const struct sock *s)
{
	return s->type == SOCK_STREAM || s->type == SOCK_SEQPACKET;
}

/* The protocol that an address of this socket shows: UDP-Lite alone has a scheme of its own. */
static inline int kind_proto(const struct sock *s)
{
	return s->proto == IPPROTO_UDPLITE ? s->proto : 0;
}

/* The protocol to open an address with: CAN alone has no default. */
static inline int kind_open_proto(int family, int proto)
{
	return family == AF_CAN && !proto ? 1 /* CAN_RAW */ : proto;
}

#endif
