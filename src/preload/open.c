/* SPDX-License-Identifier: MIT */
/*
 * The calls by which sockets come to be, get their place and meet each other.
 * All alike on purpose: see tell.h.
 */
#include "../base/flow.h"
#include "real.h"
#include "tell.h"

static bool begin_kind(struct witness *w, int call, int family, int type, int proto)
{
	if (!tell_begin_new(w, call))
		return false;
	w->e.arg[0] = family;
	w->e.arg[1] = type;
	w->e.arg[2] = proto;
	return true;
}

static int made(struct witness *w, int r, int type)
{
	if (r >= 0)
		kind_made(r, type);
	witness_made(w, tell_result(r));
	return r;
}

int (socket)(int family, int type, int proto)
{
	struct witness w;

	if (!begin_kind(&w, EVENT_SOCKET, family, type, proto))
		return REAL(socket)(family, type, proto);
	return made(&w, REAL(socket)(family, type, proto), type);
}

int (socketpair)(int family, int type, int proto, int fds[2])
{
	struct witness w;

	if (!begin_kind(&w, EVENT_SOCKETPAIR, family, type, proto))
		return REAL(socketpair)(family, type, proto, fds);
	int r = REAL(socketpair)(family, type, proto, fds);
	if (r < 0)
		return tell_done(&w, r);
	kind_made(fds[1], type);
	flow_reset(fds[1]);
	w.e.other = fds[1];
	made(&w, fds[0], type);
	return r;
}

int (bind)(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
	struct witness w;

	if (!tell_begin_socket(&w, EVENT_BIND, fd))
		return REAL(bind)(fd, addr.__sockaddr__, len);
	tell_addr(&w.e.local, addr.__sockaddr__, len);
	return tell_done(&w, REAL(bind)(fd, addr.__sockaddr__, len));
}

int (listen)(int fd, int backlog)
{
	struct witness w;

	if (!tell_begin_socket(&w, EVENT_LISTEN, fd))
		return REAL(listen)(fd, backlog);
	w.e.arg[0] = backlog;
	int r = REAL(listen)(fd, backlog);
	if (r == 0)
		kind_change(fd, KIND_LISTENS, true);
	return tell_done(&w, r);
}

static bool begin_accept(struct witness *w, int fd, int flags)
{
	if (!tell_begin_socket(w, EVENT_ACCEPT, fd))
		return false;
	w->e.arg[0] = flags;
	if (tell_may_wait(fd, 0))
		witness_enter(w);
	return true;
}

int (accept)(int fd, __SOCKADDR_ARG addr, socklen_t *len)
{
	struct witness w;

	if (!begin_accept(&w, fd, 0))
		return REAL(accept)(fd, addr.__sockaddr__, len);
	return made(&w, REAL(accept)(fd, addr.__sockaddr__, len), w.e.type);
}

int (accept4)(int fd, __SOCKADDR_ARG addr, socklen_t *len, int flags)
{
	struct witness w;

	if (!begin_accept(&w, fd, flags))
		return REAL(accept4)(fd, addr.__sockaddr__, len, flags);
	return made(&w, REAL(accept4)(fd, addr.__sockaddr__, len, flags), w.e.type | (flags & SOCK_NONBLOCK));
}

int (connect)(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
	struct witness w;

	if (!tell_begin_socket(&w, EVENT_CONNECT, fd))
		return REAL(connect)(fd, addr.__sockaddr__, len);
	tell_addr(&w.e.peer, addr.__sockaddr__, len);
	if (tell_may_wait(fd, 0))
		witness_enter(&w);
	return tell_done(&w, REAL(connect)(fd, addr.__sockaddr__, len));
}

int (shutdown)(int fd, int how)
{
	struct witness w;

	if (!tell_begin_socket(&w, EVENT_SHUTDOWN, fd))
		return REAL(shutdown)(fd, how);
	w.e.arg[0] = how;
	return tell_done(&w, REAL(shutdown)(fd, how));
}
