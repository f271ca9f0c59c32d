/* SPDX-License-Identifier: MIT */
/*
 * Say hello to one caller and show what it said. Both sockets are closed at the
 * end, where the lecture's server closes the listener alone.
 */
#include <sockeye.h>
#include <sockeye/option.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char buf[1024];
	sock_auto server = sock_open(0, 0, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	sock_set(&server, "reuseaddr", 1);      /* start again while TIME_WAIT lasts */
	sock_bind(&server, argc > 1 ? argv[1] : "0.0.0.0:1337");
	sock_listen(&server, SOCKEYE_BACKLOG);
	sock_auto conn = sock_accept(&server);
	sock_limit(&conn, sock_sec(5)); /* the lecture's server may wait for ever */
	sock_puts(&conn, "Hello world!");
	sock_shutdown(&conn, SHUT_WR);  /* no messages in TCP: read to the other's end */
	if (sock_recvall(&conn, buf, sizeof buf) >= 0 || sock_got(&conn) > 0)
		printf("%.*s\n", (int)sock_got(&conn), buf);
	return sock_report(&conn);
}
