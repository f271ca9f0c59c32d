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
#include <stdio.h>

#include "addr.h"
#include "call.h"
#include "sigpipe.h"
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
	size_t taken;           /* from a pipe, and not sent yet: they are nowhere else */
};

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
		if (j->left && pace_spent(&j->pace))
			return -LIMIT_REACHED;
	}
	return 0;
}

/* What cannot be read at a place is gone from its own once read: nothing is taken before it can go out. */
static ssize_t take_piece(struct job *j, char *buf, size_t n)
{
	ssize_t r = pace_wait(j->pace.deadline, j->s->fd, POLLOUT);

	if (!r && j->pace.deadline != PACE_FOREVER)
		r = pace_wait(j->pace.deadline, j->file, POLLIN);
	if (r)
		return r;
	do
		r = call_result(sys.read(j->file, buf, n));
	while (pace_again(&j->pace, j->file, POLLIN, &r));
	j->taken = r > 0 ? r : 0;
	return r;
}

static ssize_t read_piece(struct job *j, char *buf, size_t n)
{
	ssize_t r;

	do
		r = call_result(sys.pread(j->file, buf, n, j->offset + j->sent));
	while (r == -EINTR);
	return r == -ESPIPE && !j->offset ? take_piece(j, buf, n) : r;
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
		j->taken -= j->taken ? r : 0;
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
		if (j->left && pace_spent(&j->pace))
			return -LIMIT_REACHED;
	}
	return 0;
}

static int run(struct job *j)
{
	struct sigpipe hold = sigpipe_hold();
	int err = in_kernel(j);

	sigpipe_release(&hold, err < 0);
	if (!j->sent && (err == -EINVAL || err == -ENOSYS || err == -ESPIPE))
		err = through_buffer(j);
	/* A pipe has no position to be left at. */
	sys.lseek(j->file, j->offset + j->sent, SEEK_SET);
	return err;
}

/* With bytes gone or a part sent, a stream that went on would have a hole. */
static int fail(const struct job *j, int err)
{
	char words[64], reason[128];

	if (!j->taken)
		return j->sent ? why_kill(j->s, "sendfile", err) : why_fail(j->s, "sendfile", err);
	snprintf(reason, sizeof reason, "%s, with %zu bytes taken and not sent",
	         why_words(j->s, err, words, sizeof words), j->taken);
	return why_kill_at(j->s, "sendfile", addr_unnamed(&j->s->peer) ? "" : sock_peer(j->s).s, err, reason);
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
	if ((mode & O_ACCMODE) == O_WRONLY || mode & O_PATH)
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
		return fail(&j, -err);
	why_well(s);
	return j.sent;
}
