/* SPDX-License-Identifier: MIT */
/*
 * The user's own Python programs, in one folder under the names that the
 * lectures gave them, or under others that say of which conversation they are.
 */
#ifndef CMD_DEMO_PYTHON_H
#define CMD_DEMO_PYTHON_H

#include "beside.h"
#include "demo-play.h"

enum { PYTHON_WHY = 400 };

struct python_pair {
	char path[PLAY_ENDS][BESIDE_PATH];
};

/* Server and client of a conversation, which are in one place. Returns 0; or -ENOENT, and why has a part of a line. */
int python_find(const struct demo *d, const struct conversation *c, struct python_pair *pair, char why[PYTHON_WHY]);

/* Is there a folder, with what is to be played? Returns 0, or CODE_NETWORK and has told what was looked for. */
int python_check(const struct demo *d);

/* The same for one conversation. */
int python_need(const struct demo *d, const struct conversation *c, struct python_pair *pair);

#endif
