/* SPDX-License-Identifier: MIT */
/*
 * Can io_uring be used? Kernels forbid it (kernel.io_uring_disabled, seccomp
 * in containers) or lack a part of it; a version number tells neither. So all
 * that uring.c builds on is done once, on a socket of our own: a ring, a
 * buffer ring, a multishot accept, a multishot receive. Nobody is told of
 * these calls, for they are none of the conversations that are watched.
 */
#include "uring-probe.h"

#include <errno.h>
#include <sockeye/addr.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../base/clock.h"
#include "../sock/call.h"
#include "ring.h"

enum { PATIENCE_MS = 1000 };

/* The next completion: its result, and whether more will follow. */
static int complete(struct ring *r, unsigned *flags)
{
	struct io_uring_cqe *cqe;
	int err = ring_wait(r, PATIENCE_MS * CLOCK_MS, 0);
	int res;

	if (!err)
		err = io_uring_peek_cqe(&r->ring, &cqe);
	if (err)
		return err;
	res = cqe->res;
	*flags = cqe->flags;
	io_uring_cqe_seen(&r->ring, cqe);
	return res;
}

/* A listener without a name of our choosing (autobind), which does not wait, as ours do not. */
static int listener(struct sock_addr *addr)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = (int)call_result(sys.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	int err;

	if (fd < 0)
		return fd;
	*addr = sock_addr_from((struct sockaddr *)&un, offsetof(struct sockaddr_un, sun_path), SOCK_STREAM);
	err = call_result(sys.bind(fd, call_raw(addr), addr->len));
	addr->len = sizeof addr->storage;
	if (!err)
		err = call_result(sys.listen(fd, 1));
	if (!err)
		err = call_result(sys.getsockname(fd, (struct sockaddr *)&addr->storage, &addr->len));
	if (err)
		sys.close(fd);
	return err ? err : fd;
}

static int try_receive(struct ring *r, int to, int from)
{
	struct io_uring_sqe *sqe = ring_entry(r);
	unsigned flags = 0;
	int res;

	io_uring_prep_recv_multishot(sqe, to, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = RING_SMALL;
	res = call_result(sys.send(from, "?", 1, MSG_NOSIGNAL));
	if (res > 0)
		res = complete(r, &flags);
	if (res < 0)
		return res;
	return res == 1 && flags & IORING_CQE_F_MORE && flags & IORING_CQE_F_BUFFER ? 0 : -EINVAL;
}

static int try_accept(struct ring *r, int fd, const struct sock_addr *addr)
{
	int from = (int)call_result(sys.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), to, err = from;
	unsigned flags = 0;

	if (from < 0)
		return from;
	io_uring_prep_multishot_accept(ring_entry(r), fd, NULL, NULL, SOCK_CLOEXEC);
	err = io_uring_submit(&r->ring);
	if (err >= 0)
		err = call_result(sys.connect(from, call_raw(addr), addr->len));
	to = err < 0 ? err : complete(r, &flags);
	if (to >= 0) {
		err = flags & IORING_CQE_F_MORE ? try_receive(r, to, from) : -EINVAL;
		sys.close(to);
	} else {
		err = to;
	}
	sys.close(from);
	return err;
}

static int try_all(struct ring *r)
{
	struct sock_addr addr;
	int fd = listener(&addr), err;

	if (fd < 0)
		return fd;
	err = try_accept(r, fd, &addr);
	sys.close(fd);
	return err;
}

int uring_probe(const char **reason)
{
	struct ring *r = NULL;
	int err = ring_make(&r, 1);

	if (err == -EPERM || err == -EACCES)
		*reason = "io_uring is forbidden here (kernel.io_uring_disabled, or a seccomp filter of the container)";
	else if (err == -ENOSYS)
		*reason = "the kernel has no io_uring, or a seccomp filter hides it";
	else if (err == -ENOMEM)
		*reason = "there is no memory for a ring (see \"ulimit -l\")";
	else if (err)
		*reason = "the kernel's io_uring lacks what is needed";
	else if ((err = try_all(r)) < 0)
		*reason = "the kernel's io_uring lacks multishot accept or receive";
	ring_free(r, 1);
	return err;
}
