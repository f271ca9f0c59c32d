/* SPDX-License-Identifier: MIT */
/*
 * Packets made from calls, as a pcapng file (IETF draft-ietf-opsawg-pcapng)
 * that Wireshark and tshark open: the bytes that moved, in TCP segments or
 * UDP datagrams with the addresses of the sockets, and the handshakes and ends
 * that must have been. Nothing is captured, so no privilege is needed; what was
 * not recorded of the payload is marked as cut. Each packet's comment tells the
 * call that it was made from. An ACK says what the program has read, where the
 * kernel's own would say what has arrived.
 *
 * Unix sockets and other protocols have no packets: addresses made up for them
 * would look like a network that never was. They are counted.
 */
#ifndef EYE_PCAPNG_H
#define EYE_PCAPNG_H

#include <stdint.h>

#include "../base/event.h"
#include "draw.h"

struct pcapng;

/* What CLOCK_MONOTONIC lags behind the time of day now, in ns: for wall below. */
int64_t pcapng_wall(void);

/* Write the head. Wall is added to the times of records. NULL: no memory. */
struct pcapng *pcapng_new(int64_t wall, draw_out *out, void *to);

/* The next record, in the order of order.h. */
void pcapng_event(struct pcapng *p, const struct event *e);

/* Calls so far that moved bytes and have no packet. */
uint64_t pcapng_left_out(const struct pcapng *p);

/* Write what is left, free it. Returns the first error of out, or 0; -ENOMEM when something was lost for it. */
int pcapng_end(struct pcapng *p);

#endif
