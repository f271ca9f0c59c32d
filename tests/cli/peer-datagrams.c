/* SPDX-License-Identifier: MIT */
/*
 * Datagrams as fast as they go. Each carries its number, from which its other
 * bytes follow; replies are taken on the way and until no more come.
 */
#include "peer.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 32, LARGEST = 2048 };

struct batch {
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	unsigned char bytes[BATCH][LARGEST];
};

static void lay_out(struct batch *b, size_t size)
{
	for (int i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){ b->bytes[i], size };
		b->m[i].msg_hdr = (struct msghdr){ .msg_iov = &b->iov[i], .msg_iovlen = 1 };
	}
}

static int caller(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int size = 64 << 20;

	if (fd < 0 || connect(fd, (struct sockaddr *)&target, sizeof target) < 0)
		peer_die("connect");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	return fd;
}

/* All bytes follow from the first eight. */
static void take_replies(int fd)
{
	static struct batch in;
	int n = BATCH;

	while (n == BATCH) {
		lay_out(&in, LARGEST);
		n = recvmmsg(fd, in.m, BATCH, 0, NULL);
		for (int i = 0; i < n; i++) {
			size_t size = in.m[i].msg_len;
			uint64_t key = 0;

			memcpy(&key, in.bytes[i], size < sizeof key ? size : sizeof key);
			total.foreign += size != (size_t)plan.size || key >= (uint64_t)total.sent;
			total.foreign += size > 8 ? peer_count_wrong(in.bytes[i] + 8, size - 8, key, 8) : 0;
			total.got++;
		}
	}
}

static void send_some(int fd, long n)
{
	static struct batch out;

	lay_out(&out, (size_t)plan.size);
	for (long i = 0; i < n; i++) {
		uint64_t key = (uint64_t)(total.sent + i);

		memcpy(out.bytes[i], &key, sizeof key);
		peer_fill(out.bytes[i] + 8, (size_t)plan.size - 8, key, 8);
	}
	int r = sendmmsg(fd, out.m, (unsigned)n, 0);
	if (r < 0 && errno != EAGAIN && errno != ECONNREFUSED)
		peer_die("sendmmsg");
	total.sent += r > 0 ? r : 0;
}

/* Replies that found no room here count as cut. */
void peer_datagrams(void)
{
	struct pollfd p = { .fd = caller(), .events = POLLIN };
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t n = sizeof info;

	if (plan.size < 8 || plan.size > LARGEST) {
		errno = EINVAL;
		peer_die("size");
	}
	while (total.sent < plan.count) {
		send_some(p.fd, plan.count - total.sent < BATCH ? plan.count - total.sent : BATCH);
		take_replies(p.fd);
	}
	while (total.got < total.sent && poll(&p, 1, PEER_QUIET_MS) > 0)
		take_replies(p.fd);
	getsockopt(p.fd, SOL_SOCKET, SO_MEMINFO, info, &n);
	total.cut = info[SK_MEMINFO_DROPS];
}
