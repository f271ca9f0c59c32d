/* SPDX-License-Identifier: MIT */
/*
 * The calls by which sockets come to be, meet each other, are set up, copied
 * and closed, each as it begins and as it ends. All alike on purpose: see
 * ptrace-inner.h. Arguments are read when a call begins, for another thread may
 * change them meanwhile; what the kernel fills in, when it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/clock.h"
#include "ptrace-inner.h"

static int fd_of(const struct ptrace_call *c)
{
	return (int)c->args[0];
}

/* The number names something new. */
static void renew(struct ptrace_thread *t, int fd)
{
	ptrace_files_set(t->all, t->process->files, fd, NULL);
}

/* -- Coming to be ------------------------------------------------------------------------- */

bool ptrace_enter_socket(struct ptrace_thread *t, struct ptrace_call *c)
{
	ptrace_tell_begin_new(t, c);
	for (int i = 0; i < 3; i++)
		c->e.arg[i] = (int32_t)c->args[i];
	return true;
}

/* What could not be asked is as it was wished for. */
static void presume(struct ptrace_thread *t, const struct ptrace_call *c, int fd)
{
	struct ptrace_open *open = ptrace_files_get(t, fd);

	if (open->is != PTRACE_IS_SOCKET || open->family)
		return;
	open->family = (uint16_t)c->e.arg[0];
	open->type = (uint16_t)(c->e.arg[1] & ~(SOCK_NONBLOCK | SOCK_CLOEXEC));
	open->proto = c->e.arg[2];
	open->nonblock = c->e.arg[1] & SOCK_NONBLOCK;
}

void ptrace_leave_socket(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	if (r >= 0) {
		renew(t, (int)r);
		presume(t, c, (int)r);
	}
	ptrace_tell_made(t, c, r);
}

bool ptrace_enter_socketpair(struct ptrace_thread *t, struct ptrace_call *c)
{
	return ptrace_enter_socket(t, c);
}

void ptrace_leave_socketpair(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	int fds[2];

	if (r < 0 || !ptrace_read(t, c->args[3], fds, sizeof fds)) {
		ptrace_tell_done(t, c, r);
		return;
	}
	for (int i = 0; i < 2; i++) {
		renew(t, fds[i]);
		presume(t, c, fds[i]);
	}
	c->e.other = fds[1];
	ptrace_tell_made(t, c, fds[0]);
}

bool ptrace_enter_bind(struct ptrace_thread *t, struct ptrace_call *c)
{
	if (!ptrace_tell_begin_socket(t, c, fd_of(c)))
		return false;
	ptrace_addr(t, &c->e.local, c->args[1], c->args[2]);
	return true;
}

void ptrace_leave_bind(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	ptrace_tell_done(t, c, r);
}

bool ptrace_enter_accept(struct ptrace_thread *t, struct ptrace_call *c)
{
	if (!ptrace_tell_begin_socket(t, c, fd_of(c)))
		return false;
	c->e.arg[0] = c->nr == SYS_accept4 ? (int32_t)c->args[3] : 0;
	if (ptrace_tell_may_wait(c, 0))
		ptrace_tell_enter(t, c);
	return true;
}

void ptrace_leave_accept(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	if (r >= 0)
		renew(t, (int)r);
	ptrace_tell_made(t, c, r);
}

bool ptrace_enter_connect(struct ptrace_thread *t, struct ptrace_call *c)
{
	if (!ptrace_tell_begin_socket(t, c, fd_of(c)))
		return false;
	ptrace_addr(t, &c->e.peer, c->args[1], c->args[2]);
	if (ptrace_tell_may_wait(c, 0))
		ptrace_tell_enter(t, c);
	return true;
}

void ptrace_leave_connect(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	ptrace_tell_done(t, c, r);
}

bool ptrace_enter_number(struct ptrace_thread *t, struct ptrace_call *c)
{
	if (!ptrace_tell_begin_socket(t, c, fd_of(c)))
		return false;
	c->e.arg[0] = (int32_t)c->args[1];
	return true;
}

void ptrace_leave_number(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	ptrace_tell_done(t, c, r);
}

/* -- What it is like ---------------------------------------------------------------------- */

bool ptrace_enter_name(struct ptrace_thread *t, struct ptrace_call *c)
{
	return ptrace_tell_begin(t, c, fd_of(c));
}

void ptrace_leave_name(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	ptrace_tell_done(t, c, r);
}

bool ptrace_enter_option(struct ptrace_thread *t, struct ptrace_call *c)
{
	if (!ptrace_tell_begin(t, c, fd_of(c)))
		return false;
	c->e.arg[0] = (int32_t)c->args[1];
	c->e.arg[1] = (int32_t)c->args[2];
	return true;
}

