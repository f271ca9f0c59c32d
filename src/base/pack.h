/* SPDX-License-Identifier: MIT */
/*
 * An event record as bytes, no longer than what it holds: what lies on a tape.
 * For the same machine and version only.
 */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include <stdbool.h>

#include "event.h"

enum { PACK_TEXT = 255 };       /* bytes of a text that are kept */

/* How long a packed record is, and its parts. */
struct pack {
	size_t size;
	uint32_t payload;
	uint16_t local, peer, text;
};

/* With the first bytes of its payload, at most payload. */
struct pack pack_plan(const struct event *e, size_t payload);

/* Write it, to where plan->size bytes have room, 8-byte aligned. */
void pack_event(void *to, const struct pack *plan, const struct event *e);

/*
 * The record in n bytes, 8-byte aligned, in which its payload and text stay; iov becomes its only
 * buffer. False when it is none: the bytes may be anything.
 */
bool pack_read(struct event *e, struct iovec *iov, const void *from, size_t n);

#endif
