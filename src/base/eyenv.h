/* SPDX-License-Identifier: MIT */
/*
 * What the command tells the shim that it loads into programs, in one
 * environment variable: pairs of key and value, a comma between them, the
 * folder last since it takes all the rest.
 *
 *	SOCKEYE_EYE=pid=4711,payload=64,room=8388608,dir=/dev/shm/sockeye-1
 *
 *	pid      watch only the process with this number, whatever it executes; 0: every one
 *	payload  bytes of each call that are kept; or all
 *	room     size of a tape in bytes
 *	dir      where tapes are made, an absolute path; each is named PID-TIME, TIME in hexadecimal
 */
#ifndef BASE_EYENV_H
#define BASE_EYENV_H

#include <stddef.h>
#include <stdint.h>

#define EYENV_NAME "SOCKEYE_EYE"

enum { EYENV_PAYLOAD = 64, EYENV_ROOM = 8 << 20 };

struct eyenv {
	int32_t pid;            /* 0: every process */
	size_t payload;         /* SIZE_MAX: all */
	size_t room;
	const char *dir;
};

/* Read the variable's value; what it does not name gets its default. dir points into text. Returns 0 or -EINVAL. */
int eyenv_parse(struct eyenv *env, const char *text);

/* Write the value. Returns its length, or 0 when it does not fit. */
size_t eyenv_print(char *out, size_t room, const struct eyenv *env);

#endif
