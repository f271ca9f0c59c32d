/* SPDX-License-Identifier: MIT */
/* The words beside a lane, cut to its column, and notes broken into lines. Where they are put:
 * plan.c. */
#include <string.h>

#include "../base/utf8.h"
#include "plan.h"
#include "shown.h"

enum {
	WIDE = 786,
	SMALL = 665,
	PAYLOAD = 48,
	RESULT = 30,
	CALLER = 12
}; /* hundredths of a pixel; bytes; columns */

int plan_wide(int columns)
{
	return (columns * WIDE + 99) / 100;
}

int plan_small(int columns)
{
	return (columns * SMALL + 99) / 100;
}

/* A text made visible and cut; three bytes stay for the ellipsis. Returns its columns. */
static int show(char *out, size_t room, const char *text, int columns)
{
	shown_bytes(out, room - 3, text ? text : "", text ? strlen(text) : 0);
	return shown_cut(out, columns);
}

static void show_payload(struct plan_words *w, const struct row *row)
{
	char bytes[PAYLOAD];
	size_t n = row->event && row->kind != ROW_BEGIN
			   ? event_preview(row->event, bytes, sizeof bytes)
			   : 0;

	if (!n)
		return;
	w->payload[0] = '"';
	size_t len = 1 + shown_bytes(w->payload + 1, sizeof w->payload - 8, bytes, n);
	memcpy(w->payload + len, "\"", 2);
	if (n < row->event->moved || shown_columns(w->payload) > PLAN_COLUMNS) {
		shown_cut(w->payload, PLAN_COLUMNS - 1);
		if (w->payload[strlen(w->payload) - 1] == '"')
			memcpy(w->payload + len, "\xe2\x80\xa6", 4);
	}
}

/* The result is what matters, so what the call was is cut first. */
void plan_words(struct plan_words *w, const struct row *row, const struct draw_look *look)
{
	size_t full = strlen(row->text ? row->text : "") + strlen(row->result ? row->result : "");
	int who, result, call;

	memset(w, 0, sizeof *w);
	who = show(w->who, sizeof w->who, look->untimed ? "" : row->who, CALLER);
	result = show(w->result, sizeof w->result, row->result, RESULT);
	call = show(
		w->call, sizeof w->call, row->text, PLAN_COLUMNS - who - !!who - result - !!result);
	w->columns = call + who + !!who + result + !!result;
	w->cut = full != strlen(w->call) + strlen(w->result) || strstr(w->call, "\xe2\x80\xa6");
	if (look->payload)
		show_payload(w, row);
}

const char *plan_note(char out[PLAN_NOTE_ROOM], const struct row *row)
{
	shown_bytes(
		out, PLAN_NOTE_ROOM, row->text ? row->text : "", row->text ? strlen(row->text) : 0);
	return out;
}

size_t plan_note_break(const char *text, int columns, const char **next)
{
	size_t n = strlen(text), at = 0, word = 0;
	int took = 0;

	while (at < n) {
		uint32_t point;
		int len = utf8_next(text + at, n - at, &point);

		if (text[at] == ' ')
			word = at;
		if (++took > columns)
			break;
		at += len ? (size_t)len : 1;
	}
	if (at >= n)
		word = at;
	else if (!word)
		word = at ? at : 1;
	*next = text + word + strspn(text + word, " ");
	return word;
}

int plan_note_lines(const char *text, int columns)
{
	int lines = 0;

	for (const char *at = text; *at; lines++) plan_note_break(at, columns, &at);
	return lines ? lines : 1;
}
