/* SPDX-License-Identifier: MIT */
/*
 * How often a second a server can be called: connect, one echo, close. So many
 * connections are open at a time, and the oldest is always the next to be
 * finished, so that no waiting for events is paid for.
 */
#include "tcp.h"

#include "../plain.h"

#include <stdlib.h>
#include <unistd.h>

enum { ERRORS_MOST = 100 };

struct call {
	int fd;
	uint64_t begun;
};

static void begin(const struct load *load, struct call *call, struct tally *tally)
{
	size_t n = (size_t)load->size;

	call->begun = plain_now();
	call->fd = tcp_open(load->port);
	if (call->fd < 0 || send(call->fd, pattern_sent(0), n, MSG_NOSIGNAL) != (ssize_t)n)
		tally->errors++;
}

static void finish(const struct load *load, struct call *call, struct tally *tally)
{
	static char reply[PATTERN_LONGEST];
	size_t n = (size_t)load->size;

	if (call->fd < 0)
		return;
	if (recv(call->fd, reply, n, MSG_WAITALL) == (ssize_t)n &&
		pattern_returns(load, 0, reply, n))
		tally->messages++;
	else
		tally->errors++;
	close(call->fd);
	histogram_add(&tally->took, plain_now() - call->begun, 1);
}

void tcp_connects(const struct load *load, struct tally *tally)
{
	struct call *calls = calloc((size_t)load->connections, sizeof *calls);
	uint64_t start = plain_now() + load->warm, end = start + load->time, now = 0;
	bool counting = false;

	if (!calls)
		plain_fail("calloc");
	for (long i = 0; i < load->connections; i++)
		begin(load, &calls[i], tally);
	for (long i = 0; now < end && tally->errors < ERRORS_MOST; i++) {
		struct call *oldest = &calls[i % load->connections];

		now = plain_now();
		if (!counting && now >= start) {
			counting = true;
			tally_start(tally, load);
		}
		finish(load, oldest, tally);
		begin(load, oldest, tally);
	}
	tally_end(tally, load);
	free(calls);
}
