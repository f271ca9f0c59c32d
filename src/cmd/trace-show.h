/* SPDX-License-Identifier: MIT */
/*
 * From records to what is seen of them: they are put in order, made a story,
 * explained, folded, and drawn, live and into the files of -o.
 */
#ifndef CMD_TRACE_SHOW_H
#define CMD_TRACE_SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/event.h"
#include "../eye/draw.h"
#include "trace-output.h"
#include "trace.h"

struct causal;
struct explain;
struct fold;
struct order;

struct show {
	const struct trace *t;
	struct outputs outputs;
	struct draw_look look, file_look;
	struct order *order;
	struct story *story;
	struct explain *explain;
	struct causal *causal;
	struct fold *live, *filed;      /* before the live drawing, and before those of the files */
	struct draw *draw;
	int fd;                         /* where the live drawing goes */
	bool (*gives_up)(void *with);   /* asked while a reader of fd sleeps: shall nothing more be written? */
	void *with;
	uint64_t lost;                  /* here, for want of memory */
	uint64_t unwritten;             /* and on the tapes; for who reads them to tell */
	int error;                      /* of the live drawing, the first */
};

/* Open the files and begin; live goes to fd. Returns 0, or TRACE_FAILED and has told why. */
int show_begin(struct show *s, const struct trace *t, int fd);

/* The lane of a process is to be called so. */
void show_name(struct show *s, pid_t pid, const char *name);

/* A record, in any order. False: no memory, it is lost. */
bool show_event(struct show *s, const struct event *e);

/* Draw what happened until then, as far as nothing earlier can come. Returns how many records. */
size_t show_until(struct show *s, int64_t now);

/* Nothing came for a while. */
void show_idle(struct show *s);

/* Draw the rest, end and close everything. Returns 0, or TRACE_FAILED and has told why. */
int show_end(struct show *s);

#endif
