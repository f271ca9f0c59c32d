/* SPDX-License-Identifier: MIT */
/* Where the server of a conversation is to be: is there room for it? */
#ifndef CMD_DEMO_PORT_H
#define CMD_DEMO_PORT_H

#include "demo.h"

/*
 * Can a server be there, a Python program with this source, or one of ours:
 * NULL? Waits until connections that have ended are gone, where they are in its
 * way. Returns 0, or the exit code and has told who has the port.
 */
int port_wait(const struct demo *d, const struct conversation *c, const char *source);

#endif
