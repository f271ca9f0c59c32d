/* SPDX-License-Identifier: MIT */
/*
 * What a received message says of the descriptors in it. Those who watch a
 * program look at them where they arrive; fds.c of the library takes them.
 */
#include "passed.h"

#include <string.h>

void passed_each(const struct msghdr *m, void (*take)(void *to, int fd), void *to)
{
	struct msghdr copy = *m;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&copy); c; c = CMSG_NXTHDR(&copy, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len; at += sizeof(int)) {
			int fd;

			memcpy(&fd, (char *)c + at, sizeof fd);
			take(to, fd);
		}
	}
}
