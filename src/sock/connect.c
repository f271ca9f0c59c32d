/* SPDX-License-Identifier: MIT */
/*
 * How a connect goes on: interrupted or out of time it is still under way, so
 * it is waited for and asked for its result, never begun twice. Unix sockets
 * differ: a full queue cannot be polled, only waited for inside the call.
 */
#include "connect.h"

#include <errno.h>
#include <fcntl.h>
#include <sockeye/addr.h>
#include <sys/time.h>

#include "../base/clock.h"
#include "call.h"
#include "wait.h"

/* A TCP socket that calls a free port of its own machine may be given that very port and meet itself. */
static bool met_itself(int fd, const struct sock_addr *addr)
{
	struct sock_addr own = { .type = addr->type, .len = sizeof own.storage };
	int family = sock_addr_family(addr);

	if (addr->type != SOCK_STREAM || (family != AF_INET && family != AF_INET6))
		return false;
	if (sys.getsockname(fd, (struct sockaddr *)&own.storage, &own.len) < 0)
		return false;
	return sock_addr_cmp(&own, addr) == 0;
}

int connect_result(int fd, const struct sock_addr *addr)
{
	int err = 0;
	socklen_t n = sizeof err;
	int r = call_getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &n);

	if (r < 0 || err)
		return r < 0 ? r : -err;
	return met_itself(fd, addr) ? -ECONNREFUSED : 0;
}

/* -- Unix sockets -------------------------------------------------------------- */

/* SO_SNDTIMEO bounds the wait for a place in the listener's queue; 0 lifts it. */
static void send_timeout(int fd, int64_t ns)
{
	struct timeval t = { .tv_sec = ns / CLOCK_SEC, .tv_usec = ns % CLOCK_SEC / 1000 };

	call_setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

static int set_nonblock(struct sock *s, bool on)
{
	int flags = call_fcntl(s->fd, F_GETFL, 0);

	if (flags < 0 || !(flags & O_NONBLOCK) == !on)
		return flags < 0 ? flags : 0;
	flags = call_fcntl(s->fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
	s->flags = on ? s->flags | FLAG_NONBLOCK : s->flags & ~FLAG_NONBLOCK;
	return flags < 0 ? flags : 0;
}

static int unix_wait(struct sock *s, const struct sock_addr *addr, int64_t deadline)
{
	int err = set_nonblock(s, false);

	while (!err) {
		int64_t left = deadline - clock_now();

		if (deadline != PACE_FOREVER)
			send_timeout(s->fd, left > 1000 ? left : 1000);
		err = call_connect(s->fd, addr);
		if (err != -EINTR && err != -EAGAIN)
			break;
		err = pace_ms(deadline) == 0 ? -LIMIT_REACHED : 0;
	}
	if (deadline != PACE_FOREVER)
		send_timeout(s->fd, 0);
	return err;
}

static int unix_connect(struct sock *s, const struct sock_addr *addr, int64_t deadline)
{
	int err;

	if (deadline != PACE_NOW)
		return unix_wait(s, addr, deadline);
	err = set_nonblock(s, true);
	if (!err)
		err = call_connect(s->fd, addr);
	return err == -EAGAIN || err == -EINTR ? -LIMIT_REACHED : err;
}

/* -- All others ---------------------------------------------------------------- */

int connect_to(struct sock *s, const struct sock_addr *addr, int64_t deadline)
{
	int err;

	if (s->family == AF_UNIX)
		return unix_connect(s, addr, deadline);
	err = deadline == PACE_FOREVER ? 0 : pace_nonblock(s);
	if (!err)
		err = call_connect(s->fd, addr);
	if (err == 0 || (err == -EISCONN && !s->peer.len))
		return met_itself(s->fd, addr) ? -ECONNREFUSED : 0;
	if (err != -EINPROGRESS && err != -EINTR && err != -EALREADY)
		return err;
	err = deadline == PACE_NOW ? -LIMIT_REACHED : pace_wait(deadline, s->fd, POLLOUT);
	return err ? err : connect_result(s->fd, addr);
}
