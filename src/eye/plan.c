/* SPDX-License-Identifier: MIT */
/*
 * The measures of a ladder: how wide each lane's words are, where its line
 * stands, at which height each row lies. What is drawn there: svg.c.
 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "shown.h"

enum {
	MARGIN = 20,
	TIMES = 88,
	TITLE = 40,
	FOOT = 64,
	CORRIDOR = 210, /* at least so wide */
	WORDS_LEAST = 96,
	NOTE_LEAST = 270,
	HEAD_LEAST = 96,
	HEAD_MOST = 176,
	ROW = 32,
	ROW_INFERRED = 28,
	ROW_BAND = 44,
	ROW_LAST = 34,
	ROW_PAYLOAD = 16,
	NOTE_PAD = 18
};

const struct plan_lane *plan_lane(const struct plan *plan, int lane)
{
	return lane >= 0 && lane < plan->n ? &plan->lane[lane] : NULL;
}

static void widen(int *width, int to)
{
	if (*width < to)
		*width = to;
}

static bool is_call(const struct row *row)
{
	return row->kind <= ROW_END;
}

/* What the rows want of their lanes. Returns the widest label. */
static int measure(struct plan *plan, struct page *p)
{
	int label = 0;

	for (size_t i = 0; i < p->kept.n; i++) {
		const struct row *row = p->kept.rows[i].row;
		struct plan_lane *lane = (struct plan_lane *)plan_lane(plan, row->lane);

		for (int a = 0; a < row->arrows; a++) {
			widen(&label, plan_small((int)strlen(row->arrow[a].label)));
			if (row->arrow[a].kind <= ARROW_KERNEL)
				plan->kinds[row->arrow[a].kind] = true;
		}
		plan->folds |= row->kind == ROW_FOLD;
		plan->waits |= row->kind == ROW_BEGIN;
		if (lane && row->kind == ROW_NOTE) {
			widen(&lane->words, NOTE_LEAST);
		} else if (lane) {
			struct plan_words w;

			plan_words(&w, row, &p->draw.look[0]);
			widen(&lane->words, plan_wide(w.columns) + PLAN_SIDE);
			widen(&lane->words, plan_small(shown_columns(w.payload)) + PLAN_SIDE);
		}
	}
	return label;
}

static void measure_head(struct plan_lane *lane)
{
	char name[sizeof lane->who->name * 4];

	shown_bytes(name, sizeof name, lane->who->name,
		strnlen(lane->who->name, sizeof lane->who->name));
	lane->head = plan_wide(shown_columns(name)) + 24;
	widen(&lane->head, HEAD_LEAST);
	if (lane->head > HEAD_MOST)
		lane->head = HEAD_MOST;
}

static void place_lanes(struct plan *plan, int label)
{
	int x = plan->left, corridor = label + 70;

	widen(&corridor, CORRIDOR);
	for (int i = 0; i < plan->n; i++) {
		struct plan_lane *lane = &plan->lane[i];
		bool leftwards = !i && plan->n > 1;

		lane->words += PLAN_SIDE + 4;
		if (leftwards) {
			widen(&lane->words, lane->head / 2);
			x += lane->words;
		} else if (!i) {
			x += lane->head / 2;
		}
		lane->x = x;
		lane->column = leftwards ? 0 : lane->words;
		x += lane->column + (i + 1 < plan->n ? corridor : 0);
	}
	plan->width = x + MARGIN;
}

static int height_of(const struct plan *plan, const struct page *p, const struct row *row)
{
	char text[PLAN_NOTE_ROOM];
	struct plan_words w;

	switch (row->kind) {
	case ROW_NOTE:
		plan_note(text, row);
		return NOTE_PAD + PLAN_LINE * plan_note_lines(text, plan_note_columns(plan, row));
	case ROW_KERNEL:
		return ROW_INFERRED;
	case ROW_FOLD:
		return ROW_BAND;
	case ROW_EXIT:
		return ROW_LAST;
	default:
		plan_words(&w, row, p->draw.look);
		return ROW + (*w.payload ? ROW_PAYLOAD : 0);
	}
}

/* A call is at the middle of its own line of words, the payload below belongs to it. */
static void place_rows(struct plan *plan, struct page *p)
{
	int y = plan->top;

	for (size_t i = 0; i < p->kept.n; i++) {
		struct kept_row *kept = &p->kept.rows[i];
		struct plan_lane *lane = (struct plan_lane *)plan_lane(plan, kept->row->lane);

		kept->height = height_of(plan, p, kept->row);
		kept->y = y + (is_call(kept->row) ? ROW : kept->height) / 2;
		y += kept->height;
		if (lane && kept->row->kind == ROW_EXIT && lane->who->processes < 2)
			lane->end = kept->y;
	}
	plan->bottom = y + 8;
	plan->height = plan->bottom + FOOT;
}

/* Calls that wait at the same time in one lane stand side by side. */
static void place_slots(struct plan *plan, struct kept *k)
{
	unsigned char *used = calloc((size_t)plan->n + 1, 1);

	for (size_t i = 0; used && i < k->n; i++) {
		struct kept_row *kept = &k->rows[i];
		int slot = 0, lane = kept->row->lane;

		if (!plan_lane(plan, lane))
			continue;
		if (kept->row->kind == ROW_BEGIN) {
			while (slot < PLAN_SLOTS - 1 && used[lane] & 1 << slot) slot++;
			used[lane] |= (unsigned char)(1 << slot);
			kept->slot = slot;
		} else if (kept->row->kind == ROW_END) {
			const struct kept_call *call = kept_find(k, kept->row->call);

			if (call && k->rows[call->first].row->kind == ROW_BEGIN) {
				kept->slot = k->rows[call->first].slot;
				used[lane] &= (unsigned char)~(1 << kept->slot);
			}
		}
	}
	free(used);
}

bool plan_make(struct plan *plan, struct page *p)
{
	const struct story_lane *who = story_lanes(p->draw.story, &plan->n);

	plan->lane = calloc((size_t)plan->n + 1, sizeof *plan->lane);
	if (!plan->lane)
		return false;
	plan->left = MARGIN + (p->draw.look->untimed ? 0 : TIMES);
	for (int i = 0; i < plan->n; i++) {
		plan->lane[i] = (struct plan_lane){ .who = &who[i], .words = WORDS_LEAST };
		measure_head(&plan->lane[i]);
	}
	place_lanes(plan, measure(plan, p));
	widen(&plan->width, plan->left + 560);
	plan->top = TITLE + PLAN_HEAD + 22;
	place_rows(plan, p);
	place_slots(plan, &p->kept);
	for (int i = 0; i < plan->n; i++)
		if (!plan->lane[i].end)
			plan->lane[i].end = plan->bottom;
	return true;
}

void plan_free(struct plan *plan)
{
	free(plan->lane);
}

/* A note of no lane goes across all of them. */
int plan_note_columns(const struct plan *plan, const struct row *row)
{
	const struct plan_lane *lane = plan_lane(plan, row->lane);
	int width = lane ? lane->words - PLAN_SIDE : plan->width - plan->left - MARGIN;

	return (width - NOTE_PAD) * 100 / 625;
}
