/* SPDX-License-Identifier: MIT */
/* A socket's failure as a person is told it: the library's sentence, and below it what to do next. */
#ifndef CMD_FAIL_H
#define CMD_FAIL_H

#include <sockeye.h>

#include "verb.h"

enum {
	FAIL_NEXT = 600,
	FAIL_DATAGRAM = 1024 * 1024     /* room for the longest that anybody can send here without privilege */
};

/*
 * The next step after the failure of a socket that was to be at, or to call,
 * where (as it was written): in next or a constant; NULL when the sentence says
 * it already, or nothing is known.
 */
const char *fail_next(const struct sock *s, const char *where, char next[FAIL_NEXT]);

/* Tell it in two lines. Returns the exit code. */
int fail_tell(const struct verb *verb, const struct sock *s, const char *where);

/* What was just read is a part of a datagram: make that the socket's sentence. Returns -1. */
int fail_cut(struct sock *s);

/* Tell a failure of "stdin" or "stdout"; silent where a reader has gone (EPIPE). */
int fail_stream(const struct verb *verb, const char *stream, int err);

#endif
