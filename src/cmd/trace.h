/* SPDX-License-Identifier: MIT */
/*
 * The verb trace: what its command line asks for, and its ways to come
 * by records: programs that it runs (trace-run.c), programs that were started
 * by hand (trace-attach.c), and a file (trace-replay.c). All end in one drawing,
 * trace-show.h.
 */
#ifndef CMD_TRACE_H
#define CMD_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/event.h"
#include "../eye/row.h"
#include "verb.h"

enum {
	TRACE_DIFFERENT = 1,            /* of --diff */
	TRACE_FAILED = 125,             /* the tracer itself, its command line included: as env(1), timeout(1) */
	TRACE_NOT_EXECUTABLE = 126,
	TRACE_NOT_FOUND = 127,
	TRACE_PROGRAMS = 16,
	TRACE_OUTPUTS = 8,
	TRACE_SHOWN = 80
};

enum trace_order { ORDER_TIME, ORDER_CAUSAL };
enum trace_colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

/* Where a run's words go, for who does not leave them to the programs. */
struct trace_streams {
	int ladder;
	int in;                         /* standard input of the last program */
	int out[TRACE_PROGRAMS];        /* standard output and error of each */
};

struct trace {
	const struct verb *verb;
	char ***commands;               /* each ends in a NULL */
	int count;
	const char *file;               /* a recorded one; or NULL */
	const char *other;              /* of --diff: the second */
	const char *outputs[TRACE_OUTPUTS];
	int output_count;
	size_t payload;                 /* of each record are kept */
	int64_t room;                   /* of a tape */
	int64_t patience, grace;
	int width;                      /* 0: as the terminal is */
	int order;                      /* enum trace_order */
	int colour;                     /* enum trace_colour */
	struct event_addr follow;       /* len 0: none */
	const char *title;
	bool follow_children, data, calls, options, explain, no_kernel, ascii, quiet;
	bool env, attach, ptrace, diff;
	const struct trace_streams *streams;    /* of trace_run; NULL: ours, and the ladder on standard error */
	row_sink *rows;                 /* is given every row, too, before any is folded; or NULL */
	void *rows_to;
};

/* Each returns the exit code. */
int trace_run(const struct trace *t);
int trace_attach(const struct trace *t);
int trace_env(const struct trace *t);
int trace_replay(const struct trace *t);
int trace_diff(const struct trace *t);

/* A failure of trace's own in two lines. Returns TRACE_FAILED. */
int trace_fail(const struct trace *t, const char *next, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A path as a sentence can carry it: of a long one the end. Returns buf. */
const char *trace_shown(char buf[TRACE_SHOWN], const char *path);

/* A remark in one line: it goes on. */
void trace_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How much was lost of what the programs did; nothing when it is nothing. */
void trace_say_lost(uint64_t lost);

#endif
