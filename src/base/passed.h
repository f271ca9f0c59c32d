/* SPDX-License-Identifier: MIT */
/* Descriptors that came with a message. */
#ifndef BASE_PASSED_H
#define BASE_PASSED_H

#include <sys/socket.h>

/* Give each of them to take, in the order in which they were sent. */
void passed_each(const struct msghdr *m, void (*take)(void *to, int fd), void *to);

#endif
