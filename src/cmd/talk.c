/* SPDX-License-Identifier: MIT */
/*
 * The half of a conversation that listens, and its end. This thread writes the
 * output and decides when all is over; talk-speak.c is the other.
 */
#include "talk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../sock/wait.h"
#include "../sock/why.h"
#include "dump.h"
#include "fail.h"
#include "out.h"

enum { PIECE = 256 * 1024, AT_ONCE = 1024 * 1024 };

/* What one look at the socket brought. */
enum { CAME, NOTHING, ENDED, BROKEN };

struct ear {
	struct talk *t;
	char *piece, *shown;
	size_t room;                    /* of piece */
	bool splices;                   /* the kernel may hand bytes on to the output */
	int err;                        /* of the output */
};

bool talk_has_end(const struct sock *s)
{
	return s->type != SOCK_DGRAM;
}

void talk_moved(struct talk *t, _Atomic uint64_t *count, size_t n)
{
	atomic_fetch_add_explicit(count, n, memory_order_relaxed);
	atomic_store_explicit(&t->moved, clock_now(), memory_order_relaxed);
}

/* -- What comes ------------------------------------------------------------------------ */

static int put(struct ear *e, const char *bytes, size_t n)
{
	struct talk *t = e->t;

	if (t->before)
		t->before(t->whom);
	switch (t->show) {
	case TALK_HEX:
		return dump_piece(t, DUMP_CAME, bytes, n);
	case TALK_VISIBLE:
		return out_all(t->out, e->shown, visible_piece(&t->visible, e->shown, bytes, n));
	default:
		return out_all(t->out, bytes, n);
	}
}

/* From the socket to a pipe without passing through here. */
static int hand_on(struct ear *e)
{
	struct talk *t = e->t;
	ssize_t n = splice(t->s->fd, NULL, t->out, NULL, AT_ONCE, SPLICE_F_MOVE);

	if (n > 0) {
		talk_moved(t, &t->got, (size_t)n);
		return CAME;
	}
	if (n == 0)
		return ENDED;
	if (errno == EAGAIN || errno == EINTR) {        /* somebody has made the pipe or the socket so */
		poll(&(struct pollfd){ .fd = t->out, .events = POLLOUT }, 1, -1);
		return NOTHING;
	}
	if (errno == EPIPE)
		e->err = -EPIPE;
	else if (errno == EINVAL)       /* a kind of pipe or socket that cannot do it */
		e->splices = false;
	else
		why_fail(t->s, "recv", errno);
	return errno == EPIPE || errno == EINVAL ? CAME : BROKEN;
}

static int hear(struct ear *e)
{
	struct talk *t = e->t;
	ssize_t n = sock_recv(t->s, e->piece, e->room);

	if (n < 0)
		return t->s->error == EAGAIN ? NOTHING : BROKEN;
	if (sock_cut(t->s)) {
		fail_cut(t->s);
		return BROKEN;
	}
	if (n == 0 && talk_has_end(t->s))
		return ENDED;
	talk_moved(t, &t->got, (size_t)n);
	e->err = put(e, e->piece, (size_t)n);
	return CAME;
}

/* -- Waiting ----------------------------------------------------------------------------- */

static bool is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* How long may the silence go on? In ms; -1 for ever, 0 when it has lasted long enough. */
static int patience(const struct talk *t, int64_t limit)
{
	int64_t moved = atomic_load_explicit(&t->moved, memory_order_relaxed);

	return limit < 0 ? -1 : pace_ms(limit > INT64_MAX - moved ? PACE_FOREVER : moved + limit);
}

static int64_t silence(const struct talk *t)
{
	bool spoken = atomic_load(&t->spoken);

	if (!spoken || (t->idle >= 0 && (t->linger < 0 || t->idle < t->linger)))
		return t->idle;
	return t->linger;
}

enum { READY, TOO_LONG, NO_READER };

/* Wait for the socket. Whoever reads the output may go while there is nothing to write. */
static int await(struct talk *t)
{
	for (;;) {
		bool spoken = atomic_load(&t->spoken);
		struct pollfd p[] = {
			{ .fd = t->s->fd, .events = POLLIN },
			{ .fd = spoken ? -1 : t->bell, .events = POLLIN },
			{ .fd = t->out },
		};
		int ms = patience(t, silence(t)), n = poll(p, 3, ms);

		if (n > 0 && p[2].revents)
			return NO_READER;
		if (n > 0 && p[0].revents)
			return READY;
		if (n == 0 && patience(t, silence(t)) == 0)
			return TOO_LONG;
	}
}

