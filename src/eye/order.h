/* SPDX-License-Identifier: MIT */
/*
 * Records of several processes into the order in which they took effect. A
 * call that causes something (send, connect, close) counts from its entry, one
 * that was caused (accept, receive, waits) from its return; so an effect never
 * comes before its cause, though a receiver may return before the sender does.
 * A record is held back until nothing earlier can come.
 */
#ifndef EYE_ORDER_H
#define EYE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/event.h"

struct order;

enum { ORDER_HOLD_MS = 20 };    /* a call that causes and takes longer is told as one that waits */

struct order *order_new(void);
void order_free(struct order *o);

/*
 * Hold records back for so long instead: for who draws at the end alone. On a
 * busy machine a process may stand still for longer than the usual hold, within
 * a call, or before it tells of its birth.
 */
enum { ORDER_PATIENT_MS = 2000 };

void order_hold(struct order *o, int ms);

/* Keep a copy, with what payload it has. False: no memory, the record is lost. */
bool order_put(struct order *o, const struct event *e);

/*
 * The earliest record, if it is of before or at now less the hold; NULL: none. With
 * INT64_MAX all of them. It stays valid until the next call.
 */
const struct event *order_take(struct order *o, int64_t now);

/* When a record counts, by itself. */
int64_t order_time(const struct event *e);

size_t order_held(const struct order *o);

#endif
