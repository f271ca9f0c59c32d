/* SPDX-License-Identifier: MIT */
/* The counting table. close always closes, whatever it answers, as Linux does. */
#include "fault.h"

#include <errno.h>
#include <stddef.h>
#include <sys/uio.h>

unsigned char fault_log[FAULT_MOST];
bool fault_struck;

static struct fault_plan plan;
static _Atomic int count;

const char *const fault_names[FAULT_CALLS] = {
	"socket", "socketpair", "bind", "listen", "accept4", "connect", "send", "sendto", "sendmsg",
	"sendmmsg", "recv", "recvfrom", "recvmsg", "recvmmsg", "sendfile", "pread", "read", "shutdown",
	"close", "fcntl", "getsockopt", "setsockopt", "getsockname", "getpeername", "poll",
	"epoll_ctl", "epoll_wait", "getaddrinfo", "malloc",
};

#define RETURN_ERRORS(...)                                                      \
	do {                                                                    \
		static const int list[] = { __VA_ARGS__, 0 };                   \
		return list;                                                    \
	} while (0)

const int *fault_errors(enum fault_call call)
{
	switch (call) {
	case FAULT_SOCKET:
	case FAULT_SOCKETPAIR:
		RETURN_ERRORS(EACCES, EAFNOSUPPORT, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTONOSUPPORT);
	case FAULT_BIND:
		RETURN_ERRORS(EACCES, EADDRINUSE, EINVAL, EADDRNOTAVAIL, ELOOP, ENOENT, ENOMEM, ENOTDIR, EROFS);
	case FAULT_LISTEN:
		RETURN_ERRORS(EADDRINUSE, EOPNOTSUPP);
	case FAULT_ACCEPT:
		RETURN_ERRORS(EAGAIN, EINTR, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTO, EPERM,
		              EHOSTDOWN, ENONET, EHOSTUNREACH, ENETUNREACH, ENETDOWN, ENOPROTOOPT, EOPNOTSUPP,
		              EINVAL, ETIMEDOUT);
	case FAULT_CONNECT:
		RETURN_ERRORS(EINTR, EINPROGRESS, ECONNREFUSED, ENETUNREACH, ETIMEDOUT, EADDRNOTAVAIL, EAGAIN,
		              EACCES, EPERM, EALREADY, EISCONN, EAFNOSUPPORT, EPROTOTYPE);
	case FAULT_SEND:
	case FAULT_SENDTO:
	case FAULT_SENDMSG:
	case FAULT_SENDMMSG:
		RETURN_ERRORS(EAGAIN, EINTR, ECONNRESET, EPIPE, ENOBUFS, ENOMEM, EMSGSIZE, EACCES, EPERM,
		              ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EIO, EINVAL, ETIMEDOUT);
	case FAULT_RECV:
	case FAULT_RECVFROM:
	case FAULT_RECVMSG:
	case FAULT_RECVMMSG:
		RETURN_ERRORS(EAGAIN, EINTR, ECONNRESET, ECONNREFUSED, ENOMEM, ENOTCONN, ETIMEDOUT, EHOSTUNREACH);
	case FAULT_SENDFILE:
		RETURN_ERRORS(EAGAIN, EINTR, EINVAL, ENOSYS, EIO, ENOMEM, EPIPE, ECONNRESET, ESPIPE, EOVERFLOW);
	case FAULT_PREAD:
	case FAULT_READ:
		RETURN_ERRORS(EINTR, EIO, EISDIR, ESPIPE);
	case FAULT_SHUTDOWN:
		RETURN_ERRORS(ENOTCONN, EINVAL);
	case FAULT_CLOSE:
		RETURN_ERRORS(EINTR, EIO);
	case FAULT_FCNTL:
		RETURN_ERRORS(EMFILE, EINVAL);
	case FAULT_GETSOCKOPT:
	case FAULT_SETSOCKOPT:
		RETURN_ERRORS(ENOPROTOOPT, EINVAL, ENOMEM, EPERM);
	case FAULT_GETSOCKNAME:
	case FAULT_GETPEERNAME:
		RETURN_ERRORS(ENOBUFS, ENOTCONN);
	case FAULT_POLL:
		RETURN_ERRORS(EINTR, ENOMEM, EINVAL);
	case FAULT_EPOLL_CTL:
		RETURN_ERRORS(ENOMEM, ENOSPC, EPERM);
	case FAULT_EPOLL_WAIT:
		RETURN_ERRORS(EINTR, EBADF, EINVAL);
	case FAULT_GETADDRINFO:
		RETURN_ERRORS(ENOMEM);
	default:
		RETURN_ERRORS(ENOMEM);
	}
}

