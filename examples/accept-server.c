/* SPDX-License-Identifier: MIT */
/*
 * Accept callers at the own host name and do nothing else. Only the newest stays
 * connected: so it is in Python, where the name of the one before is bound anew.
 */
#include <sockeye.h>
#include <sockeye/addr.h>
#include <sockeye/option.h>
#include <sockeye/text.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char name[256], where[300];
	struct sock_addr own;
	sock_auto newest = {0}, server = sock_open(AF_INET, SOCK_STREAM, 0);

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
	for (struct sock conn; (conn = sock_accept(&server)).fd >= 0;) {
		sock_close(&newest);
		newest = sock_move(&conn);
		sock_repr_addr(name, sizeof name, &newest.peer);
		printf("Connection from %s has been established.\n", name);
	}
	return sock_report(&server);
}
