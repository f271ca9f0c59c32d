/* SPDX-License-Identifier: MIT */
/*
 * The verb doctor: what this machine offers, and which limits will bite. It
 * only looks; what it looks at is doctor-items.c. A finding is no failure, so
 * the exit code is 0 whatever was found.
 */
#include "doctor.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "help.h"
#include "json.h"
#include "option.h"
#include "out.h"
#include "verb.h"

#define AT(member) OPTION_AT(struct doctor, member)

enum { VALUE_COLUMN = 52 };

struct doctor {
	bool json, quiet;
};

static const struct option options[] = {
	{ "What is told", .takes = TAKES_HEADING },
	{ "json", 0, TAKES_NOTHING, NULL,
	  "each item as a line of JSON",
	  AT(json) },
	{ "quiet", 'q', TAKES_NOTHING, NULL,
	  "only what is not ok",
	  AT(quiet) },
	OPTION_HELP,
	{ .name = NULL }
};

static void list_items(void)
{
	for (const struct doctor_item *item = doctor_items; item->name; item++)
		help_row(item->name, item->limits);
}

static const struct verb_section sections[] = {
	{ "Marks",
	  "  ok       nothing in the way\n"
	  "  low      it is there, and will bite under load, or this user\n"
	  "  missing  it is not there\n"
	  "  unknown  it cannot be read here\n"
	  "  Below each that is not ok: what it limits, and the command that lifts it.\n"
	  "  Nothing is changed, and nothing is sent.\n", NULL },
	{ "Items", NULL, list_items },
	{ "Exit codes", NULL, help_codes },
	{ "Examples",
	  "  sockeye doctor\n"
	  "  sockeye doctor -q                             what will bite\n"
	  "  sockeye doctor --json | jq -r 'select(.state != \"ok\") | .remedy'\n", NULL },
	{ NULL, NULL, NULL }
};

static const struct state {
	const char *name, *colour;
} states[] = {
	[DOCTOR_OK] = { "ok", "32" },
	[DOCTOR_LOW] = { "low", "33" },
	[DOCTOR_MISSING] = { "missing", "31" },
	[DOCTOR_UNKNOWN] = { "unknown", "2" },
};

/* Files may hold anything; a person is shown what is printable, and so are programs. */
static void look(const struct doctor_item *item, struct doctor_fact *f)
{
	*f = (struct doctor_fact){ .state = DOCTOR_OK };
	item->look(f);
	for (char *c = f->value; *c; c++)
		*c = *c < ' ' || *c > '~' ? '?' : *c;
}

/* -- For programs -------------------------------------------------------------------- */

static void print_json(const struct doctor_item *item, const struct doctor_fact *f)
{
	char line[JSON_LINE];
	struct json j = json_begin(line, sizeof line);

	json_text(&j, "event", "doctor");
	json_text(&j, "item", item->name);
	json_text(&j, "value", f->value);
	json_text(&j, "state", states[f->state].name);
	json_text(&j, "limits", item->limits);
	json_text(&j, "remedy", f->remedy);
	fwrite(line, 1, json_end(&j), stdout);
}

/* -- For people ------------------------------------------------------------------------ */

struct columns {
	int name, value;
	bool coloured;
};

static int wider(int width, const char *text, int most)
{
	int n = (int)strlen(text);

	return n > width && n <= most ? n : width;
}

static void print_row(const struct columns *c, const struct doctor_item *item, const struct doctor_fact *f)
{
	const struct state *state = &states[f->state];

	printf("%-*s  %-*s  ", c->name, item->name, c->value, f->value);
	if (c->coloured)
		printf("\033[%sm%s\033[0m\n", state->colour, state->name);
	else
		puts(state->name);
	if (f->state == DOCTOR_OK)
		return;
	printf("    limits  %s\n", item->limits);
	if (*f->remedy)
		printf("    remedy  %s\n", f->remedy);
}

/* A value that is wider than all the others together pushes its own mark aside. */
static void print_table(const struct doctor *d, const struct doctor_fact *facts)
{
	struct columns c = { .coloured = out_colours(STDOUT_FILENO) };

	for (int i = 0; doctor_items[i].name; i++)
		if (!d->quiet || facts[i].state != DOCTOR_OK) {
			c.name = wider(c.name, doctor_items[i].name, DOCTOR_LINE);
			c.value = wider(c.value, facts[i].value, VALUE_COLUMN);
		}
	for (int i = 0; doctor_items[i].name; i++)
		if (!d->quiet || facts[i].state != DOCTOR_OK)
			print_row(&c, &doctor_items[i], &facts[i]);
}

/* Each is looked at before anything is said, so that the columns fit. */
static int examine(const struct doctor *d)
{
	static struct doctor_fact facts[DOCTOR_ITEMS_MOST];

	for (int i = 0; doctor_items[i].name; i++)
		look(&doctor_items[i], &facts[i]);
	if (!d->json)
		print_table(d, facts);
	for (int i = 0; d->json && doctor_items[i].name; i++)
		if (!d->quiet || facts[i].state != DOCTOR_OK)
			print_json(&doctor_items[i], &facts[i]);
	return out_flushed();
}

static int refuse_word(struct option_reader *r, const char *word)
{
	char shown[OUT_SHOWN];

	return verb_refuse(r->verb, "%s: it examines this machine, and needs no word for that",
	                   out_shown(shown, word));
}

static int run(const struct verb *verb, int argc, char **argv)
{
	struct doctor d = { .json = false };
	struct option_reader r = { .verb = verb, .argv = argv, .argc = argc, .at = 1, .record = { &d } };
	int code = option_words(&r, refuse_word);

	return code == OPTION_GO ? examine(&d) : code;
}

const struct verb verb_doctor = {
	.name = "doctor",
	.about = "tell what this machine offers, and which limits will bite",
	.usage = "[OPTIONS]",
	.options = options,
	.sections = sections,
	.run = run,
};
