/* SPDX-License-Identifier: MIT */
/*
 * A load of TCP echoes from one thread, ended by one line of JSON. It knows
 * nothing of what it loads but a port on loopback.
 *
 *	tcp-load --port N --mode steady         --depth messages in flight on each of --connections
 *	tcp-load --port N --mode bulk           the same with messages of 1 MiB
 *	tcp-load --port N --mode connect        connect, one echo, close; --connections at a time
 *	tcp-load --port N --mode idle           says "open"; after a line of stdin an echo on each,
 *	                                        and "echoed"; the next line or its end is the end
 *
 * With cubic, so that no pacing of the client's is measured; the server's
 * congestion control is its own.
 */
#include "tcp.h"

#include "../plain.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { BETWEEN_CHECKS = 100 };

int tcp_open(long port)
{
	struct sockaddr_in addr = plain_loopback(port);
	struct timeval limit = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, why;

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	if (connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0)
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

bool tcp_ask(const struct load *load, int fd)
{
	static char reply[PATTERN_LONGEST];
	size_t n = (size_t)load->size;

	return send(fd, pattern_sent(0), n, MSG_NOSIGNAL) == (ssize_t)n &&
		recv(fd, reply, n, MSG_WAITALL) == (ssize_t)n && pattern_returns(load, 0, reply, n);
}

/* Callers are accepted in their order: when this one is served, all before it are. */
static void let_it_catch_up(const struct load *load)
{
	int fd = tcp_open(load->port);

	if (fd < 0 || !tcp_ask(load, fd))
		plain_fail("the server does not echo");
	close(fd);
}

int *tcp_open_all(const struct load *load)
{
	int *fds = calloc((size_t)load->connections, sizeof *fds);

	if (!fds)
		plain_fail("calloc");
	for (long i = 0; i < load->connections; i++) {
		fds[i] = tcp_open(load->port);
		if (fds[i] < 0)
			plain_fail("connect");
		if (i % BETWEEN_CHECKS == BETWEEN_CHECKS - 1)
			let_it_catch_up(load);
	}
	return fds;
}

/* False at the end of stdin. */
static bool say_and_wait(const char *word)
{
	char line[16];

	puts(word);
	fflush(stdout);
	return fgets(line, sizeof line, stdin);
}

static void idle(const struct load *load, const int *fds, struct tally *tally)
{
	if (!say_and_wait("open"))
		return;
	for (long i = 0; i < load->connections; i++) {
		bool well = tcp_ask(load, fds[i]);

		tally->messages += well;
		tally->errors += !well;
	}
	say_and_wait("echoed");
}

int main(int argc, char **argv)
{
	static struct tally tally;
	struct load load = load_options(argc, argv, "steady");
	int *fds;

	if (strcmp(load.mode, "connect") == 0) {
		tcp_connects(&load, &tally);
		tally_print(&tally);
		return 0;
	}
	if (strcmp(load.mode, "bulk") == 0)
		load.size = PATTERN_LONGEST;
	fds = tcp_open_all(&load);
	if (strcmp(load.mode, "idle") == 0)
		idle(&load, fds, &tally);
	else
		tcp_steady(&load, fds, &tally);
	tally_print(&tally);
	free(fds);
	return 0;
}
