/* SPDX-License-Identifier: MIT */
/*
 * The table of system calls, filled with the real ones. fcntl is variadic and
 * connect and friends take transparent unions under _GNU_SOURCE, so a few
 * stand behind a plain function. The watched calls on top are in call.c.
 */
#include "sys.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <unistd.h>

static int real_fcntl(int fd, int command, int value)
{
	return fcntl(fd, command, value);
}

static int real_bind(int fd, const struct sockaddr *a, socklen_t n)
{
	return bind(fd, a, n);
}

static int real_accept4(int fd, struct sockaddr *a, socklen_t *n, int flags)
{
	return accept4(fd, a, n, flags);
}

static int real_connect(int fd, const struct sockaddr *a, socklen_t n)
{
	return connect(fd, a, n);
}

static ssize_t real_sendto(int fd, const void *buf, size_t len, int flags,
                           const struct sockaddr *a, socklen_t n)
{
	return sendto(fd, buf, len, flags, a, n);
}

static ssize_t real_recvfrom(int fd, void *buf, size_t len, int flags,
                             struct sockaddr *a, socklen_t *n)
{
	return recvfrom(fd, buf, len, flags, a, n);
}

static int real_getsockname(int fd, struct sockaddr *a, socklen_t *n)
{
	return getsockname(fd, a, n);
}

static int real_getpeername(int fd, struct sockaddr *a, socklen_t *n)
{
	return getpeername(fd, a, n);
}

static int real_sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
	return sendmmsg(fd, m, n, flags);
}

static int real_recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *t)
{
	return recvmmsg(fd, m, n, flags, t);
}

static int real_shutdown(int fd, int how)
{
	return shutdown(fd, how);
}

#define REAL_CALLS { \
	.socket = socket, \
	.socketpair = socketpair, \
	.bind = real_bind, \
	.listen = listen, \
	.accept4 = real_accept4, \
	.connect = real_connect, \
	.send = send, \
	.sendto = real_sendto, \
	.sendmsg = sendmsg, \
	.sendmmsg = real_sendmmsg, \
	.recv = recv, \
	.recvfrom = real_recvfrom, \
	.recvmsg = recvmsg, \
	.recvmmsg = real_recvmmsg, \
	.sendfile = sendfile, \
	.pread = pread, \
	.read = read, \
	.lseek = lseek, \
	.shutdown = real_shutdown, \
	.close = close, \
	.fcntl = real_fcntl, \
	.getsockopt = getsockopt, \
	.setsockopt = setsockopt, \
	.getsockname = real_getsockname, \
	.getpeername = real_getpeername, \
	.poll = poll, \
	.epoll_ctl = epoll_ctl, \
	.epoll_wait = epoll_wait, \
	.getaddrinfo = getaddrinfo, \
	.getnameinfo = getnameinfo, \
	.lstat = lstat, \
	.unlink = unlink, \
	.malloc = malloc, \
}

const struct sys sys_real = REAL_CALLS;
struct sys sys = REAL_CALLS;
