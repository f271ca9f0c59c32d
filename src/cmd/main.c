/* SPDX-License-Identifier: MIT */
/* The command itself: the choice of a verb. Its own options and help are command.c. */
#include <stdio.h>
#include <string.h>

#include "../base/nearest.h"
#include "../service/service.h"
#include "command.h"
#include "option.h"
#include "out.h"
#include "verb.h"

static const struct verb *find(const char *name)
{
	for (const struct verb *const *v = verb_list; *v; v++)
		if (strcmp((*v)->name, name) == 0)
			return *v;
	return NULL;
}

/* Most who name a service where a verb belongs want it served. */
static int no_verb(const char *word)
{
	struct nearest near = nearest_to(word);
	char shown[OUT_SHOWN];

	out_shown(shown, word);
	if (service_find(word))
		return verb_refuse(&verb_command, "no verb '%s': did you mean serve %s?", shown, shown);
	for (const struct verb *const *v = verb_list; *v; v++)
		nearest_try(&near, (*v)->name);
	return verb_refuse(&verb_command, near.name ? "no verb '%s': did you mean %s?" : "no verb '%s'",
	                   shown, near.name);
}

/* A link to the command by another name is that verb: -Dnc-link=true. */
static bool is_named(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, name) == 0;
}

int main(int argc, char **argv)
{
	struct command asked = { .version = false };
	struct option_reader r = {
		.verb = &verb_command,
		.argv = argv,
		.argc = argc,
		.at = 1,
		.record = { &asked },
	};
	const struct verb *verb;
	const char *word;

	out_begin();
	if (argc && is_named(argv[0], "nc"))
		return verb_nc.run(&verb_nc, argc, argv);
	switch (option_next(&r, &word)) {
	case FOUND_HELP:
		return out_flushed();
	case FOUND_FAULT:
		return CODE_USAGE;
	case FOUND_WORD:
		verb = find(word);
		return verb ? verb->run(verb, argc - r.at + 1, argv + r.at - 1) : no_verb(word);
	default:
		if (!asked.version)
			return verb_refuse(&verb_command, "no verb named");
		puts("sockeye " SOCKEYE_VERSION);
		return out_flushed();
	}
}
