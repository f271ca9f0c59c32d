/* SPDX-License-Identifier: MIT */
/* Addresses inside the library: what the public sockeye/addr.h does not need to show. */
#ifndef SOCK_ADDR_H
#define SOCK_ADDR_H

#include <netinet/in.h>
#include <sockeye/addr.h>
#include <stdbool.h>

/* A Unix address without a name, as an unbound socket has. */
bool addr_unnamed(const struct sock_addr *a);

/* Bare addresses. */
struct sock_addr addr_in4(struct in_addr ip, uint16_t port, int type, int proto);
struct sock_addr addr_in6(struct in6_addr ip, uint32_t zone, uint16_t port, int type, int proto);

/* The same place as an IPv6 socket names it: IPv4 becomes ::ffff:a.b.c.d. Others are returned as they are. */
struct sock_addr addr_mapped(const struct sock_addr *a);

#endif
