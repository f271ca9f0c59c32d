/* SPDX-License-Identifier: MIT */
/*
 * The calls by which descriptors are closed and copied. The child of a vfork
 * closes and copies its own while it borrows our memory: there they only pass.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/flow.h"
#include "real.h"
#include "tell.h"

/* -- Closing -------------------------------------------------------------------------- */

/* What was never used was never told; so it is not asked what it is. */
static bool begin_close(struct witness *w, int fd)
{
	if (shim_is_off())
		return false;
	if (!(kind_known(fd) & KIND_SOCKET) && fd < KIND_MOST) {
		kind_forget(fd);
		return false;
	}
	if (!shim_is_ours())
		return false;
	bool told = tell_begin(w, EVENT_CLOSE, fd);
	kind_forget(fd);
	flow_reset(fd);
	return told;
}

int (close)(int fd)
{
	struct witness w;

	if (!begin_close(&w, fd))
		return REAL(close)(fd);
	return tell_done(&w, REAL(close)(fd));
}

int (fclose)(FILE *file)
{
	struct witness w;
	int saved = errno, fd = file ? fileno(file) : -1;

	errno = saved;
	if (!begin_close(&w, fd))
		return REAL(fclose)(file);
	return tell_done(&w, REAL(fclose)(file));
}

/* Those of a range are gone already; what is known of them tells who they were. */
static void tell_closed(int64_t start, unsigned first, unsigned last)
{
	int saved = errno, highest = kind_highest();

	for (unsigned i = first; i <= last && (int)i <= highest && (int)i >= 0; i++) {
		struct witness w;
		int fd = (int)i;

		if (kind_known(fd) & KIND_SOCKET && tell_begin(&w, EVENT_CLOSE, fd)) {
			w.start = start;
			flow_reset(fd);
			witness_done(&w, 0);
		}
		kind_forget(fd);
	}
	errno = saved;
}

static bool tells(void)
{
	return !shim_is_off() && shim_is_ours();
}

int (close_range)(unsigned first, unsigned last, int flags)
{
	if ((unsigned)flags & CLOSE_RANGE_CLOEXEC || !tells())
		return REAL(close_range)(first, last, flags);
	int64_t start = clock_now();
	int r = REAL(close_range)(first, last, flags);
	if (r == 0)
		tell_closed(start, first, last);
	return r;
}

void (closefrom)(int first)
{
	bool on = tells();
	int64_t start = on ? clock_now() : 0;

	REAL(closefrom)(first);
	if (on)
		tell_closed(start, first < 0 ? 0 : first, ~0U);
}

/* -- Copying ---------------------------------------------------------------------------- */

static int copied(struct witness *w, int fd, int r)
{
	if (r >= 0)
		kind_copied(fd, r);
	witness_made(w, tell_result(r));
	return r;
}

/* The number may be one that was closed behind our back. */
static int not_told(int r)
{
	if (r >= 0 && tells())
		kind_forget(r);
	return r;
}

int (dup)(int fd)
{
	struct witness w;

	if (!tell_begin(&w, EVENT_DUP, fd))
		return not_told(REAL(dup)(fd));
	if (!shim_is_ours())
		return REAL(dup)(fd);
	return copied(&w, fd, REAL(dup)(fd));
}

/* A socket that was at the new number is closed by that. */
static int dup_to(int fd, int to, int (*make)(int fd, int to, int flags), int flags)
{
	struct witness w, gone;

	if (!tells() || fd == to)
		return make(fd, to, flags);
	bool closes = kind_known(to) & KIND_SOCKET && tell_begin(&gone, EVENT_CLOSE, to);
	bool on = tell_begin(&w, EVENT_DUP, fd);
	int r = make(fd, to, flags);
	if (r >= 0 && closes) {
		flow_reset(to);
		witness_done(&gone, 0);
	}
	return on ? copied(&w, fd, r) : not_told(r);
}

static int make_dup2(int fd, int to, int flags)
{
	(void)flags;
	return REAL(dup2)(fd, to);
}

static int make_dup3(int fd, int to, int flags)
{
	return REAL(dup3)(fd, to, flags);
}

int (dup2)(int fd, int to)
{
	return dup_to(fd, to, make_dup2, 0);
}

int (dup3)(int fd, int to, int flags)
{
	return dup_to(fd, to, make_dup3, flags);
}

/* -- Control ------------------------------------------------------------------------------ */

static int flags_told(struct witness *w, int r, int command, int value)
{
	if (r >= 0 && command == F_SETFL)
		kind_change(w->e.fd, KIND_NONBLOCK, value & O_NONBLOCK);
	w->e.arg[0] = command;
	w->e.arg[1] = command == F_SETFL ? value : 0;
	return tell_done(w, r);
}

static int control(int fd, int command, void *argument, int (*call)(int, int, ...))
{
	bool copies = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
	struct witness w;

	if (!copies && command != F_SETFL && command != F_GETFL)
		return call(fd, command, argument);
	if (!tells() || !tell_begin(&w, copies ? EVENT_DUP : EVENT_FCNTL, fd))
		return copies ? not_told(call(fd, command, argument)) : call(fd, command, argument);
	if (copies)
		return copied(&w, fd, call(fd, command, argument));
	return flags_told(&w, call(fd, command, argument), command, (int)(intptr_t)argument);
}

int (fcntl)(int fd, int command, ...)
{
	va_list rest;

	va_start(rest, command);
	void *argument = va_arg(rest, void *);
	va_end(rest);
	return control(fd, command, argument, REAL(fcntl));
}

int (fcntl64)(int fd, int command, ...)
{
	va_list rest;

	va_start(rest, command);
	void *argument = va_arg(rest, void *);
	va_end(rest);
	return control(fd, command, argument, REAL(fcntl64));
}

int (ioctl)(int fd, unsigned long request, ...)
{
	va_list rest;

	va_start(rest, request);
	void *argument = va_arg(rest, void *);
	va_end(rest);
	int r = REAL(ioctl)(fd, request, argument);
	if (request == FIONBIO && r == 0 && !shim_is_off() && kind_is_socket(fd))
		kind_change(fd, KIND_NONBLOCK, *(int *)argument);
	return r;
}
