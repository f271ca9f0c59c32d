/* SPDX-License-Identifier: MIT */
/*
 * Which ports an address of probe names: one, or a list with ranges, as in
 * tcp://host:22,80,8000-8010. A function of text: the only look-up is that of
 * service names of this machine.
 */
#ifndef CMD_PROBE_PORTS_H
#define CMD_PROBE_PORTS_H

#include <sockeye.h>
#include <stdbool.h>

enum { PROBE_PLACE = 400 };

struct probe_span {
	int first, last;
};

struct probe_ports {
	char place[PROBE_PLACE];        /* "tcp://HOST:", which a port follows, or all of "unix:PATH" */
	struct probe_span *spans;       /* NULL: the place has no ports */
	int n;
	uint64_t count;                 /* of ports in all spans; 1 of a place without */
};

/*
 * Read an address with its scheme. Returns 0, or -1 with the sentence. The
 * spans are freed by probe_ports_free, also after a failure.
 */
int probe_ports_read(struct probe_ports *p, const char *text, char why[SOCKEYE_WHY]);
void probe_ports_free(struct probe_ports *p);

/* A place among the ports: zeroed it is before the first. */
struct probe_place {
	int span, port;
};

/* The next port, or 0 behind the last; a place without ports has the single port -1. */
int probe_ports_next(const struct probe_ports *p, struct probe_place *at);

#endif
