/* SPDX-License-Identifier: MIT */
/* What the parts of the verb nc share: its letters in nc.c, how it meets somebody in nc-meet.c. */
#ifndef CMD_NC_H
#define CMD_NC_H

#include <sockeye.h>
#include <stdbool.h>
#include <stdint.h>

enum { NC_WHERE = 400 };

struct nc {
	bool listen, keep, udp, local, v4, v6, numeric, scan, crlf, fin, raw;
	int verbosity;
	int64_t timeout, interval;      /* ns; 0 none */
	int64_t quit;                   /* ns of silence after the end of input; -1 for ever */
	const char *source, *source_port, *exec;
	const char *word[2];            /* destination and port, as they were written */
	int words;
};

/* A line "nc: ..." on stderr, which scripts read. */
void nc_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The host of an address in numbers. False when it has none. */
bool nc_number(char host[NC_WHERE], const struct sock_addr *addr);

/* Call a port of the destination, or its socket file (port NULL): one line for each address that fails. */
struct sock nc_call(const struct nc *n, const char *port);

/* Open a socket to wait at, and wait for a caller there. On failure dead, and told. */
struct sock nc_server(const struct nc *n);
struct sock nc_caller(const struct nc *n, struct sock *server);

#endif
