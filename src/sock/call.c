/* SPDX-License-Identifier: MIT */
/*
 * One function per system call: make it, tell the watcher, return the result
 * or a negative errno. All alike on purpose. The table behind them is sys.c,
 * the records are filled in watch.c, and retrying and waiting is wait.c.
 */
#include "call.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "watch.h"

static inline ssize_t result(ssize_t r)
{
	return r < 0 ? -errno : r;
}

static const struct sockaddr *raw(const struct sock_addr *a)
{
	return (const struct sockaddr *)&a->storage;
}

int call_socket(int family, int type, int proto)
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_SOCKET, -1);
		w.e.arg[0] = family;
		w.e.arg[1] = type;
		w.e.arg[2] = proto;
	}
	r = result(sys.socket(family, type | SOCK_CLOEXEC, proto));
	if (on)
		watch_made(&w, r);
	return r;
}

int call_socketpair(int family, int type, int proto, int fds[2])
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_SOCKETPAIR, -1);
		w.e.arg[0] = family;
		w.e.arg[1] = type;
		w.e.arg[2] = proto;
	}
	r = result(sys.socketpair(family, type | SOCK_CLOEXEC, proto, fds));
	if (on && r == 0) {
		watch_forget(fds[1]);
		w.e.other = fds[1];
	}
	if (on)
		watch_made(&w, r < 0 ? r : fds[0]);
	return r;
}

int call_bind(int fd, const struct sock_addr *addr)
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_BIND, fd);
		watch_addr(&w.e.local, raw(addr), addr->len);
	}
	r = result(sys.bind(fd, raw(addr), addr->len));
	if (on)
		watch_done(&w, r);
	return r;
}

int call_listen(int fd, int backlog)
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_LISTEN, fd);
		w.e.arg[0] = backlog;
	}
	r = result(sys.listen(fd, backlog));
	if (on)
		watch_done(&w, r);
	return r;
}

int call_accept(int fd, struct sock_addr *peer)
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_ACCEPT, fd);
		watch_enter(&w);
	}
	if (peer)
		peer->len = sizeof peer->storage;
	r = result(sys.accept4(fd, peer ? (struct sockaddr *)&peer->storage : NULL, peer ? &peer->len : NULL,
	                       SOCK_CLOEXEC));
	if (r < 0 && peer)
		peer->len = 0;
	if (on)
		watch_made(&w, r);
	return r;
}

int call_connect(int fd, const struct sock_addr *addr)
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_CONNECT, fd);
		watch_addr(&w.e.peer, raw(addr), addr->len);
		watch_enter(&w);
	}
	r = result(sys.connect(fd, raw(addr), addr->len));
	if (on)
		watch_done(&w, r);
	return r;
}

/* Begin the record of a call that moves bytes and may block. */
static void bytes_enter(struct watch *w, int call, int fd, size_t n, int flags)
{
	watch_init(w, call, fd);
	w->e.asked = n;
	w->e.arg[0] = flags;
	watch_enter(w);
}

ssize_t call_send(int fd, const void *buf, size_t n, int flags)
{
	struct watch w;
	bool on = watch_on();
	ssize_t r;

	if (on)
		bytes_enter(&w, EVENT_SEND, fd, n, flags);
	r = result(sys.send(fd, buf, n, flags | MSG_NOSIGNAL));
	if (on)
		watch_sent(&w, r, &(struct iovec){ (void *)(uintptr_t)buf, n }, 1, NULL);
	return r;
}

ssize_t call_sendto(int fd, const void *buf, size_t n, int flags, const struct sock_addr *to)
{
	struct watch w;
	bool on = watch_on();
	ssize_t r;

	if (on)
		bytes_enter(&w, EVENT_SENDTO, fd, n, flags);
	r = result(sys.sendto(fd, buf, n, flags | MSG_NOSIGNAL, raw(to), to->len));
	if (on)
		watch_sent(&w, r, &(struct iovec){ (void *)(uintptr_t)buf, n }, 1, to);
	return r;
}

