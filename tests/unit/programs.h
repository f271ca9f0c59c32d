/* SPDX-License-Identifier: MIT */
/*
 * Real programs for the tests of the story: children, each with the
 * library's records on a tape of its own, and what became of them in order.
 */
#ifndef UNIT_PROGRAMS_H
#define UNIT_PROGRAMS_H

#include <errno.h>
#include <sockeye.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/tape.h"
#include "eye/order.h"

enum { PROGRAMS_MOST = 8, PROGRAMS_ROOM = 1 << 22 };

static struct tape *program_tape;

static void program_record(const struct event *e)
{
	tape_write(program_tape, e, 64);
}

/* A program: its actions with the sockets it needs, told whom to signal when it is ready. */
struct program {
	const char *name;
	void (*run)(int ready);         /* writes a byte to ready when the next may start */
};

static inline void program_exit(void)
{
	struct event e;

	event_init(&e, EVENT_EXIT, EVENT_RETURN);
	program_record(&e);
	_exit(0);
}

static inline pid_t program_start(const struct program *p, const char *path)
{
	int ready[2];
	char byte;

	if (pipe(ready) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		close(ready[0]);
		program_invocation_short_name = (char *)p->name;
		program_tape = tape_create(path, PROGRAMS_ROOM);
		event_watch(program_record);
		p->run(ready[1]);
		program_exit();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) < 0)
		perror("read");
	close(ready[0]);
	return pid;
}

/* Run them and give their records, in order, to take. */
static inline void program_play(const struct program *programs, int n,
                              void (*take)(void *to, const struct event *e), void *to)
{
	char dir[] = "/tmp/sockeye-programs-XXXXXX", path[PROGRAMS_MOST][64];
	struct order *order = order_new();
	const struct event *e;
	struct event record;

	if (!mkdtemp(dir))
		abort();
	for (int i = 0; i < n; i++) {
		snprintf(path[i], sizeof path[i], "%s/%d", dir, i);
		program_start(&programs[i], path[i]);
	}
	while (wait(NULL) > 0)
		;
	for (int i = 0; i < n; i++) {
		struct tape *t = tape_open(path[i]);

		while (tape_read(t, &record, true))
			order_put(order, &record);
		tape_close(t);
		unlink(path[i]);
	}
	rmdir(dir);
	while ((e = order_take(order, INT64_MAX)) != NULL)
		take(to, e);
	order_free(order);
}

#endif
