/* SPDX-License-Identifier: MIT */
/*
 * The verb trace: programs run side by side, and what they do with their
 * sockets drawn as a ladder while they do it. Here is its command line alone:
 * which programs, or which file, and how it is to be drawn. Read on in
 * trace-run.c.
 */
#include "trace.h"

#include <errno.h>
#include <sockeye/addr.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/num.h"
#include "../base/put.h"
#include "../base/tape.h"
#include "option.h"
#include "out.h"
#include "trace-output.h"
#include "value.h"

#define DIFF_NEEDS "--diff compares two recorded files: name both, and no command"
#define AT(member) OPTION_AT(struct trace, member)

enum { PAYLOAD = 64, ROOM = 8 << 20, PATIENCE_S = 5, GRACE_MS = 200, TITLE = 512 };

/* -- Options ------------------------------------------------------------------------------ */

static const char *take_payload(void *trace, const char *value, char why[OPTION_WHY])
{
	struct trace *t = trace;
	uint64_t n = SIZE_MAX;
	int err = strcmp(value, "all") == 0 ? 0 : num_size(value, strlen(value), TAPE_MOST, &n);

	(void)why;
	if (err)
		return err == -ERANGE ? "it must be at most 1g, or all" : "not a size such as 4096 or 64k, or all";
	t->payload = n;
	return NULL;
}

/* As the kernel has it, for names are not what a record shows. */
static const char *take_follow(void *trace, const char *value, char why[OPTION_WHY])
{
	struct trace *t = trace;
	char sentence[SOCKEYE_WHY];
	struct sock_addr addr;

	if (sock_addr_parse(&addr, value, sentence) < 0) {
		snprintf(why, OPTION_WHY, "%.*s", OPTION_WHY - 1, sentence);
		return why;
	}
	t->follow.len = (uint16_t)(addr.len < sizeof t->follow.bytes ? addr.len : sizeof t->follow.bytes);
	memcpy(t->follow.bytes, &addr.storage, t->follow.len);
	return NULL;
}

static const struct option options[] = {
	{ "What is watched", .takes = TAKES_HEADING },
	{ "follow-children", 'f', TAKES_NOTHING, NULL,
	  "watch their children too; what they fork, and the programs that they start",
	  AT(follow_children) },
	{ "ptrace", 0, TAKES_NOTHING, NULL,
	  "watch from outside, for static programs and Go; slower",
	  AT(ptrace) },
	{ "follow", 0, TAKES_CALL, "ADDRESS",
	  "draw only what concerns sockets with this address",
	  .call = take_follow },
	{ "payload", 0, TAKES_CALL, "SIZE|all",
	  "keep so many bytes of what each call moved; default 64",
	  .call = take_payload },
	{ "room", 0, TAKES_SIZE, "SIZE",
	  "for records that are not drawn yet, for each process; default 8m",
	  .min = TAPE_LEAST, .max = TAPE_MOST, AT(room) },
	{ "env", 0, TAKES_NOTHING, NULL,
	  "print what a shell needs to start watched programs by hand; for eval $(sockeye trace --env)",
	  AT(env) },
	{ "attach", 0, TAKES_NOTHING, NULL,
	  "draw what those programs do, until interrupted",
	  AT(attach) },

	{ "How it is drawn", .takes = TAKES_HEADING },
	{ "calls", 0, TAKES_NOTHING, NULL,
	  "a list of the calls in place of the ladder",
	  AT(calls) },
	{ "data", 'x', TAKES_NOTHING, NULL,
	  "show the first bytes of what moved, escaped",
	  AT(data) },
	{ "options", 0, TAKES_NOTHING, NULL,
	  "show setsockopt, getsockopt, fcntl, getsockname, getpeername and waits, too",
	  AT(options) },
	{ "explain", 0, TAKES_NOTHING, NULL,
	  "notes under calls that went otherwise than one may think",
	  AT(explain) },
	{ "order", 0, TAKES_WORD, "time|causal",
	  "by time; or at the end by cause, the same for each run that did the same",
	  AT(order) },
	{ "no-kernel", 0, TAKES_NOTHING, NULL,
	  "calls alone, without what the kernel did of its own",
	  AT(no_kernel) },
	{ "ascii", 0, TAKES_NOTHING, NULL,
	  "draw with nothing but ASCII",
	  AT(ascii) },
	{ "colour", 0, TAKES_WORD, "auto|always|never",
	  "colours; auto: on a terminal",
	  AT(colour) },
	{ "width", 0, TAKES_NUMBER, "N",
	  "columns; default those of the terminal, else 80",
	  .min = 40, .max = 1000, AT(width) },

	{ "diff", 0, TAKES_NOTHING, NULL,
	  "compare two recorded files; say where the conversations part",
	  AT(diff) },

	{ "Where it goes", .takes = TAKES_HEADING },
	{ "output", 'o', TAKES_CALL, "FILE",
	  "write it there, too, in the form that the ending names; may be repeated",
	  .call = outputs_take },
	{ "quiet", 'q', TAKES_NOTHING, NULL,
	  "no ladder on standard error",
	  AT(quiet) },

	{ "Several programs", .takes = TAKES_HEADING },
	{ "patience", 0, TAKES_TIME, "TIME",
	  "start the next after this when nothing tells that the one before waits; default 5s",
	  .min = CLOCK_MS, .max = VALUE_LONGEST, AT(patience) },
	{ "grace", 0, TAKES_TIME, "TIME",
	  "what is left to the others when the last one has ended, before TERM, and before KILL; default 200ms",
	  .min = CLOCK_MS, .max = VALUE_LONGEST, AT(grace) },
	OPTION_HELP,
	{ .name = NULL }
};

