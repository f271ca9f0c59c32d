/* SPDX-License-Identifier: MIT */
/* What the command says of itself. What it does is main.c. */
#include "command.h"

#include "help.h"
#include "option.h"

static const struct option options[] = {
	{ "version", 0, TAKES_NOTHING, NULL,
	  "print the version",
	  OPTION_AT(struct command, version) },
	OPTION_HELP,
	{ .name = NULL }
};

static void list_verbs(void)
{
	for (const struct verb *const *v = verb_list; *v; v++)
		help_row((*v)->name, (*v)->about);
}

static const struct verb_section sections[] = {
	{ "Verbs", NULL, list_verbs },
	{ "Exit codes", NULL, help_codes },
	{ "More",
	  "  sockeye VERB -h for a verb's options, sockeye VERB --help for all about it.\n", NULL },
	{ NULL, NULL, NULL }
};

const struct verb verb_command = {
	.name = "",
	.about = "sockets you can see",
	.usage = "VERB [...]",
	.options = options,
	.sections = sections,
};
