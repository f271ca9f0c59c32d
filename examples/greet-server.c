/* SPDX-License-Identifier: MIT */
/* The lab's second exercise: accept-server, but each caller gets a greeting. */
#include <sockeye.h>
#include <sockeye/addr.h>
#include <sockeye/option.h>
#include <sockeye/text.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char name[256], where[300];
	struct sock_addr own;
	sock_auto server = sock_open(AF_INET, SOCK_STREAM, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	sock_hostname(name, sizeof name);
	snprintf(where, sizeof where, "tcp4://%s:1234", name);
	if (argc < 2 && sock_resolve(&own, 1, where, sock_sec(5), NULL) < 0) {
		fprintf(stderr, "%s does not resolve, using 127.0.0.1\n", name);
		snprintf(where, sizeof where, "tcp4://127.0.0.1:1234");
	}
	sock_set(&server, "reuseaddr", 1);      /* start again while TIME_WAIT lasts */
	sock_bind(&server, argc > 1 ? argv[1] : where);
	sock_listen(&server, 5);
	for (struct sock conn; (conn = sock_accept(&server)).fd >= 0; sock_close(&conn)) {
		sock_repr_addr(name, sizeof name, &conn.peer);
		printf("Connection from %s has been established.\n", name);
		sock_puts(&conn, "Welcome to the server!");
	}
	return sock_report(&server);
}
