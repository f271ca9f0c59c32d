/* SPDX-License-Identifier: MIT */
/* Ask for a line, send it as one datagram, show it in upper case. */
#include <sockeye.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	char line[65536], reply[65536]; /* the lecture's 2048 would cut text that has grown */
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM, 0);

	printf("Input lowercase sentence:");
	fflush(stdout);
	if (!fgets(line, sizeof line, stdin))
		return 1;
	size_t length = strcspn(line, "\n");
	if (sock_sendto(&s, line, length, argc > 1 ? argv[1] : "127.0.0.1:12000") < 0)
		return sock_report(&s);
	sock_limit(&s, sock_sec(5));    /* a lost datagram must not mean waiting for ever */
	ssize_t n = sock_recvfrom(&s, reply, sizeof reply, NULL);
	if (n < 0)
		return sock_report(&s);
	printf("%.*s\n", (int)n, reply);
	return 0;
}
