/* SPDX-License-Identifier: MIT */
/*
 * TCP ping-pong of 64 bytes between two programs, by libc's calls alone, for
 * whoever watches programs: "talk serve PORT" echoes to one caller, and "talk
 * call PORT TRIPS" prints the ns of a round trip.
 */
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plain.h"

enum { SIZE = 64 };

static void whole(ssize_t n, const char *what)
{
	if (n != SIZE)
		plain_fail(what);
}

static void no_delay(int fd)
{
	int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
		plain_fail("setsockopt");
}

static void serve(long port)
{
	struct sockaddr_in at = plain_loopback(port);
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, fd;
	char buf[SIZE];
	ssize_t n;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 1) < 0)
		plain_fail("listen");
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		plain_fail("accept");
	no_delay(fd);
	while ((n = recv(fd, buf, SIZE, 0)) > 0)
		whole(send(fd, buf, (size_t)n, 0), "send");
	close(fd);
	close(listener);
}

static void call(long port, long trips)
{
	struct sockaddr_in to = plain_loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char buf[SIZE] = "ping";
	uint64_t start;

	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		plain_fail("connect");
	no_delay(fd);
	start = plain_now();
	for (long i = 0; i < trips; i++) {
		whole(send(fd, buf, SIZE, 0), "send");
		whole(recv(fd, buf, SIZE, MSG_WAITALL), "recv");
	}
	printf("%.0f\n", (double)(plain_now() - start) / (double)trips);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		serve(plain_number(argv[2], 1, 65535));
	else if (argc == 4 && strcmp(argv[1], "call") == 0)
		call(plain_number(argv[2], 1, 65535), plain_number(argv[3], 1, 100000000));
	else
		return fputs("talk serve PORT, or talk call PORT TRIPS\n", stderr) < 0 ? 1 : 2;
	return 0;
}
