/* SPDX-License-Identifier: MIT */
/*
 * The verb nc: the letters that people know by heart, OpenBSD's of them, with
 * its lines on stderr and its exit codes, 0 and 1. It differs where netcats lose
 * bytes or mislead: -q counts silence, -z over UDP believes what ICMP says, and
 * a terminal is not left to whoever is at the other end.
 */
#include "nc.h"

#include <errno.h>
#include <poll.h>
#include <sockeye/addr.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/num.h"
#include "exec.h"
#include "help.h"
#include "option.h"
#include "out.h"
#include "talk.h"
#include "value.h"

#define AT(member) OPTION_AT(struct nc, member)

enum { FAILED = 1, PORTS_MOST = 65535 };

/* -1 and its like mean for ever. */
static const char *take_quit(void *record, const char *value, char why[OPTION_WHY])
{
	struct nc *n = record;

	(void)why;
	n->fin |= *value != '-';
	n->quit = -1;
	if (*value == '-' && num_decimal(value + 1, strlen(value + 1), INT32_MAX, &(uint64_t){ 0 }) == 0)
		return NULL;
	return value_time(value, &n->quit) == 0 && n->quit <= VALUE_LONGEST ? NULL : "not a time such as 5 or 250ms";
}

static const struct option options[] = {
	{ "Which side, and what kind of socket", .takes = TAKES_HEADING },
	{ "listen", 'l', TAKES_NOTHING, NULL,
	  "wait for a caller instead of calling",
	  AT(listen) },
	{ "keep", 'k', TAKES_NOTHING, NULL,
	  "with -l: when a caller has ended, wait for the next",
	  AT(keep) },
	{ "udp", 'u', TAKES_NOTHING, NULL,
	  "datagrams instead of a connection",
	  AT(udp) },
	{ "unix", 'U', TAKES_NOTHING, NULL,
	  "the destination is the path of a Unix socket; or @NAME",
	  AT(local) },
	{ "ipv4", '4', TAKES_NOTHING, NULL,
	  "IPv4 alone",
	  AT(v4) },
	{ "ipv6", '6', TAKES_NOTHING, NULL,
	  "IPv6 alone",
	  AT(v6) },
	{ "numeric", 'n', TAKES_NOTHING, NULL,
	  "look no name up",
	  AT(numeric) },
	{ "source", 's', TAKES_TEXT, "ADDRESS",
	  "call from, or wait at, this address",
	  .min = 1, .max = 255, AT(source) },
	{ "source-port", 'p', TAKES_TEXT, "PORT",
	  "call from, or wait at, this port",
	  .min = 1, .max = 32, AT(source_port) },

	{ "The conversation", .takes = TAKES_HEADING },
	{ "shutdown", 'N', TAKES_NOTHING, NULL,
	  "tell the peer when the input has ended; by FIN",
	  AT(fin) },
	{ "quit", 'q', TAKES_CALL, "TIME",
	  "after the end of input end with so much silence; it implies -N; default -1, for ever",
	  .call = take_quit },
	{ "timeout", 'w', TAKES_TIME, "TIME",
	  "for connecting, and for silence of both sides; -l has none",
	  .min = CLOCK_MS, .max = VALUE_LONGEST, AT(timeout) },
	{ "interval", 'i', TAKES_TIME, "TIME",
	  "wait so long between two lines sent, and two ports",
	  .max = VALUE_LONGEST, AT(interval) },
	{ "crlf", 'C', TAKES_NOTHING, NULL,
	  "send CR LF for LF",
	  AT(crlf) },
	{ "exec", 'e', TAKES_TEXT, "COMMAND",
	  "let a program talk; a shell's command line",
	  .min = 1, .max = 65536, AT(exec) },
	{ "scan", 'z', TAKES_NOTHING, NULL,
	  "only see who is there; a PORT may be a range, 20-25",
	  AT(scan) },
	{ "raw", 0, TAKES_NOTHING, NULL,
	  "show a terminal what comes as it is; it can then command the terminal",
	  AT(raw) },
	{ "verbose", 'v', TAKES_STEPS, NULL,
	  "tell who is connected, and why not",
	  .max = 1, AT(verbosity) },
	OPTION_HELP,
	{ .name = NULL }
};

