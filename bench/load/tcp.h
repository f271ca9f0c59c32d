/* SPDX-License-Identifier: MIT */
/* The parts of tcp-load: opening connections, and the ways to use them. */
#ifndef BENCH_TCP_H
#define BENCH_TCP_H

#include "load.h"

/* A connection: blocking, but at most 5 s, NODELAY, cubic. -1 with errno. */
int tcp_open(long port);

/* load->connections of them, or the program ends. */
int *tcp_open_all(const struct load *load);

/* Sends one message and waits for its echo. False when it did not come back as it should. */
bool tcp_ask(const struct load *load, int fd);

/* A stream of messages, load->depth in flight on each connection. */
void tcp_steady(const struct load *load, const int *fds, struct tally *tally);

/* Connect, one echo, close; load->connections at a time. */
void tcp_connects(const struct load *load, struct tally *tally);

#endif
