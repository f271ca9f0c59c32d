/* SPDX-License-Identifier: MIT */
/*
 * The verb send: one message, one reply. Over a stream the message ends with
 * our FIN and the reply with the peer's, unless it is told how long the reply
 * is; a datagram may get lost, so it is sent again until its reply comes.
 */
#include "send.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "fail.h"
#include "help.h"
#include "out.h"

#define AT(member) OPTION_AT(struct send, member)

enum { TIMEOUT_S = 30, TIMEOUT_DATAGRAM_S = 1, RETRIES = 3, PIECE = 64 * 1024, SAID_MOST = 1 << 30 };

static const struct option options[] = {
	{ "The message", .takes = TAKES_HEADING },
	{ "newline", 'l', TAKES_NOTHING, NULL,
	  "end it with a newline; which it has not by itself",
	  AT(newline) },

	{ "The reply", .takes = TAKES_HEADING },
	{ "reply", 'n', TAKES_SIZE, "SIZE",
	  "it is over after so many bytes; of a stream, which is else read to its end",
	  .min = 1, .max = INT64_MAX, AT(reply) },
	{ "line", 0, TAKES_NOTHING, NULL,
	  "it is over after one line; of a stream",
	  AT(line) },
	{ "timeout", 't', TAKES_TIME, "TIME|off",
	  "for all of it, from looking the name up; default 30s; of a datagram for each try, default 1s",
	  .min = CLOCK_MS, .max = VALUE_LONGEST, .off = -1, AT(timeout) },
	{ "retry", 'r', TAKES_NUMBER, "N|off",
	  "send a datagram again so many times while no reply comes; default 3",
	  .min = 1, .max = 1000, .off = 0, AT(retry) },
	{ "python", 0, TAKES_NOTHING, NULL,
	  "print it as Python does; the bytes of a stream, or a datagram's bytes and sender",
	  AT(python) },
	{ "raw", 0, TAKES_NOTHING, NULL,
	  "show a terminal what comes as it is; it can then command the terminal",
	  AT(raw) },

	{ "The server", .takes = TAKES_HEADING },
	MEET_OPTIONS(struct send),
	OPTION_HELP,
	{ .name = NULL }
};

static const struct verb_section sections[] = {
	{ "The message",
	  "  Each TEXT exactly as it is written, with a space between two. A - alone is all\n"
	  "  of standard input. ADDRESS is tcp://, udp://, unix:, unix-dgram:, vsock: or\n"
	  "  fd:; HOST:PORT alone is tcp; the name of a service is where sockeye serve has\n"
	  "  it without an address. Behind -- a TEXT may begin with a hyphen.\n", NULL },
	{ "Exit codes", NULL, help_codes },
	{ "Examples",
	  "  sockeye send upper 'Hello, world'\n"
	  "  sockeye send --python udp://127.0.0.1:12000 hello\n"
	  "  sockeye send --line tcp://127.0.0.1:65432 -l 'one line'\n"
	  "  echo -n data | sockeye send unix:/tmp/service -\n", NULL },
	{ NULL, NULL, NULL }
};

/* -- The message ------------------------------------------------------------------------ */

/* Room grows by doubling, lest a long message be moved for each of its pieces. */
static bool add(struct send *s, const char *bytes, size_t n)
{
	if (s->n + n >= s->room) {
		size_t room = 2 * (s->n + n) + 1;
		char *more = realloc(s->said, room);

		if (!more)
			return false;
		s->said = more;
		s->room = room;
	}
	memcpy(s->said + s->n, bytes, n);
	s->n += n;
	return true;
}

static int take_text(struct send *s, const char *text, bool literal)
{
	bool is_stdin = !literal && strcmp(text, "-") == 0;

	if (s->from_stdin || (is_stdin && s->has_text))
		return verb_refuse(s->verb, "- is the whole message: write no TEXT beside it");
	s->from_stdin = is_stdin;
	if (!is_stdin && ((s->has_text && !add(s, " ", 1)) || !add(s, text, strlen(text))))
		return send_lacks_memory(s);
	s->has_text = true;
	return 0;
}

static int read_stdin(struct send *s)
{
	char piece[PIECE];
	ssize_t n;

	while ((n = read(STDIN_FILENO, piece, sizeof piece)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_stream(s->verb, "stdin", errno);
		if (s->n + (size_t)n > SAID_MOST)
			return verb_refuse(s->verb, "a message has at most 1g: sockeye connect sends any length");
		if (!add(s, piece, (size_t)n))
			return send_lacks_memory(s);
	}
	return 0;
}

/* -- The command line -------------------------------------------------------------------------- */

static int check(struct send *s)
{
	bool datagrams = s->meet.is.type == SOCK_DGRAM;

	if (!s->meet.where)
		return verb_refuse(s->verb, "no address named");
	if (!s->has_text)
		return verb_refuse(s->verb, "no text to send: '' is an empty one, - is standard input");
	if (s->line && s->reply)
		return verb_refuse(s->verb, "--line and --reply: the reply is over after one of them");
	if (datagrams && (s->line || s->reply))
		return verb_refuse(s->verb, "%s is for streams: a datagram is its own reply",
		                   s->line ? "--line" : "--reply");
	if (!datagrams && s->retry >= 0)
		return verb_refuse(s->verb, "--retry is for datagrams: a stream sends again by itself");
	if (s->retry < 0)
		s->retry = RETRIES;
	if (!s->timeout)
		s->timeout = (datagrams ? TIMEOUT_DATAGRAM_S : TIMEOUT_S) * CLOCK_SEC;
	s->meet.timeout = s->timeout > 0 ? s->timeout : 0;
	return meet_check(&s->meet, s->verb, false);
}

static int take_word(struct option_reader *r, const char *word)
{
	struct send *s = r->record[0];

	return s->meet.where ? take_text(s, word, r->literal) : meet_read(&s->meet, s->verb, word);
}

/* What is sent is known before anybody is called. */
static int finish_message(struct send *s)
{
	int code = check(s);

	if (!code && s->from_stdin)
		code = read_stdin(s);
	if (!code && s->newline && !add(s, "\n", 1))
		code = send_lacks_memory(s);
	return code ? code : OPTION_GO;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * One limit for all of a stream's conversation, the call included; for each try
 * of a datagram. A server that was there at once leaves nothing of --wait over.
 */
static int talk(struct send *s)
{
	int64_t end = clock_now() + s->meet.wait + s->timeout;
	sock_auto sock = meet_dial(&s->meet);

	if (sock.fd < 0)
		return fail_tell(s->verb, &sock, s->meet.where);
	if (sock.type == SOCK_DGRAM) {
		sock_limit(&sock, s->timeout);
		return send_datagram(s, &sock);
	}
	if (s->timeout > 0)
		sock_until(&sock, least(end, clock_now() + s->timeout));
	return send_stream(s, &sock);
}

static int run(const struct verb *verb, int argc, char **argv)
{
	struct send s = { .verb = verb, .retry = -1 };
	struct option_reader r = { .verb = verb, .argv = argv, .argc = argc, .at = 1, .record = { &s } };
	int code = option_words(&r, take_word);

	if (code == OPTION_GO)
		code = finish_message(&s);
	if (code == OPTION_GO)
		code = talk(&s);
	free(s.said);
	free(s.reply_bytes);
	return code;
}

const struct verb verb_send = {
	.name = "send",
	.about = "send one message, print the reply",
	.usage = "[OPTIONS] ADDRESS TEXT...",
	.options = options,
	.sections = sections,
	.run = run,
};
