/* SPDX-License-Identifier: MIT */
/*
 * The files of -o: each is made by its ending. All are opened before anything
 * is run, so that what cannot be written is known in time.
 */
#ifndef CMD_TRACE_OUTPUT_H
#define CMD_TRACE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "../eye/draw.h"
#include "../eye/pcapng.h"
#include "option.h"
#include "trace.h"

#define OUTPUT_ENDINGS ".svg .html .mmd .txt .json .pcapng"

struct output {
	const char *path;
	FILE *file;
	int error;                      /* the first, a negative errno */
	const struct output_kind *kind;
	struct draw *draw;              /* those that take rows */
	struct pcapng *packets;
};

struct outputs {
	struct output each[TRACE_OUTPUTS];
	int count;
	size_t payload;                 /* of a record, in JSON */
	char *line;                     /* JSON on its way; room grows */
	size_t room;
};

/* Takes the value of an option -o, for option.h: one more file, if its ending names a form. */
const char *outputs_take(void *trace, const char *value, char why[OPTION_WHY]);

/* Open them all. Returns 0, or TRACE_FAILED and has told why. */
int outputs_open(struct outputs *o, const struct trace *t);

/* Begin their forms; look and story live until outputs_end. False: no memory. */
bool outputs_begin(struct outputs *o, const struct draw_look *look, struct story *story);

/* A record in its order; lost of them could not be written so far. */
void outputs_event(struct outputs *o, const struct event *e, uint64_t lost);

/* A row_sink. o is a struct outputs. */
void outputs_row(void *o, const struct row *row);
bool outputs_want_rows(const struct outputs *o);

/* What is complete so far goes to the disk, so that others can read it. */
void outputs_flush(struct outputs *o);

/* Write their ends and close them. Returns 0, or TRACE_FAILED and has told why. */
int outputs_end(struct outputs *o, const struct trace *t);

#endif
