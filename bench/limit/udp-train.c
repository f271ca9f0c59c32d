/* SPDX-License-Identifier: MIT */
/*
 * A bare UDP echo for clients that send trains: UDP_GRO hands over a whole
 * train at once, UDP_SEGMENT sends it back the same way. The least that a
 * datagram can cost when both ends batch.
 */
#include "../plain.h"

#include <netinet/udp.h>
#include <string.h>
#include <sys/uio.h>

enum { BUFFER = 64 << 10 };

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

/* The length of each datagram of a train that has come; 0: it is a single one. */
static int train_of(struct msghdr *msg)
{
	int size = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
			memcpy(&size, CMSG_DATA(c), sizeof size);
	return size;
}

static void as_train(struct msghdr *msg, union control *control, int size)
{
	uint16_t segment = (uint16_t)size;

	control->head = (struct cmsghdr){ .cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT,
		.cmsg_len = CMSG_LEN(sizeof segment) };
	memcpy(CMSG_DATA(&control->head), &segment, sizeof segment);
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(sizeof segment);
}

int main(void)
{
	static char buffer[BUFFER];
	int fd = plain_datagram(0), one = 1;

	if (setsockopt(fd, SOL_UDP, UDP_GRO, &one, sizeof one) < 0)
		plain_fail("UDP_GRO");
	for (;;) {
		struct sockaddr_in from;
		union control control;
		struct iovec part = { buffer, BUFFER };
		struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof from,
			.msg_iov = &part, .msg_iovlen = 1,
			.msg_control = &control, .msg_controllen = sizeof control };
		ssize_t n = recvmsg(fd, &msg, 0);

		if (n < 0)
			continue;
		int size = train_of(&msg);
		part.iov_len = (size_t)n;
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
		if (size > 0 && size < n)
			as_train(&msg, &control, size);
		sendmsg(fd, &msg, 0);
	}
}
