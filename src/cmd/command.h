/* SPDX-License-Identifier: MIT */
/* The command itself as a verb without a name: its own options, for main.c to read and completion.c to list. */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include <stdbool.h>

#include "verb.h"

struct command {
	bool version;
};

/* It is not run: main.c reads its options into a struct command. */
extern const struct verb verb_command;

#endif
