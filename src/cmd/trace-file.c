/* SPDX-License-Identifier: MIT */
/*
 * Programs that append to one file are a little out of order, and files that
 * were put together are much: so it is read twice, first for the times alone, to
 * learn how far a record may come too late. What can be read but once, such as a
 * pipe, is held until its end instead. A line that is no record is told by its
 * number, and the next one is read: a program that was killed leaves half a line.
 */
#include "trace-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../eye/order.h"
#include "../eye/read.h"

enum { LINE_MOST = 1 << 20, BUFFER = 2 * LINE_MOST, TOLD = 5, SMALL = 160 };

static const int64_t FOR_EVER = INT64_MAX / 2;  /* ns: 146 years */

struct reading {
	const struct trace *t;
	const char *path;
	trace_file_take *take;
	void *to;
	struct read *read;
	int fd, error;
	char *buffer;                   /* of BUFFER bytes, of which begin to end are there and not taken yet */
	size_t begin, end;
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
static void note_time(struct reading *r, int64_t time)
{
	if (time > r->latest)
		r->latest = time;
	if (r->latest - time > r->lag)
		r->lag = r->latest - time;
}

static void give(struct reading *r, const struct event *e)
{
	note_time(r, order_time(e));
	if (r->take(r->to, e, r->latest - r->lag))
		r->good++;
	else
		r->lacks_memory = true;
}

static bool is_empty(const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
			return false;
	return true;
}

static void take_line(struct reading *r, const char *line, size_t n)
{
	char what[SMALL];
	struct event e;
	size_t at = 0;

	if (is_empty(line, n))
		return;
	if (r->looks) {
		if (!read_times(r->read, line, n, &e))
			note_time(r, order_time(&e));
	} else if (!read_event(r->read, line, n, &e, &at)) {
		give(r, &e);
	} else {
		snprintf(what, sizeof what, "not a record, at byte %zu", at + 1);
		complain(r, what);
	}
}

/* -- Lines ------------------------------------------------------------------------------ */

/* More behind what is there, which is moved to the front. False: nothing more. */
static bool read_more(struct reading *r)
{
	ssize_t n;

	memmove(r->buffer, r->buffer + r->begin, r->end - r->begin);
	r->end -= r->begin;
	r->begin = 0;
	do n = read(r->fd, r->buffer + r->end, BUFFER - r->end); while (n < 0 && errno == EINTR);
	if (n < 0)
		r->error = errno;
	r->end += n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* How many bytes there are before the next newline, or before the end; of a longer line LINE_MOST + 1, and no more. */
static size_t find_end(struct reading *r)
{
	size_t seen = 0;

	for (;;) {
		size_t there = r->end - r->begin;
		const char *from = r->buffer + r->begin, *newline = memchr(from + seen, '\n', there - seen);

		if (newline && newline - from <= LINE_MOST)
			return (size_t)(newline - from);
		if (newline || there > LINE_MOST)
			return LINE_MOST + 1;
		seen = there;
		if (!read_more(r))
			return there;
	}
}

/* The rest of a line that is too long, up to its newline. */
static void pass_over(struct reading *r)
{
	while (r->begin < r->end || read_more(r)) {
		const char *from = r->buffer + r->begin, *newline = memchr(from, '\n', r->end - r->begin);

		r->begin = newline ? (size_t)(newline - r->buffer) : r->end;
		if (newline)
			return;
	}
}

static void read_all(struct reading *r, bool looks)
{
	r->looks = looks;
	r->latest = 0;
	r->number = 0;
	r->begin = r->end = 0;
	while (!r->lacks_memory && !r->error && (r->begin < r->end || read_more(r))) {
		size_t n = find_end(r);

		r->number++;
		if (n > LINE_MOST) {
			complain(r, "longer than 1m");
			pass_over(r);
		} else {
			take_line(r, r->buffer + r->begin, n);
			r->begin += n;
		}
		r->begin += r->begin < r->end;          /* the newline */
	}
}

/* What can be read but once is all held back. */
static void read_file(struct reading *r)
{
	if (lseek(r->fd, 0, SEEK_CUR) < 0) {
		r->lag = FOR_EVER;
	} else {
		read_all(r, true);
		if (!r->error && lseek(r->fd, 0, SEEK_SET) < 0)
			r->error = errno;
	}
	read_all(r, false);
}

/* What is to be said of the whole of it. */
static int judge(const struct reading *r)
{
	char shown[TRACE_SHOWN];

	trace_shown(shown, r->path);
	if (r->lacks_memory)
		return trace_fail(r->t, "cut the file: each line stands for itself",
		                  "%s: out of memory after %llu records", shown, (unsigned long long)r->good);
	if (r->error)
		return trace_fail(r->t, NULL, "%s: %s", shown, strerrordesc_np(r->error));
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
		.fd = open(path, O_RDONLY | O_CLOEXEC), .buffer = malloc(BUFFER), .read = read_new(),
	};
	char shown[TRACE_SHOWN];
	int code;

	if (r.fd < 0) {
		code = trace_fail(t, "it must be a file that you may read", "%s: %s", trace_shown(shown, path),
		                  strerrordesc_np(errno));
	} else if (!r.buffer || !r.read) {
		code = trace_fail(t, NULL, "out of memory");
	} else {
		read_file(&r);
		code = judge(&r);
	}
	if (r.fd >= 0)
		close(r.fd);
	read_free(r.read);
	free(r.buffer);
	return code;
}
