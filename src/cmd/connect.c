/* SPDX-License-Identifier: MIT */
/*
 * The verb connect: its options, its help, and what a person is told at both
 * ends of a conversation. The conversation itself is talk.c.
 */
#include "connect.h"

#include <errno.h>
#include <fcntl.h>
#include <sockeye/eye.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "exec.h"
#include "fail.h"
#include "help.h"
#include "out.h"
#include "progress.h"
#include "value.h"

#define AT(member) OPTION_AT(struct connect, member)

enum { TIMEOUT_S = 30, LINGER_S = 30, LINGER_DATAGRAM_S = 1 };

static const struct option options[] = {
	{ "Whom to meet", .takes = TAKES_HEADING },
	{ "listen", 'l', TAKES_NOTHING, NULL,
	  "be the other side: wait for a caller at the address",
	  AT(listen) },
	{ "keep", 'k', TAKES_NOTHING, NULL,
	  "with --listen: when a caller has ended, wait for the next",
	  AT(keep) },
	{ "timeout", 't', TAKES_TIME, "TIME|off",
	  "for looking the name up and connecting; default 30s; with --listen, for a caller, off",
	  .min = CLOCK_MS, .max = VALUE_LONGEST, .off = -1, AT(meet.timeout) },
	MEET_OPTIONS(struct connect),

	{ "How it ends", .takes = TAKES_HEADING },
	{ "hold", 0, TAKES_NOTHING, NULL,
	  "do not tell the peer that the input has ended; no FIN: it is over after --linger of silence",
	  AT(hold) },
	{ "linger", 0, TAKES_TIME, "TIME|off",
	  "how much silence ends it when one side has ended; default 30s, of datagrams 1s",
	  .min = CLOCK_MS, .max = VALUE_LONGEST, .off = -1, AT(linger) },

	{ "What is shown", .takes = TAKES_HEADING },
	{ "hex", 'x', TAKES_NOTHING, NULL,
	  "print both directions in numbers and letters; instead of what comes as it is",
	  AT(hex) },
	{ "raw", 0, TAKES_NOTHING, NULL,
	  "show a terminal what comes as it is; it can then command the terminal",
	  AT(raw) },
	{ "record", 0, TAKES_TEXT, "FILE",
	  "append each socket call to a file, as a line of JSON; see eye(3)",
	  .min = 1, .max = 4095, AT(record) },
	{ "exec", 'e', TAKES_TEXT, "COMMAND",
	  "let a program talk; a shell's command line, with the socket as its input and output",
	  .min = 1, .max = 65536, AT(exec) },
	{ "verbose", 'v', TAKES_STEPS, NULL,
	  "tell both ends' addresses, how it will end, and how it ended",
	  .max = 1, AT(verbosity) },
	{ "quiet", 'q', TAKES_STEPS, NULL,
	  "tell errors only",
	  .max = -1, AT(verbosity) },
	OPTION_HELP,
	{ .name = NULL }
};

static const struct verb_section sections[] = {
	{ "Addresses",
	  "  tcp://HOST:PORT  udp://HOST:PORT  unix:PATH  unix-dgram:PATH  vsock:CID:PORT\n"
	  "  fd:N, a connected socket; HOST:PORT alone is tcp; the name of a service, such\n"
	  "  as echo, is where sockeye serve has it without an address.\n", NULL },
	{ "How it ends",
	  "  1. The end of input is told to the peer (FIN); datagrams have none to tell.\n"
	  "  2. The peer is read until its own end, however long it goes on.\n"
	  "  3. The peer's end does not end our input: that goes on until its own.\n"
	  "  4. When one side has ended and the other is silent for --linger, it is over.\n"
	  "  5. At a terminal the peer's end ends it all; Ctrl-D is the end of input.\n", NULL },
	{ "Exit codes", NULL, help_codes },
	{ "Examples",
	  "  sockeye connect echo                          type, and read it again\n"
	  "  sockeye connect tcp://localhost:80 <request >reply\n"
	  "  sockeye connect --wait 10s unix:/tmp/service\n"
	  "  sockeye connect --listen tcp://:9000 >file    take a file\n"
	  "  sockeye connect tcp://other:9000 <file        send it\n"
	  "  sockeye connect --listen --keep --exec 'wc -c' tcp://127.0.0.1:9001\n", NULL },
	{ NULL, NULL, NULL }
};

