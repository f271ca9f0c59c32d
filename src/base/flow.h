/* SPDX-License-Identifier: MIT */
/*
 * What is known of each descriptor while somebody watches: who it is, its two
 * addresses, and how many bytes went each way, so that event records can say
 * at which place of the stream a call moved its bytes. Nothing here is
 * touched while nobody watches. Lookups take no lock and no freed memory:
 * threads that race on one descriptor may get a wrong count, never a crash.
 */
#ifndef BASE_FLOW_H
#define BASE_FLOW_H

#include <stdatomic.h>
#include <stdbool.h>

#include "event.h"

struct flow {
	bool known;             /* family, type and cookie are filled in */
	bool settled;           /* so are the addresses, and they stay */
	uint16_t family, type;
	int32_t proto;
	uint64_t cookie;
	struct event_addr local, peer;
	_Atomic uint64_t in, out;
	int root;               /* the descriptor whose counts a duplicate shares */
	int shares;             /* duplicates that share the counts of this one */
};

/* The record of a descriptor, zeroed at first. NULL beyond the cap of 1,048,576 or without memory. */
struct flow *flow_at(int fd);

/* A new socket lives at fd: forget the old one. */
void flow_reset(int fd);

/* Copy is a duplicate of fd: they share their counts. */
void flow_share(int fd, int copy);

/* The bytes of a stream so far; moved more are added. Returns the count before. */
uint64_t flow_add_in(int fd, uint64_t moved);
uint64_t flow_add_out(int fd, uint64_t moved);

#endif
