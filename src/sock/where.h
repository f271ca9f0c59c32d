/* SPDX-License-Identifier: MIT */
/*
 * Where: an address as a person writes it, taken apart. A function of bytes:
 * no look-up but of local interfaces and services. What is left is either a
 * whole binary address, a host name to look up, or a descriptor.
 */
#ifndef SOCK_WHERE_H
#define SOCK_WHERE_H

#include <sockeye/addr.h>
#include <stdbool.h>

enum where_kind {
	WHERE_ADDR,             /* addr is complete */
	WHERE_NAME,             /* host is to be looked up, port is known */
	WHERE_ANY,              /* an empty host: every interface, or localhost */
	WHERE_FD                /* port is the descriptor */
};

enum { WHERE_HOST = 255, WHERE_REASON = 160 };

struct where {
	enum where_kind kind;
	int family;             /* AF_UNSPEC: IPv6 and IPv4 */
	int type, proto;        /* type 0: unknown, an address without scheme or socket */
	int port;
	struct sock_addr addr;
	char host[WHERE_HOST + 1];
	char reason[WHERE_REASON];      /* why it was refused, with the offending part quoted */
};

/* What is known already: all zero, or the family, type and proto of the open socket. */
struct where_known {
	int family, type, proto;
	bool old_ipv4;          /* take inet_aton(3)'s spellings too */
	bool port_optional;     /* "HOST" alone means port 0 */
};

/* Take text apart. 0, or -EINVAL and the reason. */
int where_parse(struct where *w, const char *text, const struct where_known *known);

#endif
