/* SPDX-License-Identifier: MIT */
/* Wait for one datagram, show it, say hello to its sender. */
#include <sockeye.h>
#include <sockeye/text.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char data[1024], sender[64];
	struct sock_addr from;
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	sock_bind(&s, argc > 1 ? argv[1] : "0.0.0.0:1337");
	ssize_t n = sock_recvfrom(&s, data, sizeof data, &from);
	if (n < 0)
		return sock_report(&s);
	printf("Message from: %s\n", sock_repr_addr(sender, sizeof sender, &from));
	printf("%.*s\n", (int)n, data);
	sock_sendto_addr(&s, "Hello world!", 12, &from);
	return sock_report(&s);
}
