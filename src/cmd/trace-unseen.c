/* SPDX-License-Identifier: MIT */
/*
 * Reasons, from a program's file, and while it lives from its descriptors: a
 * socket that no record has ever named was opened by another way than libc's
 * calls. Sockets that it began with, as a service has them for its standard
 * streams, are no sign of anything.
 */
#include "trace-unseen.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../base/clock.h"
#include "elf-read.h"
#include "trace-silent.h"

enum { PATH = 4096, LINK = 64, SCRIPTS = 4, FIRST_MS = 50, OFTEN_MS = 1000 };

static void because(struct unseen *u, const char *reason, const char *next)
{
	if (u->reason)
		return;
	u->reason = reason;
	u->next = next;
}

/* -- Its file ----------------------------------------------------------------------------- */

/* As execvp(3) finds it. */
static int open_word(const char *word)
{
	const char *at = getenv("PATH");
	char path[PATH];

	if (strchr(word, '/'))
		return open(word, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	for (at = at ? at : "/bin:/usr/bin"; ; at++) {
		int n = (int)strcspn(at, ":"), fd;

		snprintf(path, sizeof path, "%.*s%s%s", n, at, n ? "/" : "", word);
		fd = access(path, X_OK) == 0 ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
		at += n;
		if (fd >= 0 || !*at)
			return fd;
	}
}

static bool has_privilege(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	if (((st.st_mode & S_ISUID) && st.st_uid != getuid()) ||
	    ((st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) && st.st_gid != getgid()))
		return true;
	return geteuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

static bool is_foreign(const struct elf *e)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct elf own;

	if (fd < 0)
		return false;
	elf_read(&own, fd);
	close(fd);
	return own.is_elf && !elf_match(&own, e);
}

static void judge(struct unseen *u, const struct elf *e, int fd)
{
	if (has_privilege(fd))
		because(u, "it runs with more rights than you have, and the dynamic linker then loads nothing for you",
		        "run it as the user whose rights it takes, or watch the other end of its connections");
	else if (e->is_elf && is_foreign(e))
		because(u, "it is made for another architecture than this sockeye",
		        "use a sockeye of the same architecture");
	else if (e->is_go)
		because(u, "it is a Go program: its sockets are Go's own, not libc's",
		        "watch it from outside: sockeye trace --ptrace");
	else if (e->is_elf && !e->is_linked)
		because(u, "it is linked statically: no library can be loaded in front of libc",
		        "watch it from outside: sockeye trace --ptrace; or link it without -static");
	u->image = u->reason != NULL;
}

/* A script's interpreter is what runs. */
static void look_at_file(struct unseen *u, int fd)
{
	struct elf e;

	for (int i = 0; fd >= 0 && i < SCRIPTS; i++) {
		elf_read(&e, fd);
		if (!e.is_script) {
			judge(u, &e, fd);
			break;
		}
		close(fd);
		fd = *e.interpreter ? open(e.interpreter, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	}
	if (fd >= 0)
		close(fd);
}

void unseen_begin(struct unseen *u, pid_t pid, const char *word, bool alone)
{
	*u = (struct unseen){ .pid = pid, .wait = FIRST_MS * CLOCK_MS, .alone = alone, .of = "" };
	u->due = clock_now() + u->wait;
	look_at_file(u, open_word(word));
}

/* -- Its records -------------------------------------------------------------------------- */

static void mark(unsigned char *bits, int fd, bool set)
{
	if (fd >= 0 && fd < UNSEEN_FDS)
		bits[fd / 8] = (unsigned char)((bits[fd / 8] & ~(1 << fd % 8)) | set << fd % 8);
}

static bool is_marked(const unsigned char *bits, int fd)
{
	return fd >= UNSEEN_FDS || bits[fd / 8] >> fd % 8 & 1;
}

static bool is_about_bytes(const struct event *e)
{
	return e->call >= EVENT_SEND && e->call <= EVENT_READV;
}

/* A descriptor that is new, or closed, begins anew. */
void unseen_event(struct unseen *u, const struct event *e)
{
	u->records += e->call != EVENT_EXIT && e->call != EVENT_FORK;
	mark(u->known, e->fd, true);
	if (is_about_bytes(e) || e->call == EVENT_SOCKET || e->call == EVENT_CLOSE)
		mark(u->moved, e->fd, is_about_bytes(e));
	if (e->other < 0 || e->call == EVENT_FORK)
		return;
	mark(u->known, e->other, true);
	mark(u->moved, e->other, e->call != EVENT_ACCEPT);
}

/* -- Its descriptors ---------------------------------------------------------------------- */

/* Its record may be on its way: only what is seen twice, with the records read in between, is a sign. */
static bool is_confirmed(struct unseen *u, int fd, unsigned long inode)
{
	if (u->strange_fd == fd && u->strange == inode)
		return true;
	if (!u->found) {
		u->found = inode;
		u->found_fd = fd;
	}
	return false;
}

/* What there was to see: sockets without a record, connections without a byte, and a ring. */
struct signs {
	bool strange, silent, ring, parent;
};

static void look_at_one(struct unseen *u, int folder, const char *name, struct signs *s)
{
	long fd = strtol(name, NULL, 10);
	unsigned long inode;
	char link[LINK];
	ssize_t n = readlinkat(folder, name, link, sizeof link - 1);

	if (n < 0 || fd > INT_MAX)
		return;
	link[n] = '\0';
	s->ring |= strcmp(link, "anon_inode:[io_uring]") == 0;
	if (fd <= STDERR_FILENO || sscanf(link, "socket:[%lu]", &inode) != 1)
		return;
	if (!is_marked(u->known, (int)fd))
		s->strange |= is_confirmed(u, (int)fd, inode);
	else if (!s->parent && !is_marked(u->moved, (int)fd) && silent_has_moved(u->pid, (int)fd))
		s->silent |= is_confirmed(u, (int)fd, inode);
}

static void look_at_each(struct unseen *u, struct signs *s)
{
	struct dirent *entry;
	char path[LINK];
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", u->pid);
	dir = opendir(path);
	if (!dir)
		return;
	u->found = 0;
	while ((entry = readdir(dir)) != NULL)
		look_at_one(u, dirfd(dir), entry->d_name, s);
	closedir(dir);
	u->strange = u->found;
	u->strange_fd = u->found_fd;
}

static int first_child(pid_t pid)
{
	char path[LINK];
	int child = 0;
	FILE *list;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
	list = fopen(path, "re");
	if (list && fscanf(list, "%d", &child) != 1)
		child = 0;
	if (list)
		fclose(list);
	return child;
}

/* The connections of a parent may be its children's business. */
static void look_at_descriptors(struct unseen *u)
{
	struct signs s = { .parent = first_child(u->pid) != 0 };

	look_at_each(u, &s);
	if ((s.strange || s.silent) && s.ring)
		because(u, "io_uring moves its bytes: the kernel is asked without libc's calls",
		        "turn io_uring off in it, where it can be, or watch the other end of its connections");
	else if (s.silent)
		because(u, "its connection moves bytes by stdio, as fdopen(3) has it, inside libc",
		        "watch it from outside: sockeye trace --ptrace; or use send and recv in it");
	else if (s.strange)
		because(u, "it has sockets that libc's calls did not open: perhaps a library asks the kernel itself",
		        "watch it from outside: sockeye trace --ptrace");
}

/* What runs now may have been started by what was started first. */
static void look_at_image(struct unseen *u)
{
	char path[LINK];

	snprintf(path, sizeof path, "/proc/%d/exe", u->pid);
	look_at_file(u, open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

static bool has_sockets(pid_t pid)
{
	struct dirent *entry;
	bool found = false;
	char path[LINK];
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)) != NULL) {
		char link[LINK];
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof link);

		found = n > 7 && memcmp(link, "socket:", 7) == 0 && strtol(entry->d_name, NULL, 10) > STDERR_FILENO;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* A server that forks, and a shell that starts one, do nothing by themselves. */
static void look_at_children(struct unseen *u)
{
	int child = first_child(u->pid);

	if (!child || !has_sockets(child))
		return;
	u->of = "the children of ";
	because(u, "they are not watched", "-f watches them, too");
}

static bool tell(struct unseen *u)
{
	bool now = u->reason && !u->told;

	u->told |= now;
	return now;
}

/* Often at first, for many a program is short; then every second. */
bool unseen_look(struct unseen *u, int64_t now)
{
	if (u->told || now < u->due)
		return false;
	u->wait = u->wait < OFTEN_MS * CLOCK_MS / 2 ? 2 * u->wait : OFTEN_MS * CLOCK_MS;
	u->due = now + u->wait;
	if (!u->records)
		look_at_image(u);
	if (!u->reason)
		look_at_descriptors(u);
	if (!u->reason && u->alone)
		look_at_children(u);
	return tell(u);
}

bool unseen_end(struct unseen *u)
{
	return u->records == 0 && tell(u);
}
