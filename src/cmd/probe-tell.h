/* SPDX-License-Identifier: MIT */
/* The results of probe as lines, for people or programs, and as an exit code. */
#ifndef CMD_PROBE_TELL_H
#define CMD_PROBE_TELL_H

#include "probe-run.h"

enum { PROBE_TOLD = 32 * 1024 };

struct probe_teller {
	bool json;
	int verbosity;          /* negative: no lines; positive: times, and all addresses of a name */
	int code;               /* the highest of all results */
	bool deaf;              /* stdout took no more */
	size_t n;
	char lines[PROBE_TOLD]; /* not written yet */
};

/* For struct probe_run, whose ctx is a struct probe_teller. */
int probe_tell(void *teller, const struct probe_result *result);
int probe_tell_flush(void *teller);

#endif
