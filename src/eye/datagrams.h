/* SPDX-License-Identifier: MIT */
/*
 * UDP datagrams as packets, each once: from its send, or from its receive when
 * no send of it was told before.
 */
#ifndef EYE_DATAGRAMS_H
#define EYE_DATAGRAMS_H

#include "packet.h"

struct datagrams;

/* NULL: no memory. */
struct datagrams *datagrams_new(struct packet_file *f);
void datagrams_free(struct datagrams *d);

/* The return of a call on a UDP socket. Returns whether it has a packet, or needs none. */
bool datagrams_event(struct datagrams *d, const struct event *e);

#endif
