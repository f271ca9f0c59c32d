/* SPDX-License-Identifier: MIT */
/*
 * How long a server has run: the scheduler's run time of every thread of every
 * process of its session, so that helper threads and forked children count.
 * The generator reads it itself, at the very moments between which it counts
 * messages. What a child did that has ended since is not to be had any more.
 */
#include "load.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void finish(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* A small file of /proc as a string; "" when it is gone. */
static void slurp(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, room - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

/* The fourth field after the name, which may hold anything but is in brackets. */
static long session_of(const char *pid)
{
	char path[64], text[512], *after;
	long session = 0;

	snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
	slurp(path, text, sizeof text);
	after = strrchr(text, ')');
	if (after && sscanf(after + 1, " %*c %*d %*d %ld", &session) != 1)
		session = 0;
	return session;
}

static uint64_t threads_time(const char *pid)
{
	char path[96], text[128];
	uint64_t sum = 0;

	snprintf(path, sizeof path, "/proc/%.20s/task", pid);
	DIR *dir __attribute__((cleanup(finish))) = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof path, "/proc/%.20s/task/%.20s/schedstat", pid, entry->d_name);
		slurp(path, text, sizeof text);
		sum += strtoull(text, NULL, 10);
	}
	return sum;
}

uint64_t cpu_time(long session)
{
	DIR *dir __attribute__((cleanup(finish))) = session ? opendir("/proc") : NULL;
	uint64_t sum = 0;

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		const char *name = entry->d_name;

		if (isdigit((unsigned char)name[0]) && session_of(name) == session)
			sum += threads_time(name);
	}
	return sum;
}
