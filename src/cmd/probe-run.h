/* SPDX-License-Identifier: MIT */
/*
 * All questions at once, as many as are allowed, in one loop, and the answers
 * in the order of the command line.
 */
#ifndef CMD_PROBE_RUN_H
#define CMD_PROBE_RUN_H

#include "probe-ask.h"
#include "probe-target.h"

/* What became of one address and port. */
struct probe_result {
	const struct probe_target *target;
	int port;
	struct probe_answer answer;
	const struct probe_answer *each;        /* of each address of a name; NULL: not kept */
};

struct probe_run {
	struct probe_how how;
	int at_once;
	bool each;              /* ask all addresses of a name, also when one is open */
	/* Takes a result, in order. Returns 0, or a negative errno, which ends all. */
	int (*tell)(void *ctx, const struct probe_result *result);
	/* All that could be told was: let it be seen. Likewise. */
	int (*flush)(void *ctx);
	void *ctx;
};

/* Probe them. Returns 0 or a negative errno: of the loop's own making, or of tell and flush. */
int probe_run(const struct probe_run *run, struct probe_target *targets, int count);

#endif
