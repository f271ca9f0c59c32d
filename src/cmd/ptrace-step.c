/* SPDX-License-Identifier: MIT */
/*
 * Out of stops, calls. A signal may interrupt one: then the kernel makes it
 * anew, or lets it fail with EINTR once the handler has ended, which shows in
 * where the program goes on: behind the call or at it. Both are one call, with
 * one entry and one return; what the handler itself calls comes in between.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "../base/clock.h"
#include "ptrace-inner.h"

/* What the kernel says inside when a call is to be made anew; errno.h knows only those for programs. */
enum { RESTART_SYS = 512, RESTART_NO_INTR = 513, RESTART_NO_HAND = 514, RESTART_BLOCK = 516 };

static bool is_to_restart(int64_t r)
{
	return r == -RESTART_SYS || r == -RESTART_NO_INTR || r == -RESTART_NO_HAND || r == -RESTART_BLOCK;
}

static void release(struct ptrace_thread *t, struct ptrace_call *c)
{
	ptrace_open_free(t->all, c->open);
	c->open = NULL;
}

/* The call that waits for a handler to end; NULL: there is none. */
static struct ptrace_call *interrupted(struct ptrace_thread *t)
{
	return t->calls && !t->in_call ? &t->call[t->calls - 1] : NULL;
}

static void finish_interrupted(struct ptrace_thread *t, int64_t r)
{
	struct ptrace_call *c = interrupted(t);

	t->calls--;
	c->kind->leave(t, c, r);
	release(t, c);
}

void ptrace_step_drop(struct ptrace_thread *t)
{
	while (t->calls)
		release(t, &t->call[--t->calls]);
	t->in_call = false;
}

static bool goes_on(const struct ptrace_call *c, uint64_t nr, uint64_t ip)
{
	return ip == c->ip && (nr == c->nr || nr == SYS_restart_syscall);
}

/* A handler lies below the call that it interrupted; who is above has jumped out of it. */
static bool is_abandoned(const struct ptrace_call *c, uint64_t nr, uint64_t sp)
{
	return nr != SYS_rt_sigreturn && sp >= c->sp;
}

static void enter(struct ptrace_thread *t, const struct __ptrace_syscall_info *info, uint64_t nr,
                  const uint64_t *args)
{
	struct ptrace_call *c = interrupted(t);

	if (c && goes_on(c, nr, info->instruction_pointer)) {
		t->in_call = true;
		return;
	}
	if (c && is_abandoned(c, nr, info->stack_pointer))
		finish_interrupted(t, -EINTR);
	if (nr >= PTRACE_NUMBERS || !t->all->kinds[nr] || t->calls == PTRACE_CALLS || t->process->silent)
		return;
	c = &t->call[t->calls];
	memset(c, 0, sizeof *c);
	c->kind = t->all->kinds[nr];
	c->nr = nr;
	memcpy(c->args, args, sizeof c->args);
	c->ip = info->instruction_pointer;
	c->sp = info->stack_pointer;
	c->start = clock_now();
	if (!c->kind->enter(t, c)) {
		release(t, c);
		return;
	}
	t->calls++;
	t->in_call = true;
}

static void leave(struct ptrace_thread *t, const struct __ptrace_syscall_info *info)
{
	struct ptrace_call *c;
	int64_t r = info->exit.rval;

	if (!t->in_call)
		return;
	c = &t->call[t->calls - 1];
	t->in_call = false;
	t->ip = info->instruction_pointer;
	if (is_to_restart(r) && c->nr != SYS_rt_sigreturn)
		return;
	t->calls--;
	c->kind->leave(t, c, r);
	release(t, c);
}

/* A call in another machine's way, as a 32-bit program makes it, has other numbers: it is not told. */
void ptrace_step(struct ptrace_thread *t)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, sizeof info, &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		leave(t, &info);
	else if (info.arch != PTRACE_NATIVE)
		return;
	else if (info.op == PTRACE_SYSCALL_INFO_SECCOMP)
		enter(t, &info, info.seccomp.nr, info.seccomp.args);
	else if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		enter(t, &info, info.entry.nr, info.entry.args);
}

bool ptrace_enter_restart(struct ptrace_thread *t, struct ptrace_call *c)
{
	(void)t, (void)c;
	return false;
}

void ptrace_leave_restart(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	(void)t, (void)c, (void)r;
}

bool ptrace_enter_sigreturn(struct ptrace_thread *t, struct ptrace_call *c)
{
	(void)c;
	return t->calls;
}

/* What looks like its result is what the interrupted program has got. */
void ptrace_leave_sigreturn(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	(void)c;
	if (interrupted(t) && interrupted(t)->ip == t->ip)
		finish_interrupted(t, r);
}
