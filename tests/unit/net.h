/* SPDX-License-Identifier: MIT */
/* What the tests of sockets share: a connected pair over TCP, and a peer in a thread. */
#ifndef NET_H
#define NET_H

#include "check.h"

#include <pthread.h>
#include <sockeye.h>
#include <sockeye/addr.h>

#define PATIENCE sock_sec(20)

/* A TCP connection over loopback: ours is pair[0], the peer's pair[1]. */
static inline void net_tcp_pair(struct sock pair[2])
{
	sock_auto server = sock_server("tcp://127.0.0.1:0");

	pair[0] = sock_dial(sock_name(&server).s);
	pair[1] = sock_accept(&server);
	assert_int_equal(pair[0].error, 0);
	assert_int_equal(pair[1].error, 0);
	sock_limit(&pair[0], PATIENCE);
	sock_limit(&pair[1], PATIENCE);
}

static inline void net_close_pair(struct sock pair[2])
{
	sock_close(&pair[0]);
	sock_close(&pair[1]);
}

/* Make the peer's end reset ours: close with SO_LINGER 0. */
static inline void net_reset(struct sock *s)
{
	struct linger hard = { .l_onoff = 1 };

	assert_int_equal(setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
	sock_close(s);
}

/* An address where nobody listens: a port that was free a moment ago, and is held from reuse by *holder. */
static inline struct sock_text net_refusing(struct sock *holder)
{
	*holder = sock_open(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(sock_bind(holder, "127.0.0.1:0"), 0);
	return sock_name(holder);
}

#define assert_contains(text, part)                                             \
	do {                                                                    \
		if (!strstr(text, part))                                        \
			fail_msg("\"%s\" does not contain \"%s\"", text, part); \
	} while (0)

#endif
