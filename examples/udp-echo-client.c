/* SPDX-License-Identifier: MIT */
/* Send one datagram, show the answer and its sender as Python shows a pair. */
#include <sockeye.h>
#include <sockeye/text.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char data[1024], shown[4 * sizeof data + 4], sender[64];
	struct sock_addr from;
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM, 0);

	puts("Sending message to server");
	if (sock_sendto(&s, "Hello, world", 12, argc > 1 ? argv[1] : "127.0.0.1:65432") < 0)
		return sock_report(&s);
	sock_limit(&s, sock_sec(5));    /* a lost datagram must not mean waiting for ever */
	ssize_t n = sock_recvfrom(&s, data, sizeof data, &from);
	if (n < 0)
		return sock_report(&s);
	sock_repr(shown, sizeof shown, data, n);
	printf("Received (%s, %s)\n", shown, sock_repr_addr(sender, sizeof sender, &from));
	return 0;
}
