/* SPDX-License-Identifier: MIT */
/*
 * Accept, say who came, and hold the connection until the peer has finished:
 * the lectures' first server. What comes is dropped; nothing is ever sent.
 */
#include "service.h"

static void opened(struct conn *c)
{
	conn_note(c, "Connection from %s has been established.", conn_peer(c));
}

const struct service service_accept = {
	.name = "accept",
	.about = "say who has connected, and hold the connection",
	.port = 1234,
	.nature = SERVICE_STREAM_ONLY,
	.opened = opened
};
