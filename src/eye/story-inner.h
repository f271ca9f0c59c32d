/* SPDX-License-Identifier: MIT */
/*
 * The story's inside, shared by its files: story.c tells calls, story-change.c
 * what they change, story-lane.c knows who, story-socket.c which, story-place.c
 * where, story-stream.c and story-datagram.c whose bytes, story-kernel.c what
 * nobody called.
 */
#ifndef EYE_STORY_INNER_H
#define EYE_STORY_INNER_H

#include "map.h"
#include "story.h"

enum {
	STORY_LANES = 64,
	STORY_TEXT = 400,
	STORY_FLIGHT = 65536,           /* datagrams under way to one socket that are remembered */
	STORY_DONE = 64,                /* and such as have arrived, to know one that comes twice */
	STORY_PIECES = 65536,           /* sends to one socket whose bytes are not known to be received */
	STORY_OPEN = 4096               /* calls that wait at one time */
};

/* A call between its entry and its return. */
struct story_call {
	uint32_t number;
	bool told;                      /* as a row that waits */
	struct event *event;
	struct story_call *before, *after;      /* in the order of entry */
};

/* Bytes of a stream that one send put there, until they are received. */
struct story_piece {
	uint32_t call;
	int lane;
	uint64_t first, end;
	bool open;                      /* the send is still under way: how many is not known yet */
	struct story_piece *before, *next;
};

/* Datagrams in the order in which they left. */
struct story_flight {
	struct story_datagram *first, *last;
	size_t n, done, open;           /* done: arrived, or overtaken; open: their sends have not returned */
};

/* What only the story needs of a socket. The public part comes first. */
struct story_inner {
	struct story_socket is;
	struct story_piece *pieces, *last;      /* sent and not yet received by the peer */
	int open;                               /* how many of them belong to sends that are under way */
	size_t pieces_n;
	struct story_side { int32_t pid; uint64_t shift; } side[2];     /* out, in: who moved last */
	uint32_t urgent_call;                   /* of the last urgent byte sent */
	struct story_inner *queue, *queue_end;  /* of a listener: connected, not accepted */
	struct story_inner *next;               /* in such a queue */
	uint64_t tuple;                         /* under which it is found by its peer; 0 none */
	struct story_flight flight;             /* datagrams on their way here */
	uint64_t place;                         /* under which it can be called; 0 not at all */
	struct story_inner *next_place, *next_closing;
	bool half;                              /* connect was begun, and nothing of its end is known */
	bool bound_itself;                      /* by bind: no implicit bind to tell */
	bool waited;                            /* TIME_WAIT is told */
	uint32_t connect_call;
	int32_t connect_pid;
};

struct story_datagram {
	uint32_t call;
	int lane;
	struct story_inner *from, *receiver;    /* receiver: NULL when nobody is known to be there */
	struct event_addr to;
	uint64_t n, hash;
	bool taken, lost, open;
	struct story_datagram *before, *next;
};

struct story {
	struct story_options o;
	row_sink *sink;
	void *to;
	int64_t start, now;             /* of the clock; and how far the story has come since */
	bool started;
	uint32_t calls;
	struct story_lane lanes[STORY_LANES];
	int lanes_n;
	struct map pids;                /* pid -> lane + 1, as a pointer */
	struct map open;                /* thread -> struct story_call */
	struct story_call *first, *last;
	size_t open_n;
	struct story_inner **sockets;
	uint32_t sockets_n, sockets_room;
	struct map cookies;             /* cookie -> socket */
	struct map fds;                 /* pid, fd -> socket */
	struct map strangers;           /* address -> lane + 1, as a pointer */
	struct map tuples;              /* connection -> socket */
	struct story_flight astray;     /* datagrams to places where nobody is known to be */
	struct map places;              /* port or path -> the latest socket that can be called there */
	struct map left;                /* and the datagram socket that was there last and is closed */
	struct story_inner *closing;    /* closed by the call that is being told */
	int open_connections[STORY_LANES];
};

/* -- story.c ------------------------------------------------------------------------------ */

/* Give a row to the sink; a lane, a time and texts are filled in by the caller. */
void story_tell(struct story *s, const struct row *row);

/* A call is under way no more, and forgotten. */
void story_leave(struct story *s, struct story_call *c);

/* -- story-change.c ----------------------------------------------------------------------- */

