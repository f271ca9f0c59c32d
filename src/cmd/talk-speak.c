/* SPDX-License-Identifier: MIT */
/*
 * The half of a conversation that speaks. A file is sent by the kernel, a pipe
 * is handed on to it; what must be changed, shown or recorded on its way passes
 * through a buffer, and so does all else.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../sock/why.h"
#include "dump.h"
#include "talk.h"

enum {
	PIECE = 128 * 1024,
	DATAGRAM = 16 * 1024,           /* what one read brings is one datagram; nc(1) reads as much */
	AT_ONCE = 1024 * 1024
};

/* What a step did: a count of bytes above 0, or one of these. */
enum { INPUT_ENDED = 0, NO_INPUT = -1, BROKEN = -2, OTHER_WAY = -3, AGAIN = -4 };

struct mouth {
	struct talk *t;
	struct sock *s;
	char *piece, *wide;             /* wide: twice as much, for CR LF */
	ssize_t (*step)(struct mouth *m);
	size_t n;                       /* of a line that is read bit by bit */
};

/* -- Steps ----------------------------------------------------------------------------------- */

static ssize_t send_file(struct mouth *m)
{
	off_t at = lseek(m->t->in, 0, SEEK_CUR);
	int64_t n = at < 0 ? -1 : sock_sendfile(m->s, m->t->in, at, AT_ONCE);

	if (at < 0)
		return OTHER_WAY;
	return n < 0 ? BROKEN : n;
}

static bool is_for_now(int err)
{
	return err == EINTR || err == EAGAIN;
}

static ssize_t send_pipe(struct mouth *m)
{
	ssize_t n = splice(m->t->in, NULL, m->s->fd, NULL, AT_ONCE, SPLICE_F_MOVE);

	if (n >= 0)
		return n;
	if (is_for_now(errno)) {        /* somebody has made the pipe or the socket so */
		poll(&(struct pollfd){ .fd = m->s->fd, .events = POLLOUT }, 1, -1);
		return AGAIN;
	}
	if (errno == EINVAL)            /* a kind of input or socket that cannot do it */
		return OTHER_WAY;
	why_fail(m->s, "send", errno);
	return BROKEN;
}

/* LF becomes CR LF, whatever stood before it, as nc -C does. */
static size_t widen(char *out, const char *in, size_t n)
{
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		if (in[i] == '\n')
			out[done++] = '\r';
		out[done++] = in[i];
	}
	return done;
}

static int say(struct mouth *m, const char *bytes, size_t n)
{
	if (m->t->show == TALK_HEX)
		dump_piece(m->t, DUMP_SENT, bytes, n);
	if (m->t->crlf) {
		n = widen(m->wide, bytes, n);
		bytes = m->wide;
	}
	if (m->s->type == SOCK_STREAM)
		return sock_sendall(m->s, bytes, n);
	return sock_send(m->s, bytes, n) < 0 ? -1 : 0;
}

static ssize_t send_copy(struct mouth *m)
{
	ssize_t n = read(m->t->in, m->piece, m->s->type == SOCK_STREAM ? PIECE : DATAGRAM);

	if (n < 0)
		return is_for_now(errno) ? AGAIN : NO_INPUT;
	return n > 0 && say(m, m->piece, (size_t)n) < 0 ? BROKEN : n;
}

/* Once the interval is over; or at the call to stop. */
static void pause_between_lines(const struct talk *t)
{
	poll(&(struct pollfd){ .fd = t->stop, .events = POLLIN }, 1, (int)(t->interval / CLOCK_MS));
}

/*
 * A line at a time. One byte is read for each time that there is input: what
 * follows the line is not ours yet, and the end of it may never come.
 */
static ssize_t send_line(struct mouth *m)
{
	ssize_t r = read(m->t->in, m->piece + m->n, 1);
	size_t n = m->n + (r > 0);

	if (r < 0)
		return is_for_now(errno) ? AGAIN : NO_INPUT;
	m->n = n;
	if (r > 0 && m->piece[n - 1] != '\n' && n < DATAGRAM)
		return AGAIN;
	m->n = 0;
	if (n && say(m, m->piece, n) < 0)
		return BROKEN;
	if (n)
		pause_between_lines(m->t);
	return (ssize_t)n;
}

static ssize_t (*choose(const struct talk *t))(struct mouth *)
{
	struct stat st = { .st_mode = 0 };
	bool plain = t->show != TALK_HEX && !t->crlf && !t->copy && t->mouth.type == SOCK_STREAM;

	fstat(t->in, &st);
	if (t->interval)
		return send_line;
	if (plain && S_ISREG(st.st_mode))
		return send_file;
	if (plain && S_ISFIFO(st.st_mode)) {
		fcntl(t->in, F_SETPIPE_SZ, AT_ONCE);
		return send_pipe;
	}
	return send_copy;
}

/* -- All of them ------------------------------------------------------------------------------- */

/* Wait for input. False when there shall be no more of it. */
static bool await(const struct talk *t)
{
	struct pollfd p[] = {
		{ .fd = t->in, .events = POLLIN },
		{ .fd = t->stop, .events = POLLIN },
	};

	while (poll(p, 2, -1) < 0)
		;
	return !p[1].revents;
}

static enum talk_over speak(struct mouth *m)
{
	struct talk *t = m->t;

	while (await(t)) {
		ssize_t n = m->step(m);

		if (n == OTHER_WAY)
			m->step = send_copy;
		if (n > 0)
			talk_moved(t, &t->sent, (size_t)n);
		if (n == INPUT_ENDED)
			break;
		if (n == NO_INPUT) {
			t->speech_err = errno;
			return TALK_NO_INPUT;
		}
		if (n == BROKEN)
			return TALK_FAILED;
	}
	return TALK_OVER;
}

/* A peer that has gone meanwhile has lost the last of what was sent: that a reset came is known only here. */
static void tell_end(struct talk *t)
{
	struct pollfd stop = { .fd = t->stop, .events = POLLIN };

	if (t->hold || !talk_has_end(&t->mouth) || sock_shutdown(&t->mouth, SHUT_WR) == 0)
		return;
	if (t->speech != TALK_OVER || !t->sent || t->mouth.error != ENOTCONN || poll(&stop, 1, 0) > 0)
		return;
	why_fail(&t->mouth, "send", ECONNRESET);
	t->speech = TALK_FAILED;
}

void *talk_speak(void *talk)
{
	struct talk *t = talk;
	struct mouth m = { .t = t, .s = &t->mouth, .step = choose(t) };
	uint64_t one = 1;

	m.piece = malloc(PIECE);
	m.wide = malloc(2 * PIECE);
	t->speech_err = ENOMEM;
	t->speech = m.piece && m.wide ? speak(&m) : TALK_NO_INPUT;
	free(m.piece);
	free(m.wide);
	tell_end(t);
	atomic_store(&t->moved, clock_now());
	atomic_store(&t->spoken, true);
	while (write(t->bell, &one, sizeof one) < 0 && errno == EINTR)
		;
	return NULL;
}
