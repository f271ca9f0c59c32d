/* SPDX-License-Identifier: MIT */
/* A TCP server step by step: open, bind, listen, accept, receive. */
#include <sockeye.h>
#include <sockeye/option.h>
#include <sockeye/text.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char buf[1024];
	sock_auto server = sock_open(0, 0, 0);  /* the default is TCP over IPv4 */

	setvbuf(stdout, NULL, _IOLBF, 0);
	sock_set(&server, "reuseaddr", 1);      /* start again while TIME_WAIT lasts */
	sock_bind(&server, argc > 1 ? argv[1] : "0.0.0.0:1234");
	sock_listen(&server, SOCKEYE_BACKLOG);
	sock_auto conn = sock_accept(&server);
	if (conn.fd < 0)
		return sock_report(&conn);
	printf("Incoming connection from %s\n", sock_repr_addr(buf, sizeof buf, &conn.peer));
	ssize_t n = sock_recv(&conn, buf, sizeof buf);  /* what has arrived, as in the lecture */
	if (n >= 0)
		printf("%.*s\n", (int)n, buf);
	return sock_report(&conn);
}
