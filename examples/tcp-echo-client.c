/* SPDX-License-Identifier: MIT */
/* Send one text over TCP and show its echo as bytes. Run tcp-echo-server first. */
#include <sockeye.h>
#include <sockeye/text.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char echo[12], shown[4 * sizeof echo + 4];
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);

	sock_limit(&s, sock_sec(5));    /* the lecture's client may wait for ever */
	if (sock_connect(&s, argc > 1 ? argv[1] : "127.0.0.1:65432"))
		return sock_report(&s);
	sock_sendall(&s, "Hello, world", 12);
	ssize_t n = sock_recvall(&s, echo, 12); /* one recv may bring a part of it */
	if (n < 0)
		return sock_report(&s);
	sock_close(&s);
	printf("Received %s\n", sock_repr(shown, sizeof shown, echo, n));
	return 0;
}
