/* SPDX-License-Identifier: MIT */
/*
 * One stream to a sink as fast as it goes: 1 MiB sends, cubic, so that no
 * pacing is measured. It ends with the FIN and waits for the sink's own, so
 * that what it counted was taken; one line of JSON tells.
 *
 *	stream-load --port N [--time MS] [--server SESSION]
 */
#include "load.h"

#include "../plain.h"

#include <netinet/tcp.h>
#include <sys/time.h>
#include <unistd.h>

static int reach(long port)
{
	struct sockaddr_in addr = plain_loopback(port);
	struct timeval limit = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		plain_fail("socket");
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	if (connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0)
		plain_fail("connect");
	return fd;
}

static void pour(int fd, uint64_t end, struct tally *tally)
{
	while (plain_now() < end) {
		ssize_t n = send(fd, pattern_sent(0), PATTERN_LONGEST, MSG_NOSIGNAL);

		if (n <= 0)
			plain_fail("send");
		tally->bytes += (uint64_t)n;
		tally->messages++;
	}
}

int main(int argc, char **argv)
{
	static struct tally tally;
	struct load load = load_options(argc, argv, "stream");
	int fd = reach(load.port);
	char byte;

	pour(fd, plain_now() + load.warm, &tally);
	tally_start(&tally, &load);
	pour(fd, tally.start + load.time, &tally);
	tally_end(&tally, &load);
	shutdown(fd, SHUT_WR);
	if (recv(fd, &byte, 1, 0) != 0)
		tally.errors++;
	tally_print(&tally);
	close(fd);
	return 0;
}
