/* SPDX-License-Identifier: MIT */
/*
 * The inside of meaning: a table of calls in meaning.c, whose sentences come
 * from meaning-call.c and meaning-bytes.c; what an error means for the one who
 * meets it is in meaning-error.c.
 */
#ifndef EYE_MEANING_INNER_H
#define EYE_MEANING_INNER_H

#include <stdbool.h>

#include "meaning.h"
#include "story.h"
#include "words.h"

struct meaning {
	const struct row *row;
	const struct event *e;          /* never NULL */
	const struct story_socket *s;   /* may be NULL */
	char *out;
};

typedef void meaning_tells(const struct meaning *m);

/* Add to the sentences. */
__attribute__((format(printf, 2, 3))) void meaning_say(const struct meaning *m, const char *format, ...);

/* The socket's kind and family: of the socket, or as the record has it. */
bool meaning_stream(const struct meaning *m);
bool meaning_datagrams(const struct meaning *m);
bool meaning_internet(const struct meaning *m);
bool meaning_tcp(const struct meaning *m);

/* Adds how long it waited, where that was long. */
void meaning_waited(const struct meaning *m, const char *what);

/* Calls that did well. */
meaning_tells meaning_socket, meaning_socketpair, meaning_bind, meaning_listen, meaning_accept, meaning_connect,
	meaning_shutdown, meaning_close, meaning_dup, meaning_fcntl, meaning_setsockopt, meaning_getsockopt,
	meaning_getsockname, meaning_getpeername, meaning_poll, meaning_lookup, meaning_reverse, meaning_fork,
	meaning_exit;
meaning_tells meaning_send, meaning_receive, meaning_sendfile;

/* What waits: at its entry. */
meaning_tells meaning_wait;

/* What failed. */
meaning_tells meaning_error;

#endif
