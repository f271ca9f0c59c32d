/* SPDX-License-Identifier: MIT */
/*
 * The script for fish: a line of "complete" for everything that can be
 * written, each with the condition under which it is offered. A text stands in
 * single quotes, in which fish knows \' and \\ and nothing else.
 */
#include <stdio.h>

#include "../service/service.h"
#include "command.h"
#include "completion.h"

/* "complete" asks this before it offers a line: is the verb so far this one, or none yet for ''? */
static const char beginning[] =
	"# Completion of sockeye for fish, printed by: sockeye completion fish\n"
	"function __sockeye_verb_is --argument-names wanted\n"
	"    set -l words (commandline -opc)\n"
	"    set -e words[1]\n"
	"    for word in $words\n"
	"        string match -q -- '-*' $word; and continue\n"
	"        test \"$word\" = \"$wanted\"\n"
	"        return\n"
	"    end\n"
	"    test -z \"$wanted\"\n"
	"end\n"
	"\n"
	"complete -c sockeye -f\n";

static void put_quoted(const char *about)
{
	putchar('\'');
	completion_put_about(about, "'\\", "\\");
	putchar('\'');
}

static void begin(const struct verb *verb)
{
	printf("complete -c sockeye -n '__sockeye_verb_is %s'", *verb->name ? verb->name : "\"\"");
}

static void put_offer(unsigned offer)
{
	if (offer & OFFER_FILES)
		fputs(" -F", stdout);
	if (offer & OFFER_COMMANDS)
		fputs(" -a '(__fish_complete_command)'", stdout);
}

/* -x: a value and no file; -r: a value. */
static void put_option(const struct verb *verb, const struct option *o)
{
	begin(verb);
	printf(" -l %s", o->name);
	if (o->letter)
		printf(" -s %c", o->letter);
	if (o->value) {
		unsigned offer = completion_of_value(o->value);

		fputs(offer & OFFER_FILES ? " -r" : " -x", stdout);
		put_offer(offer);
		if (completion_count_value_words(o->value)) {
			fputs(" -a '", stdout);
			completion_put_value_words(o->value, " ");
			putchar('\'');
		}
	}
	fputs(" -d ", stdout);
	put_quoted(o->about);
	putchar('\n');
}

static void put_word(const struct verb *verb, const char *word, const char *about)
{
	begin(verb);
	printf(" -a %s -d ", word);
	put_quoted(about);
	putchar('\n');
}

static void put_arguments(const struct verb *verb)
{
	unsigned offer = completion_of_verb(verb);

	for (const struct service *const *s = service_list; offer & OFFER_SERVICES && *s; s++)
		put_word(verb, (*s)->name, (*s)->about);
	if (completion_count_verb_words(verb)) {
		begin(verb);
		fputs(" -a '", stdout);
		completion_put_verb_words(verb, " ");
		puts("'");
	}
	if (offer & ~OFFER_SERVICES) {
		begin(verb);
		put_offer(offer);
		putchar('\n');
	}
}

static void put_verb(const struct verb *verb)
{
	putchar('\n');
	put_arguments(verb);
	for (const struct option *o = verb->options; o->name; o++)
		if (completion_is_option(o))
			put_option(verb, o);
}

void completion_fish(void)
{
	fputs(beginning, stdout);
	put_verb(&verb_command);
	for (const struct verb *const *v = verb_list; *v; v++)
		put_word(&verb_command, (*v)->name, (*v)->about);
	for (const struct verb *const *v = verb_list; *v; v++)
		put_verb(*v);
}
