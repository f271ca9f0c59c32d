/* SPDX-License-Identifier: MIT */
/*
 * A bare UDP echo that takes up to 64 datagrams in one call and sends each run
 * of equal ones to one peer as a single UDP_SEGMENT train: one walk through
 * the stack for the whole run, and nothing is asked of the client. The least
 * that a datagram of an ordinary client can cost.
 */
#include "../plain.h"

#include <netinet/udp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>

enum { BATCH = 64, BUFFER = 64 << 10, TRAIN = 65000 };

static char buffers[BATCH][BUFFER];
static struct sockaddr_in from[BATCH];
static struct iovec parts[BATCH];
static struct mmsghdr in[BATCH];

static void make_room(void)
{
	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ buffers[i], BUFFER };
		in[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1,
			.msg_name = &from[i], .msg_namelen = sizeof from[i] };
	}
}

static bool same_peer(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

/* How many datagrams from the i-th on fit one train: the last may be shorter. */
static int run_length(int i, int n)
{
	size_t size = in[i].msg_len, all = size;
	int end = i + 1;

	for (; end < n && same_peer(&from[i], &from[end]); end++) {
		size_t len = in[end].msg_len;

		all += len;
		if (len == 0 || len > size || all > TRAIN)
			break;
		if (len < size)
			return end + 1 - i;
	}
	return end - i;
}

static void reply(int fd, int i, int run)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(uint16_t))];
	} control = { .head = { .cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT,
		.cmsg_len = CMSG_LEN(sizeof(uint16_t)) } };
	uint16_t segment = (uint16_t)in[i].msg_len;
	struct msghdr out = { .msg_name = &from[i], .msg_namelen = sizeof from[i],
		.msg_iov = &parts[i], .msg_iovlen = (size_t)run };

	for (int k = i; k < i + run; k++)
		parts[k].iov_len = in[k].msg_len;
	memcpy(CMSG_DATA(&control.head), &segment, sizeof segment);
	if (run > 1) {
		out.msg_control = &control;
		out.msg_controllen = sizeof control.room;
	}
	sendmsg(fd, &out, 0);
}

int main(void)
{
	int fd = plain_datagram(0);

	for (;;) {
		make_room();
		int n = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);

		for (int i = 0, run; i < n; i += run) {
			run = run_length(i, n);
			reply(fd, i, run);
		}
	}
}
