/* SPDX-License-Identifier: MIT */
/*
 * A run: programs are started one after the other, their tapes read every few
 * milliseconds and drawn, until the last program has ended and the others have
 * been ended. One thread at a time does it all, and never waits for a program.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/clock.h"
#include "ptrace.h"
#include "trace-library.h"
#include "trace-programs.h"
#include "trace-ready.h"
#include "trace-room.h"
#include "trace-show.h"
#include "trace-signals.h"
#include "trace-tapes.h"
#include "trace-turns.h"
#include "trace-unseen.h"
#include "trace.h"
#include "value.h"

enum { TICK_LEAST = 2, TICK_MOST = 20, QUIET_MS = 50, BUSY = 256 };

struct run {
	const struct trace *t;
	struct signals signals;
	struct room room;
	struct tapes tapes;
	struct programs programs;
	struct ready ready;
	struct show show;
	struct unseen unseen[TRACE_PROGRAMS];
	bool told_exit[TRACE_PROGRAMS];
	bool last_over;                 /* the last program has ended, and so shall the others */
	int passed_on;                  /* a signal that all programs were given; 0: none */
	int code;                       /* of a program that could not be started; 0: none */
	int ms;                         /* until the next turn */
	int64_t heard, until;           /* when the last record came; and up to when all were read */
};

/* -- Records ------------------------------------------------------------------------------ */

static void take(void *run, const struct event *e)
{
	struct run *r = run;

	ready_event(&r->ready, e);
	for (int i = 0; i < r->programs.started; i++)
		if (r->programs.each[i].pid == e->pid) {
			unseen_event(&r->unseen[i], e);
			r->told_exit[i] |= e->call == EVENT_EXIT;
		}
	show_event(&r->show, e);
}

/* Who was killed could not tell of its end. */
static void tell_exit(struct run *r, const struct program *p)
{
	struct event e;
	bool killed = WIFSIGNALED(p->status);

	event_init(&e, EVENT_EXIT, EVENT_RETURN);
	e.time = p->over;
	e.pid = e.tid = p->pid;
	e.arg[0] = killed ? -1 : WEXITSTATUS(p->status);
	e.arg[1] = killed ? WTERMSIG(p->status) : 0;
	snprintf(e.program, sizeof e.program, "%.15s", p->name);
	show_event(&r->show, &e);
}

static void tell_reason(const struct run *r, int i)
{
	trace_fail(r->t, r->unseen[i].next, "nothing is seen of %s%s: %s", r->unseen[i].of, r->programs.each[i].name,
	           r->unseen[i].reason);
}

static size_t read_tapes(struct run *r)
{
	int64_t now = clock_now();
	size_t n = tapes_read(&r->tapes, now, &r->until);

	if (r->programs.ptrace) {
		n += ptrace_serve(r->programs.ptrace);
		r->until = clock_now();
	}
	r->show.unwritten = tapes_lost(&r->tapes);
	show_until(&r->show, r->until);
	if (n)
		r->heard = now;
	else if (now - r->heard >= QUIET_MS * CLOCK_MS)
		show_idle(&r->show);
	return n;
}

/* -- Programs ----------------------------------------------------------------------------- */

/* What it has written is read before it counts as ended. */
static void note_end(struct run *r, struct program *p)
{
	int i = (int)(p - r->programs.each);

	tapes_dead(&r->tapes, p->pid);
	do read_tapes(r); while (r->until < p->over);
	if (!r->told_exit[i])
		tell_exit(r, p);
	if (!r->programs.ptrace && unseen_end(&r->unseen[i]))
		tell_reason(r, i);
	r->last_over |= p->last;
}

static void reap(struct run *r)
{
	struct program *p;

	while ((p = programs_reap(&r->programs)) != NULL)
		note_end(r, p);
}

static void start(struct run *r)
{
	struct program *p = programs_start(&r->programs, &r->code);

	if (!p)
		return;
	ready_begin(&r->ready, p->last ? 0 : p->pid);
	unseen_begin(&r->unseen[p - r->programs.each], p->pid, p->argv[0], !r->t->follow_children);
	show_name(&r->show, p->pid, p->name);
}

static bool out_of_patience(struct run *r, const struct program *before, int64_t now)
{
	char time[VALUE_TEXT];

	if (now - before->started < r->t->patience)
		return false;
	trace_say(r->ready.seen ? "%s does not wait for anybody after %s: %s is started"
	                        : "nothing is seen of %s after %s: %s is started",
	          before->name, value_time_text(time, r->t->patience), before[1].name);
	return true;
}

static void start_next(struct run *r, int64_t now)
{
	const struct program *before = &r->programs.each[r->programs.started - 1];

	if (r->programs.started == r->programs.count)
		return;
	if ((before->ended && before->empty) || ready_is(&r->ready, now) || out_of_patience(r, before, now))
		start(r);
}