/* -- Words ----------------------------------------------------------------------------- */

void connect_say(const struct connect *c, int from, const char *format, ...)
{
	char text[OUT_LINE];
	va_list args;

	if (c->verbosity < from)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	out_log_line("%s", text);
}

/* Lines about the way are for people at a terminal, and for whoever asks. */
static int from_person(void)
{
	return isatty(STDIN_FILENO) ? 0 : 1;
}

static int64_t linger_of(const struct connect *c, const struct sock *s)
{
	if (c->linger)
		return c->linger;
	return (talk_has_end(s) ? LINGER_S : LINGER_DATAGRAM_S) * CLOCK_SEC;
}

static void tell_beginning(const struct connect *c, const struct sock *s)
{
	const char *end = isatty(STDIN_FILENO) ? "Ctrl-D" : "the end of input";
	char linger[VALUE_TEXT] = "any length";
	int64_t ns = linger_of(c, s);

	if (ns > 0)
		value_time_text(linger, ns);
	connect_say(c, from_person(), "%s is connected with %s", sock_name(s).s, sock_peer(s).s);
	if (talk_has_end(s) && !c->hold)
		connect_say(c, from_person(), "%s is told to it (FIN); it may then go on, with up to %s of silence",
		            end, linger);
	else
		connect_say(c, from_person(), "%s is not told to it%s: then %s of silence ends this", end,
		            c->hold ? "" : ", datagrams have no end", linger);
}

static int tell_silence(const struct connect *c, const struct sock *s)
{
	char why[sizeof(struct sock_text) + 100], linger[VALUE_TEXT];

	if (c->hold || !talk_has_end(s))
		return CODE_OK;
	snprintf(why, sizeof why, "%s: no end came, and nothing else for %s", sock_peer(s).s,
	         value_time_text(linger, linger_of(c, s)));
	verb_fail(c->verb, why, "what had come was written; --linger TIME, or off, waits longer");
	return CODE_TIMEOUT;
}

static int tell_end(const struct connect *c, const struct talk *t, enum talk_over over)
{
	static const char *const how[] = {
		[TALK_OVER] = "both sides have ended",
		[TALK_SILENT] = "the peer was silent",
		[TALK_LEFT] = "the peer has ended",
		[TALK_FAILED] = "it broke",
		[TALK_NO_INPUT] = "the input cannot be read",
		[TALK_NO_OUTPUT] = "the output takes no more",
		[TALK_IDLE] = "nobody said anything",
	};

	connect_say(c, over == TALK_LEFT ? from_person() : 1, "%s; %llu bytes sent, %llu received", how[over],
	            (unsigned long long)t->sent, (unsigned long long)t->got);
	switch (over) {
	case TALK_SILENT:
		return tell_silence(c, t->s);
	case TALK_FAILED:
		return fail_tell(c->verb, t->failed, c->meet.where);
	case TALK_NO_INPUT:
		return fail_stream(c->verb, "stdin", t->err);
	case TALK_NO_OUTPUT:
		return fail_stream(c->verb, "stdout", t->err);
	default:
		return CODE_OK;
	}
}

/* -- Deeds --------------------------------------------------------------------------------- */

