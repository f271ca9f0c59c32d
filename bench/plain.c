/* SPDX-License-Identifier: MIT */
/*
 * See plain.h. A failure ends the program: a benchmark without its socket has
 * nothing to say. It uses no library of this tree, so that what stands for the
 * machine's limit owes nothing to what is measured against it.
 */
#include "plain.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void plain_fail(const char *what)
{
	perror(what);
	exit(1);
}

long plain_number(const char *text, long low, long high)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < low || n > high) {
		fprintf(stderr, "'%s' is not a number from %ld to %ld\n", text, low, high);
		exit(2);
	}
	return n;
}

uint64_t plain_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

struct sockaddr_in plain_loopback(long port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int open_at_any_port(int type)
{
	struct sockaddr_in addr = plain_loopback(0);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0)
		plain_fail("bind 127.0.0.1");
	return fd;
}

/* The runner waits for this line. */
static void say(int fd, const char *scheme)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof addr;

	if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
		plain_fail("getsockname");
	printf("listening %s://127.0.0.1:%d echo\n", scheme, ntohs(addr.sin_port));
	fflush(stdout);
}

int plain_listen(int flags)
{
	int fd = open_at_any_port(SOCK_STREAM | flags);

	/* Connections inherit it, and are not paced where the system's own choice is BBR. */
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
	if (listen(fd, 4096) < 0)
		plain_fail("listen");
	say(fd, "tcp");
	return fd;
}

int plain_datagram(int flags)
{
	int fd = open_at_any_port(SOCK_DGRAM | flags), size = 4 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	say(fd, "udp");
	return fd;
}
