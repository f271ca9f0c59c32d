/* SPDX-License-Identifier: MIT */
/*
 * Deadlines that are all equally far away when they are set: the order in
 * which they are set is that in which they come, so a list suffices.
 */
#ifndef CMD_PROBE_DUE_H
#define CMD_PROBE_DUE_H

#include <stdint.h>

struct probe_due_list;

/* Zeroed memory is a deadline that is not set. */
struct probe_due {
	struct probe_due *next, *before;
	struct probe_due_list *list;    /* NULL: not set */
	int64_t at;
};

struct probe_due_list {
	int64_t far;                    /* ns from now */
	struct probe_due *first, *last;
};

/* Set it, far from now. Set already, it is put off. */
void probe_due_set(struct probe_due_list *list, struct probe_due *d, int64_t now);

/* No deadline any more; there need be none. */
void probe_due_cancel(struct probe_due *d);

/* When the first comes, INT64_MAX: there is none. */
int64_t probe_due_first(const struct probe_due_list *list);

/* One whose moment has come, which is not set any more; or NULL. */
struct probe_due *probe_due_take(struct probe_due_list *list, int64_t now);

#endif
