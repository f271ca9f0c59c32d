/* SPDX-License-Identifier: MIT */
/*
 * Programs watched by ptrace(2): what each of their stops means. All that are
 * stopped are taken first, then each is let go on, so that a busy one does not
 * keep the others waiting. Signals are handed on, and a program that a signal
 * stops stays stopped. Read ptrace-inner.h next.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/clock.h"
#include "ptrace-inner.h"

enum { SYSCALL_STOP = SIGTRAP | 0x80, STOPS = 64 };

struct ptrace *ptrace_new(const struct ptrace_options *o)
{
	struct ptrace *p = calloc(1, sizeof *p);
	const struct ptrace_kind *kind;
	int n;

	if (!p)
		return NULL;
	p->o = *o;
	kind = ptrace_kind_all(&n);
	for (int i = 0; i < n; i++)
		p->kinds[kind[i].nr] = &kind[i];
	return p;
}

/* -- Going on ----------------------------------------------------------------------------- */

static void ask(enum __ptrace_request request, pid_t tid, unsigned long data)
{
	ptrace(request, tid, NULL, data);       /* who was killed meanwhile is not there: waitpid tells */
}

static void go_on(const struct ptrace_thread *t, int number)
{
	bool fast = t->process->filtered && !t->in_call;

	ask(fast ? PTRACE_CONT : PTRACE_SYSCALL, t->tid, (unsigned long)number);
}

static unsigned long message(pid_t tid)
{
	unsigned long text = 0;

	ptrace(PTRACE_GETEVENTMSG, tid, NULL, &text);
	return text;
}

unsigned long ptrace_flags(const struct ptrace_options *o)
{
	unsigned long all = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_TRACECLONE;

	if (o->follow)
		all |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
	return o->follow && o->filter ? all | PTRACE_O_TRACESECCOMP : all;
}

/* The filter is there. Without us the kernel would refuse all those calls; better to end with us. */
static void filtered(struct ptrace_thread *t)
{
	if (t->process->filtered)
		return;
	t->process->filtered = true;
	ask(PTRACE_SETOPTIONS, t->tid, ptrace_flags(&t->all->o) | PTRACE_O_EXITKILL);
}

/* -- Birth -------------------------------------------------------------------------------- */

static void let_go(struct ptrace_thread *t, int number)
{
	ask(PTRACE_DETACH, t->tid, (unsigned long)number);
	ptrace_thread_free(t);
}

/* It came to its first stop before its parent did to tell of it, or the other way round: both are needed. */
static void settle_in(struct ptrace_thread *t)
{
	if (!t->waits || (!t->process && !t->let_go))
		return;
	t->waits = false;
	if (t->let_go)
		let_go(t, 0);
	else
		go_on(t, 0);
}

static bool shares_files(pid_t a, pid_t b)
{
	enum { FILES = 2 };

	return syscall(SYS_kcmp, a, b, FILES, 0, 0) == 0;
}

static void born(struct ptrace_thread *parent, pid_t tid, int how)
{
	struct ptrace *p = parent->all;
	struct ptrace_thread *t = ptrace_thread_find(p, tid);
	bool is_thread = how == PTRACE_EVENT_CLONE && ptrace_thread_group(tid) == parent->process->pid;

	if (!t)
		t = ptrace_thread_new(p, tid);
	if (!t)
		return;
	if (is_thread && !t->process)
		ptrace_process_join(t, parent->process);
	else if (!is_thread && !p->o.follow)
		t->let_go = true;
	else if (!is_thread && (t->process ||
	                        ptrace_process_new(t, parent->process, shares_files(tid, parent->tid))))
		ptrace_tell_fork(parent, tid);
	settle_in(t);
}

/* Nobody will tell of them any more: their parent was killed. */
static void adopt(struct ptrace *p)
{
	struct ptrace_thread *t;
	size_t at = 0;
	uint64_t tid;

	while ((t = map_next(&p->threads, &at, &tid)) != NULL) {
		struct ptrace_process *q;

		if (t->process || !t->waits)
			continue;
		q = ptrace_process_find(p, ptrace_thread_group(t->tid));
		if (q)
			ptrace_process_join(t, q);
		else
			ptrace_process_new(t, NULL, false);
		settle_in(t);
	}
}

/* -- Stops -------------------------------------------------------------------------------- */

