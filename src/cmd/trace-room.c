/* SPDX-License-Identifier: MIT */
/*
 * Folders for tapes. Their reader holds a lock, which ends with his life: a
 * folder without one was left by a tracer that was killed, and the next run
 * of the same user clears it away. Programs that still write there keep what
 * they have mapped, and never notice.
 */
#include "trace-room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_NAME "sockeye-trace-"

enum { OPEN = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, TRIES = 10 };

static int fail(char why[ROOM_WHY], const char *path, int err)
{
	snprintf(why, ROOM_WHY, "no folder for records: %s: %s", path, strerrordesc_np(err));
	return -err;
}

DIR *room_list(int folder)
{
	int fd = openat(folder, ".", OPEN);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

/* -- Clearing away ------------------------------------------------------------------------ */

static void empty(int folder)
{
	DIR *dir = room_list(folder);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(folder, entry->d_name, 0);
	closedir(dir);
}

static bool is_mine(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 07777) == 0700;
}

static void sweep_one(int parent, const char *name)
{
	int fd = openat(parent, name, OPEN);

	if (fd < 0)
		return;
	if (is_mine(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		empty(fd);
		unlinkat(parent, name, AT_REMOVEDIR);
	}
	close(fd);
}

static void sweep(const char *parent)
{
	DIR *dir = opendir(parent);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, RUN_NAME, sizeof RUN_NAME - 1) == 0)
			sweep_one(dirfd(dir), entry->d_name);
	closedir(dir);
}

/* -- Making ------------------------------------------------------------------------------- */

static bool is_gone(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || st.st_nlink == 0;
}

/* Until it is locked it looks abandoned, and another run may clear it away: -EAGAIN. */
static int try_in(struct room *r, const char *parent)
{
	int n = snprintf(r->path, sizeof r->path, "%s/" RUN_NAME "XXXXXX", parent);

	if (n >= (int)sizeof r->path)
		return -ENAMETOOLONG;
	if (!mkdtemp(r->path))
		return -errno;
	r->fd = open(r->path, OPEN);
	if (r->fd < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	if (flock(r->fd, LOCK_EX | LOCK_NB) == 0 && !is_gone(r->fd))
		return 0;
	room_remove(r);
	return -EAGAIN;
}

static int make_in(struct room *r, const char *parent)
{
	int err = -EAGAIN;

	for (int i = 0; i < TRIES && err == -EAGAIN; i++)
		err = try_in(r, parent);
	return err;
}

int room_make(struct room *r, char why[ROOM_WHY])
{
	const char *own = getenv("XDG_RUNTIME_DIR");
	const char *parents[] = { "/dev/shm", own && *own == '/' ? own : "/tmp", "/tmp" };
	int err = 0;

	for (size_t i = 0; i < sizeof parents / sizeof *parents; i++) {
		r->fd = -1;
		err = make_in(r, parents[i]);
		if (err)
			continue;
		sweep(parents[i]);
		return 0;
	}
	return fail(why, "/dev/shm, /tmp", -err);
}

int room_fixed(struct room *r, char why[ROOM_WHY])
{
	snprintf(r->path, sizeof r->path, "/dev/shm/sockeye-%u", (unsigned)geteuid());
	r->fd = -1;
	if (mkdir(r->path, 0700) < 0 && errno != EEXIST)
		return fail(why, r->path, errno);
	r->fd = open(r->path, OPEN);
	if (r->fd < 0)
		return fail(why, r->path, errno);
	if (is_mine(r->fd))
		return 0;
	room_leave(r);
	snprintf(why, ROOM_WHY, "no folder for records: %s is not a folder of your own with mode 0700", r->path);
	return -EPERM;
}

bool room_lock(struct room *r)
{
	return flock(r->fd, LOCK_EX | LOCK_NB) == 0;
}

void room_leave(struct room *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

void room_remove(struct room *r)
{
	if (r->fd >= 0)
		empty(r->fd);
	room_leave(r);
	rmdir(r->path);
}
