/* SPDX-License-Identifier: MIT */
/*
 * Programs watched from outside, by ptrace(2): for those that the shim cannot
 * get into, static ones, Go, and whatever makes system calls without libc. The
 * records are those of base/event.h; names that libc looks up are not among
 * them. It needs Linux 5.6 on x86-64 or 64-bit ARM, and costs two stops of the
 * program for each call that is told. What ptrace(2) does to programs it does
 * here: they cannot trace others, set-user-ID has no effect, and a signal that
 * they ignore interrupts a call that would not have noticed: epoll_wait fails
 * with EINTR, and a receive that waits for all returns what has come.
 *
 *	struct ptrace *p = ptrace_new(&options);
 *	ptrace_start(p, become, argv, &pid);
 *	while (!ptrace_ended(p, pid, &status))
 *		if (!ptrace_serve(p))
 *			wait_for_sigchld();
 *	ptrace_end(p);
 *
 * All functions are called by one thread, which waits for all children of the
 * process: nobody else may call waitpid(2).
 */
#ifndef CMD_PTRACE_H
#define CMD_PTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "../base/event.h"

struct ptrace;

struct ptrace_options {
	size_t payload;         /* bytes of each call that are read; SIZE_MAX: all */
	bool follow;            /* children, too; else they are let go, as if nobody had watched */

	/*
	 * With follow: let the kernel stop programs at the calls that are told alone
	 * (seccomp(2)), so that all others run at full speed. Without privilege this
	 * sets no_new_privs; and such a program cannot do without its tracer: when
	 * that ends, or is killed, it is killed. Where it is refused, and without
	 * it, a program is stopped at every call and outlives its tracer.
	 */
	bool filter;

	void (*emit)(void *to, const struct event *e);  /* the record holds during the call alone */
	void *to;
};

/* NULL: no memory. */
struct ptrace *ptrace_new(const struct ptrace_options *o);

/*
 * Start a program: become runs in the child, prepares it, and executes it; it
 * returns only if that fails. Returns 0 once the program runs, or a negative
 * errno: what become has left in errno, or EPERM and denied set when the kernel
 * forbids to trace.
 */
int ptrace_start(struct ptrace *p, void (*become)(void *with), void *with, pid_t *pid, bool *denied);

/*
 * Take what has happened, tell it, and let the programs go on; never waits.
 * Returns how many stops there were. SIGCHLD says when it is to be called again.
 */
size_t ptrace_serve(struct ptrace *p);

/* Has the program that was started ended? Its status is as of waitpid(2). */
bool ptrace_ended(const struct ptrace *p, pid_t pid, int *status);

/* How many processes are traced now. */
size_t ptrace_left(const struct ptrace *p);

/* Let go of all that still run, or kill them: see filter. NULL is allowed. */
void ptrace_end(struct ptrace *p);

#endif
