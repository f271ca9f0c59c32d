/* SPDX-License-Identifier: MIT */
/*
 * Sockets that a service manager opened for us: LISTEN_PID, LISTEN_FDS and
 * LISTEN_FDNAMES, as systemd's sd_listen_fds(3) tells. They begin at INHERIT_FIRST.
 */
#ifndef CMD_INHERIT_H
#define CMD_INHERIT_H

#include <stdbool.h>
#include <stddef.h>

enum { INHERIT_FIRST = 3, INHERIT_MOST = 256 };

/* How many there are; 0 when none are for this process; -1 when the environment makes no sense. */
int inherit_count(void);

/* Is the i-th one, from 0 on, called this, with ".socket" behind it or not? */
bool inherit_is_named(int i, const char *name);

#endif