bool fault_can_be_short(enum fault_call call)
{
	return call == FAULT_SEND || call == FAULT_SENDMSG || call == FAULT_RECV || call == FAULT_RECVMSG ||
	       call == FAULT_SENDFILE || call == FAULT_PREAD || call == FAULT_READ || call == FAULT_SENDMMSG;
}

/* Count a call. Returns true when it shall go wrong; then errno is set, or 0 for a short one. */
static bool strike(enum fault_call call)
{
	int i;

	if (plan.of_kind && plan.kind != call)
		return false;
	i = count++;
	if (i < FAULT_MOST)
		fault_log[i] = call;
	if (i != plan.at)
		return false;
	fault_struck = true;
	errno = plan.error;
	return true;
}

#define WRAP(type, name, call, params, args)                                    \
	static type fault_##name params                                         \
	{                                                                       \
		return strike(call) ? -1 : sys_real.name args;                  \
	}

WRAP(int, socket, FAULT_SOCKET, (int a, int b, int c), (a, b, c))
WRAP(int, socketpair, FAULT_SOCKETPAIR, (int a, int b, int c, int d[2]), (a, b, c, d))
WRAP(int, bind, FAULT_BIND, (int a, const struct sockaddr *b, socklen_t c), (a, b, c))
WRAP(int, listen, FAULT_LISTEN, (int a, int b), (a, b))
WRAP(int, accept4, FAULT_ACCEPT, (int a, struct sockaddr *b, socklen_t *c, int d), (a, b, c, d))
WRAP(ssize_t, sendto, FAULT_SENDTO,
     (int a, const void *b, size_t n, int d, const struct sockaddr *e, socklen_t f), (a, b, n, d, e, f))
WRAP(ssize_t, recvfrom, FAULT_RECVFROM,
     (int a, void *b, size_t n, int d, struct sockaddr *e, socklen_t *f), (a, b, n, d, e, f))
WRAP(int, recvmmsg, FAULT_RECVMMSG,
     (int a, struct mmsghdr *b, unsigned c, int d, struct timespec *e), (a, b, c, d, e))
WRAP(int, shutdown, FAULT_SHUTDOWN, (int a, int b), (a, b))
WRAP(int, fcntl, FAULT_FCNTL, (int a, int b, int c), (a, b, c))
WRAP(int, getsockopt, FAULT_GETSOCKOPT, (int a, int b, int c, void *d, socklen_t *e), (a, b, c, d, e))
WRAP(int, setsockopt, FAULT_SETSOCKOPT, (int a, int b, int c, const void *d, socklen_t e), (a, b, c, d, e))
WRAP(int, getsockname, FAULT_GETSOCKNAME, (int a, struct sockaddr *b, socklen_t *c), (a, b, c))
WRAP(int, getpeername, FAULT_GETPEERNAME, (int a, struct sockaddr *b, socklen_t *c), (a, b, c))
WRAP(int, poll, FAULT_POLL, (struct pollfd *a, nfds_t b, int c), (a, b, c))

WRAP(int, epoll_ctl, FAULT_EPOLL_CTL, (int a, int b, int c, struct epoll_event *d), (a, b, c, d))
WRAP(int, epoll_wait, FAULT_EPOLL_WAIT, (int a, struct epoll_event *b, int c, int d), (a, b, c, d))

#define WRAP_BYTES(name, call, params, args, shorter)                           \
	static ssize_t fault_##name params                                      \
	{                                                                       \
		if (strike(call)) {                                             \
			if (errno || n == 0)                                    \
				return -1;                                      \
			return sys_real.name shorter;                           \
		}                                                               \
		return sys_real.name args;                                      \
	}

WRAP_BYTES(send, FAULT_SEND, (int a, const void *b, size_t n, int d), (a, b, n, d), (a, b, 1, d))
WRAP_BYTES(recv, FAULT_RECV, (int a, void *b, size_t n, int d), (a, b, n, d), (a, b, 1, d))
WRAP_BYTES(sendfile, FAULT_SENDFILE, (int a, int b, off_t *c, size_t n), (a, b, c, n), (a, b, c, 1))
WRAP_BYTES(pread, FAULT_PREAD, (int a, void *b, size_t n, off_t d), (a, b, n, d), (a, b, 1, d))
WRAP_BYTES(read, FAULT_READ, (int a, void *b, size_t n), (a, b, n), (a, b, 1))

