/* SPDX-License-Identifier: MIT */
/*
 * Each datagram goes back in upper case, until a signal ends it. Bytes that are
 * not UTF-8 come back as they went, where the lecture's server dies.
 */
#include <sockeye.h>
#include <sockeye/addr.h>
#include <sockeye/text.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	char in[2048], out[3 * sizeof in];      /* upper case takes up to three times the room */
	struct sock_addr from;
	ssize_t n;
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (sock_bind(&s, argc > 1 ? argv[1] : ":12000"))
		return sock_report(&s);
	puts("The server is ready to receive");
	while ((n = sock_recvfrom(&s, in, sizeof in, &from)) >= 0) {
		size_t used, size = sock_upper(out, sizeof out, in, n, &used);
		if (sock_cut(&s) > 0)
			fprintf(stderr, "%s: cut to %zd bytes\n", sock_addr_text(&from).s, n);
		memcpy(out + size, in + used, n - used);        /* half a character at the end */
		sock_sendto_addr(&s, out, size + n - used, &from);
	}
	return sock_report(&s);
}
