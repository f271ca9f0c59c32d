/* SPDX-License-Identifier: MIT */
/*
 * The verb demo: all conversations of the lectures one after the other, or one
 * of them, on paper or on the screen. Here is its command line; how one is
 * played is demo-play.c.
 */
#include "demo.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/nearest.h"
#include "demo-play.h"
#include "demo-python.h"
#include "help.h"
#include "option.h"
#include "out.h"
#include "trace-output.h"
#include "value.h"

enum { PAYLOAD = 64, ROOM = 8 << 20, PATIENCE_S = 5, GRACE_MS = 200, OWNER_MOST = 32 };
enum { OF_DEMO, OF_TRACE };

#define AT(member) OPTION_AT(struct demo, member)
#define AT_TRACE(member) .record = OF_TRACE, OPTION_AT(struct trace, member)

/* -- Options -------------------------------------------------------------------------------- */

/* It becomes a part of names of files. */
static const char *take_owner(void *demo, const char *value, char why[OPTION_WHY])
{
	static const char may[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	struct demo *d = demo;
	size_t n = strlen(value);

	(void)why;
	if (!n || n > OWNER_MOST || strspn(value, may) < n || *value == '-')
		return "it must be 1 to 32 letters, digits, '_' or '-', such as E18042";
	d->owner = value;
	return NULL;
}

static const struct option options[] = {
	{ "What is played", .takes = TAKES_HEADING },
	{ "list", 0, TAKES_NOTHING, NULL,
	  "list the conversations, play none",
	  AT(list) },
	{ "python", 0, TAKES_TEXT, "DIR",
	  "play your own Python programs, which are in this folder under the names that the lectures gave them",
	  .min = 1, .max = 2000, AT(python) },
	{ "server", 0, TAKES_TEXT, "FILE",
	  "a program of your own in place of the server; FILE.py is run by python3",
	  .min = 1, .max = 4000, AT(server) },
	{ "client", 0, TAKES_TEXT, "FILE",
	  "the same for the client",
	  .min = 1, .max = 4000, AT(client) },
	{ "grace", 0, TAKES_TIME, "TIME",
	  "what is left to the server when the client has ended, before TERM, and before KILL; default 200ms",
	  .min = CLOCK_MS, .max = VALUE_LONGEST, AT_TRACE(grace) },

	{ "How it is drawn", .takes = TAKES_HEADING },
	{ "no-explain", 0, TAKES_NOTHING, NULL,
	  "no notes under the calls",
	  AT(bare) },
	{ "ascii", 0, TAKES_NOTHING, NULL,
	  "draw with nothing but ASCII",
	  AT_TRACE(ascii) },
	{ "colour", 0, TAKES_WORD, "auto|always|never",
	  "colours; auto: on a terminal",
	  AT_TRACE(colour) },
	{ "width", 0, TAKES_NUMBER, "N",
	  "columns; default those of the terminal, else 80",
	  .min = 40, .max = 1000, AT_TRACE(width) },

	{ "Where it goes", .takes = TAKES_HEADING },
	{ "output", 'o', TAKES_CALL, "FILE",
	  "write one conversation there, too, in the form that the ending names; may be repeated",
	  .record = OF_TRACE, .call = outputs_take },
	{ "quiet", 'q', TAKES_NOTHING, NULL,
	  "no ladder, only what the programs print",
	  AT_TRACE(quiet) },
	{ "report", 0, TAKES_TEXT, "DIR",
	  "make the lab's report there: code, output, ladder and answers of its three tasks; and DIR.zip of it",
	  .min = 1, .max = 2000, AT(report) },
	{ "name", 0, TAKES_CALL, "NUMBER",
	  "whose report it is; its files are then named as the lab wants them: E18042_Report.pdf, E18042_Labo3.zip",
	  .call = take_owner },
	OPTION_HELP,
	{ .name = NULL }
};

static void list(void)
{
	for (const struct conversation *c = conversations; c->name; c++)
		help_row(c->name, c->about);
}

static const struct verb_section sections[] = {
	{ "Conversations", NULL, list },
	{ "Files",
	  "  .svg .html .mmd .txt    the ladder as a picture, a page, Mermaid, text\n"
	  "  .json                   the records, to be drawn again: sockeye trace FILE.json\n"
	  "  .pcapng                 packets as they must have been, for Wireshark\n", NULL },
	{ "Exit codes", NULL, help_codes },
	{ "Examples",
	  "  sockeye demo\n"
	  "  sockeye demo udp-echo\n"
	  "  sockeye demo tcp-echo --server my-server.py -o talk.html\n"
	  "  sockeye demo --python my-programs\n"
	  "  sockeye demo --report lab --name E18042 --python my-programs\n", NULL },
	{ NULL, NULL, NULL }
};

int demo_fail(const struct demo *d, const char *next, const char *format, ...)
{
	char why[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	verb_fail(d->verb, why, next);
	return CODE_NETWORK;
}

/* -- Playing -------------------------------------------------------------------------------- */

/* The words of trace about its own failures are not those of this command. */
static int code_of(int code)
{
	return code < TRACE_FAILED || code > CODE_SIGNAL ? code : CODE_NETWORK;
}

static int play(const struct demo *d, const struct conversation *c)
{
	struct play p;
	int code;

	printf("%s: %s\n", c->name, c->about);
	if (!d->python)
		puts(c->shows);
	fputs(d->trace.quiet ? "" : "\n", stdout);
	fflush(stdout);
	code = code_of(play_run(&p, d, c, &d->trace, STDOUT_FILENO));
	putchar('\n');
	play_tell(&p, stdout);
	fflush(stdout);
	play_end(&p);
	return code;
}

static bool can_play(const struct demo *d, const struct conversation *c, char why[PYTHON_WHY])
{
	struct python_pair pair;

	return !d->python || python_find(d, c, &pair, why) == 0;
}

/* One that fails does not end the others, but an interrupt does. */
static int play_all(const struct demo *d)
{
	char why[PYTHON_WHY];
	int first = 0;

	for (const struct conversation *c = conversations; c->name; c++) {
		bool can = can_play(d, c, why);
		int code = 0;

		if (can)
			code = play(d, c);
		else
			printf("%s: passed over: %s\n", c->name, why);
		if (code > CODE_SIGNAL)
			return code;
		first = first ? first : code;
		if (c[1].name && (can || can_play(d, c + 1, why)))
			puts("\n");
	}
	return first;
}

/* For a reader who looks for a name, and for programs. */
static void print_list(void)
{
	for (const struct conversation *c = conversations; c->name; c++)
		printf("%-10s %s\n", c->name, c->about);
}

/* -- The command line ----------------------------------------------------------------------- */

static int no_conversation(const struct verb *verb, const char *word)
{
	struct nearest near = nearest_to(word);
	char shown[OUT_SHOWN];

	for (const struct conversation *c = conversations; c->name; c++)
		nearest_try(&near, c->name);
	out_shown(shown, word);
	if (near.name)
		return verb_refuse(verb, "no conversation '%s': did you mean %s?", shown, near.name);
	return verb_refuse(verb, "no conversation '%s': sockeye demo --list tells which there are", shown);
}

static int take_word(struct option_reader *r, const char *word)
{
	struct demo *d = r->record[OF_DEMO];
	char shown[OUT_SHOWN];

	if (d->chosen)
		return verb_refuse(r->verb, "%s: a second name; it is one conversation, or all",
		                   out_shown(shown, word));
	d->chosen = conversation_find(word);
	return d->chosen ? 0 : no_conversation(r->verb, word);
}

static int check(const struct demo *d)
{
	if (d->list && (d->chosen || d->report || d->python))
		return verb_refuse(d->verb, "--list plays nothing: write it alone");
	if (d->report && (d->chosen || d->server || d->client || d->trace.output_count))
		return verb_refuse(d->verb, "--report makes three tasks of its own: write no NAME, --server, "
		                   "--client or -o beside it");
	if (d->python && (d->server || d->client))
		return verb_refuse(d->verb, "--python has both programs: write no %s beside it",
		                   d->server ? "--server" : "--client");
	if (d->owner && !d->report)
		return verb_refuse(d->verb, "--name belongs to --report");
	if (!d->chosen && (d->server || d->client))
		return verb_refuse(d->verb, "%s takes part in one conversation: name it",
		                   d->server ? "--server" : "--client");
	if (!d->chosen && d->trace.output_count)
		return verb_refuse(d->verb, "-o takes one conversation: name it");
	return 0;
}

static int perform(const struct demo *d)
{
	int code;

	if (d->report)
		return demo_report(d);
	code = d->python ? python_check(d) : 0;
	if (code)
		return code;
	return d->chosen ? play(d, d->chosen) : play_all(d);
}

static const char *word(size_t i)
{
	return conversations[i].name;
}

static int run(const struct verb *verb, int argc, char **argv)
{
	struct demo d = {
		.verb = verb,
		.trace = {
			.verb = verb, .payload = PAYLOAD, .room = ROOM, .data = true,
			.patience = PATIENCE_S * CLOCK_SEC, .grace = GRACE_MS * CLOCK_MS,
		},
	};
	struct option_reader r = {
		.verb = verb, .argv = argv, .argc = argc, .at = 1, .record = { [OF_DEMO] = &d, [OF_TRACE] = &d.trace },
	};
	int code = option_words(&r, take_word);

	if (code != OPTION_GO)
		return code;
	if (check(&d))
		return CODE_USAGE;
	d.trace.explain = !d.bare;
	if (d.list)
		print_list();
	else
		code = perform(&d);
	int flushed = out_flushed();
	return code == OPTION_GO || !code ? flushed : code;
}

const struct verb verb_demo = {
	.name = "demo",
	.about = "the lectures' conversations, run and drawn",
	.usage = "[OPTIONS] [NAME]",
	.options = options,
	.sections = sections,
	.word = word,
	.run = run,
};