static const struct verb_section sections[] = {
	{ "Exit codes",
	  "  0       it went well; of several ports, one at least is there\n"
	  "  1       anything else\n", NULL },
	{ "Examples",
	  "  sockeye nc -l 1234                            on one machine\n"
	  "  sockeye nc -N other 1234 <file                on another\n"
	  "  sockeye nc -vz localhost 20-25\n"
	  "  printf hello | sockeye nc -u -w 1 127.0.0.1 12000\n", NULL },
	{ NULL, NULL, NULL }
};

void nc_say(const char *format, ...)
{
	char text[OUT_LINE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	out_log_line("nc: %s", text);
}

/* -- One conversation ------------------------------------------------------------------- */

static int talk(const struct nc *n, struct sock *s)
{
	bool person = isatty(STDIN_FILENO), many = n->listen && n->keep && n->udp;
	struct talk t = {
		.s = s,
		.in = many ? -1 : STDIN_FILENO,         /* whom would it be sent to? */
		.out = STDOUT_FILENO,
		.hold = !n->fin,
		.leave = person || n->listen,
		.crlf = n->crlf,
		.show = isatty(STDOUT_FILENO) && !n->raw ? TALK_VISIBLE : TALK_AS_IS,
		.linger = n->quit,
		.idle = n->timeout && !n->listen ? n->timeout : -1,
		.interval = n->interval,
	};

	switch (talk_run(&t)) {
	case TALK_FAILED:
		nc_say("%s", t.failed->why);
		return FAILED;
	case TALK_NO_INPUT:
		nc_say("stdin: %s", strerrordesc_np(t.err));
		return FAILED;
	case TALK_NO_OUTPUT:
		if (t.err != EPIPE)
			nc_say("stdout: %s", strerrordesc_np(t.err));
		return FAILED;
	default:
		return CODE_OK;
	}
}

static int through(const struct nc *n, struct sock *s)
{
	if (!n->exec)
		return talk(n, s);
	exec_become(s, n->exec);
	nc_say("/bin/sh: %s", strerrordesc_np(errno));
	return FAILED;
}

static int listen_there(const struct nc *n)
{
	sock_auto server = nc_server(n);
	int code = FAILED;

	while (server.fd >= 0) {
		sock_auto s = nc_caller(n, &server);

		if (s.fd < 0)
			return FAILED;
		if (!n->keep)
			sock_close(&server);
		code = through(n, &s);
	}
	return code;
}

/* -- Ports ---------------------------------------------------------------------------------- */

/* The first and the last port of a range; of anything else the text is the port. False for a bad range. */
static bool read_range(const char *text, uint64_t *first, uint64_t *last)
{
	const char *dash = strchr(text, '-');

	*first = *last = 0;
	if (!dash || text[strspn(text, "0123456789-")])
		return true;
	if (num_decimal(text, (size_t)(dash - text), PORTS_MOST, first) < 0 ||
	    num_decimal(dash + 1, strlen(dash + 1), PORTS_MOST, last) < 0 || !*first || !*last)
		return false;
	if (*first > *last) {
		uint64_t low = *last;

		*last = *first;
		*first = low;
	}
	return true;
}

/* Is it there? Over UDP a port that is closed says so to the second datagram at the latest. */
static bool is_there(struct sock *s)
{
	if (s->type != SOCK_DGRAM)
		return true;
	sock_limit(s, sock_ms(300));
	for (int i = 0; i < 3; i++) {
		char reply[1];

		if (sock_send(s, "", 0) < 0 ||
		    (sock_recv(s, reply, sizeof reply) < 0 && s->error != ETIMEDOUT))
			return s->error != ECONNREFUSED;
	}
	return true;
}

static void tell_there(const struct nc *n, const struct sock *s, const char *port)
{
	char service[64] = "*", host[NC_WHERE], shown[OUT_SHOWN];
	const char *proto = n->udp ? "udp" : "tcp";
	int number = sock_addr_port(&s->peer);
	bool named = !n->numeric && nc_number(host, &s->peer) && strcmp(host, n->word[0]) != 0;

	if (!n->local && !n->numeric)
		sock_service_name(number, proto, service, sizeof service);
	out_shown(shown, n->word[0]);
	if (n->local)
		out_log_line("Connection to %s succeeded!", shown);
	else if (named)
		out_log_line("Connection to %s (%s) %s port [%s/%s] succeeded!", shown, host, port, proto, service);
	else
		out_log_line("Connection to %s %s port [%s/%s] succeeded!", shown, port, proto, service);
}

static int call_one(const struct nc *n, const char *port)
{
	sock_auto s = nc_call(n, port);

	if (s.fd < 0)
		return FAILED;
	if (n->scan && !is_there(&s)) {
		if (n->verbosity)
			nc_say("connect to %s port %s (udp) failed: %s", n->word[0], port, strerrordesc_np(s.error));
		return FAILED;
	}
	if (n->verbosity)
		tell_there(n, &s, port);
	return n->scan ? CODE_OK : through(n, &s);
}

static int call_all(const struct nc *n)
{
	uint64_t first, last;
	int code = FAILED;

	if (n->local)
		return call_one(n, NULL);
	if (!read_range(n->word[1], &first, &last)) {
		nc_say("port range not valid");
		return FAILED;
	}
	if (!first)
		return call_one(n, n->word[1]);
	for (uint64_t i = first; i <= last; i++) {
		char port[24];

		snprintf(port, sizeof port, "%llu", (unsigned long long)i);
		if (call_one(n, port) == CODE_OK)
			code = CODE_OK;
		if (n->interval && i < last)
			poll(NULL, 0, (int)(n->interval / CLOCK_MS));
	}
	return code;
}

/* -- The command line ---------------------------------------------------------------------------- */

/* What is missing or does not go together, or NULL. */
static const char *wrong(const struct nc *n)
{
	bool has_port = n->words == 2 || n->source_port || n->local;

	if (n->keep && !n->listen)
		return "must use -l with -k";
	if (n->scan && n->listen)
		return "cannot use -z and -l";
	if (n->v4 && n->v6)
		return "cannot use -4 and -6";
	if (n->local && (n->v4 || n->v6))
		return "cannot use -U with -4 or -6";
	if (n->local && n->words != 1)
		return "-U needs the path of a socket, and nothing else";
	if (n->exec && (n->scan || n->keep))
		return "cannot use -e with -z or -k: see sockeye connect";
	if (n->listen)
		return n->words || has_port ? NULL : "missing port number";
	if (!n->words)
		return "missing destination";
	return n->local || n->words == 2 ? NULL : "missing port number";
}

static int take_word(struct option_reader *r, const char *word)
{
	struct nc *n = r->record[0];

	if (n->words == 2)
		return verb_refuse(r->verb, "more than a destination and a port");
	n->word[n->words++] = word;
	return 0;
}

static int run(const struct verb *verb, int argc, char **argv)
{
	struct nc n = { .quit = -1 };
	struct option_reader r = { .verb = verb, .argv = argv, .argc = argc, .at = 1, .record = { &n } };
	int code = option_words(&r, take_word);

	if (code != OPTION_GO)
		return code ? FAILED : CODE_OK;
	if (wrong(&n)) {
		nc_say("%s", wrong(&n));
		return FAILED;
	}
	return n.listen ? listen_there(&n) : call_all(&n);
}

const struct verb verb_nc = {
	.name = "nc",
	.about = "the netcat flags that people know by heart",
	.usage = "[-46CklNnUuvz] [OPTIONS] [DESTINATION] [PORT]",
	.options = options,
	.sections = sections,
	.run = run,
};
