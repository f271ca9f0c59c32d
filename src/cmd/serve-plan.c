/* SPDX-License-Identifier: MIT */
/*
 * From the command line of serve to a plan for the engine. What stands before
 * the first service is for all groups; "--" begins the next group; within a
 * group options may stand anywhere, and those of the whole process only in the
 * first. Nothing is opened here.
 */
#include <stdio.h>
#include <string.h>

#include "../base/nearest.h"
#include "../service/service.h"
#include "out.h"
#include "serve.h"

static int no_service(struct serve *s, const char *word)
{
	struct nearest near = nearest_to(word);
	char shown[OUT_SHOWN], hint[96] = "";

	for (const struct service *const *each = service_list; *each; each++)
		nearest_try(&near, (*each)->name);
	if (strchr(word, ':'))
		snprintf(hint, sizeof hint, ": the service stands before its addresses");
	else if (near.name)
		snprintf(hint, sizeof hint, ": did you mean %s?", near.name);
	return verb_refuse(s->verb, "no service '%s'%s", out_shown(shown, word), hint);
}

/* A group begins with its service and with what is common to all. */
static int begin(struct serve *s, struct option_reader *r, const char *word)
{
	const struct service *service = service_find(word);

	if (!service)
		return no_service(s, word);
	if (s->groups == 0)
		s->group[0] = s->common;
	s->group[s->groups].is.service = service;
	r->record[SERVE_GROUP] = &s->group[s->groups++];
	return 0;
}

/* The next group may have options before its service is named. */
static int gap(struct serve *s, struct option_reader *r)
{
	if (s->groups == ENGINE_GROUPS_MOST)
		return verb_refuse(s->verb, "more than %d services", ENGINE_GROUPS_MOST);
	s->group[s->groups] = s->common;
	r->record[SERVE_WHOLE] = NULL;
	r->record[SERVE_GROUP] = &s->group[s->groups];
	return 0;
}

static int read_all(struct serve *s, struct option_reader *r)
{
	bool expected = true;           /* a service */
	const char *word;
	int code = 0;

	while (!code)
		switch (option_next(r, &word)) {
		case FOUND_HELP:
			return out_flushed();
		case FOUND_FAULT:
			return CODE_USAGE;
		case FOUND_WORD:
			if (expected)
				code = begin(s, r, word);
			else
				code = serve_place_add(s, s->groups - 1, word);
			expected = false;
			break;
		case FOUND_GAP:
			code = expected ? verb_refuse(s->verb, "no service before --") : gap(s, r);
			expected = true;
			break;
		default:
			return expected ? verb_refuse(s->verb, "no service named") : OPTION_GO;
		}
	return code;
}

/* Options may stand behind the address that they are for, so this comes last. */
static int check_options(struct serve *s)
{
	for (int i = 0; i < s->places; i++) {
		const struct serve_place *p = &s->place[i];
		const char *name = sockopt_misfit(s->group[p->group].options, &p->is);
		char shown[OUT_SHOWN];

		if (name)
			return verb_refuse(s->verb, "--option %s does not suit %s: give that address a "
			                   "group of its own", name, out_shown(shown, p->text));
	}
	return 0;
}

/* The pointers of a plan, now that nothing moves any more. */
static void finish(struct serve *s)
{
	int n = 0;

	for (int i = 0; i < s->groups; i++) {
		struct serve_group *g = &s->group[i];

		g->is.where = &s->where[n];
		g->is.allow = g->allow;
		g->is.deny = g->deny;
		g->is.options = *g->options ? g->options : NULL;
		for (int p = 0; p < s->places; p++)
			if (s->place[p].group == i)
				s->where[n++] = s->place[p].text;
		s->final[i] = g->is;
	}
	s->plan.groups = s->final;
	s->plan.count = s->groups;
}

int serve_plan(struct serve *s, int argc, char **argv)
{
	struct option_reader r = {
		.verb = s->verb,
		.argv = argv,
		.argc = argc,
		.at = 1,
		.record = { [SERVE_WHOLE] = s, [SERVE_GROUP] = &s->common },
		.late = "is for the whole process: write it before the first --",
	};

	s->ready_fd = -1;
	int code = read_all(s, &r);
	if (code != OPTION_GO)
		return code;
	code = serve_place_rest(s);
	if (!code)
		code = check_options(s);
	if (code)
		return code;
	finish(s);
	return OPTION_GO;
}
