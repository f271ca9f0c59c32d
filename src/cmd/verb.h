/* SPDX-License-Identifier: MIT */
/*
 * A verb of the command: one file and one row of verb-list.c. Usage, help
 * and the reading of options come from what stands here, so that they cannot
 * disagree.
 */
#ifndef CMD_VERB_H
#define CMD_VERB_H

#include <stddef.h>

#include "../base/code.h"

struct option;

/* A part of --help: text as it stands, then what list prints, each if there. */
struct verb_section {
	const char *title;
	const char *text;
	void (*list)(void);             /* to stdout */
};

struct verb {
	const char *name;               /* "serve"; empty for the command itself */
	const char *about;              /* one line for the list of verbs */
	const char *usage;              /* what follows the name on a command line */
	const struct option *options;   /* see option.h */
	const struct verb_section *sections;    /* the last has no title */
	const char *(*word)(size_t i);  /* those that may follow it, NULL behind the last; or NULL */
	/* Do it: argv[0] is the verb's own name. Returns the exit code. */
	int (*run)(const struct verb *verb, int argc, char **argv);
};

extern const struct verb verb_serve, verb_connect, verb_send, verb_probe, verb_trace, verb_demo, verb_doctor,
	verb_completion, verb_nc;

/* NULL behind the last. */
extern const struct verb *const verb_list[];

/*
 * A wrong command line: the sentence, and below it what would be right. Quote
 * what the sentence repeats of the command line: out_shown. Returns CODE_USAGE.
 */
int verb_refuse(const struct verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A failure: the sentence, and the next step below it unless NULL. */
void verb_fail(const struct verb *verb, const char *why, const char *next);

/* Between "sockeye" and a verb's name: a space, or nothing before no name. */
const char *verb_gap(const struct verb *verb);

#endif
