/* SPDX-License-Identifier: MIT */
/*
 * One question to one address: a socket that connects or, of UDP, says
 * something, and what became of it. It never waits: who waits is probe-run.c.
 */
#ifndef CMD_PROBE_ASK_H
#define CMD_PROBE_ASK_H

#include <sockeye.h>

#include "probe-icmp.h"

enum probe_state {
	PROBE_OPEN,
	PROBE_CLOSED,
	PROBE_SILENT,
	PROBE_UNKNOWN,          /* a name that nobody knows */
	PROBE_FAILED            /* this machine could not ask */
};

struct probe_answer {
	enum probe_state state;
	int weight;             /* of a name's addresses the heaviest answer is the name's */
	int code;               /* base/code.h */
	int64_t took;           /* ns */
	char reason[SOCKEYE_WHY];
};

/* How to ask. */
struct probe_how {
	const char *payload;    /* of UDP; NULL: what suits the port */
	struct sock_addr source;        /* where from; len 0: the system chooses */
	int64_t timeout;        /* ns for each address */
};

struct probe_ask {
	struct sock s;
	struct sock_addr to;
	int64_t began;
	int sent;               /* times that the payload was */
};

enum { PROBE_SENDS = 3 };       /* of UDP, spread over the timeout */

enum probe_step {
	PROBE_WAITS,            /* for the socket to be ready */
	PROBE_QUEUES,           /* to be tried again: a Unix queue is full, and never says when not */
	PROBE_SHORT,            /* this machine is short of descriptors, ports or memory: later */
	PROBE_DONE              /* the answer is there, and the socket closed */
};

/* Does the port have to be asked by saying something? */
bool probe_ask_says(const struct sock_addr *to);

/* Begin. Of PROBE_SHORT the answer says what is short; then nothing is open. */
enum probe_step probe_ask_begin(struct probe_ask *k, const struct sock_addr *to,
                                const struct probe_how *how, struct probe_answer *a);

/* The socket is ready, or it is time to try again. */
enum probe_step probe_ask_go_on(struct probe_ask *k, struct probe_answer *a);

/* UDP: say it again. */
enum probe_step probe_ask_again(struct probe_ask *k, const struct probe_how *how,
                                struct probe_answer *a);

/* The time is over: look a last time, else it is silence. */
void probe_ask_end(struct probe_ask *k, struct probe_answer *a);

/* Give a state its code and weight, and its reason, a copy. */
void probe_answer_set(struct probe_answer *a, enum probe_state state, int weight,
                      const char *reason);

/* The word of a state: "open". */
const char *probe_state_word(enum probe_state state);

#endif