/* A message made short: its first buffer's first byte alone. */
static struct msghdr shortened(const struct msghdr *m, struct iovec *one)
{
	struct msghdr copy = *m;

	*one = m->msg_iov[0];
	if (one->iov_len > 1)
		one->iov_len = 1;
	copy.msg_iov = one;
	copy.msg_iovlen = 1;
	return copy;
}

static ssize_t fault_sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct iovec one;
	struct msghdr copy;

	if (!strike(FAULT_SENDMSG))
		return sys_real.sendmsg(fd, m, flags);
	if (errno || !m->msg_iovlen)
		return -1;
	copy = shortened(m, &one);
	return sys_real.sendmsg(fd, &copy, flags);
}

static ssize_t fault_recvmsg(int fd, struct msghdr *m, int flags)
{
	struct iovec *all = m->msg_iov, one;
	size_t n = m->msg_iovlen;
	ssize_t r;

	if (!strike(FAULT_RECVMSG))
		return sys_real.recvmsg(fd, m, flags);
	if (errno || !n)
		return -1;
	shortened(m, &one);
	m->msg_iov = &one;
	m->msg_iovlen = 1;
	r = sys_real.recvmsg(fd, m, flags);
	m->msg_iov = all;
	m->msg_iovlen = n;
	return r;
}

static int fault_sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
	if (!strike(FAULT_SENDMMSG))
		return sys_real.sendmmsg(fd, m, n, flags);
	return errno ? -1 : sys_real.sendmmsg(fd, m, n ? 1 : 0, flags);
}

/* An interrupted connect goes on by itself, so it is begun all the same. */
static int fault_connect(int fd, const struct sockaddr *a, socklen_t n)
{
	int err;

	if (!strike(FAULT_CONNECT))
		return sys_real.connect(fd, a, n);
	err = errno;
	if (err == EINTR || err == EINPROGRESS || err == EALREADY)
		sys_real.connect(fd, a, n);
	errno = err;
	return -1;
}

static int fault_close(int fd)
{
	int r = sys_real.close(fd);

	return strike(FAULT_CLOSE) ? -1 : r;
}

static int fault_getaddrinfo(const char *a, const char *b, const struct addrinfo *c, struct addrinfo **d)
{
	return strike(FAULT_GETADDRINFO) ? EAI_MEMORY : sys_real.getaddrinfo(a, b, c, d);
}

static void *fault_malloc(size_t n)
{
	return strike(FAULT_MALLOC) ? NULL : sys_real.malloc(n);
}

void fault_begin(struct fault_plan p)
{
	plan = p;
	count = 0;
	fault_struck = false;
	sys = sys_real;
	sys.socket = fault_socket;
	sys.socketpair = fault_socketpair;
	sys.bind = fault_bind;
	sys.listen = fault_listen;
	sys.accept4 = fault_accept4;
	sys.connect = fault_connect;
	sys.send = fault_send;
	sys.sendto = fault_sendto;
	sys.sendmsg = fault_sendmsg;
	sys.sendmmsg = fault_sendmmsg;
	sys.recv = fault_recv;
	sys.recvfrom = fault_recvfrom;
	sys.recvmsg = fault_recvmsg;
	sys.recvmmsg = fault_recvmmsg;
	sys.sendfile = fault_sendfile;
	sys.pread = fault_pread;
	sys.read = fault_read;
	sys.shutdown = fault_shutdown;
	sys.close = fault_close;
	sys.fcntl = fault_fcntl;
	sys.getsockopt = fault_getsockopt;
	sys.setsockopt = fault_setsockopt;
	sys.getsockname = fault_getsockname;
	sys.getpeername = fault_getpeername;
	sys.poll = fault_poll;
	sys.epoll_ctl = fault_epoll_ctl;
	sys.epoll_wait = fault_epoll_wait;
	sys.getaddrinfo = fault_getaddrinfo;
	sys.malloc = fault_malloc;
}

int fault_end(void)
{
	sys = sys_real;
	return count;
}