static size_t total(const struct msghdr *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++)
		n += m->msg_iov[i].iov_len;
	return n;
}

static struct sock_addr named(const struct msghdr *m)
{
	struct sock_addr a = { .len = 0 };

	if (m->msg_name && m->msg_namelen <= sizeof a.storage) {
		memcpy(&a.storage, m->msg_name, m->msg_namelen);
		a.len = m->msg_namelen;
	}
	return a;
}

ssize_t call_sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct watch w;
	bool on = watch_on();
	ssize_t r;

	if (on)
		bytes_enter(&w, EVENT_SENDMSG, fd, total(m), flags);
	r = result(sys.sendmsg(fd, m, flags | MSG_NOSIGNAL));
	if (on) {
		struct sock_addr to = named(m);

		watch_sent(&w, r, m->msg_iov, m->msg_iovlen, &to);
	}
	return r;
}

/* One record per message of a batch, or one for none. */
static void batch_done(struct watch *w, int r, struct mmsghdr *m,
                       void (*tell)(struct watch *, ssize_t, const struct iovec *, int,
                                    const struct sock_addr *))
{
	if (r <= 0)
		watch_done(w, r);
	for (int i = 0; i < r; i++) {
		struct watch one = *w;
		struct sock_addr addr = named(&m[i].msg_hdr);

		one.e.index = i;
		one.e.asked = total(&m[i].msg_hdr);
		tell(&one, m[i].msg_len, m[i].msg_hdr.msg_iov, m[i].msg_hdr.msg_iovlen, &addr);
	}
}

int call_sendmmsg(int fd, struct mmsghdr *m, unsigned count, int flags)
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on)
		bytes_enter(&w, EVENT_SENDMMSG, fd, count ? total(&m->msg_hdr) : 0, flags);
	r = result(sys.sendmmsg(fd, m, count, flags | MSG_NOSIGNAL));
	if (on)
		batch_done(&w, r, m, watch_sent);
	return r;
}

ssize_t call_recv(int fd, void *buf, size_t n, int flags)
{
	struct watch w;
	bool on = watch_on();
	ssize_t r;

	if (on)
		bytes_enter(&w, EVENT_RECV, fd, n, flags);
	r = result(sys.recv(fd, buf, n, flags));
	if (on)
		watch_received(&w, r, &(struct iovec){ buf, n }, 1, NULL);
	return r;
}

ssize_t call_recvfrom(int fd, void *buf, size_t n, int flags, struct sock_addr *from)
{
	struct watch w;
	bool on = watch_on();
	ssize_t r;

	if (on)
		bytes_enter(&w, EVENT_RECVFROM, fd, n, flags);
	from->len = sizeof from->storage;
	r = result(sys.recvfrom(fd, buf, n, flags, (struct sockaddr *)&from->storage, &from->len));
	if (r < 0)
		from->len = 0;
	if (on)
		watch_received(&w, r, &(struct iovec){ buf, n }, 1, from);
	return r;
}

ssize_t call_recvmsg(int fd, struct msghdr *m, int flags)
{
	struct watch w;
	bool on = watch_on();
	ssize_t r;

	if (on)
		bytes_enter(&w, EVENT_RECVMSG, fd, total(m), flags);
	r = result(sys.recvmsg(fd, m, flags | MSG_CMSG_CLOEXEC));
	if (on) {
		struct sock_addr from = named(m);

		watch_received(&w, r, m->msg_iov, m->msg_iovlen, r < 0 ? NULL : &from);
	}
	return r;
}

int call_recvmmsg(int fd, struct mmsghdr *m, unsigned count, int flags)
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on)
		bytes_enter(&w, EVENT_RECVMMSG, fd, count ? total(&m->msg_hdr) : 0, flags);
	r = result(sys.recvmmsg(fd, m, count, flags | MSG_CMSG_CLOEXEC, NULL));
	if (on)
		batch_done(&w, r, m, watch_received);
	return r;
}

