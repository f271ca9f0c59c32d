/* SPDX-License-Identifier: MIT */
/*
 * Addresses and names. An address is a string for people and a struct
 * sock_addr for system calls; what is printed parses back to itself.
 *
 *	struct sock_addr list[8];
 *	char why[SOCKEYE_WHY];
 *	int n = sock_resolve(list, 8, "tcp://localhost:http", sock_sec(2), why);
 *
 *	if (n < 0)
 *		fprintf(stderr, "%s\n", why);
 *	for (int i = 0; i < n; i++)
 *		puts(sock_addr_text(&list[i]).s);
 *
 * Beside the schemes in sockeye.h there are raw://HOST, packet:IFACE[:PROTO],
 * netlink:PID:GROUPS, can:IFACE[:RX:TX], alg:TYPE:NAME and abstract:NAME, for
 * sockets made with sock_open. In paths and names %XX is the byte XX. Numbers
 * are strict: 99999, 7x, 127.1 and 0x7f.1 are refused (RFC 6943, section 3.1.1).
 * Where a call takes why, it is NULL or SOCKEYE_WHY bytes for the sentence.
 */
#ifndef SOCKEYE_ADDR_H
#define SOCKEYE_ADDR_H

#include <sockeye.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Read a numeric address: no look-up, but for interface and service names of
 * this machine. Returns 0, or -1 with EINVAL and the sentence.
 */
int sock_addr_parse(struct sock_addr *addr, const char *where, char *why);

/* The same, and IPv4 also in inet_aton(3)'s old spellings: 127.1, 0x7f.1, 2130706433, octal. */
int sock_addr_parse_old(struct sock_addr *addr, const char *where, char *why);

/* The address as text, on one line, free of control characters. "unknown" for an empty one. */
struct sock_text sock_addr_text(const struct sock_addr *addr);

/* Order two addresses, as memcmp does; 0 means the same family, type and place. */
int sock_addr_cmp(const struct sock_addr *a, const struct sock_addr *b);

/* A system address with its socket type as a value. A length that cannot be gives len 0. */
struct sock_addr sock_addr_from(const struct sockaddr *addr, socklen_t len, int type);

/* The family, AF_UNSPEC for an empty address; the port, -1 where there is none; set it, 0 or -1. */
int sock_addr_family(const struct sock_addr *addr);
int sock_addr_port(const struct sock_addr *addr);
int sock_addr_set_port(struct sock_addr *addr, int port);

/*
 * Look an address up, within limit ns (SOCKEYE_FOREVER: the resolver's own).
 * Fills list in the system's order (RFC 6724) with at most room addresses and
 * returns their number, at least 1, or -1 with errno (ENOENT for an unknown
 * name) and the sentence. An empty host is localhost.
 */
int sock_resolve(struct sock_addr *list, int room, const char *where, int64_t limit, char *why);

/* The same for listening: an empty host is every interface. */
int sock_resolve_local(struct sock_addr *list, int room, const char *where, int64_t limit, char *why);

/*
 * The name of an address: getnameinfo(3), with its NI_* flags, within limit
 * ns. Host and service may be NULL. Names come from strangers: print them with
 * sock_repr. Returns 0, or -1 with errno and the sentence.
 */
int sock_addr_name(const struct sock_addr *addr, char *host, size_t host_room,
                   char *service, size_t service_room, int flags, int64_t limit, char *why);

/* Port of a service ("http"), or -1. Proto is "tcp", "udp" or NULL for any. */
int sock_service_port(const char *service, const char *proto);

/* Name of the service at a port into out. Returns 0 or -1. */
int sock_service_name(int port, const char *proto, char *out, size_t room);

/* Number of a protocol ("icmp"), or -1. */
int sock_protocol(const char *name);

/* This machine's name, and its full name with the domain where one is known. 0 or -1. */
int sock_hostname(char *out, size_t room);
int sock_fqdn(char *out, size_t room);

/* One network interface. */
struct sock_interface {
	unsigned index;
	char name[16];
};

/* All interfaces, at most room of them. Returns how many there are, or -1. */
int sock_interfaces(struct sock_interface *list, int room);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
