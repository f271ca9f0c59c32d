/* SPDX-License-Identifier: MIT */
/*
 * The story: event records in, rows of the ladder out. It knows which socket
 * is the other end of which, which send's bytes a receive got, and what the
 * kernel must have done in between. Records come in the order of time:
 * order.h sees to that.
 *
 *	struct story *s = story_new(&(struct story_options){ .kernel = true }, draw, &ladder);
 *	while (next(&event))
 *		story_event(s, &event);
 *	story_end(s);
 *	story_free(s);
 */
#ifndef EYE_STORY_H
#define EYE_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include "row.h"

/* A column of the ladder: a program, or whoever is at the other end and not watched. */
struct story_lane {
	char name[64];          /* "server.py"; of a stranger its address */
	int32_t pid;            /* its first process; 0: a stranger */
	int processes;          /* forked children live in their parent's lane */
	int clients;            /* programs of one name that share it; each is told by its port */
	bool stranger;
	bool ended;
};

/* Everything known of a socket. Peer: the other end where it is watched, else NULL. */
struct story_socket {
	uint64_t cookie;
	uint32_t number;                /* from 1, in the order in which they were seen */
	int lane;
	int32_t pid, fd;                /* who used it last */
	uint16_t family, type;
	int32_t proto;
	struct event_addr local, peer_addr;
	struct story_socket *peer;
	struct story_socket *listener;  /* of an accepted socket */
	bool listening, connected, accepted, bound;
	bool closed, shut_out;          /* closed by everybody; FIN sent by shutdown */
	bool got_end;                   /* a receive has returned 0 */
	bool refused, reset;
	bool reuse;                     /* SO_REUSEADDR was set when it was bound */
	int32_t backlog;                /* of a listener */
	uint32_t waiting;               /* of a listener: connected and not accepted */
	uint32_t accepts;
	int holders;                    /* descriptors, over all processes */
	uint64_t in, out;               /* bytes of payload */
	uint64_t calls_in, calls_out;   /* calls that moved some */
	uint64_t opened_call;           /* the number of the call that made it */
	const char *made_by;            /* its program's name */
	int64_t time_opened, time_closed;
	int64_t first_end;              /* when its FIN went out; 0: not yet */
};

struct story_options {
	bool kernel;            /* tell what the kernel did, too */
	bool all;               /* nothing is minor: see row.h */
	const struct event_addr *follow;        /* tell only of sockets that have this address; NULL: all */
	int lanes;              /* at most; clients of one name share a lane beyond that; 0: 8 */
};

struct story *story_new(const struct story_options *o, row_sink *sink, void *to);
void story_free(struct story *s);

/* The next record. */
void story_event(struct story *s, const struct event *e);

/* Nothing came for a while: what waits is told as waiting. */
void story_idle(struct story *s);

/* No more will come: datagrams under way are lost, what waits did so until the end. */
void story_end(struct story *s);

/* Has the call with this number been told as waiting, and not returned? */
bool story_is_open(const struct story *s, uint32_t call);

/* The lanes so far, and the sockets; they stay the story's. */
const struct story_lane *story_lanes(const struct story *s, int *n);
const struct story_socket *story_socket_at(const struct story *s, uint32_t number);
uint32_t story_sockets(const struct story *s);

/* Name a lane before its first record comes: the program with this pid. */
void story_name(struct story *s, int32_t pid, const char *name);

#endif
