/* SPDX-License-Identifier: MIT */
/*
 * Files into streams. The kernel moves the bytes where it can; where it cannot
 * (pipes, some file systems), they go through a buffer here. Two things that
 * sendfile(2) lacks are made up for: it has no MSG_DONTWAIT, so a limit puts
 * the descriptor in non-blocking mode, and no MSG_NOSIGNAL, so SIGPIPE is held
 * back while it runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "call.h"
#include "wait.h"
#include "why.h"

enum {
	SENDFILE_BUFFER = 16384,
	SENDFILE_CHUNK = 0x7ffff000     /* the most that one system call moves */
};

struct job {
	struct sock *s;
	struct pace pace;
	int file;
	int64_t offset;         /* where the first byte was taken */
	uint64_t left, sent;
};

/* SIGPIPE held back for this thread. */
struct hold {
	sigset_t pipe, old;
	bool pending;           /* one waited already: it is not ours to take */
};

static struct hold hold_pipe(void)
{
	struct hold h;
	sigset_t waiting;

	sigemptyset(&h.pipe);
	sigaddset(&h.pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &h.pipe, &h.old);
	sigemptyset(&waiting);
	sigpending(&waiting);
	h.pending = sigismember(&waiting, SIGPIPE) == 1;
	return h;
}

/* After a failure a SIGPIPE may wait that sendfile raised, whatever errno it told. */
static void release_pipe(const struct hold *h, bool failed)
{
	if (failed && !h->pending)
		while (sigtimedwait(&h->pipe, NULL, &(struct timespec){ 0 }) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &h->old, NULL);
}

static size_t piece(const struct job *j, size_t most)
{
	return j->left < most ? j->left : most;
}

/* In the kernel. 0, or a negative errno; -EINVAL and the like at the start mean that it cannot. */
static int in_kernel(struct job *j)
{
	while (j->left) {
		off_t at = j->offset + j->sent;
		ssize_t r;

		do
			r = call_sendfile(j->s->fd, j->file, &at, piece(j, SENDFILE_CHUNK));
		while (pace_again(&j->pace, j->s->fd, POLLOUT, &r));
		if (r <= 0)
			return r;
		j->sent += r;
		j->left -= r;
	}
	return 0;
}

static ssize_t result(ssize_t r)
{
	return r < 0 ? -errno : r;
}

/* What cannot be read at a place is read as it comes, but then from its present place only. */
static ssize_t read_piece(struct job *j, char *buf, size_t n)
{
	ssize_t r;

	do
		r = result(sys.pread(j->file, buf, n, j->offset + j->sent));
	while (r == -EINTR);
	if (r != -ESPIPE || j->offset)
		return r;
	if (j->pace.deadline != PACE_FOREVER) {
		r = pace_wait(j->pace.deadline, j->file, POLLIN);
		if (r < 0)
			return r;
	}
	do
		r = result(sys.read(j->file, buf, n));
	while (pace_again(&j->pace, j->file, POLLIN, &r));
	return r;
}

static int send_piece(struct job *j, const char *buf, size_t n)
{
	while (n) {
		ssize_t r;

		do
			r = call_send(j->s->fd, buf, n, MSG_NOSIGNAL | j->pace.flags);
		while (pace_again(&j->pace, j->s->fd, POLLOUT, &r));
		if (r < 0)
			return r;
		buf += r;
		n -= r;
		j->sent += r;
		j->left -= r;
	}
	return 0;
}

static int through_buffer(struct job *j)
{
	char buf[SENDFILE_BUFFER];

	while (j->left) {
		ssize_t n = read_piece(j, buf, piece(j, sizeof buf));
		int err = n > 0 ? send_piece(j, buf, n) : 0;

		if (n <= 0 || err)
			return n < 0 ? n : err;
	}
	return 0;
}

static int run(struct job *j)
{
	struct hold h = hold_pipe();
	int err = in_kernel(j);

	release_pipe(&h, err < 0);
	if (!j->sent && (err == -EINVAL || err == -ENOSYS || err == -ESPIPE))
		err = through_buffer(j);
	/* A pipe has no position to be left at. */
	sys.lseek(j->file, j->offset + j->sent, SEEK_SET);
	return err;
}

static int refuse(struct sock *s, const char *what, int64_t n, int err, const char *reason)
{
	char at[48];

	snprintf(at, sizeof at, "%s %" PRId64, what, n);
	return why_fail_at(s, "sendfile", at, err, reason);
}

/*
 * What cannot be meant. The file is looked at first, so that its EBADF is not
 * taken for the socket's, which would break it.
 */
static int check(struct sock *s, int file, int64_t offset)
{
	int mode;

	if (s->type && s->type != SOCK_STREAM)
		return why_fail_at(s, "sendfile", s->peer.len ? sock_peer(s).s : sock_name(s).s,
		                   EINVAL, "needs a stream");
	if (s->limit == 0)
		return why_fail_at(s, "sendfile", "limit 0", EINVAL, "needs a blocking socket");
	if (offset < 0)
		return refuse(s, "offset", offset, EINVAL, "before the file's start");
	mode = sys.fcntl(file, F_GETFL, 0);
	if (mode < 0)
		return refuse(s, "file", file, errno, NULL);
	if ((mode & O_ACCMODE) == O_WRONLY)
		return refuse(s, "file", file, EBADF, "not open for reading");
	return 0;
}

int64_t sock_sendfile(struct sock *s, int file, int64_t offset, uint64_t count)
{
	int err;

	if (!why_ok(s, "sendfile"))
		return -1;
	s->sent = 0;
	if (check(s, file, offset) < 0)
		return -1;

	uint64_t most = INT64_MAX - offset;
	struct job j = {
		.s = s,
		.pace = pace_of(s),
		.file = file,
		.offset = offset,
		.left = count && count < most ? count : most,
	};

	err = j.pace.deadline == PACE_FOREVER ? 0 : pace_set_nonblock(s->fd, true);
	if (!err)
		err = run(&j);
	s->sent = j.sent;
	if (err < 0)
		return j.sent ? why_kill(s, "sendfile", -err) : why_fail(s, "sendfile", -err);
	why_well(s);
	return j.sent;
}
