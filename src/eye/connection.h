/* SPDX-License-Identifier: MIT */
/*
 * The TCP connections that segments.c tells of: which one a record is about,
 * and which descriptors of which processes hold each end of it open.
 */
#ifndef EYE_CONNECTION_H
#define EYE_CONNECTION_H

#include "packet.h"

struct holder {
	int32_t pid, fd;
};

/* One end. Places in the stream count from 0, without SYN and FIN. */
struct side {
	struct packet_end at;
	uint64_t cookie;
	uint32_t first;                 /* the number of its SYN */
	uint64_t sent;                  /* bytes that packets have told */
	uint64_t read;                  /* of the other's bytes, by calls of this end */
	uint64_t acked;                 /* of the other's bytes and FIN */
	bool watched;                   /* calls of this end are told */
	bool tells;                     /* its sends are told: nothing it has sent is still to come */
	bool ending;                    /* its FIN is due, behind bytes that may be told by the other end */
	bool fin, closed;
	struct holder *holders;
	size_t holders_n, holders_room;
};

enum stage { STAGE_NEW, STAGE_SYN, STAGE_OPEN, STAGE_OVER };

struct connection {
	struct connection *next;
	struct side side[2];            /* the first called the second */
	enum stage stage;
	int64_t last;                   /* when it was asked for last */
};

struct connections;

struct connections *connection_table(void);
void connection_table_free(struct connections *t);

/*
 * The connection of a record, made when it is new, and in *own which of its
 * sides made the call. NULL: the record is about none, or there is no memory.
 */
struct connection *connection_of(struct connections *t, const struct event *e, int64_t now, int *own);

/* The one of a failed call whose record has no peer any more; NULL: none. */
struct connection *connection_by_cookie(struct connections *t, uint64_t cookie, int *own);

/* A descriptor of a process holds the side open, holds it no more (-1: none of them). False: no memory. */
bool connection_hold(struct side *s, int32_t pid, int32_t fd);
void connection_drop(struct side *s, int32_t pid, int32_t fd);

/* A child has all that its parent holds. False: no memory. */
bool connection_fork(struct connections *t, int32_t parent, int32_t child);

/* For each side of each connection. */
typedef void connection_fn(void *to, struct connection *c, int own, const struct event *e);
void connection_each(struct connections *t, connection_fn *call, void *to, const struct event *e);

#endif
