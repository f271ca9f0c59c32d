/* SPDX-License-Identifier: MIT */
/*
 * What the functions of this folder that stand before libc's have in common:
 * is this call to be told, and its record from entry to return. Each of them
 * looks so:
 *
 *	ssize_t (send)(int fd, const void *buf, size_t n, int flags)
 *	{
 *		struct witness w;
 *
 *		if (!tell_bytes(&w, EVENT_SEND, fd, n, flags))
 *			return REAL(send)(fd, buf, n, flags);
 *		return tell_sent(&w, REAL(send)(fd, buf, n, flags), buf, NULL, 0);
 *	}
 *
 * The name stands in parentheses so that no macro of libc's takes its place.
 */
#ifndef PRELOAD_TELL_H
#define PRELOAD_TELL_H

#include <errno.h>
#include <limits.h>

#include "../base/witness.h"
#include "kind.h"
#include "shim.h"

extern const struct witness_ask tell_ask;

static inline ssize_t tell_result(ssize_t r)
{
	return r < 0 ? -errno : r;
}

/* Is a call on fd to be told? */
static inline bool tell_is_about(int fd)
{
	return !shim_is_off() && kind_is_socket(fd) && shim_is_on();
}

/* May a call on it wait? */
static inline bool tell_may_wait(int fd, int flags)
{
	return !(flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) && !(kind_get(fd) & KIND_NONBLOCK);
}

/* Begin the record of a call on fd, if it is to be told. */
bool tell_begin(struct witness *w, int call, int fd);

/* The same for a call that sockets alone have: told even when fd is not open. */
bool tell_begin_socket(struct witness *w, int call, int fd);

/* The same for one that has no descriptor yet. */
bool tell_begin_new(struct witness *w, int call);

/* The same for one that moves bytes, with its entry record if it may wait. */
bool tell_bytes_begin(struct witness *w, int call, int fd, size_t n, int flags);

static inline bool tell_bytes(struct witness *w, int call, int fd, size_t n, int flags)
{
	return tell_is_about(fd) && tell_bytes_begin(w, call, fd, n, flags);
}

/* And for one of those that sockets alone have. */
bool tell_bytes_socket(struct witness *w, int call, int fd, size_t n, int flags);

/* The return record. Each hands the result on. */
int tell_done(struct witness *w, int r);
ssize_t tell_sent(struct witness *w, ssize_t r, const void *buf, const struct sockaddr *to, socklen_t len);
ssize_t tell_received(struct witness *w, ssize_t r, void *buf, const struct sockaddr *from, socklen_t len);

/* A copy of an address that the kernel has not read yet: it may lie nowhere. */
void tell_addr(struct event_addr *to, const struct sockaddr *from, socklen_t len);

/* May a message's list of buffers be looked into? The kernel refuses any other. */
static inline bool tell_is_sound(const struct msghdr *m)
{
	return m && m->msg_iovlen <= IOV_MAX && (m->msg_iov || !m->msg_iovlen);
}

/* All that a message has room for, or offers; SIZE_MAX when that is no number. */
size_t tell_total(const struct iovec *iov, size_t n);

#endif
