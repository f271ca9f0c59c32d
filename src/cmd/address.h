/* SPDX-License-Identifier: MIT */
/*
 * An address of the command line, and what a verb must know of it before it
 * opens anything. Nothing is looked up but interfaces and services of this
 * machine; of fd:N the socket itself is asked.
 */
#ifndef CMD_ADDRESS_H
#define CMD_ADDRESS_H

#include <sockeye/addr.h>
#include <stdbool.h>

struct address {
	int type;               /* SOCK_STREAM, SOCK_DGRAM, ... */
	int fd;                 /* of fd:N, else -1 */
	bool local;             /* only this machine can reach it */
	bool chosen;            /* by the system: port 0, an unnamed Unix socket */
	bool listens;           /* of fd:N: callers can be accepted */
	struct sock_addr addr;  /* where to listen; len 0 for a name that is to be looked up */
};

/* Read one. Returns 0, or -1 with the sentence. */
int address_read(struct address *a, const char *text, char why[SOCKEYE_WHY]);

/* Is it HOST:PORT or :PORT alone, so that tcp:// or udp:// may be put before it? */
bool address_is_bare(const char *text);

#endif
