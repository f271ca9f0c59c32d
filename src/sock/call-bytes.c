/* SPDX-License-Identifier: MIT */
/*
 * The system calls that move bytes, watched: as call.c, with the payload and
 * its place in the stream told to the watcher. Every send carries
 * MSG_NOSIGNAL, every received descriptor is close-on-exec.
 */
#include <string.h>

#include "../base/clock.h"
#include "call.h"

/* Begin the record of a call that moves bytes and may block. */
static void bytes_enter(struct witness *w, int call, int fd, size_t n, int flags)
{
	watch_init(w, call, fd);
	w->e.asked = n;
	w->e.arg[0] = flags;
	witness_enter(w);
}

ssize_t call_send_watched(int fd, const void *buf, size_t n, int flags)
{
	struct witness w;
	ssize_t r;

	bytes_enter(&w, EVENT_SEND, fd, n, flags);
	r = call_result(sys.send(fd, buf, n, flags | MSG_NOSIGNAL));
	watch_sent(&w, r, &(struct iovec){ (void *)(uintptr_t)buf, n }, 1, NULL);
	return r;
}

ssize_t call_sendto(int fd, const void *buf, size_t n, int flags, const struct sock_addr *to)
{
	struct witness w;
	bool on = watch_on();
	ssize_t r;

	if (on)
		bytes_enter(&w, EVENT_SENDTO, fd, n, flags);
	r = call_result(sys.sendto(fd, buf, n, flags | MSG_NOSIGNAL, call_raw(to), to->len));
	if (on)
		watch_sent(&w, r, &(struct iovec){ (void *)(uintptr_t)buf, n }, 1, to);
	return r;
}

static size_t total(const struct msghdr *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++)
		if (__builtin_add_overflow(n, m->msg_iov[i].iov_len, &n))
			return SIZE_MAX;
	return n;
}

static struct sock_addr named(const struct msghdr *m)
{
	struct sock_addr a = { .len = 0 };

	if (m->msg_name && m->msg_namelen <= sizeof a.storage) {
		memcpy(&a.storage, m->msg_name, m->msg_namelen);
		a.len = m->msg_namelen;
	}
	return a;
}

ssize_t call_sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct witness w;
	bool on = watch_on();
	ssize_t r;

	if (on)
		bytes_enter(&w, EVENT_SENDMSG, fd, total(m), flags);
	r = call_result(sys.sendmsg(fd, m, flags | MSG_NOSIGNAL));
	if (on) {
		struct sock_addr to = named(m);

		watch_sent(&w, r, m->msg_iov, m->msg_iovlen, &to);
	}
	return r;
}

/* One record per message of a batch, or one for none. */
static void batch_done(struct witness *w, int r, struct mmsghdr *m,
                       void (*tell)(struct witness *, ssize_t, const struct iovec *, int,
                                    const struct sock_addr *))
{
	if (r <= 0)
		witness_done(w, r);
	w->end = clock_now();
	for (int i = 0; i < r; i++) {
		struct witness one = *w;
		struct sock_addr addr = named(&m[i].msg_hdr);

		one.e.index = i;
		one.e.asked = total(&m[i].msg_hdr);
		tell(&one, m[i].msg_len, m[i].msg_hdr.msg_iov, m[i].msg_hdr.msg_iovlen, &addr);
	}
}

int call_sendmmsg(int fd, struct mmsghdr *m, unsigned count, int flags)
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on)
		bytes_enter(&w, EVENT_SENDMMSG, fd, count ? total(&m->msg_hdr) : 0, flags);
	r = call_result(sys.sendmmsg(fd, m, count, flags | MSG_NOSIGNAL));
	if (on)
		batch_done(&w, r, m, watch_sent);
	return r;
}

ssize_t call_recv_watched(int fd, void *buf, size_t n, int flags)
{
	struct witness w;
	ssize_t r;

	bytes_enter(&w, EVENT_RECV, fd, n, flags);
	r = call_result(sys.recv(fd, buf, n, flags));
	watch_received(&w, r, &(struct iovec){ buf, n }, 1, NULL);
	return r;
}

ssize_t call_recvfrom(int fd, void *buf, size_t n, int flags, struct sock_addr *from)
{
	struct witness w;
	bool on = watch_on();
	ssize_t r;

	if (on)
		bytes_enter(&w, EVENT_RECVFROM, fd, n, flags);
	from->len = sizeof from->storage;
	r = call_result(sys.recvfrom(fd, buf, n, flags, (struct sockaddr *)&from->storage, &from->len));
	if (r < 0)
		from->len = 0;
	if (on)
		watch_received(&w, r, &(struct iovec){ buf, n }, 1, from);
	return r;
}

ssize_t call_recvmsg(int fd, struct msghdr *m, int flags)
{
	struct witness w;
	bool on = watch_on();
	ssize_t r;

	if (on)
		bytes_enter(&w, EVENT_RECVMSG, fd, total(m), flags);
	r = call_result(sys.recvmsg(fd, m, flags | MSG_CMSG_CLOEXEC));
	if (on) {
		struct sock_addr from = named(m);

		watch_received(&w, r, m->msg_iov, m->msg_iovlen, r < 0 ? NULL : &from);
	}
	return r;
}

int call_recvmmsg(int fd, struct mmsghdr *m, unsigned count, int flags)
{
	struct witness w;
	bool on = watch_on();
	int r;

	if (on)
		bytes_enter(&w, EVENT_RECVMMSG, fd, count ? total(&m->msg_hdr) : 0, flags);
	r = call_result(sys.recvmmsg(fd, m, count, flags | MSG_CMSG_CLOEXEC, NULL));
	if (on)
		batch_done(&w, r, m, watch_received);
	return r;
}

ssize_t call_sendfile(int fd, int file, off_t *offset, size_t n)
{
	struct witness w;
	bool on = watch_on();
	ssize_t r;

	if (on)
		bytes_enter(&w, EVENT_SENDFILE, fd, n, 0);
	r = call_result(sys.sendfile(fd, file, offset, n));
	if (on)
		watch_sent(&w, r, NULL, 0, NULL);
	return r;
}
