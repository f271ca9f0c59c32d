/* SPDX-License-Identifier: MIT */
/*
 * Messages with everything: several buffers, an address, flags and control
 * data; descriptors and credentials over Unix sockets; sending without a copy.
 *
 *	int fds[2] = { 1, 2 };
 *
 *	sock_sendfds(&s, "two", 3, fds, 2);
 *
 * The flags are the kernel's MSG_* of send(2) and recv(2).
 */
#ifndef SOCKEYE_MSG_H
#define SOCKEYE_MSG_H

#include <sockeye.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Control data in the caller's memory, in the layout of cmsg(3). */
struct sock_control {
	void *data;             /* the caller's, aligned for struct cmsghdr */
	size_t room;            /* its size */
	size_t n;               /* bytes used; sock_recvmsg sets it, sock_control_add raises it */
	int cut;                /* some control data did not fit (MSG_CTRUNC) */
};

/* One message. All zero but buf and n is plain send or recv. */
struct sock_msg {
	void *buf;              /* one buffer of n bytes, or: */
	size_t n;
	const struct iovec *iov; /* iovs buffers, at most 1024, used instead where iovs is not 0 */
	int iovs;
	int flags;              /* MSG_*; sock_recvmsg leaves the kernel's answer, so set it anew */
	struct sock_addr *addr; /* to; sock_recvmsg fills it; NULL: none */
	struct sock_control *control;
};

/*
 * Send or receive one message. Return the bytes moved or -1; what a datagram
 * lost is told by sock_cut. Descriptors received are close-on-exec and the
 * caller's. MSG_ERRQUEUE reads the error queue and waits for it, MSG_DONTWAIT
 * never waits.
 */
ssize_t sock_sendmsg(struct sock *s, const struct sock_msg *m);
ssize_t sock_recvmsg(struct sock *s, struct sock_msg *m);

/* Append one item. Returns 0, or -1 with ENOBUFS when there is no room. */
int sock_control_add(struct sock_control *c, int level, int type, const void *data, size_t n);

/* One item of control data; data points into the control buffer. */
struct sock_control_item {
	int level, type;
	const void *data;
	size_t n;
};

/*
 * Walk the items: start with *at = 0, each call fills item and returns 1, or 0
 * at the end. A cut or malformed item ends the walk inside the buffer.
 */
int sock_control_next(const struct sock_control *c, size_t *at, struct sock_control_item *item);

/*
 * Pass descriptors with at least one byte over a Unix socket: unix(7). At most
 * 253. They stay open here. Returns the bytes sent or -1.
 */
ssize_t sock_sendfds(struct sock *s, const void *buf, size_t n, const int *fds, int count);

/*
 * Receive bytes and up to *count descriptors, which become the caller's and
 * are close-on-exec; *count is set to their number. Those beyond *count are
 * closed, and counted by sock_cut. Returns the bytes or -1.
 */
ssize_t sock_recvfds(struct sock *s, void *buf, size_t n, int *fds, int *count);

/* Who opened the other end of a Unix socket (SO_PEERCRED). 0 or -1. Any pointer may be NULL. */
int sock_peer_creds(struct sock *s, pid_t *pid, uid_t *uid, gid_t *gid);

/*
 * Send with MSG_ZEROCOPY: the kernel reads buf until sock_zerodone says so; do
 * not touch it before. *id is the number of this send. Falls back to a copy
 * where the kernel has no such thing (*id then UINT32_MAX). As sock_send. One
 * value of a socket sends so, for the numbers are counted in the value.
 */
ssize_t sock_sendzero(struct sock *s, const void *buf, size_t n, uint32_t *id);

/*
 * Take one notice of finished sends: numbers *first to *last may be touched
 * again; *copied says that the kernel copied after all. Waits within the limit;
 * what else stands in the error queue is passed over and lost.
 * Returns 1, or -1 (EAGAIN or ETIMEDOUT: none yet).
 */
int sock_zerodone(struct sock *s, uint32_t *first, uint32_t *last, int *copied);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
