/* SPDX-License-Identifier: MIT */
/*
 * A tape: event records on their way from a watched process to whoever draws
 * them, in a file that both have mapped. Any thread of the process and of its
 * forked children writes; one reader reads. A writer never waits: on a full
 * tape the record is dropped and counted. Neither end trusts the other: a
 * writer that dies in the middle of a record, or scribbles, costs records,
 * never the reader's life.
 *
 *	struct tape *t = tape_create("/dev/shm/x/4711", 8 << 20);
 *	tape_write(t, &event, 64);
 *
 *	struct tape *t = tape_open("/dev/shm/x/4711");
 *	while (tape_read(t, &event))
 *		draw(&event);
 */
#ifndef BASE_TAPE_H
#define BASE_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "pack.h"

struct tape;

enum {
	TAPE_TEXT = PACK_TEXT,                  /* bytes of an event's text that are kept */
	TAPE_LEAST = 1 << 16,                   /* room of a tape, in bytes */
	TAPE_MOST = 1 << 30
};

/*
 * Make the file, mode 0600, which must not exist, and map it; room is rounded
 * up to a power of two within the bounds above. No descriptor stays open. NULL
 * and errno when it cannot be done.
 */
struct tape *tape_create(const char *path, size_t room);

/*
 * Append a record with the first bytes of its payload, at most payload and at
 * most a quarter of the tape. Returns whether it found room. Takes no lock,
 * allocates nothing, keeps errno: for signal handlers too.
 */
bool tape_write(struct tape *t, const struct event *e, size_t payload);

/* Map an existing tape to read it. NULL and errno: EPROTO when it is none. */
struct tape *tape_open(const char *path);

/*
 * Take the next record. Its payload (at most its moved bytes: iov, or NULL) and
 * its text stay valid until the next call on this tape. False: there is none
 * now. A record that its writer never finished is passed over once abandoned
 * is set, which says that no writer lives any more.
 */
bool tape_read(struct tape *t, struct event *e, bool abandoned);

/* Is so much of it taken, a quarter, that the reader had better hurry? */
bool tape_is_crowded(const struct tape *t);

/* Records that found no room, or could not be read. */
uint64_t tape_lost(const struct tape *t);

/* Unmap it. The file stays. NULL is allowed. */
void tape_close(struct tape *t);

#endif
