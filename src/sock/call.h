/* SPDX-License-Identifier: MIT */
/*
 * System calls, watched. Each function makes one call through the table of
 * sys.h, emits its event records if somebody watches, and returns the result
 * or a negative errno. They never retry and never wait beyond what the kernel
 * does.
 */
#ifndef SOCK_CALL_H
#define SOCK_CALL_H

#include <errno.h>
#include <sockeye.h>
#include <stdbool.h>

#include "sys.h"
#include "watch.h"

/* What a call answered, errno in its place. */
static inline ssize_t call_result(ssize_t r)
{
	return r < 0 ? -errno : r;
}

static inline const struct sockaddr *call_raw(const struct sock_addr *a)
{
	return (const struct sockaddr *)&a->storage;
}

int call_socket(int family, int type, int proto);
int call_socketpair(int family, int type, int proto, int fds[2]);
int call_bind(int fd, const struct sock_addr *addr);
int call_listen(int fd, int backlog);
/* Accept with SOCK_CLOEXEC; peer, unless NULL, gets the caller's address. Returns the new descriptor. */
int call_accept(int fd, struct sock_addr *peer);
int call_connect(int fd, const struct sock_addr *addr);

/* The two that every byte of a stream goes through are spared the record's stack frame. */
ssize_t call_send_watched(int fd, const void *buf, size_t n, int flags);
ssize_t call_recv_watched(int fd, void *buf, size_t n, int flags);

static inline ssize_t call_send(int fd, const void *buf, size_t n, int flags)
{
	if (watch_on())
		return call_send_watched(fd, buf, n, flags);
	return call_result(sys.send(fd, buf, n, flags | MSG_NOSIGNAL));
}

static inline ssize_t call_recv(int fd, void *buf, size_t n, int flags)
{
	if (watch_on())
		return call_recv_watched(fd, buf, n, flags);
	return call_result(sys.recv(fd, buf, n, flags));
}

ssize_t call_sendto(int fd, const void *buf, size_t n, int flags, const struct sock_addr *to);
ssize_t call_sendmsg(int fd, const struct msghdr *m, int flags);
int call_sendmmsg(int fd, struct mmsghdr *m, unsigned count, int flags);
/* from->len is 0 when the kernel tells no address. */
ssize_t call_recvfrom(int fd, void *buf, size_t n, int flags, struct sock_addr *from);
ssize_t call_recvmsg(int fd, struct msghdr *m, int flags);
int call_recvmmsg(int fd, struct mmsghdr *m, unsigned count, int flags);
ssize_t call_sendfile(int fd, int file, off_t *offset, size_t n);
int call_shutdown(int fd, int how);
int call_close(int fd);
/* A duplicate, close-on-exec, above the standard streams. */
int call_dup(int fd);
/*
 * A new descriptor fd moved above the standard streams, where a program that was
 * started with one of them closed would print into the connection. A negative
 * errno, or one from moving it, is handed through; then fd is closed.
 */
int call_above_streams(int fd);
int call_fcntl(int fd, int command, int value);
int call_setsockopt(int fd, int level, int option, const void *value, socklen_t n);
int call_getsockopt(int fd, int level, int option, void *value, socklen_t *n);
int call_getsockname(int fd, struct sock_addr *addr);
int call_getpeername(int fd, struct sock_addr *addr);
/* One descriptor; timeout in ms, -1 for ever. Returns the ready events, 0 at the timeout. */
int call_poll(int fd, short events, int timeout);
/* Several. As poll(2). */
int call_polls(struct pollfd *list, nfds_t n, int timeout);
/* Returns 0 or EAI_*; with EAI_SYSTEM errno is set. */
int call_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out);
int call_getnameinfo(const struct sockaddr *addr, socklen_t len, char *host, socklen_t host_room,
                     char *service, socklen_t service_room, int flags);

#endif
