/* SPDX-License-Identifier: MIT */
/*
 * Lines out of a stream, in the caller's buffer. The bytes not handed out are
 * always buf[start..end), the first seen of them are known to hold no newline,
 * and end stays below room so that a NUL fits behind the last line. Nothing
 * leaves that range but by being handed out: so a failure loses nothing.
 */
#include <sockeye/line.h>

#include <errno.h>
#include <string.h>

#include "call.h"
#include "wait.h"
#include "why.h"

struct sock_lines sock_lines(struct sock *s, void *buf, size_t room)
{
	return (struct sock_lines){ .s = s, .buf = buf, .room = room };
}

/* A reader that can work: its buffer exists and its places lie within it. */
static int check(struct sock_lines *in)
{
	if (!in || !in->s) {
		errno = EINVAL;
		return -1;
	}
	if (!in->buf)
		return why_fail_at(in->s, "line", "NULL", EINVAL, "not a buffer");
	if (in->room < 2)
		return why_fail_at(in->s, "line", "buffer", EINVAL,
		                   "a line needs room for 2 bytes or more");
	if (in->start > in->end || in->end >= in->room || in->seen > in->end - in->start)
		return why_fail_at(in->s, "line", "buffer", EINVAL,
		                   "start and end are not within it");
	return 0;
}

/* The last call went well, unless the socket is broken and lines are left all the same. */
static void well(struct sock *s)
{
	if (s->state == STATE_OPEN)
		why_well(s);
}

/* Hand out n bytes as a line and skip them and what ended them. */
static char *hand_out(struct sock_lines *in, size_t n, size_t skip)
{
	char *line = in->buf + in->start;

	in->start += n + skip;
	in->seen = 0;
	if (skip && n && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	in->n = n;
	well(in->s);
	return line;
}

/* The next line of those that are here, or NULL. Looks at no byte twice. */
static char *next(struct sock_lines *in)
{
	char *line = in->buf + in->start;
	size_t have = in->end - in->start;
	char *newline = memchr(line + in->seen, '\n', have - in->seen);

	if (newline)
		return hand_out(in, newline - line, 1);
	in->seen = have;
	return NULL;
}

/* Room behind the bytes, made by moving them only when none is left. */
static size_t make_room(struct sock_lines *in)
{
	size_t have = in->end - in->start;

	if (!have || in->end == in->room - 1) {
		memmove(in->buf, in->buf + in->start, have);
		in->start = 0;
		in->end = have;
	}
	return in->room - 1 - in->end;
}

/* One more receive into the buffer: bytes, 0 at the end, or a negative errno. */
static ssize_t fill(struct sock_lines *in, struct pace *p)
{
	struct sock *s = in->s;
	size_t room = make_room(in);
	ssize_t r;

	if (!room)
		return -EMSGSIZE;
	do
		r = call_recv(s->fd, in->buf + in->end, room, p->flags);
	while (pace_again(p, s->fd, POLLIN, &r));
	if (r > 0) {
		in->end += r;
		s->got += r;
	}
	return r;
}

/* The peer has finished: what is left is the last line, and then there is none. */
static char *rest(struct sock_lines *in)
{
	if (in->start < in->end)
		return hand_out(in, in->end - in->start, 0);
	in->n = 0;
	well(in->s);
	errno = 0;
	return NULL;
}

char *sock_line(struct sock_lines *in)
{
	ssize_t r;
	char *line;

	if (check(in) < 0)
		return NULL;
	line = next(in);
	if (line)
		return line;
	if (in->ended)
		return rest(in);
	if (!why_ok(in->s, "line"))
		return NULL;

	struct pace p = pace_of(in->s);

	in->s->got = in->s->cut = 0;
	do
		r = fill(in, &p);
	while (r > 0 && !(line = next(in)));
	if (line)
		return line;
	if (r < 0) {
		why_fail(in->s, "line", -r);
		return NULL;
	}
	in->ended = 1;
	return rest(in);
}

ssize_t sock_lines_take(struct sock_lines *in, void *buf, size_t n)
{
	if (check(in) < 0)
		return -1;

	size_t have = in->end - in->start;
	ssize_t r;

	if (n && !buf)
		return why_fail_at(in->s, "lines_take", "NULL", EINVAL, "not a buffer");
	if (have || in->ended || !n) {
		n = n < have ? n : have;
		if (n)
			memcpy(buf, in->buf + in->start, n);
		in->start += n;
		in->seen -= n < in->seen ? n : in->seen;
		well(in->s);
		return n;
	}
	r = sock_recv(in->s, buf, n);
	in->ended = r == 0;
	return r;
}
