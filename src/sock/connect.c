/* SPDX-License-Identifier: MIT */
/*
 * How a connect goes on: interrupted or out of time it is still under way, so
 * it is waited for and asked for its result, never begun twice. Unix sockets
 * differ: a full queue cannot be polled, only waited for inside the call.
 */
#include "connect.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sockeye/addr.h>
#include <sys/time.h>

#include "../base/clock.h"
#include "call.h"
#include "kind.h"
#include "wait.h"

/*
 * A TCP socket that calls a free port of its own machine may be given that very
 * port and meet itself. It is then dissolved (AF_UNSPEC), so that another
 * address can be tried.
 */
static bool met_itself(int fd, const struct sock_addr *addr)
{
	struct sock_addr own = { .len = sizeof own.storage }, peer = { .len = sizeof peer.storage };
	struct sock_addr nobody = { .len = sizeof(struct sockaddr_in) };
	int family = sock_addr_family(addr);

	if (addr->type != SOCK_STREAM || (family != AF_INET && family != AF_INET6))
		return false;
	if (sys.getsockname(fd, (struct sockaddr *)&own.storage, &own.len) < 0 ||
	    sys.getpeername(fd, (struct sockaddr *)&peer.storage, &peer.len) < 0 ||
	    sock_addr_cmp(&own, &peer) != 0)
		return false;
	call_connect(fd, &nobody);
	return true;
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

/* SO_SNDTIMEO bounds the wait for a place in the listener's queue. */
static void send_timeout(int fd, int64_t ns)
{
	struct timeval t = { .tv_sec = ns / CLOCK_SEC, .tv_usec = ns % CLOCK_SEC / 1000 };

	call_setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

/* In blocking mode: 0, -LIMIT_REACHED or a negative errno. */
static int unix_attempts(int fd, const struct sock_addr *addr, int64_t deadline, bool own)
{
	for (;;) {
		int64_t left = deadline - clock_now();
		int err;

		if (deadline != PACE_FOREVER)
			send_timeout(fd, left > 1000 ? left : 1000);
		err = call_connect(fd, addr);
		if (err != -EINTR && err != -EAGAIN)
			return err;
		if (pace_ms(deadline) == 0 || (own && err == -EAGAIN))
			return -LIMIT_REACHED;
	}
}

static int unix_wait(int fd, const struct sock_addr *addr, int64_t deadline)
{
	struct timeval own = { 0 };
	socklen_t n = sizeof own;
	int flags = call_fcntl(fd, F_GETFL, 0);
	int err = flags < 0 ? flags : pace_set_nonblock(fd, false);

	if (err)
		return err;
	call_getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &own, &n);
	err = unix_attempts(fd, addr, deadline, deadline == PACE_FOREVER && (own.tv_sec || own.tv_usec));
	if (deadline != PACE_FOREVER)
		call_setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &own, sizeof own);
	if (flags & O_NONBLOCK)
		pace_set_nonblock(fd, true);
	return err;
}

static int unix_now(int fd, const struct sock_addr *addr)
{
	int err = pace_set_nonblock(fd, true);

	if (!err)
		err = call_connect(fd, addr);
	return err == -EAGAIN || err == -EINTR ? -LIMIT_REACHED : err;
}

/* -- All others ---------------------------------------------------------------- */

int connect_to(struct sock *s, const struct sock_addr *addr, int64_t deadline)
{
	int err;

	/* Linux answers 0 to the first connect after one that poll found finished, whomever it is for. */
	if (kind_is_connection(s) && s->peer.len && !(s->flags & FLAG_CONNECTING))
		return -EISCONN;
	if (s->family == AF_UNIX)
		return deadline == PACE_NOW ? unix_now(s->fd, addr) : unix_wait(s->fd, addr, deadline);
	err = deadline == PACE_FOREVER ? 0 : pace_set_nonblock(s->fd, true);
	if (!err)
		err = call_connect(s->fd, addr);
	if (err == 0 || (err == -EISCONN && s->flags & FLAG_CONNECTING))
		return met_itself(s->fd, addr) ? -ECONNREFUSED : 0;
	if (err != -EINPROGRESS && err != -EINTR && err != -EALREADY)
		return err;
	/* A blocking call comes back under way only when the socket's own SO_SNDTIMEO has passed. */
	if (err == -EINPROGRESS && deadline == PACE_FOREVER && pace_own_timeout(s->fd, POLLOUT))
		return -LIMIT_REACHED;
	err = deadline == PACE_NOW ? -LIMIT_REACHED : pace_wait(deadline, s->fd, POLLOUT);
	return err ? err : connect_result(s->fd, addr);
}
