/* SPDX-License-Identifier: MIT */
/*
 * The time as a number for machines (RFC 868): seconds since 1900 in four
 * bytes, most significant first, then the end; any datagram gets it. The
 * number begins anew in 2036, for that is all that four bytes can tell.
 */
#include "service.h"

#include <endian.h>

#define FROM_1900_TO_1970 UINT64_C(2208988800)

static bool say(struct conn *c)
{
	uint32_t seconds = htobe32((uint32_t)((uint64_t)service_now() + FROM_1900_TO_1970));

	return service_say(c, &seconds, sizeof seconds);
}

/* Also when a stream takes bytes later: there may have been no room at first. */
static void tell(struct conn *c)
{
	if (!conn_written(c) && say(c))
		conn_finish(c);
}

static size_t bytes(struct conn *c, const char *in, size_t n)
{
	(void)in;
	if (conn_is_datagram(c))
		say(c);
	return n;
}

const struct service service_time = {
	.name = "time",
	.about = "tell the seconds since 1900 as four bytes",
	.port = 37,
	.nature = SERVICE_PACED,
	.opened = tell,
	.more = tell,
	.bytes = bytes
};
