/* SPDX-License-Identifier: MIT */
/*
 * Two recorded files compared: each becomes a story and is put into the order
 * of cause, where two runs that did the same are the same.
 */
#include <stdio.h>

#include "../eye/causal.h"
#include "../eye/diff.h"
#include "../eye/order.h"
#include "../eye/story.h"
#include "out.h"
#include "trace-file.h"
#include "trace.h"

enum { SAID = 8192 };

struct side {
	struct order *order;
	struct story *story;
	struct causal *causal;
};

static void tell(void *side, const struct row *row)
{
	causal_row(((struct side *)side)->causal, row);
}

static bool take(void *of, const struct event *e, int64_t until)
{
	struct side *side = of;
	bool kept = order_put(side->order, e);

	while ((e = order_take(side->order, until)) != NULL)
		story_event(side->story, e);
	return kept;
}

static int read_side(const struct trace *t, struct diff *diff, int number, const char *path)
{
	struct side side = { .order = order_new() };
	const struct event *e;
	int code = TRACE_FAILED;

	side.story = story_new(&(struct story_options){ .follow = t->follow.len ? &t->follow : NULL }, tell, &side);
	diff_begin(diff, number, side.story);
	side.causal = side.story ? causal_new(side.story, diff_row, diff) : NULL;
	if (side.order && side.causal) {
		order_hold(side.order, ORDER_PATIENT_MS);
		code = trace_file_read(t, path, take, &side);
		while ((e = order_take(side.order, INT64_MAX)) != NULL)
			story_event(side.story, e);
		story_end(side.story);
	} else {
		trace_fail(t, NULL, "out of memory");
	}
	if (side.causal)
		causal_end(side.causal);
	story_free(side.story);
	order_free(side.order);
	return code;
}

static int compare(const struct trace *t, const struct diff *diff)
{
	const char *const names[2] = { t->file, t->other };
	char said[SAID];

	if (diff_same(diff, names, said, sizeof said)) {
		printf("the same: %zu calls\n", diff_calls(diff, 0));
		return out_flushed() ? TRACE_FAILED : 0;
	}
	fputs(said, stdout);
	return out_flushed() ? TRACE_FAILED : TRACE_DIFFERENT;
}

int trace_diff(const struct trace *t)
{
	struct diff *diff = diff_new();
	int code = diff ? 0 : trace_fail(t, NULL, "out of memory");

	if (!code)
		code = read_side(t, diff, 0, t->file);
	if (!code)
		code = read_side(t, diff, 1, t->other);
	if (!code)
		code = compare(t, diff);
	diff_free(diff);
	return code;
}
