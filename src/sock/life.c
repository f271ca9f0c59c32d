/* SPDX-License-Identifier: MIT */
/*
 * The life of a value: made, adopted, doubled, handed on, closed. What a value
 * does in between is in step.c, dial.c, server.c, send.c and recv.c.
 */
#include "life.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sockeye/addr.h>
#include <sockeye/option.h>
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "kind.h"
#include "wait.h"
#include "watch.h"
#include "why.h"

struct sock life_open(int fd, int family, int type, int proto)
{
	return (struct sock){
		.fd = fd,
		.family = family,
		.type = type,
		.proto = proto,
		.limit = wait_default(),
		.state = STATE_OPEN,
	};
}

struct sock life_make(int family, int type, int proto, const char *op, const char *at)
{
	int fd = call_above_streams(call_socket(family, type & ~SOCK_CLOEXEC, proto));
	struct sock s;

	if (fd < 0)
		return why_dead(op, at, -fd, fd == -EPERM || fd == -EACCES ?
		                "Operation not permitted: this kind of socket needs privilege" : NULL);
	s = life_open(fd, family, type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK), proto);
	if (type & SOCK_NONBLOCK)
		s.limit = 0;
	return s;
}

struct sock sock_open(int family, int type, int proto)
{
	char what[64];
	int kind = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);

	family = family ? family : AF_INET;
	type = kind ? type : type | SOCK_STREAM;
	snprintf(what, sizeof what, "family %d type %d protocol %d", family,
	         kind ? kind : SOCK_STREAM, proto);
	return life_make(family, type, proto, "open", what);
}

static int known_int(int fd, int option)
{
	int value = 0;
	socklen_t n = sizeof value;
	int err = call_getsockopt(fd, SOL_SOCKET, option, &value, &n);

	return err < 0 ? err : value;
}

struct sock sock_from(int fd)
{
	struct sock s;
	char what[32];

	watch_adopt(fd);
	int family = known_int(fd, SO_DOMAIN);
	snprintf(what, sizeof what, "fd:%d", fd);
	if (family < 0)
		return why_dead("adopt", what, -family, NULL);
	s = life_open(fd, family, known_int(fd, SO_TYPE), known_int(fd, SO_PROTOCOL));
	s.peer.type = s.type;
	s.peer.proto = kind_proto(&s);
	if (call_getpeername(fd, &s.peer) < 0)
		memset(&s.peer, 0, sizeof s.peer);
	return s;
}

struct sock life_adopt(int fd, const struct sock_how *how)
{
	struct sock s = sock_from(fd);

	if (s.state != STATE_OPEN)
		return s;
	if (how->limit)
		s.limit = how->limit;
	if (sock_set_inheritable(&s, 0) < 0 || (how->options && sock_set_text(&s, how->options) < 0)) {
		s.state = STATE_DEAD;
		s.fd = -1;
	}
	return s;
}

int sock_detach(struct sock *s)
{
	int fd;

	if (!why_ok(s, "detach"))
		return -1;
	fd = s->fd;
	s->fd = -1;
	s->state = STATE_CLOSED;
	why_well(s);
	return fd;
}

struct sock sock_dup(struct sock *s)
{
	struct sock copy;
	int fd;

	if (!why_ok(s, "dup"))
		return why_heir("dup", s);
	fd = call_dup(s->fd);
	if (fd < 0) {
		why_fail(s, "dup", -fd);
		return why_heir("dup", s);
	}
	why_well(s);
	copy = *s;
	copy.fd = fd;
	copy.sent = copy.got = copy.cut = 0;
	copy.why[0] = '\0';
	return copy;
}

struct sock sock_move(struct sock *s)
{
	struct sock moved = { .fd = -1 };

	if (!s)
		return moved;
	moved = *s;
	if (s->state == STATE_BLANK)
		return moved;
	s->fd = -1;
	s->state = STATE_CLOSED;
	s->error = 0;
	return moved;
}

int sock_pair(struct sock pair[2], int family, int type)
{
	int fds[2], err;
	int kind = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (!pair) {
		errno = EINVAL;
		return -1;
	}
	family = family ? family : AF_UNIX;
	kind = kind ? kind : SOCK_STREAM;
	err = call_socketpair(family, kind | (type & SOCK_NONBLOCK), 0, fds);
	for (int i = 0; i < 2 && !err; i++) {
		fds[i] = call_above_streams(fds[i]);
		if (fds[i] < 0) {
			err = fds[i];
			call_close(fds[!i]);
		}
	}
	if (err < 0) {
		pair[0] = pair[1] = why_dead("pair", "", -err, NULL);
		return -1;
	}
	for (int i = 0; i < 2; i++) {
		pair[i] = life_open(fds[i], family, kind, 0);
		pair[i].peer.type = kind;
		if (type & SOCK_NONBLOCK)
			pair[i].limit = 0;
		if (call_getpeername(fds[i], &pair[i].peer) < 0)
			pair[i].peer.len = 0;
	}
	return 0;
}

int sock_shutdown(struct sock *s, int how)
{
	int err;

	if (!why_ok(s, "shutdown"))
		return -1;
	err = call_shutdown(s->fd, how);
	if (err < 0)
		return why_fail(s, "shutdown", -err);
	why_well(s);
	return 0;
}

/*
 * The descriptor is gone whatever close answers (Linux frees it first, even at
 * EINTR), so it must never be tried again: another thread may own it by then.
 */
int sock_close(struct sock *s)
{
	if (!s || s->state == STATE_BLANK || s->fd < 0)
		return 0;
	call_close(s->fd);
	s->fd = -1;
	if (s->state == STATE_OPEN) {
		s->state = STATE_CLOSED;
		s->error = 0;
	}
	return 0;
}

int sock_inheritable(struct sock *s)
{
	int flags;

	if (!why_ok(s, "inheritable"))
		return -1;
	flags = call_fcntl(s->fd, F_GETFD, 0);
	if (flags < 0)
		return why_fail(s, "inheritable", -flags);
	why_well(s);
	return !(flags & FD_CLOEXEC);
}

int sock_set_inheritable(struct sock *s, int yes)
{
	int flags;

	if (!why_ok(s, "inheritable"))
		return -1;
	flags = call_fcntl(s->fd, F_GETFD, 0);
	if (flags >= 0)
		flags = call_fcntl(s->fd, F_SETFD, yes ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC);
	if (flags < 0)
		return why_fail(s, "inheritable", -flags);
	why_well(s);
	return 0;
}

/* -- Who ------------------------------------------------------------------------ */

static struct sock_text unknown(void)
{
	return (struct sock_text){ "unknown" };
}

struct sock_text sock_peer(const struct sock *s)
{
	return s && s->peer.len ? sock_addr_text(&s->peer) : unknown();
}

static int own_address(const struct sock *s, struct sock_addr *addr)
{
	addr->type = s->type;
	addr->proto = kind_proto(s);
	return call_getsockname(s->fd, addr);
}

struct sock_text sock_name(const struct sock *s)
{
	struct sock_addr own = { .len = 0 };

	if (!s || s->fd < 0 || s->state == STATE_BLANK || own_address(s, &own) < 0)
		return unknown();
	return sock_addr_text(&own);
}

int sock_name_addr(struct sock *s, struct sock_addr *addr)
{
	struct sock_addr own = { .len = 0 };
	int err;

	if (!why_ok(s, "name"))
		return -1;
	err = own_address(s, &own);
	if (err < 0)
		return why_fail(s, "name", -err);
	if (addr)
		*addr = own;
	why_well(s);
	return 0;
}
