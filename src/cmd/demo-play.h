/* SPDX-License-Identifier: MIT */
/* One conversation: its programs found, its port free, both run under trace, what they printed kept. */
#ifndef CMD_DEMO_PLAY_H
#define CMD_DEMO_PLAY_H

#include <stdio.h>

#include "demo.h"

enum { PLAY_SERVER, PLAY_CLIENT, PLAY_ENDS };

struct play {
	const struct conversation *c;
	FILE *said[PLAY_ENDS];          /* what each printed, to be read from its beginning */
};

/*
 * Run it as trace, which is ready but for the programs and the title, and draw
 * it to the descriptor ladder. Returns 0, or the exit code and has told why.
 * play_end is needed in any case.
 */
int play_run(struct play *p, const struct demo *d, const struct conversation *c,
             const struct trace *trace, int ladder);
void play_end(struct play *p);

/* What was typed and printed, each line behind the name of its side. */
void play_tell(const struct play *p, FILE *to);

/* The path of a file of the lectures, a program or its source. Returns 0, or CODE_NETWORK and has told why. */
int play_find(const struct demo *d, const char *name, char path[]);

#endif
