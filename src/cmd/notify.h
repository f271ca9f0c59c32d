/* SPDX-License-Identifier: MIT */
/* Telling the service manager how far we are: NOTIFY_SOCKET, as systemd's sd_notify(3) does. */
#ifndef CMD_NOTIFY_H
#define CMD_NOTIFY_H

#include <sockeye.h>

/*
 * Send a state such as "READY=1". Returns 0, also when nobody asked for it, or
 * -1 with the sentence. Waits a few seconds at most.
 */
int notify_send(const char *state, char why[SOCKEYE_WHY]);

#endif
