/* SPDX-License-Identifier: MIT */
/*
 * Rows that outlive the call that brought them: for folds, which look back,
 * and for drawings that know their width only at the end. A copy and its texts
 * are one block; its event is a block of its own (base/event.h).
 */
#include "row.h"

#include <stdlib.h>
#include <string.h>

enum { PAYLOAD = 256 }; /* bytes of payload that a drawing may look back on */

static size_t room_of(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* Lay the text at *at, and go on behind it. */
static const char *lay(char **at, const char *text)
{
	size_t n = room_of(text);
	char *here = *at;

	if (!n)
		return NULL;
	*at += n;
	return memcpy(here, text, n);
}

struct row *row_copy(const struct row *row)
{
	size_t texts =
		room_of(row->who) + room_of(row->text) + room_of(row->result) + room_of(row->note);
	struct row *copy = malloc(sizeof *copy + texts);
	char *at = (char *)(copy + 1);

	if (!copy)
		return NULL;
	*copy = *row;
	copy->socket = NULL;
	copy->who = lay(&at, row->who);
	copy->text = lay(&at, row->text);
	copy->result = lay(&at, row->result);
	copy->note = lay(&at, row->note);
	if (row->event && !(copy->event = event_copy(row->event, PAYLOAD))) {
		free(copy);
		return NULL;
	}
	return copy;
}

void row_free(struct row *row)
{
	if (!row)
		return;
	free((struct event *)row->event);
	free(row);
}
