/* SPDX-License-Identifier: MIT */
/* Adding the workers' counters up. */
#ifndef ENGINE_TOTAL_H
#define ENGINE_TOTAL_H

#include "core.h"

void total_of(struct engine *e, struct engine_stats *stats);

#endif
