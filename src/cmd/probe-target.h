/* SPDX-License-Identifier: MIT */
/*
 * What is to be probed: each address of the command line, with its ports and
 * where its name leads. Names are looked up beside everything else, once for
 * all ports of an address, by threads that tell when they know.
 */
#ifndef CMD_PROBE_TARGET_H
#define CMD_PROBE_TARGET_H

#include <pthread.h>
#include <stdatomic.h>

#include "probe-ports.h"
#include "verb.h"

enum { PROBE_LOOKERS = 16 };

struct probe_target {
	struct probe_ports ports;
	int type;               /* SOCK_STREAM, SOCK_DGRAM, ... */
	bool inet;              /* it has ports, of TCP or UDP */
	bool named;             /* its host is a name */
	_Atomic bool known;     /* what follows: */
	struct sock_addr *list; /* its addresses; freed by probe_target_free */
	int n;                  /* how many, or 0 and why: */
	int code;               /* base/code.h */
	char why[80];
	int64_t took;           /* ns that the look-up took */
};

/*
 * Read a word of the command line: an address with a list of ports, HOST:PORTS
 * for TCP, or a service's name for where it is served without an address.
 * Returns 0, or CODE_USAGE, told. The target is freed in either case.
 */
int probe_target_read(struct probe_target *t, const struct verb *verb, const char *word);
void probe_target_free(struct probe_target *t);

/* The address of one port as text that parses back to it. Returns buf. */
enum { PROBE_WHERE = PROBE_PLACE + 8 };
const char *probe_target_where(const struct probe_target *t, int port, char buf[PROBE_WHERE]);

/* Look-ups under way. */
struct probe_lookup {
	struct probe_target *targets;
	int count;
	int64_t limit;          /* ns for each name */
	int told;               /* readable when another target is known */
	_Atomic int next;
	pthread_t threads[PROBE_LOOKERS];
	int running;
};

/* Find all addresses: at once where no name is to be looked up. Returns 0 or a negative errno. */
int probe_lookup_begin(struct probe_lookup *l, struct probe_target *targets, int count, int64_t limit);

/* Wait for what is still under way, which has its limit. */
void probe_lookup_end(struct probe_lookup *l);

#endif
