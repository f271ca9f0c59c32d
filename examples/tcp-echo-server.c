/* SPDX-License-Identifier: MIT */
/* Echo to one caller over TCP until it has finished. */
#include <sockeye.h>
#include <sockeye/option.h>
#include <sockeye/text.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char buf[1024];
	ssize_t n;
	sock_auto server = sock_open(AF_INET, SOCK_STREAM, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	sock_set(&server, "reuseaddr", 1);      /* start again while TIME_WAIT lasts */
	sock_bind(&server, argc > 1 ? argv[1] : "127.0.0.1:65432");
	sock_listen(&server, SOCKEYE_BACKLOG);
	sock_auto conn = sock_accept(&server);
	if (conn.fd < 0)
		return sock_report(&conn);
	printf("Connected by %s\n", sock_repr_addr(buf, sizeof buf, &conn.peer));
	while ((n = sock_recv(&conn, buf, sizeof buf)) > 0)
		sock_sendall(&conn, buf, n);
	return sock_report(&conn);
}