/* Before the row of a call, and behind it. */
void story_change(struct story *s, struct story_inner *k, const struct event *e, uint32_t call);
void story_follow_up(struct story *s, struct story_inner *k, const struct event *e);
void story_connected(struct story *s, struct story_inner *k);

/* -- story-lane.c ---------------------------------------------------------------------------- */

int story_lane(struct story *s, const struct event *e);
int story_stranger(struct story *s, const struct event_addr *a, const struct event *e);
void story_fork(struct story *s, const struct event *e);

/* Which of several, for a row's .who. */
const char *story_who(struct story *s, const struct event *e, const struct story_socket *k, char out[24]);

/* -- story-socket.c ------------------------------------------------------------------------------- */

/* The socket that a record is about, made when it is new; NULL: it is about none. */
struct story_inner *story_find(struct story *s, const struct event *e);
struct story_inner *story_at(struct story *s, int32_t pid, int32_t fd);

/* The socket that a call has made at fd: the record says who it is. */
struct story_inner *story_made(struct story *s, const struct event *e, int32_t fd);

/* Take over what a record says of it, and link it to its peer. */
void story_learn(struct story *s, struct story_inner *k, const struct event *e);

/* pid's fd is that socket; NULL: nothing any more. Returns how many hold the one that was there. */
int story_hold(struct story *s, int32_t pid, int32_t fd, struct story_inner *k);
void story_hold_all(struct story *s, int32_t parent, int32_t child);

void story_queue(struct story_inner *listener, struct story_inner *client);
struct story_inner *story_unqueue(struct story_inner *listener, struct story_inner *accepted, int32_t pid);

bool story_is_stream(const struct story_socket *k);

/* Nobody holds it any more; and when that is told, what was under way is over. */
void story_closed(struct story *s, struct story_inner *k);
void story_forget(struct story *s, struct story_inner *k);

/* -- story-place.c ------------------------------------------------------------------------------- */

bool story_addr_matches(const struct event_addr *bound, const struct event_addr *asked);
int story_port(const struct event_addr *a);     /* -1: none */

/* The number of a connection seen from one end; turned round it is the other end's. 0: not known whole. */
uint64_t story_tuple(const struct event_addr *from, const struct event_addr *to);

/* It can be called from now on; no more. Who is there at an address? */
void story_place(struct story *s, struct story_inner *k);
void story_displace(struct story *s, struct story_inner *k);
struct story_inner *story_listener(struct story *s, const struct event_addr *a);
struct story_inner *story_receiver(struct story *s, const struct event_addr *a);

/* The first other one, or the next one behind, that can be called under the same port; NULL: none. */
struct story_inner *story_neighbour(struct story *s, const struct story_inner *k, const struct story_inner *behind);

/* The datagram socket that was at an address last, and is closed. */
struct story_inner *story_was_there(struct story *s, const struct event_addr *a);

/* -- story-stream.c, story-datagram.c -------------------------------------------------------------- */

void story_sent(struct story *s, struct story_inner *k, const struct event *e, uint32_t call, bool open);
void story_sent_away(struct story *s, struct story_inner *k, const struct event *e, struct row *row);
void story_received(struct story *s, struct story_inner *k, const struct event *e, struct row *row);
void story_pieces_free(struct story_inner *k);

/* Before anything is counted: whose turn it is to move bytes. */
void story_turn(struct story_inner *k, const struct event *e);

/* MSG_*, 0 of calls that have none. */
int story_flags(const struct event *e);

void story_datagram_begun(struct story *s, struct story_inner *k, const struct event *e, uint32_t call);
void story_datagram_sent(struct story *s, struct story_inner *k, const struct event *e, struct row *row);
void story_datagram_received(struct story *s, struct story_inner *k, const struct event *e, struct row *row);
void story_datagrams_end(struct story *s);
void story_unreceived(struct story *s, struct story_inner *k);
void story_flight_free(struct story_flight *f);

/* -- story-kernel.c --------------------------------------------------------------------------------- */

/* The segments of a connect as it ended; of one that came from a stranger. */
void story_handshake(struct story *s, struct story_inner *k, const struct event *e);
void story_greeted(struct story *s, struct story_inner *k, const struct event *e);
void story_implicit_bind(struct story_inner *k, const struct event *e, char *result, size_t room);
void story_fin(struct story *s, struct story_inner *k, const struct event *e, bool whole);
void story_unwanted(struct story *s, struct story_inner *k, const struct event *e);

/* An arrow more that ends at a row. */
struct row_arrow *story_arrow(struct row *row, int kind, int from, int to);

#endif
