/* SPDX-License-Identifier: MIT */
/* A TCP client step by step: open, connect (the lecture has 192.168.1.1 here), send. */
#include <sockeye.h>

int main(int argc, char **argv)
{
	sock_auto s = sock_open(0, 0, 0);       /* the default is TCP over IPv4 */

	sock_limit(&s, sock_sec(5));    /* the lecture's client may wait for ever */
	if (sock_connect(&s, argc > 1 ? argv[1] : "127.0.0.1:1234"))
		return sock_report(&s);
	sock_puts(&s, "Hello!");        /* all of it, where send may send a part */
	return sock_report(&s);
}
