/* SPDX-License-Identifier: MIT */
/*
 * Take whatever comes and never answer (RFC 863). It has no function at all:
 * the engine drops what nobody asks for without even copying it.
 */
#include "service.h"

const struct service service_discard = {
	.name = "discard",
	.about = "take what comes and say nothing",
	.port = 9
};
