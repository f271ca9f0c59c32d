/* SPDX-License-Identifier: MIT */
/*
 * The folder in which the tapes lie: in memory, and for its owner alone. One
 * of a run has a name of its own and goes with it; the one of a shell, for
 * programs that are started by hand, is always at the same place.
 */
#ifndef CMD_TRACE_ROOM_H
#define CMD_TRACE_ROOM_H

#include <dirent.h>
#include <stdbool.h>

enum { ROOM_PATH = 256, ROOM_WHY = 512 };

struct room {
	char path[ROOM_PATH];
	int fd;                 /* open and locked while somebody reads here; -1: none */
};

/*
 * A new folder for one run; what runs that were killed left behind is removed.
 * Returns 0, or a negative errno and a sentence in why.
 */
int room_make(struct room *r, char why[ROOM_WHY]);

/* The user's own one, made if it is not there, and nobody else's. The same. */
int room_fixed(struct room *r, char why[ROOM_WHY]);

/* Be its only reader. Returns whether nobody else is. */
bool room_lock(struct room *r);

/* Remove what is in it and the folder itself. */
void room_remove(struct room *r);

/* Let go of it, and leave it there. */
void room_leave(struct room *r);

/* What is in a folder, from the first, for closedir; the folder stays open. NULL: it cannot be read. */
DIR *room_list(int folder);

#endif
