/* SPDX-License-Identifier: MIT */
/* What stands in for uring.c and uring-probe.c where the build has no liburing. */
#include <errno.h>

#include "core.h"
#include "uring-probe.h"

const struct backend backend_uring = { .name = "io_uring" };

int uring_probe(const char **reason)
{
	*reason = "this sockeye was built without liburing";
	return -ENOSYS;
}
