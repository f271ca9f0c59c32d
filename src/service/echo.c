/* SPDX-License-Identifier: MIT */
/*
 * Send back what comes (RFC 862; the lectures' port). Back-pressure is the
 * engine's: what cannot be written is not used, so it is offered again. An
 * empty datagram is answered with an empty one.
 */
#include "service.h"

static size_t bytes(struct conn *c, const char *in, size_t n)
{
	return conn_write(c, in, n);
}

const struct service service_echo = {
	.name = "echo",
	.about = "send back what comes",
	.port = 65432,
	.bytes = bytes
};
