/* SPDX-License-Identifier: MIT */
/*
 * Rows kept until the drawing ends, for pictures whose measures depend on all
 * of them; and which of them tell of which call. At most DRAW_ROWS are kept,
 * the rest is counted.
 */
#ifndef EYE_KEPT_H
#define EYE_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "row.h"
#include "story.h"

struct kept_row {
	struct row *row;
	uint32_t socket;        /* its number; 0 none */
	char *told;             /* more words on it, to be freed; or NULL */
	int y, height;          /* place in a picture: its middle, and its whole height */
	int slot;               /* of a call that waits: how many others of its lane wait already */
};

/* Where a call's first and last row are. */
struct kept_call {
	uint32_t call;
	size_t first, last;
};

/* Bytes that one call sent and another received. */
struct kept_pair {
	uint32_t from, to;      /* calls */
	const struct row_arrow *arrow;
};

struct kept {
	struct kept_row *rows;
	struct kept_call *calls;        /* by number */
	struct kept_pair *pairs;        /* by the number of the sender, then in the order of time */
	size_t n, room, n_calls, n_pairs;
	uint64_t left_out;
};

/* Keep a copy. Returns where it is until the next one, or NULL where there is no more room. */
struct kept_row *kept_add(struct kept *k, const struct row *row);

/* All are there: find out which are of one call. False: no memory. */
bool kept_sort(struct kept *k);

/* After kept_sort: the rows of a call, or NULL. */
const struct kept_call *kept_find(const struct kept *k, uint32_t call);

/* The first of the pairs whose sender is this call, or where it would be. */
size_t kept_pairs(const struct kept *k, uint32_t call);

void kept_free(struct kept *k);

#endif