static void list_codes(void)
{
	fputs("  that of the last program; 128+N where it, or trace itself, was ended by signal N\n"
	      "  0, 1    of --diff: the same, different\n"
	      "  125     trace failed, or its command line is wrong\n"
	      "  126     a program cannot be executed\n"
	      "  127     a program was not found\n", stdout);
}

static const struct verb_section sections[] = {
	{ "Programs",
	  "  All words behind COMMAND are its own. A -- before it splits them: each further\n"
	  "  -- begins another program, which is started when the one before waits for\n"
	  "  somebody. The last one has the terminal; when it ends all are ended. FILE.json\n"
	  "  is what -o FILE.json or SOCKEYE_TRACE=FILE.json has recorded.\n", NULL },
	{ "Files",
	  "  .svg .html .mmd .txt    the ladder as a picture, a page, Mermaid, text\n"
	  "  .json                   the records, to be drawn again: sockeye trace FILE.json\n"
	  "  .pcapng                 packets as they must have been, for Wireshark\n", NULL },
	{ "Exit codes", NULL, list_codes },
	{ "Examples",
	  "  sockeye trace curl http://127.0.0.1:8000/\n"
	  "  sockeye trace -- ./server 8000 -- ./client 8000\n"
	  "  sockeye trace --explain -o talk.svg -o talk.json -- ./server -- ./client\n"
	  "  sockeye trace talk.json -o talk.html\n"
	  "  sockeye trace --diff c.json python.json\n", NULL },
	{ NULL, NULL, NULL }
};

/* -- Sentences ---------------------------------------------------------------------------- */

