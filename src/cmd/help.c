/* SPDX-License-Identifier: MIT */
/*
 * Help for people, from the same tables that the command line is read by. It is
 * printed with stdio; whoever asked for it looks at the end whether it arrived.
 */
#include "help.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "option.h"

enum { INDENT = 2, COLUMN = 30, WIDTH = 80 };

/* Words up to end from column COLUMN on; at says where the line stands now. */
static void wrap(const char *text, const char *end, int at)
{
	while (text < end) {
		int n = (int)strcspn(text, " ");

		n = n < end - text ? n : (int)(end - text);
		if (at > COLUMN && at + 1 + n >= WIDTH) {
			putchar('\n');
			at = 0;
		}
		at += printf("%*s%.*s", at < COLUMN ? COLUMN - at : 1, "", n, text);
		text += n + strspn(text + n, " ");
	}
	putchar('\n');
}

static void row(const char *what, const char *about, size_t n)
{
	int at = printf("%*s%s", INDENT, "", what);

	if (at >= COLUMN) {
		putchar('\n');
		at = 0;
	}
	wrap(about, about + n, at);
}

void help_row(const char *what, const char *about)
{
	row(what, about, strlen(about));
}

/* What stands before a semicolon is enough for a short list. */
static void option_row(const struct option *o, bool full)
{
	char what[64], letter[] = { '-', o->letter, ',', ' ', '\0' };

	snprintf(what, sizeof what, "%s--%s%s%s", o->letter ? letter : "    ", o->name,
	         o->value ? " " : "", o->value ? o->value : "");
	row(what, o->about, full ? strlen(o->about) : strcspn(o->about, ";"));
}

static void usage(const struct verb *verb, bool full)
{
	printf("usage: sockeye%s%s %s\n%s\n", verb_gap(verb), verb->name, verb->usage, verb->about);
	for (const struct option *o = verb->options; o->name; o++)
		if (o->takes == TAKES_HEADING)
			printf("\n%s:\n", o->name);
		else
			option_row(o, full);
}

void help_short(const struct verb *verb)
{
	usage(verb, false);
}

void help_full(const struct verb *verb)
{
	usage(verb, true);
	for (const struct verb_section *s = verb->sections; s && s->title; s++) {
		printf("\n%s:\n", s->title);
		if (s->text)
			fputs(s->text, stdout);
		if (s->list)
			s->list();
	}
}

void help_codes(void)
{
	static const struct {
		const char *code, *about;
	} rows[] = {
		{ "0", "all went well" },
		{ "1", "a network error, or another refusal of the system" },
		{ "2", "the command line is wrong, or asks for more than the machine allows" },
		{ "3", "a host name that nobody knows" },
		{ "4", "refused or unreachable" },
		{ "5", "out of time" },
		{ "6", "TLS" },
		{ "7", "what was checked is not as it should be" },
		{ "8", "not permitted" },
		{ "128+N", "ended by signal N before its work was done" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		printf("%*s%-8s%s\n", INDENT, "", rows[i].code, rows[i].about);
}
