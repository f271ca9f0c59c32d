/* SPDX-License-Identifier: MIT */
/*
 * Each row has a shape: who, which call, how it ended, where its arrows go;
 * not when, and not how many bytes. The first few rows of a shape are told.
 * Further ones are counted, until something new happens: then first the count
 * is told, and then the new row. The first rows of a run are held, since a few
 * are better told than counted; a run of any length folds in the same memory.
 * A call that begins to wait meanwhile is told behind the run if it still waits.
 */
#include "fold.h"

#include <stdlib.h>
#include <string.h>

#include "../base/put.h"

enum { SHOWN = 3, HELD = 8, BEGUN = 64, SHAPES = 256, PARTS = 6 };

struct shape {
	uint64_t is;
	uint32_t times;         /* told, or counted */
	uint64_t counted;       /* in the run that is being counted now */
	char name[24];          /* of the call */
	uint64_t used;          /* when it was last met, to forget the oldest */
};

struct fold {
	row_sink *sink;
	void *to;
	struct shape shapes[SHAPES];
	int n;
	uint64_t clock, counted, in, out;
	struct row last;        /* the row that was counted last, for its time and lane */
	struct row *held[HELD]; /* the run as long as it is short */
	int held_n;
	struct row *begun[BEGUN];       /* calls that began to wait in the run, and have not returned */
	int begun_n;
	bool changed;           /* since the count was told in between */
};

struct fold *fold_new(row_sink *sink, void *to)
{
	struct fold *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->sink = sink;
	f->to = to;
	return f;
}

/* -- Shapes ------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t h, uint64_t value)
{
	h = (h ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 31;
}

/* Ports and sizes differ where nothing else does. */
static uint64_t mix_words(uint64_t h, const char *text)
{
	for (; *text; text++)
		if (*text < '0' || *text > '9')
			h = mix(h, (unsigned char)*text);
	return h;
}

/* A call that waited and one that did not are the same, seen from afar. */
static uint64_t shape_of(const struct row *row)
{
	uint64_t h = mix(1, row->kind == ROW_END ? ROW_CALL : row->kind);

	h = mix(h, (uint16_t)row->lane);
	if (row->event) {
		h = mix(h, row->event->call);
		h = mix(h, (uint32_t)row->event->error);
		h = mix(h, row->event->moved > 0);
	} else {
		h = mix_words(h, row->note ? row->note : row->text);
	}
	for (int i = 0; i < row->arrows; i++) {
		h = mix(h, row->arrow[i].kind);
		h = mix(h, (uint16_t)row->arrow[i].from);
		h = mix(h, (uint16_t)row->arrow[i].to);
	}
	return h;
}

static struct shape *oldest(struct fold *f)
{
	struct shape *found = NULL;

	if (f->n < SHAPES)
		return &f->shapes[f->n++];
	for (int i = 0; i < f->n; i++)
		if (!f->shapes[i].counted && (!found || f->shapes[i].used < found->used))
			found = &f->shapes[i];
	return found ? found : &f->shapes[0];
}

static void name(struct shape *s, const struct row *row)
{
	struct put p = put_into(s->name, sizeof s->name);
	const char *text = row->event ? event_call_name(row->event->call) : row->text;
	size_t n = strcspn(text, ":");

	put_bytes(&p, text, n < sizeof s->name ? n : sizeof s->name - 1);
}

static struct shape *shape_at(struct fold *f, const struct row *row)
{
	uint64_t is = shape_of(row);
	struct shape *s = NULL;

	for (int i = 0; i < f->n && !s; i++)
		if (f->shapes[i].is == is)
			s = &f->shapes[i];
	if (!s) {
		s = oldest(f);
		*s = (struct shape){ .is = is };
		name(s, row);
	}
	s->used = ++f->clock;
	return s;
}

/* -- Telling --------------------------------------------------------------------------------- */

/* How often a call was counted, in whatever shapes; 0 when an earlier shape has told it. */
static uint64_t counted(const struct fold *f, int at)
{
	uint64_t n = 0;

	for (int i = 0; f->shapes[at].counted && i < f->n; i++)
		if (strcmp(f->shapes[i].name, f->shapes[at].name) == 0) {
			if (i < at && f->shapes[i].counted)
				return 0;
			n += f->shapes[i].counted;
		}
	return n;
}

static void put_parts(const struct fold *f, struct put *p)
{
	int told = 0;

	for (int i = 0; i < f->n; i++) {
		uint64_t n = counted(f, i);

		if (!n)
			continue;
		put_text(p, told ? ", " : "");
		if (told++ == PARTS) {
			put_text(p, "...");
			return;
		}
		put_number(p, n);
		put_text(p, " x ");
		put_text(p, f->shapes[i].name);
	}
}

