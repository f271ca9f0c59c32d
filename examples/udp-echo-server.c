/* SPDX-License-Identifier: MIT */
/*
 * Echo datagrams until a signal ends it. The lecture means to stop at an empty
 * datagram, but tests the pair it came in, which is never empty; so an empty
 * one is echoed, there as here.
 */
#include <sockeye.h>
#include <sockeye/text.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char data[1024], shown[4 * sizeof data + 4], peer[64], port[8];
	struct sock_addr from;
	ssize_t n;
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (sock_bind(&s, argc > 1 ? argv[1] : "127.0.0.1:65432"))
		return sock_report(&s);
	if (sscanf(sock_name(&s).s, "udp://%63[0-9.]:%7[0-9]", peer, port) == 2)
		printf("Server listening: %s %s\n", peer, port);
	while ((n = sock_recvfrom(&s, data, sizeof data, &from)) >= 0) {
		sock_repr(shown, sizeof shown, data, n);
		sock_repr_addr(peer, sizeof peer, &from);
		printf("Received from client: (%s, %s)\n", shown, peer);
		if (sock_sendto_addr(&s, data, n, &from) == n)
			printf("Sent to client: %s %zd\n", shown, n);
	}
	return sock_report(&s);
}