int trace_fail(const struct trace *t, const char *next, const char *format, ...)
{
	char why[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	verb_fail(t->verb, why, next);
	return TRACE_FAILED;
}

const char *trace_shown(char buf[TRACE_SHOWN], const char *path)
{
	size_t n = strlen(path), most = OUT_SHOWN - 10;
	const char *from = n > most ? path + n - most : path;
	const char *slash = strchr(from, '/');
	char shown[OUT_SHOWN];

	if (n > most && slash && slash[1])
		from = slash;
	snprintf(buf, TRACE_SHOWN, "%s%s", from > path ? "..." : "", out_shown(shown, from));
	return buf;
}

void trace_say(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	out_log_line("sockeye trace: %s", text);
}

void trace_say_lost(uint64_t lost)
{
	if (lost)
		trace_say("%llu record%s did not fit and %s not drawn: --room makes more place",
		          (unsigned long long)lost, lost == 1 ? "" : "s", lost == 1 ? "is" : "are");
}

/* -- The command line --------------------------------------------------------------------- */

static int refuse(const struct trace *t, const char *sentence)
{
	verb_refuse(t->verb, "%s", sentence);
	return TRACE_FAILED;
}

/* What is recorded and is no program. */
static bool is_recording(const char *word)
{
	const char *dot = strrchr(word, '.');
	struct stat st;

	return dot && strcmp(dot, ".json") == 0 && stat(word, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(word, X_OK) < 0;
}

/* Cut the words at each "--" into commands; the list ends in a NULL already. */
static int split(struct trace *t, char **words)
{
	t->commands[t->count++] = words;
	for (char **word = words; *word; word++)
		if (strcmp(*word, "--") == 0) {
			if (t->count == TRACE_PROGRAMS)
				return refuse(t, "at most 16 programs are run");
			*word = NULL;
			t->commands[t->count++] = word + 1;
		}
	for (int i = 0; i < t->count; i++)
		if (!*t->commands[i])
			return refuse(t, t->count == 1 ? "no command named"
			                               : "no command between two --, or behind the last");
	return 0;
}

static int no_words(const struct trace *t)
{
	if (t->env || t->attach || t->file || t->diff)
		return 0;
	return refuse(t, "no command named");
}

/* Options, then a command to the end of the line, or a recorded file and more options. */
static int read_line(struct trace *t, struct option_reader *r)
{
	const char *word;

	for (;;)
		switch (option_next(r, &word)) {
		case FOUND_HELP:
			return out_flushed();
		case FOUND_FAULT:
			return TRACE_FAILED;
		case FOUND_END:
			return no_words(t) ? TRACE_FAILED : OPTION_GO;
		case FOUND_GAP:
			if (t->diff)
				return refuse(t, DIFF_NEEDS);
			if (t->file)
				return refuse(t, "a recorded file is drawn alone: write no command beside it");
			return split(t, r->argv + r->at) ? TRACE_FAILED : OPTION_GO;
		default:
			if (t->diff) {
				if (t->other)
					return refuse(t, "--diff compares two files: write no third");
				*(t->file ? &t->other : &t->file) = word;
				continue;
			}
			if (t->file)
				return refuse(t, "a recorded file is drawn alone: write no command beside it");
			if (is_recording(word)) {
				t->file = word;
				continue;
			}
			t->commands[t->count++] = r->argv + r->at - 1;
			return OPTION_GO;
		}
}

static int check(const struct trace *t)
{
	if (t->diff && (!t->other || t->count))
		return refuse(t, DIFF_NEEDS);
	if (t->diff && (t->env || t->attach || t->output_count))
		return refuse(t, "--diff draws nothing: leave -o, --env and --attach out");
	if (t->ptrace && (t->env || t->attach || t->file))
		return refuse(t, "--ptrace is for programs that trace starts: name a command");
	if (t->env && t->attach)
		return refuse(t, "--env and --attach: first the one, in the shell; then the other, beside it");
	if ((t->env || t->attach) && (t->count || t->file))
		return refuse(t, t->env ? "--env is for programs started by hand: write no command beside it"
		                        : "--attach is for programs started by hand: write no command beside it");
	if (t->env && t->output_count)
		return refuse(t, "--env draws nothing: -o belongs to --attach");
	return 0;
}

/* "sockeye trace -- ./server -- ./client", for the head of a drawing. */
static void make_title(const struct trace *t, char title[TITLE])
{
	struct put p = put_into(title, TITLE);

	put_text(&p, "sockeye trace");
	if (t->file) {
		put_text(&p, " ");
		put_text(&p, t->file);
	}
	for (int i = 0; i < t->count; i++) {
		put_text(&p, t->count > 1 ? " --" : "");
		for (char **word = t->commands[i]; *word; word++) {
			put_text(&p, " ");
			put_text(&p, *word);
		}
	}
}

static int do_it(struct trace *t)
{
	char title[TITLE];

	make_title(t, title);
	t->title = title;
	if (t->env)
		return trace_env(t);
	if (t->attach)
		return trace_attach(t);
	if (t->diff)
		return trace_diff(t);
	return t->file ? trace_replay(t) : trace_run(t);
}

static int run(const struct verb *verb, int argc, char **argv)
{
	char **commands[TRACE_PROGRAMS];
	struct trace t = {
		.verb = verb, .commands = commands, .payload = PAYLOAD, .room = ROOM,
		.patience = PATIENCE_S * CLOCK_SEC, .grace = GRACE_MS * CLOCK_MS,
	};
	struct option_reader r = { .verb = verb, .argv = argv, .argc = argc, .at = 1, .record = { &t } };
	int code = read_line(&t, &r);

	if (code == OPTION_GO && check(&t))
		return TRACE_FAILED;
	return code == OPTION_GO ? do_it(&t) : code;
}

const struct verb verb_trace = {
	.name = "trace",
	.about = "run programs, draw what they do with their sockets",
	.usage = "[OPTIONS] COMMAND... or -- COMMAND... -- COMMAND... or FILE.json",
	.options = options,
	.sections = sections,
	.run = run,
};
