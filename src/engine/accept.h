/* SPDX-License-Identifier: MIT */
/* Taking callers in, and turning them away. */
#ifndef ENGINE_ACCEPT_H
#define ENGINE_ACCEPT_H

#include "core.h"

/* Callers wait at a port: take some of them. True when more may wait. */
bool accept_ready(struct port *p);

/* The kernel has accepted one already. */
void accept_given(struct port *p, int fd);

/* Accepting failed: go on, or pause where going on would spin. */
void accept_failed(struct port *p, int err);

/* Should callers be taken one by one, since nearly all places are taken? */
bool accept_is_tight(const struct engine *e);

/* A conn of this loop is gone, its place is free. */
void accept_freed(struct loop *l);

/* Listen again where a pause is over. */
void accept_resume(struct loop *l);

#endif
