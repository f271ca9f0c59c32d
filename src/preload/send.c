/* SPDX-License-Identifier: MIT */
/* The calls by which bytes go out. */
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "../base/clock.h"
#include "real.h"
#include "tell.h"

ssize_t (send)(int fd, const void *buf, size_t n, int flags)
{
	struct witness w;

	if (!tell_bytes_socket(&w, EVENT_SEND, fd, n, flags))
		return REAL(send)(fd, buf, n, flags);
	return tell_sent(&w, REAL(send)(fd, buf, n, flags), buf, NULL, 0);
}

ssize_t (sendto)(int fd, const void *buf, size_t n, int flags, __CONST_SOCKADDR_ARG to, socklen_t len)
{
	const struct sockaddr *addr = to.__sockaddr__;
	struct witness w;

	if (!tell_bytes_socket(&w, EVENT_SENDTO, fd, n, flags))
		return REAL(sendto)(fd, buf, n, flags, addr, len);
	return tell_sent(&w, REAL(sendto)(fd, buf, n, flags, addr, len), buf, addr, len);
}

ssize_t (write)(int fd, const void *buf, size_t n)
{
	struct witness w;

	if (!tell_bytes(&w, EVENT_WRITE, fd, n, 0))
		return REAL(write)(fd, buf, n);
	return tell_sent(&w, REAL(write)(fd, buf, n), buf, NULL, 0);
}

/* -- Of several buffers -------------------------------------------------------------- */

static ssize_t sent(struct witness *w, ssize_t r, const struct iovec *iov, size_t iovs,
                    const struct sockaddr *to, socklen_t len)
{
	witness_sent(w, tell_result(r), iov, iovs, r < 0 ? NULL : to, len);
	return r;
}

ssize_t (writev)(int fd, const struct iovec *iov, int n)
{
	struct witness w;

	if (n < 0 || n > IOV_MAX || !tell_bytes(&w, EVENT_WRITEV, fd, tell_total(iov, n), 0))
		return REAL(writev)(fd, iov, n);
	return sent(&w, REAL(writev)(fd, iov, n), iov, n, NULL, 0);
}

ssize_t (sendmsg)(int fd, const struct msghdr *m, int flags)
{
	struct witness w;

	if (!tell_is_sound(m) ||
	    !tell_bytes_socket(&w, EVENT_SENDMSG, fd, tell_total(m->msg_iov, m->msg_iovlen), flags))
		return REAL(sendmsg)(fd, m, flags);
	ssize_t r = REAL(sendmsg)(fd, m, flags);
	return sent(&w, r, m->msg_iov, m->msg_iovlen, m->msg_name, m->msg_namelen);
}

/* One record per message, or one for none. */
static int sent_batch(const struct witness *w, int r, const struct mmsghdr *m)
{
	for (int i = 0; i < r; i++) {
		const struct msghdr *each = &m[i].msg_hdr;
		struct witness one = *w;

		one.e.index = i;
		one.e.asked = tell_total(each->msg_iov, each->msg_iovlen);
		sent(&one, m[i].msg_len, each->msg_iov, each->msg_iovlen, each->msg_name, each->msg_namelen);
	}
	return r;
}

int (sendmmsg)(int fd, struct mmsghdr *m, unsigned n, int flags)
{
	struct witness w;

	if (!n || !m || !tell_is_sound(&m->msg_hdr) ||
	    !tell_bytes_socket(&w, EVENT_SENDMMSG, fd, tell_total(m->msg_hdr.msg_iov, m->msg_hdr.msg_iovlen), flags))
		return REAL(sendmmsg)(fd, m, n, flags);
	int r = REAL(sendmmsg)(fd, m, n, flags);
	if (r <= 0)
		return tell_done(&w, r);
	w.end = clock_now();
	return sent_batch(&w, r, m);
}

/* -- Unseen ---------------------------------------------------------------------------- */

ssize_t (sendfile)(int out, int in, off_t *offset, size_t n)
{
	struct witness w;

	if (!tell_bytes(&w, EVENT_SENDFILE, out, n, 0))
		return REAL(sendfile)(out, in, offset, n);
	return tell_sent(&w, REAL(sendfile)(out, in, offset, n), NULL, NULL, 0);
}

ssize_t (sendfile64)(int out, int in, off64_t *offset, size_t n)
{
	struct witness w;

	if (!tell_bytes(&w, EVENT_SENDFILE, out, n, 0))
		return REAL(sendfile64)(out, in, offset, n);
	return tell_sent(&w, REAL(sendfile64)(out, in, offset, n), NULL, NULL, 0);
}

/* One end is a pipe, so at most one is a socket. */
ssize_t (splice)(int in, off64_t *in_offset, int out, off64_t *out_offset, size_t n, unsigned flags)
{
	struct witness w;
	int wait = flags & SPLICE_F_NONBLOCK ? MSG_DONTWAIT : 0;
	bool out_is = tell_bytes(&w, EVENT_SPLICE, out, n, wait);

	if (!out_is && !tell_bytes(&w, EVENT_SPLICE, in, n, wait))
		return REAL(splice)(in, in_offset, out, out_offset, n, flags);
	w.e.arg[0] = 0;
	ssize_t r = REAL(splice)(in, in_offset, out, out_offset, n, flags);
	return out_is ? tell_sent(&w, r, NULL, NULL, 0) : tell_received(&w, r, NULL, NULL, 0);
}
