/* SPDX-License-Identifier: MIT */
/* The calls that ask and set what a socket is like. */
#include <string.h>

#include "real.h"
#include "tell.h"

static bool begin_option(struct witness *w, int call, int fd, int level, int option)
{
	if (!tell_begin(w, call, fd))
		return false;
	w->e.arg[0] = level;
	w->e.arg[1] = option;
	return true;
}

int (setsockopt)(int fd, int level, int option, const void *value, socklen_t n)
{
	struct witness w;

	if (!begin_option(&w, EVENT_SETSOCKOPT, fd, level, option))
		return REAL(setsockopt)(fd, level, option, value, n);
	int r = REAL(setsockopt)(fd, level, option, value, n);
	if (r == 0 && value && n == sizeof(int))
		memcpy(&w.e.arg[2], value, n);
	return tell_done(&w, r);
}

int (getsockopt)(int fd, int level, int option, void *value, socklen_t *n)
{
	struct witness w;

	if (!begin_option(&w, EVENT_GETSOCKOPT, fd, level, option))
		return REAL(getsockopt)(fd, level, option, value, n);
	int r = REAL(getsockopt)(fd, level, option, value, n);
	/* What the kernel puts into *n may be a count of something else. */
	bool counts = level == SOL_SOCKET && option == SO_GET_FILTER;
	if (r == 0 && value && !counts && *n == sizeof(int))
		memcpy(&w.e.arg[2], value, *n);
	return tell_done(&w, r);
}

int (getsockname)(int fd, __SOCKADDR_ARG addr, socklen_t *len)
{
	struct witness w;

	if (!tell_begin(&w, EVENT_GETSOCKNAME, fd))
		return REAL(getsockname)(fd, addr.__sockaddr__, len);
	return tell_done(&w, REAL(getsockname)(fd, addr.__sockaddr__, len));
}

int (getpeername)(int fd, __SOCKADDR_ARG addr, socklen_t *len)
{
	struct witness w;

	if (!tell_begin(&w, EVENT_GETPEERNAME, fd))
		return REAL(getpeername)(fd, addr.__sockaddr__, len);
	return tell_done(&w, REAL(getpeername)(fd, addr.__sockaddr__, len));
}
