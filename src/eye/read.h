/* SPDX-License-Identifier: MIT */
/*
 * A recorded line back into an event record: the counterpart of json.h. It
 * reads any JSON object (RFC 8259) on one line; keys it does not know are
 * passed over, so that later versions may say more.
 */
#ifndef EYE_READ_H
#define EYE_READ_H

#include <stddef.h>

#include "../base/event.h"

struct read;

struct read *read_new(void);
void read_free(struct read *r);

/*
 * Fill e from a line of n bytes. Its payload and text live until the next
 * call. Returns 0, or -EINVAL and in *at the place of the fault, or -ENOMEM.
 */
int read_event(struct read *r, const char *line, size_t n, struct event *e, size_t *at);

/* The same, cheaper, for who asks order_time() alone: nothing else is filled. */
int read_times(struct read *r, const char *line, size_t n, struct event *e);

#endif