static bool is_stopping(int number)
{
	return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

static void ended(struct ptrace *p, pid_t tid, int status)
{
	struct ptrace_thread *t = ptrace_thread_find(p, tid);

	for (struct ptrace_ended *each = p->ended; each; each = each->next)
		if (each->pid == tid && !each->over) {
			each->over = true;
			each->status = status;
		}
	if (!t)
		return;
	if (t->process && (ptrace_thread_leaves(t) || t->process->pid == tid))
		ptrace_tell_exit(t, status);
	ptrace_thread_free(t);
	adopt(p);
}

/* Returns who goes on, with which signal; NULL: nobody. */
static struct ptrace_thread *event_stop(struct ptrace_thread *t, int event, int *number)
{
	int of_stop = *number;

	*number = 0;
	switch (event) {
	case PTRACE_EVENT_SECCOMP:
		filtered(t);
		ptrace_step(t);
		break;
	case PTRACE_EVENT_CLONE:
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
		born(t, (pid_t)message(t->tid), event);
		break;
	case PTRACE_EVENT_EXEC:
		return ptrace_process_exec(t->all, t->tid, (pid_t)message(t->tid));
	case PTRACE_EVENT_EXIT:
		if (ptrace_thread_leaves(t))
			ptrace_tell_exit(t, (int)message(t->tid));
		break;
	case PTRACE_EVENT_STOP:
		if (!is_stopping(of_stop))
			break;
		ask(PTRACE_LISTEN, t->tid, 0);
		return NULL;
	}
	return t;
}

static void stopped(struct ptrace_thread *t, int status)
{
	int event = status >> 16, number = WSTOPSIG(status);

	if (!t->process) {
		t->waits = true;
		settle_in(t);
		return;
	}
	if (event) {
		t = event_stop(t, event, &number);
	} else if (number == SYSCALL_STOP) {
		ptrace_step(t);
		number = 0;
	}
	if (t)
		go_on(t, number);
}

void ptrace_take(struct ptrace *p, pid_t tid, int status)
{
	struct ptrace_thread *t = ptrace_thread_find(p, tid);

	if (WIFEXITED(status) || WIFSIGNALED(status)) {
		ended(p, tid, status);
		return;
	}
	if (!t)
		t = ptrace_thread_new(p, tid);
	if (t)
		stopped(t, status);
	else
		ask(PTRACE_DETACH, tid, 0);
}

size_t ptrace_serve(struct ptrace *p)
{
	struct { pid_t tid; int status; } stops[STOPS];
	size_t n = 0;

	while (n < STOPS && (stops[n].tid = waitpid(-1, &stops[n].status, __WALL | WNOHANG)) > 0)
		n++;
	for (size_t i = 0; i < n; i++)
		ptrace_take(p, stops[i].tid, stops[i].status);
	return n;
}

/* -- What became of them -------------------------------------------------------------------- */

bool ptrace_ended(const struct ptrace *p, pid_t pid, int *status)
{
	for (const struct ptrace_ended *each = p->ended; each; each = each->next)
		if (each->pid == pid && each->over) {
			*status = each->status;
			return true;
		}
	return false;
}

size_t ptrace_left(const struct ptrace *p)
{
	return p->processes;
}

/* -- The end ------------------------------------------------------------------------------ */

/* Only who is stopped can be let go. */
static void stop_all(struct ptrace *p)
{
	struct ptrace_thread *t;
	size_t at = 0;
	uint64_t tid;

	while ((t = map_next(&p->threads, &at, &tid)) != NULL) {
		if (t->process && t->process->filtered)
			kill(t->process->pid, SIGKILL);
		else
			ask(PTRACE_INTERRUPT, t->tid, 0);
	}
}

static void dismiss(struct ptrace *p, pid_t tid, int status)
{
	struct ptrace_thread *t = ptrace_thread_find(p, tid);
	int number = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;

	if (!WIFSTOPPED(status)) {
		ended(p, tid, status);
		return;
	}
	if (status >> 16 || number == SYSCALL_STOP)
		number = 0;
	if (!t)
		ask(PTRACE_DETACH, tid, (unsigned long)number);
	else if (t->process && t->process->filtered)
		ask(PTRACE_CONT, tid, SIGKILL);
	else
		let_go(t, number);
}

static bool is_empty(const struct ptrace *p)
{
	size_t at = 0;
	uint64_t tid;

	return !map_next(&p->threads, &at, &tid);
}

/* Who waits for a disk cannot be stopped now; the kernel lets it go when we end. */
static void dismiss_all(struct ptrace *p)
{
	int64_t due = clock_now() + CLOCK_SEC;

	stop_all(p);
	while (!is_empty(p) && clock_now() < due) {
		int status;
		pid_t tid = waitpid(-1, &status, __WALL | WNOHANG);

		if (tid > 0)
			dismiss(p, tid, status);
		else if (tid < 0 && errno == ECHILD)
			break;
		else
			poll(NULL, 0, 1);
	}
}

void ptrace_end(struct ptrace *p)
{
	struct ptrace_thread *t;
	size_t at = 0;
	uint64_t tid;

	if (!p)
		return;
	dismiss_all(p);
	while ((t = map_next(&p->threads, &at, &tid)) != NULL)
		ptrace_thread_free(t);
	while (p->ended) {
		struct ptrace_ended *next = p->ended->next;

		free(p->ended);
		p->ended = next;
	}
	map_free(&p->threads);
	map_free(&p->sockets);
	free(p->bytes);
	free(p);
}
