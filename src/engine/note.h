/* SPDX-License-Identifier: MIT */
/*
 * Lines for the operator. Workers put them into a queue of fixed size and
 * never wait; the thread that called engine_run takes them out and says them.
 * What finds no room is counted.
 */
#ifndef ENGINE_NOTE_H
#define ENGINE_NOTE_H

#include <stdarg.h>

#include "core.h"

struct notes *notes_make(void);
void notes_free(struct notes *n);

/* Readable when there is something to take. */
int notes_fd(const struct notes *n);

/* Make notes_fd readable, also with nothing to say. */
void notes_wake(struct notes *n);

/* Hand every line to the plan's say. */
void notes_say(struct engine *e);

/* How many lines found no room. */
uint64_t notes_dropped(struct notes *n);

/* A line, if the plan wants lines of this level. Characters that are not printable are replaced. */
void note_line(struct engine *e, enum engine_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void note_args(struct engine *e, enum engine_level level, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/* A line about a conn, its peer in front. */
void note_conn(struct conn *c, enum engine_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A conn came; it went. */
void note_come(struct conn *c);
void note_go(struct conn *c);

/* The peer's address: the one it came with, or what the kernel still knows. */
void note_peer(const struct conn *c, struct sock_addr *peer);

#endif
