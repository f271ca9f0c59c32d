/* SPDX-License-Identifier: MIT */
/*
 * Programs that are started by hand: a shell is told what puts the eye into
 * all that it starts, and beside it a tracer draws what they do. They meet in
 * a folder that is always the same for one user; programs may come before the
 * tracer, and go before it, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/eyenv.h"
#include "out.h"
#include "trace-library.h"
#include "trace-room.h"
#include "trace-show.h"
#include "trace-signals.h"
#include "trace-tapes.h"
#include "trace-turns.h"
#include "trace.h"

enum { TICK_LEAST = 2, TICK_MOST = 20, QUIET_MS = 50 };

static const char next[] = "remove what is in the way, or run programs by the tracer: sockeye trace COMMAND";

/* -- For the shell ------------------------------------------------------------------------ */

/* In single quotes, and with a semicolon: eval joins the lines. */
static void put_variable(const char *name, const char *value)
{
	printf("export %s='", name);
	for (; *value; value++)
		if (*value == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*value);
	puts("';");
}

static void put_preload(const char *library)
{
	const char *before = getenv("LD_PRELOAD");
	char *all = NULL;

	if (before && strstr(before, library))
		all = strdup(before);
	else if (before && *before && asprintf(&all, "%s:%s", library, before) < 0)
		all = NULL;
	put_variable("LD_PRELOAD", all ? all : library);
	free(all);
}

int trace_env(const struct trace *t)
{
	char library[LIBRARY_PATH], text[ROOM_PATH + 128], why[ROOM_WHY];
	struct room room;
	struct eyenv env = { .payload = t->payload, .room = (size_t)t->room, .dir = room.path };

	if (library_find(t, library))
		return TRACE_FAILED;
	if (room_fixed(&room, why) < 0)
		return trace_fail(t, next, "%s", why);
	if (room_lock(&room))
		tapes_clean(room.fd);
	room_leave(&room);
	if (eyenv_print(text, sizeof text, &env))
		put_variable(EYENV_NAME, text);
	put_preload(library);
	return out_flushed() ? TRACE_FAILED : 0;
}

/* -- Beside it ---------------------------------------------------------------------------- */

struct attach {
	struct signals signals;
	struct tapes tapes;
	struct show show;
	int ms;                         /* until the next turn */
	int64_t heard;                  /* when the last record came */
};

static void take(void *attach, const struct event *e)
{
	struct attach *a = attach;

	show_event(&a->show, e);
}

static bool gives_up(void *attach)
{
	struct attach *a = attach;

	signals_wait(&a->signals, 0);
	return a->signals.asked || a->signals.typed;
}

static int turn(void *attach)
{
	struct attach *a = attach;
	int64_t now = clock_now(), until;

	if (gives_up(a) || a->show.error)
		return -1;
	if (tapes_read(&a->tapes, now, &until)) {
		a->heard = now;
		a->ms = TICK_LEAST;
	} else if (a->ms < TICK_MOST) {
		a->ms++;
	}
	show_until(&a->show, until);
	if (now - a->heard >= QUIET_MS * CLOCK_MS)
		show_idle(&a->show);
	return a->ms;
}

static bool is_late(void *attach)
{
	struct attach *a = attach;

	return tapes_are_crowded(&a->tapes);
}

static int attach(struct attach *a, const struct trace *t, const struct room *room)
{
	uint64_t lost;
	int code = show_begin(&a->show, t, STDOUT_FILENO);

	if (code)
		return code;
	a->show.gives_up = gives_up;
	a->show.with = a;
	signals_begin(&a->signals);
	tapes_begin(&a->tapes, room->fd, take, a);
	a->heard = clock_now();
	a->ms = TICK_LEAST;
	/* Until somebody interrupts it, or nobody reads any more. */
	turns_run(&(struct turns){ .turn = turn, .is_late = is_late, .with = a, .fd = a->signals.fd });
	tapes_settle(&a->tapes);
	lost = tapes_lost(&a->tapes) + a->show.lost;
	code = show_end(&a->show);
	tapes_end(&a->tapes);
	signals_end(&a->signals);
	trace_say_lost(lost);
	return code;
}

int trace_attach(const struct trace *t)
{
	struct attach a = { .signals.fd = -1 };
	char why[ROOM_WHY];
	struct room room;
	int code;

	if (room_fixed(&room, why) < 0)
		return trace_fail(t, next, "%s", why);
	if (room_lock(&room))
		code = attach(&a, t, &room);
	else
		code = trace_fail(t, "end that one first", "another sockeye trace --attach is at work");
	room_leave(&room);
	return code;
}
