/* SPDX-License-Identifier: MIT */
/*
 * For test_pcapng.py: recorded lines on standard input become a pcapng file on
 * standard output, in the order in which they took effect. Times are as they
 * were recorded. Prints on standard error how many calls have no packet.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eye/args.h"
#include "eye/pcapng.h"
#include "eye/read.h"

enum { RECORDS = 200000 };

struct record {
	struct event *e;
	int64_t time;
	size_t place;
};

static int out(void *to, const char *bytes, size_t n)
{
	return fwrite(bytes, 1, n, to) == n ? 0 : -5;
}

/* What causes something counts from its entry. */
static int64_t effect(const struct event *e)
{
	bool causes = event_sends(e) || e->call == EVENT_CONNECT || e->call == EVENT_SHUTDOWN ||
	              e->call == EVENT_CLOSE;

	return causes ? e->time - e->took : e->time;
}

static int compare(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

static size_t read_all(struct record *all)
{
	struct read *r = read_new();
	char *line = NULL;
	size_t room = 0, n = 0, at;
	struct event e;

	for (ssize_t len; n < RECORDS && (len = getline(&line, &room, stdin)) > 0; n++) {
		if (!r || read_event(r, line, (size_t)len, &e, &at)) {
			fprintf(stderr, "line %zu is no record, at %zu\n", n + 1, at);
			exit(1);
		}
		all[n] = (struct record){ event_copy(&e, SIZE_MAX), effect(&e), n };
	}
	free(line);
	read_free(r);
	return n;
}

int main(void)
{
	struct record *all = calloc(RECORDS, sizeof *all);
	struct pcapng *p = pcapng_new(0, out, stdout);

	if (!all || !p)
		return 1;
	size_t n = read_all(all);
	qsort(all, n, sizeof *all, compare);
	for (size_t i = 0; i < n; i++) {
		pcapng_event(p, all[i].e);
		free(all[i].e);
	}
	free(all);
	fprintf(stderr, "%llu\n", (unsigned long long)pcapng_left_out(p));
	return pcapng_end(p) || fflush(stdout) ? 1 : 0;
}
