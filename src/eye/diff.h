/* SPDX-License-Identifier: MIT */
/*
 * Two conversations, call by call in the order of cause (causal.h): where do
 * they part? Options, waits, retries and the partition of receives do not
 * count, nor do names of programs, ports and descriptors.
 */
#ifndef EYE_DIFF_H
#define EYE_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "row.h"
#include "story.h"

struct diff;

struct diff *diff_new(void);
void diff_free(struct diff *d);

/* The rows to come are of side 0 or 1, told by that story. */
void diff_begin(struct diff *d, int side, struct story *story);

/* A row_sink, for what causal gives. d is a struct diff. */
void diff_row(void *d, const struct row *row);

/*
 * Do both tell the same? If not, the first difference is in out: the last call
 * that both made, and how each went on, with the names of the two sides.
 */
bool diff_same(const struct diff *d, const char *const names[2], char *out, size_t room);

/* Calls compared: those of a side. */
size_t diff_calls(const struct diff *d, int side);

#endif
