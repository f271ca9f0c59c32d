/* SPDX-License-Identifier: MIT */
/* Connect, ask for a line, send it, show it in upper case. */
#include <sockeye.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	char line[65536], reply[3 * sizeof line];       /* text may grow */
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);

	sock_limit(&s, sock_sec(5));    /* the lecture's client may wait for ever */
	if (sock_connect(&s, argc > 1 ? argv[1] : "127.0.0.1:12000"))
		return sock_report(&s);
	printf("Input lowercase sentence:");
	fflush(stdout);
	if (!fgets(line, sizeof line, stdin))
		return 1;
	sock_sendall(&s, line, strcspn(line, "\n"));
	sock_shutdown(&s, SHUT_WR);     /* an empty line sends nothing: both would wait */
	if (sock_recvall(&s, reply, sizeof reply) >= 0 || sock_got(&s) > 0)
		printf("From Server: %.*s\n", (int)sock_got(&s), reply);
	return sock_report(&s);
}
