/* SPDX-License-Identifier: MIT */
/*
 * TCP connections as segments: what the calls at one or both ends of each have
 * moved becomes one stream in each direction, told once, with a handshake
 * before it and an end behind it.
 */
#ifndef EYE_SEGMENTS_H
#define EYE_SEGMENTS_H

#include "packet.h"

struct segments;

/* NULL: no memory. */
struct segments *segments_new(struct packet_file *f);
void segments_free(struct segments *s);

/* No more will come: what is due is told. */
void segments_end(struct segments *s);

/* The return of a call on a TCP socket, or a fork or exit. */
void segments_event(struct segments *s, const struct event *e);

#endif
