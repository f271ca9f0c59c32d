/* SPDX-License-Identifier: MIT */
/*
 * The verb send: one message, one reply. Over a stream the message ends with
 * our FIN and the reply with the peer's, unless it is told how long the reply
 * is; a datagram may get lost, so it is sent again until its reply comes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sockeye/text.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../sock/why.h"
#include "fail.h"
#include "help.h"
#include "meet.h"
#include "out.h"
#include "value.h"
#include "visible.h"

#define AT(member) OPTION_AT(struct send, member)
#define LONGEST (30 * 86400 * CLOCK_SEC)

enum { TIMEOUT_S = 30, TIMEOUT_DATAGRAM_S = 1, RETRIES = 3, PIECE = 64 * 1024, SAID_MOST = 1 << 30 };

struct send {
	struct meet meet;
	const struct verb *verb;
	char *said;                     /* the message */
	size_t n;
	bool has_text, from_stdin, newline, line, python, raw;
	int64_t reply, timeout;         /* reply: bytes of it, 0 unknown */
	int retry;
	char *reply_bytes;              /* all of it, for --python */
	size_t reply_n;
	struct visible visible;
	char last;                      /* byte of the reply */
};

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
	  .min = CLOCK_MS, .max = LONGEST, .off = -1, AT(timeout) },
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
	{ "wait", 'w', TAKES_TIME, "TIME",
	  "try again for so long while it is not there yet; default 0",
	  .max = LONGEST, AT(meet.wait) },
	{ "source", 's', TAKES_TEXT, "ADDRESS",
	  "call from this address",
	  .min = 1, .max = 255, AT(meet.source) },
	{ "option", 'o', TAKES_CALL, "OPTION=VALUE",
	  "a socket option, such as rcvbuf=64k; may be repeated, and be a list with commas",
	  .call = meet_take_option },
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

static bool add(struct send *s, const char *bytes, size_t n)
{
	char *more = realloc(s->said, s->n + n + 1);

	if (!more)
		return false;
	memcpy(more + s->n, bytes, n);
	s->said = more;
	s->n += n;
	return true;
}

static int lacks_memory(const struct send *s)
{
	verb_fail(s->verb, "no memory for the message", NULL);
	return CODE_NETWORK;
}

static int take_text(struct send *s, const char *text, bool literal)
{
	bool is_stdin = !literal && strcmp(text, "-") == 0;

	if (s->from_stdin || (is_stdin && s->has_text))
		return verb_refuse(s->verb, "- is the whole message: write no TEXT beside it");
	s->from_stdin = is_stdin;
	if (!is_stdin && ((s->has_text && !add(s, " ", 1)) || !add(s, text, strlen(text))))
		return lacks_memory(s);
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
		if (n < 0) {
			snprintf(piece, sizeof piece, "stdin: %s", strerrordesc_np(errno));
			verb_fail(s->verb, piece, NULL);
			return CODE_NETWORK;
		}
		if (s->n + (size_t)n > SAID_MOST)
			return verb_refuse(s->verb, "a message has at most 1g: sockeye connect sends any length");
		if (!add(s, piece, (size_t)n))
			return lacks_memory(s);
	}
	return 0;
}

/* -- The reply ---------------------------------------------------------------------------- */

static bool is_shown(const struct send *s)
{
	return isatty(STDOUT_FILENO) && !s->raw;
}

static int tell_output(const struct send *s, int err)
{
	char why[128];

	snprintf(why, sizeof why, "stdout: %s", strerrordesc_np(err));
	if (err != EPIPE)
		verb_fail(s->verb, why, NULL);
	return CODE_NETWORK;
}

static int put(struct send *s, const char *bytes, size_t n)
{
	char shown[VISIBLE_ROOM(1024)];
	int err = 0;

	if (n)
		s->last = bytes[n - 1];
	if (!is_shown(s))
		return out_data(bytes, n);
	while (n && !err) {
		size_t some = n < 1024 ? n : 1024;

		err = out_data(shown, visible_piece(&s->visible, shown, bytes, some));
		bytes += some;
		n -= some;
	}
	return err;
}

static bool keep(struct send *s, const char *bytes, size_t n)
{
	char *more = realloc(s->reply_bytes, s->reply_n + n + 1);

	if (!more)
		return false;
	memcpy(more + s->reply_n, bytes, n);
	s->reply_bytes = more;
	s->reply_n += n;
	return true;
}

/* As Python prints the bytes or, of a datagram, the pair that recvfrom returns. */
static int print_python(struct send *s, const struct sock_addr *from)
{
	char address[700];
	size_t room = 4 * s->reply_n + 4;
	char *text = malloc(room);

	if (!text)
		return lacks_memory(s);
	sock_repr(text, room, s->reply_n ? s->reply_bytes : "", s->reply_n);
	if (from)
		printf("(%s, %s)\n", text, sock_repr_addr(address, sizeof address, from));
	else
		puts(text);
	free(text);
	return out_flushed();
}

/* A person's prompt begins on a line of its own. */
static int finish(struct send *s)
{
	char held[VISIBLE_ROOM(0)];
	int err = 0;

	if (s->python)
		return print_python(s, NULL);
	if (is_shown(s))
		err = out_data(held, visible_end(&s->visible, held));
	if (!err && isatty(STDOUT_FILENO) && s->last && s->last != '\n')
		err = out_data("\n", 1);
	return err ? tell_output(s, -err) : CODE_OK;
}

