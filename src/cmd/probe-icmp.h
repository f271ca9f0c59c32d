/* SPDX-License-Identifier: MIT */
/* What the network said of a packet: ICMP, from a socket's queue of errors, in words. */
#ifndef CMD_PROBE_ICMP_H
#define CMD_PROBE_ICMP_H

#include <sockeye.h>
#include <stdbool.h>

enum probe_saying {
	SAID_NOTHING,
	SAID_UNREACHABLE,       /* there is no way */
	SAID_PROHIBITED,        /* there is one, and a rule against it */
	SAID_REFUSED            /* the host itself has nobody there */
};

/* Have errors of this socket queued. What a kernel does not know is left out. */
void probe_icmp_ask(const struct sock *s);

enum { PROBE_SAYING = 160 };

/*
 * Take the first telling word from the queue, and by whom, where that is another
 * than the one that was asked: "host unreachable, says 192.0.2.1". Never waits.
 */
enum probe_saying probe_icmp_hear(int fd, const struct sock_addr *asked, char words[PROBE_SAYING]);

#endif
