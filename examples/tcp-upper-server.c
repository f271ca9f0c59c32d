/* SPDX-License-Identifier: MIT */
/*
 * One caller at a time: one piece of text in, the same in upper case out, close.
 * Bytes that are not UTF-8 come back as they went, where the lecture's server dies.
 */
#include <sockeye.h>
#include <sockeye/option.h>
#include <sockeye/text.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	char in[1024], out[3 * sizeof in];      /* upper case takes up to three times the room */
	size_t n, used, rest;
	ssize_t got;
	sock_auto server = sock_open(AF_INET, SOCK_STREAM, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	sock_set(&server, "reuseaddr", 1);      /* start again while TIME_WAIT lasts */
	sock_bind(&server, argc > 1 ? argv[1] : ":12000");
	if (sock_listen(&server, 1) == 0)
		puts("The server is ready to receive");
	for (struct sock conn; (conn = sock_accept(&server)).fd >= 0; sock_close(&conn)) {
		sock_limit(&conn, sock_sec(60));        /* a silent caller holds up all others */
		for (rest = 0; (got = sock_recv(&conn, in + rest, sizeof in - rest)) > 0;) {
			n = rest + got;
			sock_sendall(&conn, out, sock_upper(out, sizeof out, in, n, &used));
			memmove(in, in + used, rest = n - used);
			if (conn.error || (rest == 0 && n < sizeof in))
				break;  /* half a character or a full buffer: more comes */
		}
		sock_sendall(&conn, in, rest);
	}
	return sock_report(&server);
}
