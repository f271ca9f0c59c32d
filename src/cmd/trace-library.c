/* SPDX-License-Identifier: MIT */
/* The library of the eye: the one that the user names, else the one beside the command. */
#include "trace-library.h"

#include <stdlib.h>
#include <string.h>

#include "beside.h"

#define NAME "libsockeye-eye.so"

/* LD_PRELOAD is a list, which these two separate. */
static int take(const struct trace *t, const char *path)
{
	if (!strpbrk(path, ": "))
		return 0;
	return trace_fail(t, "move the library to another folder, and name it by SOCKEYE_EYE_LIBRARY",
	                  "%s: LD_PRELOAD takes no path with a space or a colon", path);
}

int library_find(const struct trace *t, char path[LIBRARY_PATH])
{
	const char *named = getenv("SOCKEYE_EYE_LIBRARY");

	if (named && *named) {
		if (beside_named(path, named))
			return take(t, path);
		return trace_fail(t, "SOCKEYE_EYE_LIBRARY must be the path of " NAME ", or be unset",
		                  "%s: no such library", named);
	}
	if (beside_find(path, "../preload/" NAME, NAME))
		return take(t, path);
	return trace_fail(t, "install it, or name it: SOCKEYE_EYE_LIBRARY=/path/" NAME,
	                  NAME " is missing: not beside this command, nor in %s", beside_installed);
}
