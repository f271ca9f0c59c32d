/* SPDX-License-Identifier: MIT */
/* Opening the places that are served, a share of each for every worker. */
#ifndef ENGINE_LISTEN_H
#define ENGINE_LISTEN_H

#include "core.h"

/* How many ports the groups of a plan need in each loop. */
int listen_count(const struct engine_plan *plan);

/* Open all. Returns 0, or an exit code with the sentence in why. */
int listen_all(struct engine *e, char why[ENGINE_WHY]);

/* Remove the Unix paths that were made here and are still the same. */
void listen_tidy(struct engine *e);

#endif
