/* SPDX-License-Identifier: MIT */
/*
 * Programs that append to one file are a little out of order, and files that
 * were put together are much: so it is read twice, first to learn how far a
 * record may come too late. A line that is no record is told by its number, and
 * the next one is read: a program that was killed leaves half a line.
 */
#include "trace-file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../eye/order.h"
#include "../eye/read.h"

enum { LINE_MOST = 1 << 20, TOLD = 5, SMALL = 160 };

struct reading {
	const struct trace *t;
	const char *path;
	trace_file_take *take;
	void *to;
	struct read *read;
	FILE *file;
	char *line;                     /* LINE_MOST + 1 */
	uint64_t number, good, bad;
	bool lacks_memory;
	bool looks;                     /* the first time: nothing is told or given away */
	int64_t latest, lag;            /* of what was read; and how far behind it a record was at most */
};

static void complain(struct reading *r, const char *what)
{
	char shown[TRACE_SHOWN];

	if (!r->looks && r->bad++ < TOLD)
		trace_say("%s: line %llu: %s", trace_shown(shown, r->path), (unsigned long long)r->number, what);
}

/* Before the first record nothing is the latest. */
static void give(struct reading *r, const struct event *e)
{
	int64_t time = order_time(e);

	if (time > r->latest)
		r->latest = time;
	if (r->latest - time > r->lag)
		r->lag = r->latest - time;
	if (r->looks)
		return;
	if (r->take(r->to, e, r->latest - r->lag))
		r->good++;
	else
		r->lacks_memory = true;
}

static void take_line(struct reading *r, size_t n)
{
	char what[SMALL];
	struct event e;
	size_t at = 0;

	if (strspn(r->line, " \t\r") == n)
		return;
	if (read_event(r->read, r->line, n, &e, &at) < 0) {
		snprintf(what, sizeof what, "not a record, at byte %zu", at + 1);
		complain(r, what);
	} else {
		give(r, &e);
	}
}

/* Read up to a newline. Returns the length, of which the line has at most LINE_MOST; -1 at the end. */
static ssize_t next_line(struct reading *r)
{
	ssize_t n = 0;
	int c;

	while ((c = getc_unlocked(r->file)) != EOF && c != '\n') {
		if (n < LINE_MOST)
			r->line[n] = (char)c;
		n++;
	}
	r->line[n < LINE_MOST ? n : LINE_MOST] = '\0';
	return c == EOF && n == 0 ? -1 : n;
}

static void read_all(struct reading *r, bool looks)
{
	ssize_t n;

	r->looks = looks;
	r->latest = 0;
	r->number = 0;
	rewind(r->file);
	while (!r->lacks_memory && (n = next_line(r)) >= 0) {
		r->number++;
		if (n > LINE_MOST)
			complain(r, "longer than 1m");
		else
			take_line(r, (size_t)n);
	}
}

/* What is to be said of the whole of it. */
static int judge(const struct reading *r, int err)
{
	char shown[TRACE_SHOWN];

	trace_shown(shown, r->path);
	if (r->lacks_memory)
		return trace_fail(r->t, "cut the file: each line stands for itself",
		                  "%s: out of memory after %llu records", shown, (unsigned long long)r->good);
	if (err)
		return trace_fail(r->t, NULL, "%s: %s", shown, strerrordesc_np(err));
	if (r->bad > TOLD)
		trace_say("%s: %llu lines are no records", shown, (unsigned long long)r->bad);
	if (r->good)
		return 0;
	return trace_fail(r->t, "one is made by: sockeye trace -o FILE.json, or SOCKEYE_TRACE=FILE.json",
	                  "%s: no record in it", shown);
}

int trace_file_read(const struct trace *t, const char *path, trace_file_take *take, void *to)
{
	struct reading r = {
		.t = t, .path = path, .take = take, .to = to,
		.file = fopen(path, "re"), .line = malloc(LINE_MOST + 1), .read = read_new(),
	};
	char shown[TRACE_SHOWN];
	int code;

	if (!r.file) {
		code = trace_fail(t, "it must be a file that you may read", "%s: %s", trace_shown(shown, path),
		                  strerrordesc_np(errno));
	} else if (!r.line || !r.read) {
		code = trace_fail(t, NULL, "out of memory");
	} else {
		read_all(&r, true);
		read_all(&r, false);
		code = judge(&r, ferror(r.file) ? errno : 0);
	}
	if (r.file)
		fclose(r.file);
	read_free(r.read);
	free(r.line);
	return code;
}