static void look_for_unseen(struct run *r, int64_t now)
{
	for (int i = 0; i < r->programs.started && !r->programs.ptrace; i++)
		if (!r->programs.each[i].ended && unseen_look(&r->unseen[i], now))
			tell_reason(r, i);
}

/* -- The run ------------------------------------------------------------------------------ */

/*
 * A key of the terminal is the last program's own matter, which has got its
 * signal already; but when it does not run yet, nobody else would end.
 */
static void pass_on(struct run *r)
{
	bool all_run = r->programs.started == r->programs.count;
	int number = r->signals.asked ? r->signals.asked : all_run ? 0 : r->signals.typed;

	if (!number || r->passed_on)
		return;
	r->passed_on = number;
	programs_signal(&r->programs, number, true);
}

static bool is_over(struct run *r, int64_t now)
{
	if (r->passed_on || r->code)
		return programs_end(&r->programs, true, now);
	return r->last_over && programs_end(&r->programs, false, now);
}

/* Often while something comes. */
static int tick(size_t n, int before)
{
	if (n >= BUSY)
		return 0;
	return n ? TICK_LEAST : before < TICK_MOST ? before + 1 : TICK_MOST;
}

static int turn(void *run)
{
	struct run *r = run;

	if (is_over(r, clock_now()))
		return -1;
	signals_wait(&r->signals, 0);
	pass_on(r);
	r->ms = tick(read_tapes(r), r->ms);
	reap(r);
	if (!r->passed_on && !r->code && !r->last_over)
		start_next(r, clock_now());
	look_for_unseen(r, clock_now());
	return r->ms;
}

static bool is_late(void *run)
{
	struct run *r = run;

	return tapes_are_crowded(&r->tapes);
}

/* A program that is started is as nice as who starts it; and who is stopped at each call waits for us. */
static bool needs_all(void *run)
{
	struct run *r = run;

	return r->programs.ptrace || r->programs.started < r->programs.count;
}

static void loop(struct run *r)
{
	const struct turns turns = { .turn = turn, .is_late = is_late, .with = r, .fd = r->signals.fd };

	r->ms = TICK_LEAST;
	start(r);
	if (turns_alone(&turns, needs_all))
		turns_run(&turns);
}

static int code_of(const struct run *r)
{
	if (r->code)
		return r->code;
	return r->passed_on ? 128 + r->passed_on : program_code(&r->programs.each[r->programs.count - 1]);
}

static bool gives_up(void *run)
{
	struct run *r = run;

	signals_wait(&r->signals, 0);
	return r->signals.asked || r->signals.typed;
}

static int begin(struct run *r)
{
	char why[ROOM_WHY];

	if (signals_begin(&r->signals) < 0)
		return trace_fail(r->t, NULL, "signals cannot be read: %s", strerrordesc_np(errno));
	if (room_make(&r->room, why) < 0) {
		signals_end(&r->signals);
		return trace_fail(r->t, "make room in /dev/shm, or set XDG_RUNTIME_DIR to a folder of your own",
		                  "%s", why);
	}
	r->programs.mask = r->signals.before;
	r->programs.folder = r->room.path;
	r->show.gives_up = gives_up;
	r->show.with = r;
	tapes_begin(&r->tapes, r->room.fd, take, r);
	if (r->t->ptrace) {
		r->programs.ptrace = ptrace_new(&(struct ptrace_options){
			.payload = r->t->payload, .follow = r->t->follow_children, .emit = take, .to = r });
		if (!r->programs.ptrace)
			return trace_fail(r->t, NULL, "out of memory");
		trace_say("programs are stopped at each of their calls, and slower for it");
	}
	return 0;
}

static int end(struct run *r)
{
	uint64_t lost;
	int failed;

	tapes_settle(&r->tapes);
	r->show.unwritten = tapes_lost(&r->tapes);
	lost = r->show.unwritten + r->show.lost;
	failed = show_end(&r->show);
	tapes_end(&r->tapes);
	ptrace_end(r->programs.ptrace);
	room_remove(&r->room);
	signals_end(&r->signals);
	trace_say_lost(lost);
	return failed ? failed : code_of(r);
}

int trace_run(const struct trace *t)
{
	struct run *r = calloc(1, sizeof *r);
	char library[LIBRARY_PATH];
	int code;

	if (!r)
		return trace_fail(t, NULL, "out of memory");
	r->t = t;
	code = programs_check(&r->programs, t);
	if (!code)
		code = t->ptrace ? 0 : library_find(t, library);
	r->programs.preload = library;
	if (!code)
		code = show_begin(&r->show, t, t->streams ? t->streams->ladder : STDERR_FILENO);
	if (!code) {
		code = begin(r);
		if (code)
			show_end(&r->show);
		else {
			loop(r);
			code = end(r);
		}
	}
	free(r);
	return code;
}
