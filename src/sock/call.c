/* SPDX-License-Identifier: MIT */
/*
 * One function per system call: make it, tell the watcher, return the result
 * or a negative errno. All alike on purpose. Those that move bytes are in
 * call-bytes.c; the table behind them is sys.c, the records are filled in
 * watch.c, and retrying and waiting is wait.c.
 */
#include "call.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"

int call_socket(int family, int type, int proto)
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_SOCKET, -1);
		w.e.arg[0] = family;
		w.e.arg[1] = type;
		w.e.arg[2] = proto;
	}
	r = call_result(sys.socket(family, type | SOCK_CLOEXEC, proto));
	if (on)
		witness_made(&w, r);
	return r;
}

int call_socketpair(int family, int type, int proto, int fds[2])
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_SOCKETPAIR, -1);
		w.e.arg[0] = family;
		w.e.arg[1] = type;
		w.e.arg[2] = proto;
	}
	r = call_result(sys.socketpair(family, type | SOCK_CLOEXEC, proto, fds));
	if (on && r == 0) {
		watch_forget(fds[1]);
		w.e.other = fds[1];
	}
	if (on)
		witness_made(&w, r < 0 ? r : fds[0]);
	return r;
}

int call_bind(int fd, const struct sock_addr *addr)
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_BIND, fd);
		witness_addr(&w.e.local, call_raw(addr), addr->len);
	}
	r = call_result(sys.bind(fd, call_raw(addr), addr->len));
	if (on)
		witness_done(&w, r);
	return r;
}

int call_listen(int fd, int backlog)
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_LISTEN, fd);
		w.e.arg[0] = backlog;
	}
	r = call_result(sys.listen(fd, backlog));
	if (on)
		witness_done(&w, r);
	return r;
}

int call_accept(int fd, struct sock_addr *peer)
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_ACCEPT, fd);
		witness_enter(&w);
	}
	if (peer)
		peer->len = sizeof peer->storage;
	r = call_result(sys.accept4(fd, peer ? (struct sockaddr *)&peer->storage : NULL, peer ? &peer->len : NULL,
	                       SOCK_CLOEXEC));
	if (r < 0 && peer)
		peer->len = 0;
	if (on)
		witness_made(&w, r);
	return r;
}

int call_connect(int fd, const struct sock_addr *addr)
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_CONNECT, fd);
		witness_addr(&w.e.peer, call_raw(addr), addr->len);
		witness_enter(&w);
	}
	r = call_result(sys.connect(fd, call_raw(addr), addr->len));
	if (on)
		witness_done(&w, r);
	return r;
}

int call_shutdown(int fd, int how)
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_SHUTDOWN, fd);
		w.e.arg[0] = how;
	}
	r = call_result(sys.shutdown(fd, how));
	if (on)
		witness_done(&w, r);
	return r;
}

int call_close(int fd)
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_CLOSE, fd);
		watch_forget(fd);
	}
	r = call_result(sys.close(fd));
	if (on)
		witness_done(&w, r);
	return r;
}

int call_dup(int fd)
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on)
		watch_init(&w, EVENT_DUP, fd);
	r = call_result(sys.fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
	if (on)
		witness_made(&w, r);
	return r;
}

int call_above_streams(int fd)
{
	int high;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	high = call_dup(fd);
	call_close(fd);
	return high;
}

int call_fcntl(int fd, int command, int value)
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_FCNTL, fd);
		w.e.arg[0] = command;
		w.e.arg[1] = value;
	}
	r = call_result(sys.fcntl(fd, command, value));
	if (on)
		witness_done(&w, r);
	return r;
}

static void option_init(struct witness *w, int call, int fd, int level, int option)
{
	watch_init(w, call, fd);
	w->e.arg[0] = level;
	w->e.arg[1] = option;
}

int call_setsockopt(int fd, int level, int option, const void *value, socklen_t n)
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on) {
		option_init(&w, EVENT_SETSOCKOPT, fd, level, option);
		if (value && n == sizeof(int))
			memcpy(&w.e.arg[2], value, n);
	}
	r = call_result(sys.setsockopt(fd, level, option, value, n));
	if (on)
		witness_done(&w, r);
	return r;
}

int call_getsockopt(int fd, int level, int option, void *value, socklen_t *n)
{
	struct witness w;
	bool on = watch_on();
	/* What the kernel puts into *n may be a count of something else (SO_GET_FILTER). */
	bool room = on && value && *n >= sizeof(int);
	int r;

	if (on)
		option_init(&w, EVENT_GETSOCKOPT, fd, level, option);
	r = call_result(sys.getsockopt(fd, level, option, value, n));
	if (room && r == 0 && *n == sizeof(int))
		memcpy(&w.e.arg[2], value, *n);
	if (on)
		witness_done(&w, r);
	return r;
}

static int call_name(int call, int fd, struct sock_addr *addr,
                     int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on)
		watch_init(&w, call, fd);
	addr->len = sizeof addr->storage;
	r = call_result(get(fd, (struct sockaddr *)&addr->storage, &addr->len));
	if (r < 0)
		addr->len = 0;
	if (on)
		witness_done(&w, r);
	return r;
}

int call_getsockname(int fd, struct sock_addr *addr)
{
	return call_name(EVENT_GETSOCKNAME, fd, addr, sys.getsockname);
}

int call_getpeername(int fd, struct sock_addr *addr)
{
	return call_name(EVENT_GETPEERNAME, fd, addr, sys.getpeername);
}

int call_poll(int fd, short events, int timeout)
{
	struct pollfd one = { .fd = fd, .events = events };
	int r = call_polls(&one, 1, timeout);

	return r > 0 ? one.revents : r;
}

static void poll_records(const struct pollfd *list, nfds_t n, int timeout, int64_t start, int r)
{
	for (nfds_t i = 0; i < n; i++) {
		struct witness w;

		if (list[i].fd < 0)
			continue;
		watch_init(&w, EVENT_POLL, list[i].fd);
		w.e.index = i;
		w.e.arg[0] = list[i].events;
		w.e.arg[1] = start ? list[i].revents : 0;
		w.e.arg[2] = timeout;
		if (!start) {
			witness_enter(&w);
			continue;
		}
		w.start = start;
		witness_done(&w, r);
	}
}

int call_polls(struct pollfd *list, nfds_t n, int timeout)
{
	bool on = watch_on();
	int64_t start = on ? clock_now() : 0;
	int r;

	if (on)
		poll_records(list, n, timeout, 0, 0);
	r = call_result(sys.poll(list, n, timeout));
	if (on)
		poll_records(list, n, timeout, start, r);
	return r;
}

int call_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_GETADDRINFO, -1);
		w.e.text = host ? host : service;
		witness_enter(&w);
	}
	r = sys.getaddrinfo(host, service, hints, out);
	if (on) {
		w.e.arg[0] = r;
		witness_done(&w, r == EAI_SYSTEM ? -errno : 0);
	}
	return r;
}

int call_getnameinfo(const struct sockaddr *addr, socklen_t len, char *host, socklen_t host_room,
                     char *service, socklen_t service_room, int flags)
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_GETNAMEINFO, -1);
		witness_addr(&w.e.peer, addr, len);
		witness_enter(&w);
	}
	r = sys.getnameinfo(addr, len, host, host_room, service, service_room, flags);
	if (on) {
		w.e.arg[0] = r;
		if (r == 0)
			w.e.text = host && host_room ? host : service;
		witness_done(&w, r == EAI_SYSTEM ? -errno : 0);
	}
	return r;
}
