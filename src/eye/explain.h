/* SPDX-License-Identifier: MIT */
/*
 * Notes under the calls that went otherwise than their author may have
 * thought, each from facts of this run. It stands between the story and the
 * drawings: rows in, the same rows and notes out. At the end it tells what
 * was left undone: sockets never closed, both sides waiting for ever.
 */
#ifndef EYE_EXPLAIN_H
#define EYE_EXPLAIN_H

#include "row.h"
#include "story.h"

struct explain;
struct explain_case;

/* A kind of note: says whether the case is one, and if so puts its sentences into it. */
typedef bool explain_test(struct explain_case *c);

struct explain_kind {
	const char *name, *about;       /* a row's .note; and what it means in general, for the manual */
	explain_test *row;              /* asked of every call, NULL: of none */
	explain_test *gone;             /* asked of every socket when it is gone, or the story has ended */
	uint16_t most;                  /* notes in all; 0: as many as of any kind */
	bool hint;                      /* good to know; else a warning */
};

/* All kinds; a name of NULL ends them. */
extern const struct explain_kind explain_kinds[];

/* At most so many notes of a kind on one socket, and in all; the rest is counted and told at the end. */
enum { EXPLAIN_ON_SOCKET = 3, EXPLAIN_IN_ALL = 20 };

/* Story is asked for its sockets at the end. NULL: no memory. */
struct explain *explain_new(struct story *story, row_sink *sink, void *to);

/* A row_sink. e is a struct explain. */
void explain_row(void *e, const struct row *row);

/* Nothing came for a while: what a close or an exit has left is told without waiting for the next row. */
void explain_idle(struct explain *e);

/* After story_end and before the drawings end: the notes on the whole. */
void explain_end(struct explain *e);

void explain_free(struct explain *e);

#endif
