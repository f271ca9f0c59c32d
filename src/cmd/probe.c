/* SPDX-License-Identifier: MIT */
/*
 * The verb probe: is anybody there? Its options and its command line; all of
 * that is judged before anything is sent. How one address is asked is
 * probe-ask.c, how all of them are at once probe-run.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "../base/clock.h"
#include "../sock/resolve.h"
#include "../sock/wait.h"
#include "fail.h"
#include "help.h"
#include "option.h"
#include "out.h"
#include "probe-run.h"
#include "probe-tell.h"

#define AT(member) OPTION_AT(struct probe, member)

enum { TIMEOUT_S = 2, AT_ONCE = 256, RESERVE = 16, RESERVE_FOR_NAMES = 4 * PROBE_LOOKERS };

struct probe {
	const struct verb *verb;
	struct probe_how how;
	const char *source;
	int at_once, verbosity;
	bool json;
	struct probe_target *targets;
	int count;
};

static const struct option options[] = {
	{ "How to ask", .takes = TAKES_HEADING },
	{ "timeout", 't', TAKES_TIME, "TIME",
	  "for each address; default 2s; a name is looked up within as much",
	  .min = CLOCK_MS, .max = 3600 * CLOCK_SEC, AT(how.timeout) },
	{ "at-once", 'n', TAKES_NUMBER, "N",
	  "how many at the same time, at most 65536; default 256, as far as descriptors allow",
	  .min = 1, .max = 65536, AT(at_once) },
	{ "source", 's', TAKES_TEXT, "ADDRESS",
	  "ask from this address of this machine; HOST, or HOST:PORT; of tcp and udp",
	  .min = 1, .max = 255, AT(source) },
	{ "payload", 'p', TAKES_TEXT, "TEXT",
	  "what a udp port is asked; default a newline, of ports 53 and 123 a question of their protocol",
	  .min = 0, .max = 65507, AT(how.payload) },

	{ "What is told", .takes = TAKES_HEADING },
	{ "json", 0, TAKES_NOTHING, NULL,
	  "report in JSON",
	  AT(json) },
	{ "verbose", 'v', TAKES_STEPS, NULL,
	  "tell times, and ask and tell all addresses of a name",
	  .max = 1, AT(verbosity) },
	{ "quiet", 'q', TAKES_STEPS, NULL,
	  "tell nothing; the exit code does",
	  .max = -1, AT(verbosity) },
	OPTION_HELP,
	{ .name = NULL }
};

static const struct verb_section sections[] = {
	{ "Addresses",
	  "  tcp://HOST:PORTS  udp://HOST:PORTS  unix:PATH  unix-dgram:PATH  vsock:CID:PORT\n"
	  "  PORTS is a list of ports, ranges and services: 22,80,8000-8010 or http,443.\n"
	  "  HOST:PORTS alone is tcp; the name of a service, such as echo, is where sockeye\n"
	  "  serve has it without an address.\n", NULL },
	{ "Answers",
	  "  open      it can be connected to; of udp: a reply came\n"
	  "  closed    refused, or unreachable: the reason says which, and who said so\n"
	  "  silent    nothing came in time; of udp: it is open, or packets are dropped\n"
	  "  unknown   nobody knows the name\n"
	  "  failed    this machine could not ask\n", NULL },
	{ "Exit codes",
	  "  0 if all are open, else the highest of: 1 failed, 3 unknown, 4 closed,\n"
	  "  5 silent. 2: the command line is wrong.\n", NULL },
	{ "Examples",
	  "  sockeye probe localhost:22\n"
	  "  sockeye probe tcp://localhost:1-65535 | grep open\n"
	  "  sockeye probe -q echo || sockeye serve echo\n"
	  "  sockeye probe udp://192.0.2.1:53,123 --timeout 500ms\n", NULL },
	{ NULL, NULL, NULL }
};

/* -- The command line ---------------------------------------------------------------------- */

static int refuse_source(const struct probe *p, const char *why)
{
	char shown[OUT_SHOWN];

	return verb_refuse(p->verb, "--source '%s': %s", out_shown(shown, p->source), why);
}

