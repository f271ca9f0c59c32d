/* SPDX-License-Identifier: MIT */
/*
 * Notes between the rows. Each row is passed on and then shown to every kind
 * of note, and each socket once more when it is gone; what a kind has to say
 * follows the row at once. The kinds are listed in explain-kind.c, and what
 * they may know is told in explain-fact.h.
 */
#include "explain.h"

#include <stdio.h>
#include <stdlib.h>

#include "explain-fact.h"

struct explain *explain_new(struct story *story, row_sink *sink, void *to)
{
	struct explain *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->story = story;
	e->sink = sink;
	e->to = to;
	return e;
}

void explain_free(struct explain *e)
{
	if (!e)
		return;
	free(e->facts);
	free(e);
}

/* -- Telling ------------------------------------------------------------------------------- */

static bool enough(const struct explain_case *c, int kind)
{
	uint32_t most = explain_kinds[kind].most ? explain_kinds[kind].most : EXPLAIN_IN_ALL;

	return c->e->told[kind] >= most || (c->my && c->my->told[kind] >= EXPLAIN_ON_SOCKET);
}

/* At the end a note is about a socket, not about a row. */
static struct row place(const struct explain_case *c)
{
	const struct row *row = c->row;

	if (!row)
		return (struct row){ .lane = (int16_t)c->s->lane, .time = c->e->now, .who = "" };
	return (struct row){ .lane = row->lane, .call = row->call, .time = row->time, .who = row->who ? row->who : "" };
}

static void tell(struct explain_case *c, int kind)
{
	if (enough(c, kind)) {
		c->e->more[kind]++;
		return;
	}
	struct row note = place(c);

	note.kind = ROW_NOTE;
	note.wrong = c->warning;
	note.socket = c->s;
	note.text = c->text;
	note.result = "";
	note.note = explain_kinds[kind].name;
	if (c->s && c->s->lane >= 0 && c->my)
		note.lane = (int16_t)c->s->lane;
	c->e->told[kind]++;
	if (c->my)
		c->my->told[kind]++;
	c->e->sink(c->e->to, &note);
}

/* A case may change while a kind looks at it, so each gets its own. */
static void ask(const struct explain_case *c, bool gone)
{
	for (int i = 0; i < EXPLAIN_KINDS && explain_kinds[i].name; i++) {
		explain_test *test = gone ? explain_kinds[i].gone : explain_kinds[i].row;
		struct explain_case own = *c;

		own.warning = !explain_kinds[i].hint;
		if (test && test(&own))
			tell(&own, i);
	}
}

/* -- Ends -------------------------------------------------------------------------------------- */

static void leave(struct explain *e, const struct row *row, const struct story_socket *s, enum explain_how how)
{
	struct explain_case c;

	if (!explain_begin(&c, e, row, s) || c.my->gone)
		return;
	c.how = how;
	if (how == EXPLAIN_CLOSED)
		explain_learn_close(&c);
	ask(&c, true);
	explain_learn_gone(&c);
}

static enum explain_how how_ended(const struct row *row)
{
	if (!row->event)
		return EXPLAIN_KILLED;
	return row->event->arg[0] < 0 ? EXPLAIN_KILLED : row->event->arg[0] ? EXPLAIN_FAILED : EXPLAIN_EXITED;
}

/* What nobody holds any more went with the program. */
static void leave_all(struct explain *e, const struct row *row)
{
	uint32_t n = story_sockets(e->story);

	for (uint32_t i = e->first_live; i < n; i++) {
		const struct story_socket *s = story_socket_at(e->story, i + 1);
		const struct explain_fact *fact = explain_fact_of(e, s);

		if (s && s->closed && s->lane == row->lane)
			leave(e, row, s, how_ended(row));
		if (i == e->first_live && fact && fact->gone)
			e->first_live++;
	}
}

static void look_into_all(struct explain *e, const struct row *row)
{
	uint32_t n = story_sockets(e->story);

	for (uint32_t i = e->first_live; i < n; i++) {
		const struct story_socket *s = story_socket_at(e->story, i + 1);
		struct explain_fact *fact = explain_fact_of(e, s);

		if (fact && !fact->gone && s->lane == row->lane)
			fact->unread = explain_unread(s);
	}
}

/* The story learns what is over when it has told the row, and tells what the kernel did on account of it. */
static void keep(struct explain *e, const struct row *row)
{
	struct explain_last *last = &e->last;

	*last = (struct explain_last){ .is = true, .row = *row, .event = *row->event };
	last->socket = row->kind == ROW_EXIT || !row->socket ? 0 : row->socket->number;
	snprintf(last->who, sizeof last->who, "%s", row->who ? row->who : "");
	last->row.who = last->who;
	last->row.text = last->row.result = "";
	last->row.event = &last->event;
	last->event.iov = NULL;
	last->event.text = NULL;
}

void explain_idle(struct explain *e)
{
	const struct story_socket *s = story_socket_at(e->story, e->last.socket);

	if (!e->last.is)
		return;
	e->last.is = false;
	if (!e->last.socket)
		leave_all(e, &e->last.row);
	else if (s && s->closed)
		leave(e, &e->last.row, s, EXPLAIN_CLOSED);
}

/* The end of a program is about the socket whose bytes may have caused it. */
static const struct story_socket *about(const struct explain *e, const struct row *row)
{
	bool ends = row->kind == ROW_EXIT && row->lane >= 0 && row->lane < EXPLAIN_LANES;

	return ends ? story_socket_at(e->story, e->bad_text[row->lane]) : row->socket;
}

void explain_row(void *explain, const struct row *row)
{
	struct explain *e = explain;
	struct explain_case c;

	if (row->kind != ROW_KERNEL)
		explain_idle(e);
	e->sink(e->to, row);
	if (row->time > e->now)
		e->now = row->time;
	if (!row->event || !explain_begin(&c, e, row, about(e, row)))
		return;
	if (row->kind == ROW_EXIT)
		look_into_all(e, row);
	else
		explain_learn(&c);
	ask(&c, false);
	if (row->kind == ROW_EXIT || (row->socket && explain_did(&c, EVENT_CLOSE)))
		keep(e, row);
}

static void tell_more(struct explain *e, int kind)
{
	char text[100];
	const struct row note = {
		.kind = ROW_NOTE, .time = e->now, .who = "", .text = text, .result = "",
		.note = explain_kinds[kind].name,
	};

	if (!e->more[kind])
		return;
	snprintf(text, sizeof text, "This was so %u times more.", (unsigned)e->more[kind]);
	e->sink(e->to, &note);
}

void explain_end(struct explain *e)
{
	uint32_t n = story_sockets(e->story);

	explain_idle(e);
	for (uint32_t i = e->first_live; i < n; i++) {
		const struct story_socket *s = story_socket_at(e->story, i + 1);

		if (s && explain_fact_of(e, s) && explain_fact_of(e, s)->known)
			leave(e, NULL, s, EXPLAIN_STOPPED);
	}
	for (int i = 0; i < EXPLAIN_KINDS && explain_kinds[i].name; i++)
		tell_more(e, i);
}
