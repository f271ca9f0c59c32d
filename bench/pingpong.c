/* SPDX-License-Identifier: MIT */
/*
 * TCP ping-pong of 64 bytes over loopback, both ends on one core, by the raw
 * calls and by the library, in turn: one line "raw SECONDS lib SECONDS" per
 * round. One core, so that no halted core is measured by accident.
 *
 *	pingpong ROUNDS MESSAGES
 */
#include <sched.h>
#include <sockeye.h>
#include <sockeye/option.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 64 };

static void echo(struct sock *s, bool lib)
{
	char buf[SIZE];
	ssize_t n;

	while ((n = lib ? sock_recv(s, buf, SIZE) : recv(s->fd, buf, SIZE, 0)) > 0)
		if (lib ? sock_sendall(s, buf, n) < 0 : send(s->fd, buf, n, MSG_NOSIGNAL) != n)
			_exit(1);
	_exit(n < 0);
}

/* Seconds for n round trips, or -1. */
static double run(bool lib, long n)
{
	sock_auto server = sock_server("tcp://127.0.0.1:0");
	sock_auto client = sock_dial_how(sock_name(&server).s, &(struct sock_how){ .options = "nodelay" });
	sock_auto conn = sock_accept(&server);
	char buf[SIZE] = "ping";
	int64_t start;
	pid_t child;

	sock_set(&conn, "nodelay", 1);
	child = fork();
	if (child == 0) {
		sock_close(&client);
		echo(&conn, lib);
	}
	sock_close(&conn);
	start = sock_now();
	for (long i = 0; i < n; i++) {
		if (lib ? sock_sendall(&client, buf, SIZE) < 0 : send(client.fd, buf, SIZE, MSG_NOSIGNAL) != SIZE)
			return -1;
		if ((lib ? sock_recv(&client, buf, SIZE) : recv(client.fd, buf, SIZE, 0)) != SIZE)
			return -1;
	}
	double seconds = (sock_now() - start) / 1e9;

	sock_close(&client);
	return waitpid(child, NULL, 0) == child ? seconds : -1;
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 5;
	long n = argc > 2 ? strtol(argv[2], NULL, 10) : 20000;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof one, &one);
	for (long i = 0; i < rounds; i++) {
		bool first = i % 2;
		double t[2];

		t[first] = run(first, n);
		t[!first] = run(!first, n);
		if (t[0] < 0 || t[1] < 0)
			return 1;
		printf("raw %.6f lib %.6f\n", t[0], t[1]);
		fflush(stdout);
	}
	return 0;
}
