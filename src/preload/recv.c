/* SPDX-License-Identifier: MIT */
/* The calls by which bytes, and descriptors, come in. */
#include <unistd.h>

#include "../base/clock.h"
#include "../base/flow.h"
#include "../base/passed.h"
#include "real.h"
#include "tell.h"

/* Made by the compiler's checks; no header declares them for us. */
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t room, int flags, __SOCKADDR_ARG from, socklen_t *len);
ssize_t __read_chk(int fd, void *buf, size_t n, size_t room);

ssize_t (__recv_chk)(int fd, void *buf, size_t n, size_t room, int flags)
{
	struct witness w;

	if (!tell_bytes_socket(&w, EVENT_RECV, fd, n, flags))
		return REAL(__recv_chk)(fd, buf, n, room, flags);
	return tell_received(&w, REAL(__recv_chk)(fd, buf, n, room, flags), buf, NULL, 0);
}

ssize_t (read)(int fd, void *buf, size_t n)
{
	struct witness w;

	if (!tell_bytes(&w, EVENT_READ, fd, n, 0))
		return REAL(read)(fd, buf, n);
	return tell_received(&w, REAL(read)(fd, buf, n), buf, NULL, 0);
}

ssize_t (__read_chk)(int fd, void *buf, size_t n, size_t room)
{
	struct witness w;

	if (!tell_bytes(&w, EVENT_READ, fd, n, 0))
		return REAL(__read_chk)(fd, buf, n, room);
	return tell_received(&w, REAL(__read_chk)(fd, buf, n, room), buf, NULL, 0);
}

/* -- With the sender's address, of which the kernel stores what there is room for ------- */

static socklen_t room_of(const struct sockaddr *from, const socklen_t *len)
{
	return from && len ? *len : 0;
}

static socklen_t least(socklen_t a, socklen_t b)
{
	return a < b ? a : b;
}

static ssize_t received_from(struct witness *w, ssize_t r, void *buf, const struct sockaddr *from,
                             const socklen_t *len, socklen_t room)
{
	return tell_received(w, r, buf, from, room && r >= 0 ? least(room, *len) : 0);
}

/* Nobody asks who sent this datagram; the kernel would say, and the other end is found by that. */
static bool has_unknown_sender(const struct witness *w, const struct sockaddr *from)
{
	return !from && w->e.type == SOCK_DGRAM && !w->e.peer.len && !(w->e.arg[0] & MSG_ERRQUEUE);
}

static ssize_t recv_and_ask(struct witness *w, int fd, void *buf, size_t n, int flags)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof from;
	ssize_t r = REAL(recvfrom)(fd, buf, n, flags, (struct sockaddr *)&from, &len);

	return received_from(w, r, buf, (struct sockaddr *)&from, &len, sizeof from);
}

ssize_t (recv)(int fd, void *buf, size_t n, int flags)
{
	struct witness w;

	if (!tell_bytes_socket(&w, EVENT_RECV, fd, n, flags))
		return REAL(recv)(fd, buf, n, flags);
	if (has_unknown_sender(&w, NULL))
		return recv_and_ask(&w, fd, buf, n, flags);
	return tell_received(&w, REAL(recv)(fd, buf, n, flags), buf, NULL, 0);
}

ssize_t (recvfrom)(int fd, void *buf, size_t n, int flags, __SOCKADDR_ARG from, socklen_t *len)
{
	struct sockaddr *addr = from.__sockaddr__;
	struct witness w;

	if (!tell_bytes_socket(&w, EVENT_RECVFROM, fd, n, flags))
		return REAL(recvfrom)(fd, buf, n, flags, addr, len);
	if (has_unknown_sender(&w, addr))
		return recv_and_ask(&w, fd, buf, n, flags);
	socklen_t room = room_of(addr, len);
	return received_from(&w, REAL(recvfrom)(fd, buf, n, flags, addr, len), buf, addr, len, room);
}

ssize_t (__recvfrom_chk)(int fd, void *buf, size_t n, size_t most, int flags, __SOCKADDR_ARG from,
                         socklen_t *len)
{
	struct sockaddr *addr = from.__sockaddr__;
	struct witness w;

	if (!tell_bytes_socket(&w, EVENT_RECVFROM, fd, n, flags))
		return REAL(__recvfrom_chk)(fd, buf, n, most, flags, addr, len);
	socklen_t room = room_of(addr, len);
	return received_from(&w, REAL(__recvfrom_chk)(fd, buf, n, most, flags, addr, len), buf, addr, len, room);
}

/* -- Into several buffers ------------------------------------------------------------------ */

static ssize_t received(struct witness *w, ssize_t r, const struct iovec *iov, size_t iovs,
                        const struct sockaddr *from, socklen_t len)
{
	witness_received(w, tell_result(r), iov, iovs, r < 0 ? NULL : from, len);
	return r;
}

ssize_t (readv)(int fd, const struct iovec *iov, int n)
{
	struct witness w;

	if (n < 0 || n > IOV_MAX || !tell_bytes(&w, EVENT_READV, fd, tell_total(iov, n), 0))
		return REAL(readv)(fd, iov, n);
	return received(&w, REAL(readv)(fd, iov, n), iov, n, NULL, 0);
}

/* The number of a received descriptor: what was known of it is void. */
static void forget_passed(void *to, int fd)
{
	(void)to;
	kind_forget(fd);
	flow_reset(fd);
}

ssize_t (recvmsg)(int fd, struct msghdr *m, int flags)
{
	struct witness w;

	if (!tell_is_sound(m) ||
	    !tell_bytes_socket(&w, EVENT_RECVMSG, fd, tell_total(m->msg_iov, m->msg_iovlen), flags))
		return REAL(recvmsg)(fd, m, flags);
	socklen_t room = m->msg_namelen;
	ssize_t r = REAL(recvmsg)(fd, m, flags);
	if (r >= 0 && m->msg_controllen)
		passed_each(m, forget_passed, NULL);
	return received(&w, r, m->msg_iov, m->msg_iovlen, m->msg_name, least(room, m->msg_namelen));
}

/* One record per message, or one for none. All names have the room of the first. */
static int received_batch(const struct witness *w, int r, const struct mmsghdr *m, socklen_t room)
{
	for (int i = 0; i < r; i++) {
		const struct msghdr *each = &m[i].msg_hdr;
		struct witness one = *w;

		if (each->msg_controllen)
			passed_each(each, forget_passed, NULL);
		one.e.index = i;
		one.e.asked = tell_total(each->msg_iov, each->msg_iovlen);
		received(&one, m[i].msg_len, each->msg_iov, each->msg_iovlen, each->msg_name,
		         least(room, each->msg_namelen));
	}
	return r;
}

int (recvmmsg)(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *timeout)
{
	struct witness w;

	if (!n || !m || !tell_is_sound(&m->msg_hdr) ||
	    !tell_bytes_socket(&w, EVENT_RECVMMSG, fd, tell_total(m->msg_hdr.msg_iov, m->msg_hdr.msg_iovlen), flags))
		return REAL(recvmmsg)(fd, m, n, flags, timeout);
	socklen_t room = m->msg_hdr.msg_namelen;
	int r = REAL(recvmmsg)(fd, m, n, flags, timeout);
	if (r <= 0)
		return tell_done(&w, r);
	w.end = clock_now();
	return received_batch(&w, r, m, room);
}
