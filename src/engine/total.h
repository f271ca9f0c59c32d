/* SPDX-License-Identifier: MIT */
/* Adding the workers' counters up. */
#ifndef ENGINE_TOTAL_H
#define ENGINE_TOTAL_H

#include "core.h"

/* Connections of this machine that have met a full listen queue so far. */
uint64_t total_overflows(void);

void total_of(struct engine *e, struct engine_stats *stats);

#endif
