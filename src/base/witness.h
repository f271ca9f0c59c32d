/* SPDX-License-Identifier: MIT */
/*
 * A witness of one call on a socket: fills its event record, from what is
 * known of the socket in flow.h and what the kernel says of it, and hands it to
 * the hook of event.h. For the library's own calls and for the shim's, so that
 * both tell the same story. Each function keeps errno.
 *
 *	struct witness w;
 *
 *	event_init(&w.e, EVENT_SEND, EVENT_ENTER);
 *	witness_begin(&w, &ask, fd);
 *	witness_enter(&w);
 *	r = send(fd, buf, n, 0);
 *	witness_sent(&w, r < 0 ? -errno : r, &iov, 1, NULL, 0);
 */
#ifndef BASE_WITNESS_H
#define BASE_WITNESS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "event.h"

/* How the kernel is asked about a socket. */
struct witness_ask {
	int (*getsockopt)(int fd, int level, int option, void *value, socklen_t *n);
	int (*getsockname)(int fd, struct sockaddr *addr, socklen_t *n);
	int (*getpeername)(int fd, struct sockaddr *addr, socklen_t *n);
};

struct witness {
	struct event e;         /* asked, arg and the like are set by the caller */
	int64_t start;
	int64_t end;            /* the time of the return record; 0: when it is made */
	bool settled;           /* the addresses in the record are there to stay */
	const struct witness_ask *ask;
};

/* The record, initialised, is about fd (-1: none yet). */
void witness_begin(struct witness *w, const struct witness_ask *ask, int fd);

/* Emit the entry record of a call that may block. */
void witness_enter(struct witness *w);

/* Emit the return record: r is the result or a negative errno. */
void witness_done(struct witness *w, ssize_t r);

/* The same for a call that made a new descriptor, r. */
void witness_made(struct witness *w, int r);

/* The same for bytes that went out or came in, to or from addr (len 0: the peer). */
void witness_sent(struct witness *w, ssize_t r, const struct iovec *iov, int iovs,
                  const struct sockaddr *addr, socklen_t len);
void witness_received(struct witness *w, ssize_t r, const struct iovec *iov, int iovs,
                      const struct sockaddr *addr, socklen_t len);

/* Copy a system address into a record. */
void witness_addr(struct event_addr *to, const struct sockaddr *from, socklen_t len);

/* A socket's address, by one of the two calls above; none where the socket has none any more. */
void witness_locate(struct event_addr *to, int fd,
                    int (*get)(int fd, struct sockaddr *addr, socklen_t *n));

/* Is it one that others can reach? An Internet address before its bind has no port. */
bool witness_has_port(const struct event_addr *addr, int family);

/* SO_COOKIE of a descriptor, and any option of SOL_SOCKET that is a number; 0: it has none. */
uint64_t witness_cookie(const struct witness_ask *ask, int fd);
int witness_option(const struct witness_ask *ask, int fd, int option);

/* Who is at the other end of a Unix connection, whose address is often empty; 0: unknown. */
int witness_peer_pid(const struct witness_ask *ask, int fd);

#endif
