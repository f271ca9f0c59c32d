/* SPDX-License-Identifier: MIT */
/* Say hello over TCP and show what the server said; the two messages cross. */
#include <sockeye.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char buf[1024];
	sock_auto s = sock_open(0, 0, 0);

	sock_limit(&s, sock_sec(5));    /* the lecture's client may wait for ever */
	if (sock_connect(&s, argc > 1 ? argv[1] : "127.0.0.1:1337"))
		return sock_report(&s);
	sock_puts(&s, "Hello world!");
	sock_shutdown(&s, SHUT_WR);     /* no messages in TCP: read to the other's end */
	if (sock_recvall(&s, buf, sizeof buf) >= 0 || sock_got(&s) > 0)
		printf("%.*s\n", (int)sock_got(&s), buf);
	return sock_report(&s);
}
