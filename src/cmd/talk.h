/* SPDX-License-Identifier: MIT */
/*
 * A conversation: what comes from a descriptor goes to a socket, and what comes
 * from the socket goes to another descriptor, both at once. Each way waits for
 * its own reader alone, and where the kernel can hand bytes on nothing is
 * copied. How it ends is the one policy of the command:
 *
 *	the end of input     is told to the peer, by FIN; datagrams know none
 *	the peer's end       ends what is written; input still goes on to it
 *	both                 end the conversation
 *	silence after one    ends it too, when it has lasted for `linger`
 */
#ifndef CMD_TALK_H
#define CMD_TALK_H

#include <pthread.h>
#include <sockeye.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "visible.h"

enum talk_show {
	TALK_AS_IS,
	TALK_VISIBLE,                   /* for a terminal: visible.h */
	TALK_HEX                        /* both ways, as a dump: dump.h */
};

enum talk_over {
	TALK_OVER,                      /* both sides have said all */
	TALK_SILENT,                    /* our side had, and nothing came for linger */
	TALK_LEFT,                      /* the peer had, and our input was silent for linger or is not waited for */
	TALK_IDLE,                      /* neither said anything for idle */
	TALK_FAILED,                    /* the network: the sentence is in failed->why */
	TALK_NO_INPUT,                  /* reading the input failed: err */
	TALK_NO_OUTPUT                  /* writing the output failed: err */
};

struct talk {
	/* What is asked for. */
	struct sock *s;                 /* connected; stays the caller's, and is used up */
	int in, out;                    /* in -1: there is nothing to say, and no end of it */
	bool hold;                      /* do not tell the peer of the end of input */
	bool leave;                     /* the peer's end ends all: for a person at a terminal */
	bool crlf;                      /* send CR LF for LF */
	bool copy;                      /* every byte goes through send and recv, as records want it */
	enum talk_show show;
	int64_t linger, idle;           /* ns, or -1: for ever */
	int64_t interval;               /* ns between two lines sent; 0: send what there is */
	void (*before)(void *whom);     /* called before what came is written; or NULL; not with a pipe */
	void *whom;

	/* What became of it. */
	_Atomic uint64_t sent, got;     /* bytes so far, for whoever watches */
	struct sock *failed;
	int err;                        /* errno */

	/* While it runs. */
	struct sock mouth;              /* the socket once more, for the thread that sends */
	pthread_t speaker;
	int bell, stop;                 /* eventfd(2): input has ended; end now */
	_Atomic int64_t moved;          /* when a byte went either way for the last time */
	atomic_bool spoken;             /* the speaker has ended */
	enum talk_over speech;          /* and so */
	int speech_err;                 /* of TALK_NO_INPUT */
	struct visible visible;
	pthread_mutex_t lock;           /* of the dump, which both ways write */
	uint64_t dumped[2];
};

/* Talk until it is over. */
enum talk_over talk_run(struct talk *t);

/* -- Between talk.c and talk-speak.c ------------------------------------------------- */

/* The other thread: send the input, then ring the bell. */
void *talk_speak(void *talk);

/* Is there an end of what is said, unlike with datagrams? */
bool talk_has_end(const struct sock *s);

/* A byte went one way. */
void talk_moved(struct talk *t, _Atomic uint64_t *count, size_t n);

#endif
