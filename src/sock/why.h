/* SPDX-License-Identifier: MIT */
/*
 * Sentences: operation, address, reason. Inside the library functions return 0
 * or a negative errno; the sentence is built here, at the public line, once.
 */
#ifndef SOCK_WHY_H
#define SOCK_WHY_H

#include <sockeye.h>
#include <stdbool.h>

/* struct sock's state. Zeroed memory is BLANK. */
enum { STATE_BLANK, STATE_OPEN, STATE_DEAD, STATE_CLOSED };

/* struct sock's flags. */
enum {
	FLAG_CONNECTING = 1,    /* a connect to s->peer is under way */
	FLAG_ZEROCOPY = 2,      /* SO_ZEROCOPY is set */
	FLAG_GRO_ASKED = 0x100, /* whether UDP_GRO is set is known: FLAG_TRAINS */
	FLAG_TRAINS = 0x200,    /* a received message may be a train of datagrams */
	FLAG_GSO_ASKED = 0x400, /* whether trains can be sent is known: FLAG_GSO */
	FLAG_GSO = 0x800,
	FLAG_TELLS = 0x1000     /* times SOCKEYE_TELL_*: what sock_batch_tell agreed to, 4 bits */
};

/*
 * An internal errno: the value's own limit was reached. It never kills, where
 * the kernel's ETIMEDOUT (a peer that stopped answering) does. The public line
 * turns it into ETIMEDOUT, or EAGAIN under a limit of 0.
 */
enum { LIMIT_REACHED = 5000 };

/* Is the socket fit for use? If not: errno, and the sentence unless an older one stands. */
bool why_usable(struct sock *s, const char *op);

/* why_usable for the hot path. */
static inline bool why_ok(struct sock *s, const char *op)
{
	return (s && s->state == STATE_OPEN) || why_usable(s, op);
}

/* The call went well: forget the last failure. */
static inline void why_well(struct sock *s)
{
	s->error = s->gai = 0;
}

/*
 * An operation failed with err (positive errno). Writes the sentence about the
 * peer or, without one, the own address; breaks the socket when err is of the
 * kind that does. Returns -1 with errno set.
 */
int why_fail(struct sock *s, const char *op, int err);

/* The same about another address or thing, and never breaks the socket. NULL reason: the errno's own words. */
int why_fail_at(struct sock *s, const char *op, const char *at, int err, const char *reason);

/* The same as the two above, and the socket is broken for good whatever err is. */
int why_kill(struct sock *s, const char *op, int err);
int why_kill_at(struct sock *s, const char *op, const char *at, int err, const char *reason);

/* A dead value that never was open: for dial, server, accept, open. */
struct sock why_dead(const char *op, const char *at, int err, const char *reason);

/* The value that never came to be because another failed: dead, with the cause of s (which may be NULL). Sets errno. */
struct sock why_heir(const char *op, const struct sock *s);

/* A sentence for calls without a value: fills why (may be NULL), sets errno to err, returns -1. */
int why_say(char *why, int err, const char *op, const char *at, const char *reason);

/*
 * Build "op at: reason" in SOCKEYE_WHY bytes. A long at is cut in its middle;
 * then the reason is cut at its end.
 */
void why_build(char *why, const char *op, const char *at, const char *reason);

/* The reasons of several attempts: "A: reason; B: reason; and 5 more". The first is kept whole. */
struct why_list {
	char text[SOCKEYE_WHY];
	size_t room, used;      /* room: what the sentence leaves for it */
	int more;               /* that did not fit */
};

/* A list that fits behind "op at: ". */
struct why_list why_list(const char *op, const char *at);
void why_list_add(struct why_list *l, const char *at, const char *reason);
const char *why_list_text(struct why_list *l);

/* The exit code that tells what failed last: base/code.h. */
int why_code(const struct sock *s);

/* The words for err, LIMIT_REACHED included. s may be NULL. Valid until the next call in this buffer. */
const char *why_words(const struct sock *s, int err, char *buf, size_t n);

#endif
