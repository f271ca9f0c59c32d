/* SPDX-License-Identifier: MIT */
/*
 * The shim's life in a program that never asked for it. It starts with the
 * program, but makes its tape at the first call on a socket, so that programs
 * without one leave nothing. A forked child goes on writing to its parent's
 * tape; a program that is executed makes one of its own. Whatever fails turns
 * the shim off, in silence.
 */
#include "shim.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/eyenv.h"
#include "../base/program.h"
#include "../base/put.h"
#include "../base/tape.h"
#include "real.h"

enum { PATIENCE = 1000, FOLDER = 512 };

_Atomic int shim_state = SHIM_OFF;

static struct eyenv wanted;
static char folder[FOLDER];             /* the program may change its environment */
static char program[sizeof ((struct event *)0)->program];
static struct tape *tape;
static int32_t process;
static _Atomic int32_t waker;           /* the thread that makes the tape */
static _Atomic bool ended;

/* Of a thread it lasts until a fork, which leaves one thread alone, with a new number. */
static __thread int32_t thread __attribute__((tls_model("initial-exec")));
static __thread int64_t fork_time __attribute__((tls_model("initial-exec")));

static int32_t this_thread(void)
{
	if (!thread)
		thread = gettid();
	return thread;
}

bool shim_is_ours(void)
{
	return getpid() == process;
}

void shim_event(struct event *e, int call)
{
	memset(e, 0, sizeof *e);
	e->time = clock_now();
	e->pid = process;
	e->tid = this_thread();
	e->fd = e->other = -1;
	e->call = call;
	e->phase = EVENT_ENTER;
	memcpy(e->program, program, sizeof e->program);
}

static void write_event(const struct event *e)
{
	tape_write(tape, e, wanted.payload);
}

/* -- The tape ------------------------------------------------------------------------- */

/* As much room as there is, down to the least. */
static struct tape *make_tape(const char *path)
{
	for (size_t room = wanted.room; ; room /= 2) {
		struct tape *t = tape_create(path, room);

		if (t || room <= TAPE_LEAST || (errno != ENOSPC && errno != EFBIG && errno != ENOMEM))
			return t;
	}
}

static struct tape *open_tape(void)
{
	char path[FOLDER + 48];
	struct put p = put_into(path, sizeof path);

	put_text(&p, wanted.dir);
	put_text(&p, "/");
	put_number(&p, process);
	put_text(&p, "-");
	put_hex(&p, clock_now(), 16);
	return p.full ? NULL : make_tape(path);
}

/* Another thread is at it. Its signal handlers must not wait for it. */
static bool wait_for_waker(void)
{
	for (int i = 0; i < PATIENCE && shim_state == SHIM_WAKING && waker != this_thread(); i++)
		sched_yield();
	return shim_state == SHIM_ON;
}

/* The calls in between could end the thread where it would not end unwatched. */
bool shim_wake(void)
{
	int saved = errno, asleep = SHIM_ASLEEP, cancel;

	if (shim_state == SHIM_OFF || !shim_is_ours())
		return false;
	if (!atomic_compare_exchange_strong(&shim_state, &asleep, SHIM_WAKING))
		return wait_for_waker();
	waker = this_thread();
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	tape = open_tape();
	atomic_store(&shim_state, tape ? SHIM_ON : SHIM_OFF);
	pthread_setcancelstate(cancel, NULL);
	errno = saved;
	return tape;
}

/* -- Birth, children, and the end ---------------------------------------------------------- */

static void tell(int call, int64_t time, int32_t pid, int32_t tid, int32_t other, int32_t arg)
{
	struct event e;

	if (shim_state != SHIM_ON)
		return;
	shim_event(&e, call);
	e.time = time;
	e.phase = EVENT_RETURN;
	e.pid = pid;
	e.tid = tid;
	e.other = other;
	e.arg[0] = arg;
	write_event(&e);
}

static void before_fork(void)
{
	fork_time = clock_now();
}

/*
 * The child tells the fork in its parent's name, so that it comes before all that the child does;
 * and as of the time at which its parent called, so that it comes before what the parent did since.
 */
static void in_child(void)
{
	int32_t parent = process, forker = thread;

	process = getpid();
	thread = 0;
	ended = false;
	if (shim_state == SHIM_WAKING)
		shim_state = SHIM_ASLEEP;
	if (wanted.pid)
		shim_state = SHIM_OFF;
	tell(EVENT_FORK, fork_time, parent, forker ? forker : parent, process, 0);
}

void shim_ends(int status)
{
	if (shim_state != SHIM_ON || !shim_is_ours() || atomic_exchange(&ended, true))
		return;
	tell(EVENT_EXIT, clock_now(), process, this_thread(), -1, status & 0xff);
}

static void at_exit(int status, void *unused)
{
	(void)unused;
	shim_ends(status);
}

/* Registered before all others of the program, it is called after them. */
static void start(int argc, char **argv)
{
	const char *value = secure_getenv(EYENV_NAME);

	process = getpid();
	if (!value || eyenv_parse(&wanted, value) < 0 || strlen(wanted.dir) >= sizeof folder)
		return;
	if (wanted.pid && wanted.pid != process)
		return;
	wanted.dir = memcpy(folder, wanted.dir, strlen(wanted.dir) + 1);
	program_name(program, sizeof program, argc, argv);
	if (pthread_atfork(before_fork, NULL, in_child) != 0 || on_exit(at_exit, NULL) != 0)
		return;
	event_watch(write_event);
	shim_state = SHIM_ASLEEP;
}

__attribute__((constructor)) static void begin(int argc, char **argv, char **environment)
{
	int saved = errno;

	(void)environment;
	real_find();
	start(argc, argv);
	errno = saved;
}
