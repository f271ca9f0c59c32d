/* SPDX-License-Identifier: MIT */
/*
 * What the ladder by cause says of a call: the same words in every run. So
 * sockets are named by their order of telling, ports are letters, and what the
 * system chose or the clock measured is left out.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/put.h"
#include "args.h"
#include "causal-inner.h"

enum { TEXT = 200 };

static intptr_t name_of(struct causal_words *w, uint32_t socket)
{
	if (socket && !map_get(&w->names, socket))
		map_set(&w->names, socket, (void *)++w->names_n);
	return (intptr_t)map_get(&w->names, socket);
}

static void put_name(struct causal_words *w, struct put *p, uint32_t socket)
{
	put_text(p, "s");
	put_number(p, (uint64_t)name_of(w, socket));
}

/* Ports as letters, in the order in which they are told: A, B, ..., A1 */
static void put_port(struct causal_words *w, struct put *p, int port)
{
	int i = 0;
	char letter;

	while (i < w->ports_n && w->ports[i] != port)
		i++;
	if (i == w->ports_n && i < CAUSAL_PORTS)
		w->ports[w->ports_n++] = port;
	letter = (char)('A' + i % 26);
	put_bytes(p, &letter, 1);
	if (i >= 26)
		put_number(p, (uint64_t)i / 26);
}

static void put_addr(struct causal_words *w, struct put *p, const char *text)
{
	const char *colon = strrchr(text, ':');

	if (!colon || !isdigit((unsigned char)colon[1])) {
		put_text(p, text);
		return;
	}
	put_bytes(p, text, (size_t)(colon + 1 - text));
	put_port(w, p, (int)strtol(colon + 1, NULL, 10));
}

static void put_words(struct causal_words *w, struct put *p, const struct causal_item *i)
{
	const struct event *e = i->row->event;
	char args[ARGS_ROOM];
	const char *comma;

	put_text(p, event_call_name(e->call));
	put_text(p, "(");
	args_text(args, sizeof args, e, true);
	comma = strchr(args, ',');
	if (e->call == EVENT_SOCKETPAIR && strstr(args, ", [")) {
		put_bytes(p, args, (size_t)(strstr(args, ", [") - args));
	} else if (e->call == EVENT_GETNAMEINFO && comma) {
		args[comma - args] = '\0';
		put_addr(w, p, args);
		put_text(p, ", ");
		put_text(p, comma + 2);
	} else if (!i->socket || e->call == EVENT_SOCKET || e->call == EVENT_SOCKETPAIR) {
		put_text(p, args);
	} else {
		put_name(w, p, i->socket);
		if (comma && (e->call == EVENT_BIND || e->call == EVENT_CONNECT)) {
			put_text(p, ", ");
			put_addr(w, p, comma + 2);
		} else if (comma && (e->call == EVENT_LISTEN || e->call == EVENT_SHUTDOWN)) {
			put_text(p, comma);
		}
	}
	put_text(p, ")");
}

/* Of a connect in the background how it ended: that it was waited for elsewhere leaves no trace. */
static int error_of(const struct causal_words *w, const struct event *e, const struct story_socket *k)
{
	if (e->call != EVENT_CONNECT || e->error != EINPROGRESS || !k)
		return e->error;
	if (map_get(&w->failed, k->number))
		return (int)(intptr_t)map_get(&w->failed, k->number);
	return k->connected ? 0 : e->error;
}

static void put_result(struct causal_words *w, struct put *p, const struct causal_item *i)
{
	const struct event *e = i->row->event;
	const struct story_socket *k = story_socket_at(w->story, i->socket);
	int error = error_of(w, e, k);
	const char *name = error ? strerrorname_np(error) : NULL;

	if (e->call == EVENT_EXIT)
		return;
	put_text(p, "= ");
	if (error) {
		put_text(p, name ? name : "-1");
	} else if (i->made || e->call == EVENT_SOCKET || e->call == EVENT_SOCKETPAIR) {
		put_name(w, p, i->made ? i->made : i->socket);
		if (e->call == EVENT_SOCKETPAIR && k && k->peer) {
			put_text(p, ", ");
			put_name(w, p, k->peer->number);
		}
	} else {
		put_number(p, event_sends(e) || event_receives(e) ? e->moved : 0);
	}
}

static void relabel(struct row *row)
{
	for (int i = 0; i < row->arrows; i++) {
		struct row_arrow *a = &row->arrow[i];

		if (a->kind != ARROW_BYTES)
			continue;
		struct put p = put_into(a->label, sizeof a->label);
		put_number(&p, a->end - a->first);
		put_text(&p, " B [");
		put_number(&p, a->first);
		put_text(&p, ",");
		put_number(&p, a->end);
		put_text(&p, ")");
	}
}

/* One arrow for bytes that lie in a row, however many sends they come from. */
static void join_arrows(struct row *row)
{
	int n = 0;

	for (int i = 0; i < row->arrows; i++) {
		struct row_arrow *a = &row->arrow[i], *last = n ? &row->arrow[n - 1] : NULL;

		if (last && a->kind == ARROW_BYTES && last->from == a->from && last->end == a->first) {
			last->end = a->end;
			last->call = a->call;
		} else {
			row->arrow[n++] = *a;
		}
	}
	row->arrows = (uint8_t)n;
}

void causal_tell(struct causal_words *w, struct causal_item *i)
{
	char text[TEXT], result[TEXT];
	struct put p = put_into(text, sizeof text), r = put_into(result, sizeof result);
	struct row row = *i->row;

	put_words(w, &p, i);
	put_result(w, &r, i);
	row.kind = row.kind == ROW_EXIT ? ROW_EXIT : ROW_CALL;
	row.text = text;
	row.result = result;
	row.who = "";
	join_arrows(&row);
	relabel(&row);
	row.socket = story_socket_at(w->story, i->made ? i->made : i->socket);
	w->sink(w->to, &row);
}

void causal_words_free(struct causal_words *w)
{
	map_free(&w->names);
	map_free(&w->failed);
}