/* An address in numbers, which may leave out its scheme and port. */
static int read_source(struct probe *p)
{
	bool bare = !strstr(p->source, "://");
	struct where_known known = {
		.family = !bare ? AF_UNSPEC : strchr(p->source, '[') ? AF_INET6 : AF_INET,
		.type = bare ? SOCK_STREAM : 0,
		.port_optional = true,
	};
	struct where w;
	int gai;

	if (where_parse(&w, p->source, &known) < 0)
		return refuse_source(p, w.reason);
	if (w.type != SOCK_STREAM && w.type != SOCK_DGRAM)
		return refuse_source(p, "it must be an address of tcp or udp");
	if (w.kind == WHERE_NAME && resolve_where(&p->how.source, 1, &w, true, PACE_NOW, &gai) == 1)
		return 0;
	if (w.kind != WHERE_ADDR)
		return refuse_source(p, "write the address in numbers");
	p->how.source = w.addr;
	return 0;
}

static bool has(const struct probe *p, bool datagrams)
{
	for (int i = 0; i < p->count; i++)
		if (p->targets[i].inet && (!datagrams || p->targets[i].type == SOCK_DGRAM))
			return true;
	return false;
}

static int check(struct probe *p)
{
	if (!p->count)
		return verb_refuse(p->verb, "no address named");
	if (p->how.payload && !has(p, true))
		return verb_refuse(p->verb, "--payload is for udp: the others are asked by connecting");
	if (p->source && !has(p, false))
		return verb_refuse(p->verb, "--source is for tcp and udp");
	return p->source ? read_source(p) : 0;
}

static int take_word(struct option_reader *r, const char *word)
{
	struct probe *p = r->record[0];

	return probe_target_read(&p->targets[p->count++], p->verb, word);
}

/* -- The deed --------------------------------------------------------------------------------- */

/* No more sockets than descriptors; some are kept back, and more for a resolver's own. */
static int allowed(const struct probe *p)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY };
	rlim_t reserve = RESERVE;

	getrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < p->count; i++)
		if (p->targets[i].named)
			reserve = RESERVE + RESERVE_FOR_NAMES;
	if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= reserve + (rlim_t)p->at_once)
		return p->at_once;
	return limit.rlim_cur > reserve ? (int)(limit.rlim_cur - reserve) : 1;
}

static int ask(struct probe *p)
{
	static struct probe_teller teller;
	struct probe_run run = {
		.how = p->how,
		.at_once = allowed(p),
		.each = p->verbosity > 0,
		.tell = probe_tell,
		.flush = probe_tell_flush,
		.ctx = &teller,
	};

	teller = (struct probe_teller){ .json = p->json, .verbosity = p->verbosity };
	int err = probe_run(&run, p->targets, p->count);
	if (!err)
		return teller.code;
	return fail_stream(p->verb, teller.deaf ? "stdout" : "cannot go on", -err);
}

static int run(const struct verb *verb, int argc, char **argv)
{
	struct probe p = { .verb = verb, .how.timeout = TIMEOUT_S * CLOCK_SEC, .at_once = AT_ONCE };
	int code;

	p.targets = calloc((size_t)argc, sizeof *p.targets);
	if (!p.targets) {
		verb_fail(verb, "no memory for so many addresses", NULL);
		return CODE_NETWORK;
	}
	struct option_reader r = { .verb = verb, .argv = argv, .argc = argc, .at = 1, .record = { &p } };
	code = option_words(&r, take_word);
	if (code == OPTION_GO) {
		code = check(&p);
		code = code ? code : ask(&p);
	}
	for (int i = 0; i < p.count; i++)
		probe_target_free(&p.targets[i]);
	free(p.targets);
	return code;
}

const struct verb verb_probe = {
	.name = "probe",
	.about = "tell open, closed and silent ports apart",
	.usage = "[OPTIONS] ADDRESS...",
	.options = options,
	.sections = sections,
	.run = run,
};