/* What a file on stdin still has; 0 when that is unknown. */
static uint64_t input_size(void)
{
	off_t at = lseek(STDIN_FILENO, 0, SEEK_CUR);
	struct stat st;

	if (at < 0 || fstat(STDIN_FILENO, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < at)
		return 0;
	return (uint64_t)(st.st_size - at);
}

/* What comes shall not be written behind the line of progress, nor be wiped with it. */
static void clear_line(void *progress)
{
	progress_end(progress);
}

static int talk(const struct connect *c, struct sock *s)
{
	bool person = isatty(STDIN_FILENO), shared = isatty(STDOUT_FILENO);
	struct progress p = { .stop = -1 };
	struct talk t = {
		.s = s,
		.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.hold = c->hold,
		.leave = person,
		.copy = c->record != NULL,
		.show = c->hex ? TALK_HEX : shared && !c->raw ? TALK_VISIBLE : TALK_AS_IS,
		.linger = linger_of(c, s),
		.idle = -1,
		.before = shared ? clear_line : NULL,
		.whom = &p,
	};

	tell_beginning(c, s);
	if (!person && c->verbosity >= 0 && !(shared && c->hex))
		progress_begin(&p, &t.sent, &t.got, input_size());
	enum talk_over over = talk_run(&t);
	progress_end(&p);
	return tell_end(c, &t, over);
}

int connect_through(const struct connect *c, struct sock *s)
{
	int code;

	if (c->exec && !c->keep) {
		tell_beginning(c, s);
		code = exec_become(s, c->exec);
		fail_stream(c->verb, "/bin/sh", errno);
	} else {
		code = talk(c, s);
	}
	sock_close(s);
	return code;
}

static int call(const struct connect *c)
{
	struct sock s = meet_dial(&c->meet);

	if (s.fd < 0)
		return fail_tell(c->verb, &s, c->meet.where);
	return connect_through(c, &s);
}

/* -- The command line -------------------------------------------------------------------------- */

static int check(struct connect *c)
{
	if (!c->meet.where)
		return verb_refuse(c->verb, "no address named");
	if (c->keep && !c->listen)
		return verb_refuse(c->verb, "--keep waits for callers: it needs --listen");
	if (c->listen && (c->meet.source || c->meet.wait))
		return verb_refuse(c->verb, "%s is for calling, not for --listen",
		                   c->meet.source ? "--source" : "--wait");
	if (c->exec && (c->hex || c->raw || c->hold || c->linger))
		return verb_refuse(c->verb, "--exec gives the socket away: %s is not for it", c->hex ? "--hex" :
		                   c->raw ? "--raw" : c->hold ? "--hold" : "--linger");
	if (c->exec && c->keep && c->meet.is.type == SOCK_DGRAM)
		return verb_refuse(c->verb, "--exec with --keep needs connections: take tcp or unix");
	if (!c->meet.timeout && !c->listen)
		c->meet.timeout = TIMEOUT_S * CLOCK_SEC;
	if (c->meet.timeout < 0)
		c->meet.timeout = 0;
	return meet_check(&c->meet, c->verb, c->listen);
}

static int take_word(struct option_reader *r, const char *word)
{
	struct connect *c = r->record[0];

	return meet_read(&c->meet, c->verb, word);
}

static const char *record_next(int err)
{
	switch (err) {
	case EINVAL:
	case ELOOP:             /* a link; O_NOFOLLOW */
	case ENXIO:             /* a pipe without a reader, or a socket */
	case EISDIR:
		return "it must be a file, no folder, link, pipe or socket";
	case ENOENT:
		return "its folder is not there: make it first";
	default:
		return NULL;
	}
}

static int start_record(const struct connect *c)
{
	char why[SOCKEYE_WHY], shown[OUT_SHOWN];
	int err;

	if (!c->record || eye_start(c->record) == 0)
		return 0;
	err = errno;
	snprintf(why, sizeof why, "--record %s: %s", out_shown(shown, c->record), strerrordesc_np(err));
	verb_fail(c->verb, why, record_next(err));
	return err == EACCES || err == EPERM ? CODE_FORBIDDEN : CODE_NETWORK;
}

static int run(const struct verb *verb, int argc, char **argv)
{
	struct connect c = { .verb = verb };
	struct option_reader r = { .verb = verb, .argv = argv, .argc = argc, .at = 1, .record = { &c } };
	int code = option_words(&r, take_word);

	if (code != OPTION_GO)
		return code;
	code = check(&c);
	if (!code)
		code = start_record(&c);
	if (code)
		return code;
	return c.listen ? connect_listen(&c) : call(&c);
}

const struct verb verb_connect = {
	.name = "connect",
	.about = "talk to a server, or be one for a single caller",
	.usage = "[OPTIONS] ADDRESS",
	.options = options,
	.sections = sections,
	.run = run,
};