/* What the kernel puts into the length may be a count of something else (SO_GET_FILTER). */
void ptrace_leave_option(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	bool counts = c->e.arg[0] == SOL_SOCKET && c->e.arg[1] == SO_GET_FILTER;
	socklen_t n = (socklen_t)c->args[4];
	int value;

	if (c->e.call == EVENT_GETSOCKOPT && (counts || !ptrace_read(t, c->args[4], &n, sizeof n)))
		n = 0;
	if (r == 0 && n == sizeof value && ptrace_read(t, c->args[3], &value, sizeof value))
		c->e.arg[2] = value;
	ptrace_tell_done(t, c, r);
}

bool ptrace_enter_fcntl(struct ptrace_thread *t, struct ptrace_call *c)
{
	int command = (int)c->args[1];

	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
		return ptrace_enter_dup(t, c);
	if ((command != F_GETFL && command != F_SETFL) || !ptrace_tell_begin(t, c, fd_of(c)))
		return false;
	c->e.arg[0] = command;
	c->e.arg[1] = command == F_SETFL ? (int32_t)c->args[2] : 0;
	return true;
}

void ptrace_leave_fcntl(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	if (c->e.call == EVENT_DUP) {
		ptrace_leave_dup(t, c, r);
		return;
	}
	if (r >= 0 && c->e.arg[0] == F_SETFL)
		c->open->nonblock = c->e.arg[1] & O_NONBLOCK;
	ptrace_tell_done(t, c, r);
}

/* It is not told, but it says whether later calls may wait. */
bool ptrace_enter_ioctl(struct ptrace_thread *t, struct ptrace_call *c)
{
	struct ptrace_open *open = ptrace_files_known(t->process->files, fd_of(c));

	if ((uint32_t)c->args[1] != FIONBIO || !open || open->is != PTRACE_IS_SOCKET)
		return false;
	ptrace_open_hold(open);
	c->open = open;
	return true;
}

void ptrace_leave_ioctl(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	int on;

	if (r == 0 && ptrace_read(t, c->args[2], &on, sizeof on))
		c->open->nonblock = on;
}

/* -- Closing and copying ------------------------------------------------------------------ */

/* What was never used was never told; so it is not asked what it is. */
bool ptrace_enter_close(struct ptrace_thread *t, struct ptrace_call *c)
{
	struct ptrace_open *open = ptrace_files_known(t->process->files, fd_of(c));
	bool told = open && open->is == PTRACE_IS_SOCKET && ptrace_tell_begin(t, c, fd_of(c));

	renew(t, fd_of(c));
	return told;
}

void ptrace_leave_close(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	ptrace_tell_done(t, c, r);
}

bool ptrace_enter_close_range(struct ptrace_thread *t, struct ptrace_call *c)
{
	(void)t;
	return !(c->args[2] & CLOSE_RANGE_CLOEXEC);
}

/* It may have made the descriptors the caller's own before. */
static bool unshare(struct ptrace_thread *t)
{
	struct ptrace_files *own;

	if (t->process->files->refs == 1)
		return true;
	own = ptrace_files_new(t->process->files);
	if (!own)
		return false;
	ptrace_files_free(t->all, t->process->files);
	t->process->files = own;
	return true;
}

void ptrace_leave_close_range(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	uint32_t first = (uint32_t)c->args[0], last = (uint32_t)c->args[1];

	if (r < 0 || (c->args[2] & CLOSE_RANGE_UNSHARE && !unshare(t)))
		return;
	for (uint32_t fd = first; fd <= last && fd < (uint32_t)t->process->files->room; fd++) {
		ptrace_tell_closed(t, (int)fd, c->start);
		renew(t, (int)fd);
	}
}

bool ptrace_enter_dup(struct ptrace_thread *t, struct ptrace_call *c)
{
	if (c->kind->event == EVENT_FCNTL && !ptrace_tell_begin(t, c, fd_of(c)))
		return false;
	if (c->kind->event == EVENT_FCNTL)
		c->e.call = EVENT_DUP;
	else
		ptrace_tell_begin(t, c, fd_of(c));
	return true;
}

static bool has_target(const struct ptrace_call *c)
{
#ifdef SYS_dup2
	if (c->nr == SYS_dup2)
		return true;
#endif
	return c->nr == SYS_dup3;
}

/* A socket that was at the new number is closed by that. */
void ptrace_leave_dup(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	struct ptrace_open *open = c->open;

	if (r >= 0 && has_target(c) && r != fd_of(c))
		ptrace_tell_closed(t, (int)r, c->start);
	if (r >= 0 && r != fd_of(c))
		ptrace_files_set(t->all, t->process->files, (int)r, open);
	if (open && open->is == PTRACE_IS_SOCKET && !(has_target(c) && r == fd_of(c)))
		ptrace_tell_made(t, c, r);
}
