/* SPDX-License-Identifier: MIT */
/*
 * All tapes of a folder: found as they appear, read in turn, and forgotten
 * when nobody is left who could write on them. A file is named by the process
 * that made it, 4711 or 4711-anything; its forked children write there too.
 */
#ifndef CMD_TRACE_TAPES_H
#define CMD_TRACE_TAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/event.h"

struct tapes_one;

struct tapes {
	int folder;                     /* a descriptor; not ours */
	struct tapes_one *each;
	size_t n, room;
	uint64_t lost;                  /* on tapes that are closed already */
	int64_t looked;                 /* when the living were last counted */
	void (*take)(void *to, const struct event *e);
	void *to;
};

void tapes_begin(struct tapes *t, int folder, void (*take)(void *to, const struct event *e), void *to);

/*
 * Look for new tapes, and give each record that is there to take. Until then
 * nothing is missing any more: at is now, or earlier where much is left to be
 * read. Returns how many there were.
 */
size_t tapes_read(struct tapes *t, int64_t now, int64_t *at);

/* A process has ended: what it left unfinished is passed over from now on. */
void tapes_dead(struct tapes *t, pid_t pid);

/* Read what is there now to its end, and forget those whose writers have all ended. */
void tapes_settle(struct tapes *t);

/* Does a writer have to fear for room soon? */
bool tapes_are_crowded(const struct tapes *t);

/* Records that found no room. */
uint64_t tapes_lost(const struct tapes *t);

/* Close them all. */
void tapes_end(struct tapes *t);

/* Remove the files of a folder whose makers live no more. */
void tapes_clean(int folder);

#endif
