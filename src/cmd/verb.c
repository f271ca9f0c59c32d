/* SPDX-License-Identifier: MIT */
/*
 * How a verb complains: in two lines on stderr, the first saying what is wrong
 * and the second what to do next. How it explains itself is help.c.
 */
#include "verb.h"

#include <stdarg.h>
#include <stdio.h>

#include "../base/put.h"
#include "out.h"

enum { SENTENCE = 1024 };

const char *verb_gap(const struct verb *verb)
{
	return *verb->name ? " " : "";
}

static void put_name(struct put *p, const struct verb *verb)
{
	put_text(p, "sockeye");
	put_text(p, verb_gap(verb));
	put_text(p, verb->name);
}

void verb_fail(const struct verb *verb, const char *why, const char *next)
{
	char text[OUT_LINE];
	struct put p = put_into(text, sizeof text);

	put_name(&p, verb);
	put_text(&p, ": ");
	put_text(&p, why);
	put_text(&p, "\n");
	if (next) {
		put_text(&p, next);
		put_text(&p, "\n");
	}
	out_log(text, p.n);
}

int verb_refuse(const struct verb *verb, const char *format, ...)
{
	char why[SENTENCE], next[SENTENCE];
	struct put p = put_into(next, sizeof next);
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	put_text(&p, "usage: ");
	put_name(&p, verb);
	put_text(&p, " ");
	put_text(&p, verb->usage);
	put_text(&p, ", or ");
	put_name(&p, verb);
	put_text(&p, " --help");
	verb_fail(verb, why, next);
	return CODE_USAGE;
}
