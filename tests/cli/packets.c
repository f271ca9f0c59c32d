/* SPDX-License-Identifier: MIT */
/*
 * For test_pcapng.py: recorded lines on standard input become a pcapng file on
 * standard output, in the order in which they took effect. Times are as they
 * were recorded. Prints on standard error how many calls have no packet.
 */
#include <stdio.h>
#include <stdlib.h>

#include "eye/order.h"
#include "eye/pcapng.h"
#include "eye/read.h"

static int out(void *to, const char *bytes, size_t n)
{
	return fwrite(bytes, 1, n, to) == n ? 0 : -5;
}

static void read_all(struct order *o)
{
	struct read *r = read_new();
	char *line = NULL;
	size_t room = 0, at;
	struct event e;

	for (ssize_t len, n = 1; (len = getline(&line, &room, stdin)) > 0; n++) {
		if (!r || read_event(r, line, (size_t)len, &e, &at)) {
			fprintf(stderr, "line %zd is no record, at %zu\n", n, at);
			exit(1);
		}
		if (!order_put(o, &e))
			exit(1);
	}
	free(line);
	read_free(r);
}

int main(void)
{
	struct order *o = order_new();
	struct pcapng *p = pcapng_new(0, out, stdout);
	const struct event *e;

	if (!o || !p)
		return 1;
	order_hold(o, ORDER_PATIENT_MS);
	read_all(o);
	while ((e = order_take(o, INT64_MAX)))
		pcapng_event(p, e);
	order_free(o);
	fprintf(stderr, "%llu\n", (unsigned long long)pcapng_left_out(p));
	return pcapng_end(p) || fflush(stdout) ? 1 : 0;
}
