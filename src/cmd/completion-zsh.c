/* SPDX-License-Identifier: MIT */
/*
 * The script for zsh, which serves as a file _sockeye in $fpath and when it is
 * sourced. The tables became specifications of _arguments; a text in one
 * stands in single quotes for the shell, with a backslash before the brackets
 * and colons that _arguments itself would read.
 */
#include <stdio.h>
#include <string.h>

#include "../service/service.h"
#include "command.h"
#include "completion.h"

static const char beginning[] =
	"#compdef sockeye\n"
	"# Completion of sockeye for zsh, printed by: sockeye completion zsh\n";

static const char end[] =
	"\n"
	"if [[ $funcstack[1] == _sockeye ]]; then\n"
	"\t_sockeye \"$@\"\n"
	"else\n"
	"\tcompdef _sockeye sockeye\n"
	"fi\n";

/* A quote ends the quotes and stands outside of them: two passes, for only the first escape is _arguments' own. */
static void put_text(const char *about)
{
	char piece[] = " ";
	size_t n = strcspn(about, ";");

	for (size_t i = 0; i < n; i++) {
		piece[0] = about[i];
		if (about[i] == '\'')
			fputs("'\\''", stdout);
		else
			completion_put_about(piece, "[]:\\", "\\");
	}
}

static void put_list(const char *function, const char *what)
{
	printf("\n%s()\n{\n\tlocal -a list=(\n", function);
	if (strcmp(what, "service") == 0)
		for (const struct service *const *s = service_list; *s; s++) {
			printf("\t\t'%s:", (*s)->name);
			put_text((*s)->about);
			puts("'");
		}
	else
		for (const struct verb *const *v = verb_list; *v; v++) {
			printf("\t\t'%s:", (*v)->name);
			put_text((*v)->about);
			puts("'");
		}
	printf("\t)\n\t_describe -t %ss %s list\n}\n", what, what);
}

/* ":PLACEHOLDER:ACTION": what is asked for, and what is offered for it. */
static void put_value(const char *placeholder)
{
	unsigned offer = completion_of_value(placeholder);

	putchar(':');
	put_text(placeholder);
	putchar(':');
	if (offer & OFFER_FILES)
		fputs("_files", stdout);
	else if (offer & OFFER_COMMANDS)
		fputs("_command_names -e", stdout);
	else if (completion_count_value_words(placeholder)) {
		putchar('(');
		completion_put_value_words(placeholder, " ");
		putchar(')');
	} else {
		putchar(' ');
	}
}

/* One way to write an option; where it may stand once, each way rules out the other. */
static void put_way(const struct option *o, const char *written, const char *value_follows)
{
	fputs("\t\t'", stdout);
	if (completion_may_repeat(o))
		putchar('*');
	else if (o->letter)
		printf("(-%c --%s)", o->letter, o->name);
	printf("%s%s[", written, o->value ? value_follows : "");
	put_text(o->about);
	putchar(']');
	if (o->value)
		put_value(o->value);
	puts("' \\");
}

static void put_option(const struct option *o)
{
	char written[64];

	snprintf(written, sizeof written, "--%s", o->name);
	put_way(o, written, "=");
	snprintf(written, sizeof written, "-%c", o->letter);
	if (o->letter)
		put_way(o, written, "+");
}

static void put_options(const struct verb *verb)
{
	for (const struct option *o = verb->options; o->name; o++)
		if (completion_is_option(o))
			put_option(o);
}

static const char *action_of(unsigned offer)
{
	if (offer & OFFER_SERVICES)
		return "_sockeye_services";
	if (offer & OFFER_FILES && offer & OFFER_COMMANDS)
		return "{_command_names -e; _files}";
	return offer & OFFER_FILES ? "_files" : offer & OFFER_COMMANDS ? "_command_names -e" : " ";
}

/* The last line of _arguments: what stands where no option does. */
static void put_arguments(const struct verb *verb)
{
	unsigned offer = completion_of_verb(verb);
	bool words = completion_count_verb_words(verb);

	if (words) {
		fputs("\t\t'*:word:(", stdout);
		completion_put_verb_words(verb, " ");
		puts(")'");
	} else {
		printf("\t\t'*:%s:%s'\n", offer & OFFER_SERVICES ? "service or address" : "argument",
		       action_of(offer));
	}
}

static void put_verb(const struct verb *verb)
{
	printf("\n_sockeye_%s()\n{\n\t_arguments -s \\\n", verb->name);
	put_options(verb);
	put_arguments(verb);
	puts("}");
}

/* The words behind the verb are its own business. */
static void put_command(void)
{
	fputs("\n_sockeye()\n{\n\tlocal curcontext=$curcontext state line\n\ttypeset -A opt_args\n\n"
	      "\t_arguments -C \\\n", stdout);
	put_options(&verb_command);
	puts("\t\t'1:verb:_sockeye_verbs' \\\n"
	     "\t\t'*::argument:->arguments'\n"
	     "\t[[ $state == arguments ]] || return\n"
	     "\tcase $line[1] in");
	for (const struct verb *const *v = verb_list; *v; v++)
		printf("\t%s) _sockeye_%s ;;\n", (*v)->name, (*v)->name);
	puts("\tesac\n}");
}

void completion_zsh(void)
{
	fputs(beginning, stdout);
	put_list("_sockeye_verbs", "verb");
	put_list("_sockeye_services", "service");
	for (const struct verb *const *v = verb_list; *v; v++)
		put_verb(*v);
	put_command();
	fputs(end, stdout);
}
