/* SPDX-License-Identifier: MIT */
/*
 * The programs of a run, from their start to their end. All but the last are
 * groups of their own, so that what they have started ends with them; the last
 * stays in the foreground, with the terminal and standard input.
 */
#ifndef CMD_TRACE_PROGRAMS_H
#define CMD_TRACE_PROGRAMS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace.h"

struct ptrace;

enum { PROGRAM_NAME = 64 };

struct program {
	char **argv;
	char name[PROGRAM_NAME];        /* as a lane is called: "server.py" */
	pid_t pid;                      /* 0: not started */
	bool last;
	bool ended, empty;              /* waited for; and nobody is left of its group */
	int status;                     /* as of waitpid(2) */
	int64_t started, over;
};

struct programs {
	const struct trace *t;
	struct program each[TRACE_PROGRAMS];
	int count, started;
	struct ptrace *ptrace;          /* by which they are watched; NULL: by the library of the eye */
	const char *preload;            /* the library of the eye */
	const char *folder;             /* of the tapes */
	sigset_t mask;                  /* the signals that were blocked when we were started */
	int step;                       /* of their end: how many signals have been sent */
	int64_t due;                    /* and when the next is */
};

/* Are they all there? Returns 0, or the exit code and has told why. */
int programs_check(struct programs *p, const struct trace *t);

/* Start the next. Returns it, or NULL, has told why, and the exit code is in code. */
struct program *programs_start(struct programs *p, int *code);

/* Who of them has ended just now; NULL: nobody. */
struct program *programs_reap(struct programs *p);

/* Give a signal to all that live; but to the last only if it shall have it. */
void programs_signal(struct programs *p, int number, bool last);

/*
 * End those that still live, the last included or not: first they are left to
 * themselves for the grace, then come TERM, the grace, and KILL. Returns whether
 * all is done; else it is to be called again.
 */
bool programs_end(struct programs *p, bool last, int64_t now);

/* What the shell would say: its status, or 128 and the signal. */
int program_code(const struct program *p);

#endif
