/* SPDX-License-Identifier: MIT */
/* Connect to the own host name and leave. */
#include <sockeye.h>
#include <sockeye/addr.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char name[256], where[300];
	struct sock_addr own;
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);

	sock_hostname(name, sizeof name);
	snprintf(where, sizeof where, "tcp4://%s:1234", name);
	if (argc < 2 && sock_resolve(&own, 1, where, sock_sec(5), NULL) < 0) {
		fprintf(stderr, "%s does not resolve, using 127.0.0.1\n", name);
		snprintf(where, sizeof where, "tcp4://127.0.0.1:1234");
	}
	sock_limit(&s, sock_sec(5));    /* a full queue means silence, not refusal */
	sock_connect(&s, argc > 1 ? argv[1] : where);
	return sock_report(&s);
}