/* The peer has ended: our side may go on for as long as it has something to say. */
static enum talk_over await_speaker(struct talk *t)
{
	while (!atomic_load(&t->spoken)) {
		struct pollfd bell = { .fd = t->bell, .events = POLLIN };
		int ms = patience(t, t->linger);

		if (t->leave || t->in < 0 || ms == 0)
			return TALK_LEFT;
		poll(&bell, 1, ms);
	}
	return TALK_OVER;
}

static enum talk_over listen_to(struct ear *e)
{
	struct talk *t = e->t;

	/* splice(2) looks at no flag of its own for a TCP socket, so it is asked only when something is there. */
	for (int found = NOTHING; found == CAME || found == NOTHING;) {
		int waited = found == NOTHING || e->splices ? await(t) : READY;

		if (waited == TOO_LONG)
			return atomic_load(&t->spoken) ? TALK_SILENT : TALK_IDLE;
		if (waited == NO_READER)
			e->err = -EPIPE;
		else
			found = e->splices ? hand_on(e) : hear(e);
		if (e->err) {
			t->err = -e->err;
			return TALK_NO_OUTPUT;
		}
		if (found == BROKEN) {
			t->failed = t->s;
			return TALK_FAILED;
		}
	}
	return await_speaker(t);
}

/* -- Beginning and end -------------------------------------------------------------------- */

/* The thread comes last: with it there is somebody to be stopped. 0 or an errno. */
static int begin(struct ear *e)
{
	struct talk *t = e->t;

	e->splices = t->show == TALK_AS_IS && !t->copy && t->s->type == SOCK_STREAM && is_pipe(t->out);
	e->room = t->s->type == SOCK_STREAM ? PIECE : FAIL_DATAGRAM;
	e->piece = malloc(e->room);
	e->shown = t->show == TALK_VISIBLE ? malloc(VISIBLE_ROOM(e->room)) : NULL;
	atomic_store(&t->moved, clock_now());
	atomic_store(&t->spoken, t->in < 0);
	t->mouth = sock_dup(t->s);
	t->bell = eventfd(0, EFD_CLOEXEC);
	t->stop = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&t->lock, NULL);
	if (!e->piece || (!e->shown && t->show == TALK_VISIBLE))
		return ENOMEM;
	if (t->mouth.fd < 0 || t->bell < 0 || t->stop < 0)
		return EMFILE;
	if (e->splices)
		fcntl(t->out, F_SETPIPE_SZ, AT_ONCE);
	sock_limit(t->s, 0);
	return t->in < 0 ? 0 : pthread_create(&t->speaker, NULL, talk_speak, t);
}

/* A speaker that waits for its input hears the other bell; one that sends sees the socket go. */
static void silence_speaker(struct talk *t)
{
	uint64_t one = 1;

	if (t->in < 0)
		return;
	if (!atomic_load(&t->spoken)) {
		while (write(t->stop, &one, sizeof one) < 0 && errno == EINTR)
			;
		shutdown(t->s->fd, SHUT_RDWR);
	}
	pthread_join(t->speaker, NULL);
}

static void end(struct ear *e)
{
	struct talk *t = e->t;

	sock_close(&t->mouth);
	if (t->bell >= 0)
		close(t->bell);
	if (t->stop >= 0)
		close(t->stop);
	pthread_mutex_destroy(&t->lock);
	free(e->piece);
	free(e->shown);
}

/* What our side met counts when the peer's ended well; else it may follow from that. */
static enum talk_over verdict(struct talk *t, enum talk_over heard)
{
	bool well = heard == TALK_OVER || heard == TALK_SILENT || heard == TALK_LEFT;

	if (!well || t->in < 0 || t->speech == TALK_OVER)
		return heard;
	t->failed = &t->mouth;
	t->err = t->speech_err;
	return t->speech;
}

enum talk_over talk_run(struct talk *t)
{
	struct ear e = { .t = t };
	enum talk_over over = TALK_FAILED;
	int err = begin(&e);

	if (err) {
		why_fail(t->s, "talk", err);
		t->failed = t->s;
	} else {
		over = listen_to(&e);
		if (e.shown)
			out_all(t->out, e.shown, visible_end(&t->visible, e.shown));
		silence_speaker(t);
		over = verdict(t, over);
	}
	end(&e);
	return over;
}
