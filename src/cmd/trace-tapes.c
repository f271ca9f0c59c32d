/* SPDX-License-Identifier: MIT */
/*
 * Tapes, read in turn. From each only so many records are taken at once, lest
 * a fast writer keeps the others waiting; how far all have been read is told,
 * so that nothing is drawn too early.
 */
#include "trace-tapes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/tape.h"
#include "trace-room.h"

enum { AT_ONCE = 1024, PATH = 320, NAME = 64, OFTEN_MS = 100 };

struct tapes_one {
	char name[NAME];
	struct tape *tape;              /* NULL: it is none, or not whole yet */
	pid_t *pids;                    /* who may write on it, its maker first */
	size_t count;
	bool abandoned;                 /* nobody lives who could */
};

void tapes_begin(struct tapes *t, int folder, void (*take)(void *to, const struct event *e), void *to)
{
	*t = (struct tapes){ .folder = folder, .take = take, .to = to };
}

/* -- Who writes --------------------------------------------------------------------------- */

static pid_t maker_of(const char *name)
{
	char *end;
	long pid = strtol(name, &end, 10);

	return end != name && pid > 0 && pid < INT32_MAX ? (pid_t)pid : 0;
}

/* A process that nobody has waited for yet writes no more. */
static bool is_alive(pid_t pid)
{
	char path[32], text[512];
	const char *state;
	ssize_t n;
	int fd;

	if (kill(pid, 0) < 0 && errno == ESRCH)
		return false;
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno != ENOENT;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	state = strrchr(text, ')');
	return !state || (state[1] && state[2] != 'Z' && state[2] != 'X');
}

static void add_writer(struct tapes_one *one, pid_t pid)
{
	pid_t *more;

	for (size_t i = 0; i < one->count; i++)
		if (one->pids[i] == pid)
			return;
	more = realloc(one->pids, (one->count + 1) * sizeof *more);
	if (!more)
		return;
	one->pids = more;
	one->pids[one->count++] = pid;
}

/* Forget the dead. Their order does not matter. */
static void count_writers(struct tapes_one *one)
{
	for (size_t i = 0; i < one->count;)
		if (is_alive(one->pids[i]))
			i++;
		else
			one->pids[i] = one->pids[--one->count];
	one->abandoned = one->count == 0;
}

void tapes_dead(struct tapes *t, pid_t pid)
{
	for (size_t n = 0; n < t->n; n++)
		for (size_t i = 0; i < t->each[n].count; i++)
			if (t->each[n].pids[i] == pid)
				count_writers(&t->each[n]);
}

/* -- Which there are ---------------------------------------------------------------------- */

static bool is_known(const struct tapes *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->each[i].name, name) == 0)
			return true;
	return false;
}

static void add(struct tapes *t, const char *name)
{
	struct tapes_one *one;

	if (t->n == t->room) {
		size_t room = 2 * t->room + 8;
		struct tapes_one *more = realloc(t->each, room * sizeof *more);

		if (!more)
			return;
		t->each = more;
		t->room = room;
	}
	one = &t->each[t->n++];
	*one = (struct tapes_one){ .tape = NULL };
	snprintf(one->name, sizeof one->name, "%s", name);
	add_writer(one, maker_of(name));
}

/* Through a descriptor, for a folder may be moved but not exchanged then. */
static void open_one(struct tapes *t, struct tapes_one *one)
{
	char path[PATH];

	snprintf(path, sizeof path, "/proc/self/fd/%d/%s", t->folder, one->name);
	one->tape = tape_open(path);
}

static void look(struct tapes *t)
{
	DIR *dir = room_list(t->folder);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (maker_of(entry->d_name) && strlen(entry->d_name) < NAME && !is_known(t, entry->d_name))
			add(t, entry->d_name);
	closedir(dir);
	for (size_t i = 0; i < t->n; i++)
		if (!t->each[i].tape)
			open_one(t, &t->each[i]);
}

void tapes_clean(int folder)
{
	DIR *dir = room_list(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL)
		if (maker_of(entry->d_name) && !is_alive(maker_of(entry->d_name)))
			unlinkat(folder, entry->d_name, 0);
	if (dir)
		closedir(dir);
}

/* -- Reading ------------------------------------------------------------------------------ */

/* Returns how many; at most AT_ONCE, and then at is when the last one was written. */
static size_t read_one(struct tapes *t, struct tapes_one *one, int64_t *at)
{
	bool abandoned = one->abandoned;
	struct event e;
	size_t n = 0;

	while (n < AT_ONCE && tape_read(one->tape, &e, abandoned)) {
		n++;
		if (e.call == EVENT_FORK && e.other > 0)
			add_writer(one, e.other);
		t->take(t->to, &e);
	}
	if (n == AT_ONCE && e.time < *at)
		*at = e.time;
	if (abandoned && one->count)
		count_writers(one);             /* it has told of children who may still live */
	return n;
}

static void forget(struct tapes *t, size_t i)
{
	struct tapes_one *one = &t->each[i];

	if (one->tape)
		t->lost += tape_lost(one->tape);
	tape_close(one->tape);
	free(one->pids);
	unlinkat(t->folder, one->name, 0);
	*one = t->each[--t->n];
}

/* Which of them are over. */
static void count(struct tapes *t, int64_t now)
{
	t->looked = now;
	for (size_t i = 0; i < t->n; i++)
		if (!t->each[i].abandoned)
			count_writers(&t->each[i]);
}

size_t tapes_read(struct tapes *t, int64_t now, int64_t *at)
{
	size_t total = 0;

	*at = now;
	look(t);
	for (size_t i = 0; i < t->n;) {
		struct tapes_one *one = &t->each[i];
		bool over = one->abandoned;
		size_t n = one->tape ? read_one(t, one, at) : 0;

		total += n;
		if (over && one->abandoned && n < AT_ONCE)
			forget(t, i);
		else
			i++;
	}
	if (now - t->looked >= OFTEN_MS * CLOCK_MS)
		count(t, now);
	return total;
}

/* A writer who goes on for ever is not waited for. */
void tapes_settle(struct tapes *t)
{
	int64_t now = clock_now(), at = 0;

	look(t);
	count(t, now);
	for (int64_t until = now; at < until; now = clock_now())
		if (!tapes_read(t, now, &at))
			break;
}

bool tapes_are_crowded(const struct tapes *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->each[i].tape && tape_is_crowded(t->each[i].tape))
			return true;
	return false;
}

uint64_t tapes_lost(const struct tapes *t)
{
	uint64_t lost = t->lost;

	for (size_t i = 0; i < t->n; i++)
		if (t->each[i].tape)
			lost += tape_lost(t->each[i].tape);
	return lost;
}

void tapes_end(struct tapes *t)
{
	for (size_t i = 0; i < t->n; i++) {
		tape_close(t->each[i].tape);
		free(t->each[i].pids);
	}
	free(t->each);
	t->each = NULL;
	t->n = t->room = 0;
}
