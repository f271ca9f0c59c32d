/* SPDX-License-Identifier: MIT */
/*
 * Two ends of one connection for a test, values that must fail, and a thread
 * that reads the far end slowly. Include check.h first.
 */
#ifndef PAIRS_H
#define PAIRS_H

#include <fcntl.h>
#include <pthread.h>
#include <sockeye.h>
#include <string.h>

#include "sock/sys.h"

#define PAIR_AUTO __attribute__((cleanup(pair_close)))

static inline void pair_close(struct sock (*p)[2])
{
	sock_close(&(*p)[0]);
	sock_close(&(*p)[1]);
}

static inline void pair_unix(struct sock p[2], int type)
{
	assert_int_equal(sock_pair(p, AF_UNIX, type), 0);
}

/* p[0] called p[1] over loopback. */
static inline void pair_tcp(struct sock p[2])
{
	sock_auto server = sock_server("tcp://127.0.0.1:0");

	p[0] = sock_dial(sock_name(&server).s);
	p[1] = sock_accept(&server);
	if (p[0].fd < 0 || p[1].fd < 0)
		print_error("%s; %s\n", p[0].why, p[1].why);
	assert_true(p[0].fd >= 0 && p[1].fd >= 0);
}

/* The three kinds of values on which every call must fail cleanly. */
static inline void pair_bad(struct sock bad[3])
{
	bad[0] = (struct sock){ .fd = 0 };
	assert_int_equal(sock_pair(bad + 1, 0, 0), 0);
	sock_close(&bad[1]);
	sock_close(&bad[2]);
	bad[2] = sock_dial("tcp://127.0.0.1:99999");
}

/* The whole sentence of a failure that is about the peer. */
static inline void pair_why(const struct sock *s, const char *op, const char *reason)
{
	char wanted[SOCKEYE_WHY];

	snprintf(wanted, sizeof wanted, "%s %.100s: %s", op, sock_peer(s).s, reason);
	assert_string_equal(s->why, wanted);
}

/* Bytes with a pattern that shows a shift, and whether they are still right. */
static inline void pair_fill(char *buf, size_t n, size_t from)
{
	for (size_t i = 0; i < n; i++)
		buf[i] = (char)((from + i) * 2654435761u >> 13);
}

static inline bool pair_same(const char *buf, size_t n, size_t from)
{
	for (size_t i = 0; i < n; i++)
		if (buf[i] != (char)((from + i) * 2654435761u >> 13))
			return false;
	return true;
}

/*
 * Small buffers to send from, so that sends are partial. Small ones to receive
 * in would make TCP wait for its timers.
 */
static inline void pair_small(struct sock p[2])
{
	for (int i = 0; i < 2; i++)
		setsockopt(p[i].fd, SOL_SOCKET, SO_SNDBUF, &(int){ 2048 }, sizeof(int));
}

/* A thread that reads to the end, 1 to 17 bytes at a time, and checks the pattern. */
struct pair_reader {
	pthread_t thread;
	struct sock *s;
	size_t n;
	bool right;
};

static inline void *pair_read(void *v)
{
	struct pair_reader *r = v;
	ssize_t got = 1;
	char buf[17];

	r->right = true;
	for (size_t size = 1; got > 0; size = size % sizeof buf + 1) {
		got = sock_recv(r->s, buf, size);
		if (got > 0 && !pair_same(buf, got, r->n))
			r->right = false;
		r->n += got > 0 ? got : 0;
	}
	return NULL;
}

static inline void pair_reader_start(struct pair_reader *r, struct sock *s)
{
	*r = (struct pair_reader){ .s = s };
	assert_int_equal(pthread_create(&r->thread, NULL, pair_read, r), 0);
}

/* Every open descriptor is counted, by asking for each number below a bound. */
static inline int pair_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 2048; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

#endif
