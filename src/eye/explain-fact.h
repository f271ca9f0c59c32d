/* SPDX-License-Identifier: MIT */
/*
 * What the notes know: the story's sockets, and beside each what its rows have
 * told so far. explain.c asks every kind of note about every row; the kinds
 * are in explain-open.c, explain-bytes.c and explain-close.c, their table is
 * explain-kind.c, the facts are gathered in explain-fact.c.
 */
#ifndef EYE_EXPLAIN_FACT_H
#define EYE_EXPLAIN_FACT_H

#include "explain.h"
#include "words.h"

enum {
	EXPLAIN_KINDS = 40,             /* room for kinds of notes */
	EXPLAIN_TEXT = 900,
	EXPLAIN_SENDS = 1024,           /* sends that are remembered */
	EXPLAIN_PLACES = 256,           /* bound sockets that are remembered */
	EXPLAIN_LANES = 64,
	EXPLAIN_SEEN = 65536            /* bytes of a payload that are looked into */
};

struct explain_fact {
	uint8_t told[EXPLAIN_KINDS];    /* notes, by kind */
	bool known;                     /* a row was about it */
	bool bound;                     /* bind did well */
	bool named;                     /* its implicit bind is behind us */
	bool closed;                    /* close was called, and nobody holds it any more */
	bool gone;                      /* closed, or its program has ended */
	bool spoke_first;               /* bytes went out before any came in */
	bool crossed;
	bool full;                      /* its connect has met a full queue */
	bool alone;                     /* accepted and open, while the other end is gone */
	bool cut_character;             /* what came last ends within a UTF-8 character */
	bool last_was_send;
	bool last_full;                 /* the last receive filled its buffer */
	uint16_t empty_sends;
	uint32_t waits;                 /* the call, a receive, in which it waits; 0 none */
	uint32_t zeros;                 /* receives in a row that returned 0 */
	uint32_t receives;              /* that moved bytes */
	uint32_t alones, closes;        /* of a listener: accepted ones alone, and closed */
	uint32_t newest;                /* of a listener: the one accepted last */
	uint32_t rest_call;             /* of a short send: what it left is .rest */
	uint64_t rest;
	uint64_t last_asked, last_in, last_out;
	uint64_t unread;                /* bytes that had not been received when close was called, or at exit */
	int64_t wait_from, connected, accepted, closed_at, sent_at;
	int64_t time_wait;              /* of a listener: when one of its connections began to lie in TIME_WAIT */
};

struct explain_send {
	uint32_t call;
	uint64_t first, end;
};

/* A row behind which sockets may be gone; the story says so after it. */
struct explain_last {
	bool is;
	struct row row;
	struct event event;
	char who[32];
	uint32_t socket;                /* closed by the call; 0: the program has ended */
};

struct explain {
	struct story *story;
	row_sink *sink;
	void *to;
	struct explain_fact *facts;     /* by the socket's number less one */
	uint32_t facts_n;
	uint32_t told[EXPLAIN_KINDS], more[EXPLAIN_KINDS];
	struct explain_send sends[EXPLAIN_SENDS];       /* by call number, the newest */
	uint32_t places[EXPLAIN_PLACES], places_n;      /* numbers of sockets with a place of their own */
	char looked_up[EXPLAIN_LANES][64];      /* per lane: the name it asked for last */
	uint32_t bad_text[EXPLAIN_LANES];       /* per lane: whose bytes came last, no UTF-8, without an answer */
	uint32_t first_live;            /* sockets before it are gone */
	struct explain_last last;
	char seen[EXPLAIN_SEEN];
	int64_t now;
};

/* How a socket came to its end. */
enum explain_how {
	EXPLAIN_OPEN,
	EXPLAIN_CLOSED,                 /* by close */
	EXPLAIN_EXITED,                 /* its program ended by itself */
	EXPLAIN_FAILED,                 /* it did so with an exit status that is not 0 */
	EXPLAIN_KILLED,                 /* or by a signal */
	EXPLAIN_STOPPED                 /* the story ended before */
};

struct explain_case {
	struct explain *e;
	const struct row *row;          /* NULL: the story has ended */
	const struct event *event;      /* the row's, or NULL */
	const struct story_socket *s, *peer;
	struct explain_fact *my, *other;        /* of s and of its peer; NULL where there is none */
	enum explain_how how;
	bool warning;
	char text[EXPLAIN_TEXT];
};

/* The kinds, each in the file that the table names. */
explain_test explain_backlog_full, explain_refused, explain_address_in_use, explain_implicit_bind,
	explain_bound_loopback, explain_any_address, explain_privileged_port, explain_name_took,
	explain_one_at_a_time, explain_pile;
explain_test explain_partial_receive, explain_short_send, explain_rest_lost, explain_zero_spin,
	explain_empty_datagram, explain_cut_datagram, explain_grown_reply, explain_sendto_ignored,
	explain_crossing, explain_broken_pipe, explain_reset;
explain_test explain_one_receive, explain_unread_close, explain_time_wait, explain_never_closed,
	explain_listener_closed, explain_both_wait, explain_no_timeout, explain_not_text;

/* The case of a row or of a socket at its end; facts grow first, so that both of them stay where they are. */
bool explain_begin(struct explain_case *c, struct explain *e, const struct row *row, const struct story_socket *s);

/* Take over what a row tells. */
void explain_learn(struct explain_case *c);

/* The call to close it, or the end of its program, has let it go; and, behind its notes, its other end may be alone. */
void explain_learn_close(struct explain_case *c);
void explain_learn_gone(struct explain_case *c);

/* What has come and nobody has received. */
uint64_t explain_unread(const struct story_socket *s);

/* Put the sentences into the case. Always true, so that a test may end by it. */
__attribute__((format(printf, 2, 3))) bool explain_say(struct explain_case *c, const char *format, ...);

/* NULL when no row was about it so far. */
struct explain_fact *explain_fact_of(const struct explain *e, const struct story_socket *s);

/* -- What a row is ------------------------------------------------------------------------ */

/* The row is a call that has returned: this one. */
bool explain_did(const struct explain_case *c, int call);
bool explain_received(const struct explain_case *c);    /* without error and without MSG_PEEK */
bool explain_sent(const struct explain_case *c);
bool explain_stream(const struct story_socket *s);
bool explain_datagrams(const struct story_socket *s);
bool explain_tcp(const struct story_socket *s);
bool explain_internet(const struct story_socket *s);

/* -- Places and words ------------------------------------------------------------------------------------ */

/* The bound socket to which this address leads, the newest; open: no closed one. NULL: none was seen. */
const struct story_socket *explain_place(const struct explain *e, const struct event_addr *a, uint16_t type,
                                         bool open);

/* The name of a socket's program, for a sentence to begin with. */
const char *explain_program(const struct story_socket *s);

#endif
