/* SPDX-License-Identifier: MIT */
/*
 * What the bare loops and the load generators share, and the only thing that
 * they share with each other: an end with a reason, numbers, the clock, and a
 * socket at a port of the kernel's choice that says where it is, as
 * `sockeye serve` does.
 */
#ifndef BENCH_PLAIN_H
#define BENCH_PLAIN_H

#include <netinet/in.h>
#include <stdint.h>

/* "what: reason" on stderr, and exit code 1. */
void plain_fail(const char *what) __attribute__((noreturn));

/* A whole number from low to high; anything else ends the program with a sentence. */
long plain_number(const char *text, long low, long high);

/* ns of the monotonic clock. */
uint64_t plain_now(void);

/* The loopback address with this port. */
struct sockaddr_in plain_loopback(long port);

/* A TCP listener on loopback, made with SOCK_* flags, with cubic, said on stdout. Never fails. */
int plain_listen(int flags);

/* The same for UDP, with buffers of 4 MiB where the machine allows it. */
int plain_datagram(int flags);

#endif
