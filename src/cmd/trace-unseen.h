/* SPDX-License-Identifier: MIT */
/*
 * Why nothing is seen of a program. The eye comes with the dynamic linker and
 * stands between a program and libc; what goes another way passes it by. A
 * drawing that lacks a program without a word would be believed, so the reason
 * is told.
 */
#ifndef CMD_TRACE_UNSEEN_H
#define CMD_TRACE_UNSEEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/event.h"

enum { UNSEEN_FDS = 1024 };

struct unseen {
	pid_t pid;
	int64_t due, wait;              /* when its descriptors are looked at again */
	uint64_t records;
	bool alone;                     /* its children are not watched */
	const char *of;                 /* "", or of whom of it nothing is seen: "the children of " */
	const char *reason, *next;      /* NULL: none is known */
	bool image;                     /* the reason lies in its file: nothing can be seen */
	bool told;
	unsigned long strange, found;   /* inodes of sockets without a record: of the last look, of this one */
	int strange_fd, found_fd;
	unsigned char known[UNSEEN_FDS / 8];    /* descriptors that a record has named */
	unsigned char moved[UNSEEN_FDS / 8];    /* and over which one has told of bytes, or of waiting for some */
};

/* A program has been started from this word of a command line; alone: without its children. */
void unseen_begin(struct unseen *u, pid_t pid, const char *word, bool alone);

/* A record of it. */
void unseen_event(struct unseen *u, const struct event *e);

/* Look at its descriptors, if it is time. Returns whether there is a reason that was not told. */
bool unseen_look(struct unseen *u, int64_t now);

/* It has ended. The same. */
bool unseen_end(struct unseen *u);

#endif
