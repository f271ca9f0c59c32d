/* SPDX-License-Identifier: MIT */
/* Calling somebody: what the verbs connect and send have in common before the first byte. */
#ifndef CMD_MEET_H
#define CMD_MEET_H

#include <sockeye.h>

#include "address.h"
#include "sockopt.h"
#include "value.h"

enum { MEET_MADE = 352 };               /* a scheme, and a HOST:PORT that was accepted */

struct meet {
	const char *where;              /* with its scheme; NULL: none yet */
	const char *source;             /* where to call from, or NULL */
	int64_t timeout;                /* ns for look-up and connecting; 0: as long as the system takes */
	int64_t wait;                   /* ns during which a call that found nobody is made again */
	struct address is;
	char made[MEET_MADE];
	char options[SOCKOPT_ROOM];
};

/*
 * Read the address: a whole one, HOST:PORT for TCP, or a service's name for
 * where it is served without an address. Returns 0, or CODE_USAGE, told.
 */
int meet_read(struct meet *m, const struct verb *verb, const char *word);

/* Do the options suit the address, and can it be called, or listened at? Returns 0, or CODE_USAGE, told. */
int meet_check(const struct meet *m, const struct verb *verb, bool listens);

/* Call. The socket has no limit then. On failure it is dead, with the sentence. */
struct sock meet_dial(const struct meet *m);

/* For the option --option: see option.h. The record begins with a struct meet. */
const char *meet_take_option(void *meet, const char *value, char why[OPTION_WHY]);

/* Rows of a verb's table of options; its record has a struct meet, called meet, as its first member. */
#define MEET_OPTIONS(type) \
	{ "wait", 'w', TAKES_TIME, "TIME", \
	  "try again for so long while the server is not there yet; default 0", \
	  .max = VALUE_LONGEST, OPTION_AT(type, meet.wait) }, \
	{ "source", 's', TAKES_TEXT, "ADDRESS", \
	  "call from this address", \
	  .min = 1, .max = 255, OPTION_AT(type, meet.source) }, \
	{ "option", 'o', TAKES_CALL, "OPTION=VALUE", \
	  "a socket option, such as rcvbuf=64k; may be repeated, and be a list with commas", \
	  .call = meet_take_option }

/* The first sender to a datagram socket becomes its peer; what it sent stays to be read. 0, or -1 with the sentence. */
int meet_sender(struct sock *s, int64_t limit);

#endif
