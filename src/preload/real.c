/* SPDX-License-Identifier: MIT */
/*
 * Finds what the shim stands before: the next function of that name in the
 * order in which libraries were loaded, which may be another shim's.
 */
#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

struct real real;

/* A pointer to data becomes one to a function; C has no cast for that. */
static void find(void *member, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found)
		__atomic_store((void **)member, &found, __ATOMIC_RELAXED);
}

void real_find(void)
{
	int saved = errno;

#define REAL_FIND(result, name, parameters) find(&real.name, #name);
	REAL_EACH(REAL_FIND)
#undef REAL_FIND
	errno = saved;
}
