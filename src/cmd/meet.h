/* SPDX-License-Identifier: MIT */
/* Calling somebody: what the verbs connect and send have in common before the first byte. */
#ifndef CMD_MEET_H
#define CMD_MEET_H

#include <sockeye.h>

#include "address.h"
#include "sockopt.h"

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

/* For the option --option: see option.h. The record is a struct meet. */
const char *meet_take_option(void *meet, const char *value, char why[OPTION_WHY]);

#endif
