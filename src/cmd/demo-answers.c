/* SPDX-License-Identifier: MIT */
/*
 * Of the rows those are kept that a conversation is made of: what is minor is
 * left out, and a call that waited is told once, by its end, where it has one.
 */
#include "demo-answers.h"

#include <stdlib.h>
#include <string.h>

#include "../eye/meaning.h"

enum { WIDTH = 78, INDENT = 4, FIRST_ROOM = 64 };

static void drop(struct answer *one)
{
	free(one->what);
	free(one->meaning);
}

/* -- From rows ------------------------------------------------------------------------------ */

/* The beginning of a call that has come to its end. */
static void forget(struct answers *a, uint32_t call)
{
	for (size_t i = a->n; call && i-- > 0;)
		if (a->each[i].call == call) {
			drop(&a->each[i]);
			memmove(&a->each[i], &a->each[i + 1], (a->n - i - 1) * sizeof *a->each);
			a->n--;
			return;
		}
}

static struct answer *add(struct answers *a)
{
	size_t room = a->room ? 2 * a->room : FIRST_ROOM;
	struct answer *more = a->n < a->room ? a->each : realloc(a->each, room * sizeof *more);

	if (!more) {
		a->lacks_memory = true;
		return NULL;
	}
	a->room = a->n < a->room ? a->room : room;
	a->each = more;
	more[a->n] = (struct answer){ .who = NULL };
	return &more[a->n++];
}

static const char *who(const struct answers *a, const struct row *row)
{
	return row->lane >= 0 && row->lane < PLAY_ENDS ? a->who[row->lane] : "somebody else";
}

static bool is_told(const struct row *row)
{
	switch (row->kind) {
	case ROW_CALL:
	case ROW_BEGIN:
	case ROW_END:
	case ROW_EXIT:
		return !row->minor;
	default:
		return row->kind == ROW_NOTE;
	}
}

void answers_row(void *answers, const struct row *row)
{
	struct answers *a = answers;
	char meaning[MEANING_ROOM];
	struct answer *one;

	if (!is_told(row))
		return;
	if (row->kind == ROW_END)
		forget(a, row->call);
	one = add(a);
	if (!one)
		return;
	if (row->kind == ROW_NOTE) {
		one->meaning = strdup(row->text);
		one->warning = row->wrong;
	} else {
		one->who = who(a, row);
		one->call = row->kind == ROW_BEGIN ? row->call : 0;
		one->meaning = strdup(meaning_of(row, meaning));
		if (asprintf(&one->what, "%s%s%s", row->text, *row->result ? " " : "", row->result) < 0)
			one->what = NULL;
	}
	a->lacks_memory |= !one->meaning || (one->who && !one->what);
}

void answers_free(struct answers *a)
{
	for (size_t i = 0; i < a->n; i++)
		drop(&a->each[i]);
	free(a->each);
	a->each = NULL;
	a->n = a->room = 0;
}

/* -- As text -------------------------------------------------------------------------------- */

static void wrap(FILE *to, const char *text, int indent)
{
	int at = 0;

	while (*text) {
		int n = (int)strcspn(text, " ");

		if (at > indent && at + 1 + n > WIDTH) {
			fputc('\n', to);
			at = 0;
		}
		at += fprintf(to, "%*s%.*s", at ? 1 : indent, "", n, text);
		text += n + strspn(text + n, " ");
	}
	fputc('\n', to);
}

void answers_put(const struct answers *a, FILE *to)
{
	fprintf(to, "%s: %s\n\n", a->c->name, a->c->about);
	if (a->shows) {
		wrap(to, a->shows, 0);
		fputc('\n', to);
	}
	fputs("What happened, call by call:\n", to);
	for (size_t i = 0; i < a->n; i++) {
		const struct answer *one = &a->each[i];

		if (one->who)
			fprintf(to, "\n%s: %s\n", one->who, one->what ? one->what : "");
		else
			fprintf(to, "  Note:\n");
		if (one->meaning && *one->meaning)
			wrap(to, one->meaning, INDENT);
	}
}
