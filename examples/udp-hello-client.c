/* SPDX-License-Identifier: MIT */
/* Say hello in a datagram and show who answered and what. */
#include <sockeye.h>
#include <sockeye/text.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char data[1024], sender[64];
	struct sock_addr from;
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM, 0);

	if (sock_sendto(&s, "Hello world!", 12, argc > 1 ? argv[1] : "127.0.0.1:1337") < 0)
		return sock_report(&s);
	sock_limit(&s, sock_sec(5));    /* a lost datagram must not mean waiting for ever */
	ssize_t n = sock_recvfrom(&s, data, sizeof data, &from);
	if (n < 0)
		return sock_report(&s);
	printf("Message from: %s\n", sock_repr_addr(sender, sizeof sender, &from));
	printf("%.*s\n", (int)n, data);
	return 0;
}