static int tell_short(const struct send *s, uint64_t got)
{
	char why[SOCKEYE_WHY + 64];

	if (s->line)
		snprintf(why, sizeof why, "%s: the peer ended before its line did", s->meet.where);
	else
		snprintf(why, sizeof why, "%s: the peer ended after %llu of %lld bytes", s->meet.where,
		         (unsigned long long)got, (long long)s->reply);
	verb_fail(s->verb, why, "without --reply and --line whatever comes is the reply");
	return CODE_NETWORK;
}

/* How much of a piece belongs to the reply; *over: it is whole with that. */
static size_t part(const struct send *s, const char *piece, size_t n, uint64_t got, bool *over)
{
	const char *end = s->line ? memchr(piece, '\n', n) : NULL;

	if (end)
		n = (size_t)(end - piece) + 1;
	*over = end != NULL;
	if (s->reply && got + n >= (uint64_t)s->reply) {
		n = (size_t)((uint64_t)s->reply - got);
		*over = true;
	}
	return n;
}

static int hear_stream(struct send *s, struct sock *sock)
{
	char piece[PIECE];
	uint64_t got = 0;
	bool over = false;
	ssize_t n;

	while (!over && (n = sock_recv(sock, piece, sizeof piece)) != 0) {
		if (n < 0)
			return fail_tell(s->verb, sock, s->meet.where);
		size_t some = part(s, piece, (size_t)n, got, &over);
		int err = s->python ? keep(s, piece, some) ? 0 : -ENOMEM : put(s, piece, some);

		if (err)
			return tell_output(s, -err);
		got += some;
	}
	int code = finish(s);
	return !code && !over && (s->line || s->reply) ? tell_short(s, got) : code;
}

static int talk_stream(struct send *s, struct sock *sock)
{
	if (sock_sendall(sock, s->said, s->n) < 0)
		return fail_tell(s->verb, sock, s->meet.where);
	if (!s->line && !s->reply && sock_shutdown(sock, SHUT_WR) < 0)
		return fail_tell(s->verb, sock, s->meet.where);
	return hear_stream(s, sock);
}

/* -- Datagrams -------------------------------------------------------------------------------- */

static int hear_datagram(struct send *s, struct sock *sock, char *piece, size_t room)
{
	struct sock_addr from;
	ssize_t n = sock_recvfrom(sock, piece, room, &from);
	int err;

	if (n < 0)
		return -1;
	if (s->python)
		return keep(s, piece, (size_t)n) ? print_python(s, from.len ? &from : &sock->peer) : lacks_memory(s);
	err = put(s, piece, (size_t)n);
	return err ? tell_output(s, -err) : finish(s);
}

static void tell_again(const struct send *s, int next)
{
	char text[160], time[VALUE_TEXT];
	int n = snprintf(text, sizeof text, "no reply within %s: sent again (%d of %d)\n",
	                 value_time_text(time, s->timeout), next, s->retry);

	out_log(text, (size_t)n);
}

static int talk_datagrams(struct send *s, struct sock *sock)
{
	static char piece[PIECE];
	int code;

	for (int i = 0;; i++) {
		if (sock_send(sock, s->said, s->n) < 0)
			return fail_tell(s->verb, sock, s->meet.where);
		code = hear_datagram(s, sock, piece, sizeof piece);
		if (code >= 0)
			return code;
		if (why_code(sock) != CODE_TIMEOUT || i == s->retry)
			return fail_tell(s->verb, sock, s->meet.where);
		tell_again(s, i + 1);
	}
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
	return meet_check(&s->meet, s->verb);
}

enum { GO = -1 };

static int read_all(struct send *s, int argc, char **argv)
{
	struct option_reader r = { .verb = s->verb, .argv = argv, .argc = argc, .at = 1, .record = { s } };
	bool literal = false;
	const char *word;
	int code = 0;

	while (!code) {
		enum option_found found = literal && r.at < argc ? FOUND_WORD : option_next(&r, &word);

		if (literal && r.at < argc)
			word = argv[r.at++];
		if (found == FOUND_HELP)
			return out_flushed();
		if (found == FOUND_FAULT)
			return CODE_USAGE;
		if (found == FOUND_END)
			break;
		if (found == FOUND_GAP)
			literal = true;
		else
			code = s->meet.where ? take_text(s, word, literal) : meet_read(&s->meet, s->verb, word);
	}
	if (!code)
		code = check(s);
	if (!code && s->from_stdin)
		code = read_stdin(s);
	if (!code && s->newline && !add(s, "\n", 1))
		code = lacks_memory(s);
	return code ? code : GO;
}

/* One limit for all of a stream's conversation, the call included; for each try of a datagram. */
static int talk(struct send *s)
{
	int64_t end = clock_now() + s->meet.wait + s->timeout;
	sock_auto sock = meet_dial(&s->meet);

	if (sock.fd < 0)
		return fail_tell(s->verb, &sock, s->meet.where);
	if (sock.type == SOCK_DGRAM) {
		sock_limit(&sock, s->timeout);
		return talk_datagrams(s, &sock);
	}
	if (s->timeout > 0)
		sock_until(&sock, end);
	return talk_stream(s, &sock);
}

static int run(const struct verb *verb, int argc, char **argv)
{
	struct send s = { .verb = verb, .retry = -1 };
	int code = read_all(&s, argc, argv);

	if (code == GO)
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
