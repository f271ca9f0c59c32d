/* SPDX-License-Identifier: MIT */
/*
 * What is known of each descriptor while somebody watches: who it is, its two
 * addresses, and how many bytes went each way, so that event records can say
 * at which place of the stream a call moved its bytes. Nothing here is
 * touched while nobody watches, and nothing outlives the watch in which it
 * was learnt. No call takes a lock or meets freed memory: threads that race
 * for one number may get a wrong count, never a crash.
 */
#ifndef BASE_FLOW_H
#define BASE_FLOW_H

#include <stdbool.h>

#include "event.h"

struct flow {
	uint32_t age, version, place;   /* of what it is true: flow.c's matter */
	bool known;                     /* family, type, proto and cookie are filled in */
	bool settled;                   /* so are the addresses, and they stay */
	uint16_t family, type;
	int32_t proto;
	uint64_t cookie;
	struct event_addr local, peer;
};

/*
 * What is known of a descriptor. Blank when nothing is: at first, beyond the
 * cap of 1,048,576, without memory, and while another thread is at it.
 */
struct flow flow_get(int fd);

/* Keep what was found out since flow_get; of a socket that is gone by now it is kept in vain. */
void flow_put(int fd, const struct flow *f);

/* A new socket lives at fd: forget the old one. */
void flow_reset(int fd);

/* The addresses of fd's socket may have changed: no descriptor of it is settled. */
void flow_unsettle(int fd);

/* Copy is a duplicate of fd: they share their counts. */
void flow_share(int fd, int copy);

/* The bytes of a stream so far; moved more are added. Returns the count before. */
uint64_t flow_add_in(int fd, uint64_t moved);
uint64_t flow_add_out(int fd, uint64_t moved);

#endif