ssize_t call_sendfile(int fd, int file, off_t *offset, size_t n)
{
	struct watch w;
	bool on = watch_on();
	ssize_t r;

	if (on)
		bytes_enter(&w, EVENT_SENDFILE, fd, n, 0);
	r = result(sys.sendfile(fd, file, offset, n));
	if (on)
		watch_sent(&w, r, NULL, 0, NULL);
	return r;
}

int call_shutdown(int fd, int how)
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_SHUTDOWN, fd);
		w.e.arg[0] = how;
	}
	r = result(sys.shutdown(fd, how));
	if (on)
		watch_done(&w, r);
	return r;
}

int call_close(int fd)
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_CLOSE, fd);
		watch_forget(fd);
	}
	r = result(sys.close(fd));
	if (on)
		watch_done(&w, r);
	return r;
}

int call_dup(int fd)
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on)
		watch_init(&w, EVENT_DUP, fd);
	r = result(sys.fcntl(fd, F_DUPFD_CLOEXEC, 0));
	if (on)
		watch_made(&w, r);
	return r;
}

int call_fcntl(int fd, int command, int value)
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_FCNTL, fd);
		w.e.arg[0] = command;
		w.e.arg[1] = value;
	}
	r = result(sys.fcntl(fd, command, value));
	if (on)
		watch_done(&w, r);
	return r;
}

static void option_init(struct watch *w, int call, int fd, int level, int option)
{
	watch_init(w, call, fd);
	w->e.arg[0] = level;
	w->e.arg[1] = option;
}

int call_setsockopt(int fd, int level, int option, const void *value, socklen_t n)
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on) {
		option_init(&w, EVENT_SETSOCKOPT, fd, level, option);
		if (value && n == sizeof(int))
			memcpy(&w.e.arg[2], value, n);
	}
	r = result(sys.setsockopt(fd, level, option, value, n));
	if (on)
		watch_done(&w, r);
	return r;
}

int call_getsockopt(int fd, int level, int option, void *value, socklen_t *n)
{
	struct watch w;
	bool on = watch_on();
	/* What the kernel puts into *n may be a count of something else (SO_GET_FILTER). */
	bool room = on && value && *n >= sizeof(int);
	int r;

	if (on)
		option_init(&w, EVENT_GETSOCKOPT, fd, level, option);
	r = result(sys.getsockopt(fd, level, option, value, n));
	if (room && r == 0 && *n == sizeof(int))
		memcpy(&w.e.arg[2], value, *n);
	if (on)
		watch_done(&w, r);
	return r;
}

static int call_name(int call, int fd, struct sock_addr *addr,
                     int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on)
		watch_init(&w, call, fd);
	addr->len = sizeof addr->storage;
	r = result(get(fd, (struct sockaddr *)&addr->storage, &addr->len));
	if (r < 0)
		addr->len = 0;
	if (on)
		watch_done(&w, r);
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
		struct watch w;

		if (list[i].fd < 0)
			continue;
		watch_init(&w, EVENT_POLL, list[i].fd);
		w.e.index = i;
		w.e.arg[0] = list[i].events;
		w.e.arg[1] = start ? list[i].revents : 0;
		w.e.arg[2] = timeout;
		if (!start) {
			watch_enter(&w);
			continue;
		}
		w.start = start;
		watch_done(&w, r);
	}
}

int call_polls(struct pollfd *list, nfds_t n, int timeout)
{
	bool on = watch_on();
	int64_t start = on ? sock_now() : 0;
	int r;

	if (on)
		poll_records(list, n, timeout, 0, 0);
	r = result(sys.poll(list, n, timeout));
	if (on)
		poll_records(list, n, timeout, start, r);
	return r;
}

int call_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	struct watch w;
	bool on = watch_on();
	int r;

	if (on) {
		watch_init(&w, EVENT_GETADDRINFO, -1);
		w.e.text = host ? host : service;
		watch_enter(&w);
	}
	r = sys.getaddrinfo(host, service, hints, out);
	if (on) {
		w.e.arg[0] = r;
		watch_done(&w, r == EAI_SYSTEM ? -errno : 0);
	}
	return r;
}
