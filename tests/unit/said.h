/* SPDX-License-Identifier: MIT */
/* What the code under test says on stderr, caught in a file without a name. */
#ifndef SAID_H
#define SAID_H

#include "check.h"

#include <sys/mman.h>

static char said[4096];
static int said_fd, real_stderr;

static inline void listen_in(void)
{
	said_fd = memfd_create("said", MFD_CLOEXEC);
	real_stderr = dup(STDERR_FILENO);
	dup2(said_fd, STDERR_FILENO);
}

static inline void stop_listening(void)
{
	ssize_t n;

	dup2(real_stderr, STDERR_FILENO);
	n = pread(said_fd, said, sizeof said - 1, 0);
	said[n < 0 ? 0 : n] = '\0';
	close(real_stderr);
	close(said_fd);
}

static inline int lines_of(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

#endif
