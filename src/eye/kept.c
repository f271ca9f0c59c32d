/* SPDX-License-Identifier: MIT */
/* The rows of a picture, kept and put in relation. What is drawn of them: plan.h, svg.c, html.c. */
#include "kept.h"

#include <stdlib.h>

#include "draw.h"

static bool grow(struct kept *k)
{
	size_t room = k->room ? 2 * k->room : 64;
	struct kept_row *rows =
		k->n < k->room ? k->rows : reallocarray(k->rows, room, sizeof *rows);

	if (!rows)
		return false;
	if (k->n == k->room)
		k->room = room;
	k->rows = rows;
	return true;
}

struct kept_row *kept_add(struct kept *k, const struct row *row)
{
	struct row *copy = k->n < DRAW_ROWS && !k->left_out && grow(k) ? row_copy(row) : NULL;

	if (!copy) {
		k->left_out++;
		return NULL;
	}
	k->rows[k->n] =
		(struct kept_row){ .row = copy, .socket = row->socket ? row->socket->number : 0 };
	return &k->rows[k->n++];
}

static int by_call(const void *a, const void *b)
{
	const struct kept_call *one = a, *two = b;

	if (one->call != two->call)
		return one->call < two->call ? -1 : 1;
	return one->first < two->first ? -1 : one->first > two->first;
}

/* Pairs lie in the order of time before they are sorted; their arrows' rows tell it afterwards,
 * too. */
static int by_sender(const void *a, const void *b)
{
	const struct kept_pair *one = a, *two = b;

	if (one->from != two->from)
		return one->from < two->from ? -1 : 1;
	return one->to < two->to ? -1 : one->to > two->to;
}

/* Of each call the first row and the last. */
static void join(struct kept *k, size_t found)
{
	for (size_t i = 0; i < found; i++) {
		struct kept_call *last = k->n_calls ? &k->calls[k->n_calls - 1] : NULL;

		if (last && last->call == k->calls[i].call)
			last->last = k->calls[i].last;
		else
			k->calls[k->n_calls++] = k->calls[i];
	}
}

static void pair(struct kept *k, const struct row *row)
{
	for (int i = 0; i < row->arrows; i++)
		if (row->arrow[i].call && row->call && row->arrow[i].call != row->call)
			k->pairs[k->n_pairs++] =
				(struct kept_pair){ row->arrow[i].call, row->call, &row->arrow[i] };
}

bool kept_sort(struct kept *k)
{
	size_t found = 0, arrows = 1;

	for (size_t i = 0; i < k->n; i++) arrows += k->rows[i].row->arrows;
	k->calls = calloc(k->n + 1, sizeof *k->calls);
	k->pairs = calloc(arrows, sizeof *k->pairs);
	if (!k->calls || !k->pairs)
		return false;
	for (size_t i = 0; i < k->n; i++) {
		const struct row *row = k->rows[i].row;

		if (row->call && row->kind <= ROW_END)
			k->calls[found++] = (struct kept_call){ row->call, i, i };
		pair(k, row);
	}
	qsort(k->calls, found, sizeof *k->calls, by_call);
	qsort(k->pairs, k->n_pairs, sizeof *k->pairs, by_sender);
	join(k, found);
	return true;
}

const struct kept_call *kept_find(const struct kept *k, uint32_t call)
{
	size_t low = 0, high = k->n_calls;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (k->calls[mid].call < call)
			low = mid + 1;
		else
			high = mid;
	}
	return call && low < k->n_calls && k->calls[low].call == call ? &k->calls[low] : NULL;
}

size_t kept_pairs(const struct kept *k, uint32_t call)
{
	size_t low = 0, high = k->n_pairs;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (k->pairs[mid].from < call)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void kept_free(struct kept *k)
{
	for (size_t i = 0; i < k->n; i++) {
		row_free(k->rows[i].row);
		free(k->rows[i].told);
	}
	free(k->rows);
	free(k->calls);
	free(k->pairs);
}
