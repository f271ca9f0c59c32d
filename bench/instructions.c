/* SPDX-License-Identifier: MIT */
/*
 * What the library adds to a call, for callgrind: N messages of 64 bytes
 * through a socket pair, sent and received by the raw calls or by the
 * library's. The script takes the difference of two N, so that start-up does
 * not count.
 *
 *	valgrind --tool=callgrind instructions lib-send 1000
 */
#include <sockeye.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 64 };

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "raw";
	long n = argc > 2 ? strtol(argv[2], NULL, 10) : 1000;
	bool lib_send = strcmp(mode, "lib-send") == 0;
	bool lib_recv = strcmp(mode, "lib-recv") == 0;
	char out[SIZE] = "ping", in[SIZE];
	struct sock pair[2];

	if (sock_pair(pair, 0, 0) < 0)
		return sock_report(&pair[0]);
	for (long i = 0; i < n; i++) {
		ssize_t s = lib_send ? sock_send(&pair[0], out, SIZE) : send(pair[0].fd, out, SIZE, MSG_NOSIGNAL);
		ssize_t r = lib_recv ? sock_recv(&pair[1], in, SIZE) : recv(pair[1].fd, in, SIZE, 0);

		if (s != SIZE || r != SIZE)
			return 1;
	}
	return 0;
}
