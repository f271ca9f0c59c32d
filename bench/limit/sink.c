/* SPDX-License-Identifier: MIT */
/*
 * A bare sink: one TCP connection after the other is read and dropped without
 * a copy (MSG_TRUNC). It stands for the least that a receiver can cost.
 */
#include "../plain.h"

#include <stddef.h>
#include <unistd.h>

int main(void)
{
	int listener = plain_listen(0);

	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		while (recv(fd, NULL, 1 << 20, MSG_TRUNC) > 0)
			;
		close(fd);
	}
}