static uint32_t period(const struct fold *f)
{
	uint32_t n = 0;

	for (int i = 0; i < f->n; i++)
		n += f->shapes[i].counted > 0;
	return n;
}

static void tell(struct fold *f, bool sofar)
{
	char text[300];
	struct put p = put_into(text, sizeof text);
	struct row row = {
		.kind = ROW_FOLD, .minor = sofar, .lane = f->last.lane, .time = f->last.time, .text = text,
		.result = "", .who = "", .times = f->counted, .bytes_in = f->in, .bytes_out = f->out,
		.period = period(f),
	};

	put_number(&p, f->counted);
	put_text(&p, " more like these: ");
	put_parts(f, &p);
	if (f->in || f->out) {
		put_text(&p, "; sent ");
		put_number(&p, f->out);
		put_text(&p, " B, received ");
		put_number(&p, f->in);
		put_text(&p, " B");
	}
	f->sink(f->to, &row);
	f->changed = false;
}

static void release(struct fold *f, bool told)
{
	for (int i = 0; i < f->held_n; i++) {
		if (told)
			f->sink(f->to, f->held[i]);
		row_free(f->held[i]);
	}
	f->held_n = 0;
}

/* -- Calls that begin to wait in a run ---------------------------------------------------- */

static void keep_begun(struct fold *f, const struct row *row)
{
	struct row *copy = f->begun_n < BEGUN ? row_copy(row) : NULL;

	if (!copy)
		return;
	copy->socket = row->socket;
	f->begun[f->begun_n++] = copy;
}

static void drop_begun(struct fold *f, int i)
{
	row_free(f->begun[i]);
	memmove(&f->begun[i], &f->begun[i + 1], (size_t)(--f->begun_n - i) * sizeof *f->begun);
}

/* It has returned. True: nobody was told that it began. */
static bool take_begun(struct fold *f, uint32_t call)
{
	int i = 0;

	while (i < f->begun_n && f->begun[i]->call != call)
		i++;
	if (i == f->begun_n)
		return false;
	drop_begun(f, i);
	return true;
}

/* Nobody waits in a process that has ended. */
static void forget_begun(struct fold *f, int32_t pid)
{
	for (int i = f->begun_n; i-- > 0;)
		if (f->begun[i]->event->pid == pid)
			drop_begun(f, i);
}

static void tell_begun(struct fold *f)
{
	for (int i = 0; i < f->begun_n; i++) {
		if (f->begun[i]->time < f->last.time)
			f->begun[i]->time = f->last.time;
		f->sink(f->to, f->begun[i]);
		row_free(f->begun[i]);
	}
	f->begun_n = 0;
}

/* -- Rows ----------------------------------------------------------------------------------- */

/* The run is over: a short one is told row by row. */
static void unfold(struct fold *f)
{
	if (!f->counted)
		return;
	if (f->counted == (uint64_t)f->held_n)
		release(f, true);
	else
		tell(f, false);
	release(f, false);
	for (int i = 0; i < f->n; i++)
		f->shapes[i].counted = 0;
	f->counted = f->in = f->out = 0;
	tell_begun(f);
}

static void hold(struct fold *f, const struct row *row)
{
	struct row *copy = f->counted == (uint64_t)f->held_n && f->held_n < HELD ? row_copy(row) : NULL;

	if (!copy)
		return;
	copy->socket = row->socket;     /* it lives as long as the story does */
	f->held[f->held_n++] = copy;
}

static void count(struct fold *f, struct shape *s, const struct row *row)
{
	hold(f, row);
	s->counted++;
	f->counted++;
	f->last = (struct row){ .time = row->time, .lane = row->lane };
	f->changed = true;
	if (row->event && event_sends(row->event))
		f->out += row->event->moved;
	else if (row->event && event_receives(row->event))
		f->in += row->event->moved;
}

void fold_row(void *fold, const struct row *row)
{
	struct fold *f = fold;
	struct row whole = *row;

	if (row->minor)
		return;
	if (row->kind == ROW_BEGIN) {
		if (f->counted)
			keep_begun(f, row);
		else
			f->sink(f->to, row);
		return;
	}
	if (row->kind == ROW_EXIT)
		forget_begun(f, row->event->pid);
	if (row->kind == ROW_END && take_begun(f, row->call)) {
		whole.kind = ROW_CALL;
		row = &whole;
	}
	struct shape *s = shape_at(f, row);
	if (s->times >= SHOWN) {
		count(f, s, row);
		return;
	}
	s->times++;
	unfold(f);
	f->sink(f->to, row);
}

void fold_idle(struct fold *f)
{
	if (f->counted == (uint64_t)f->held_n)
		unfold(f);
	else if (f->changed)
		tell(f, true);
	else if (f->begun_n)
		unfold(f);
}

void fold_end(struct fold *f)
{
	if (!f)
		return;
	unfold(f);
	free(f);
}
