/* SPDX-License-Identifier: MIT */
/*
 * The verb serve: its options and its help. How a command line becomes a plan
 * is serve-plan.c, where it serves serve-place.c, what it tells serve-report.c;
 * the work itself is the engine's.
 */
#include "serve.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../base/clock.h"
#include "../service/service.h"
#include "help.h"
#include "value.h"

#define WHOLE(member) .record = SERVE_WHOLE, OPTION_AT(struct serve, member)
#define GROUP(member) .record = SERVE_GROUP, OPTION_AT(struct serve_group, member)
#define CALL(which, function) .record = SERVE_##which, .call = function

#define KIB INT64_C(1024)
#define GIB (KIB * KIB * KIB)

static const struct option options[] = {
	{ "The whole process", .takes = TAKES_HEADING },
	{ "workers", 0, TAKES_NUMBER, "N",
	  "threads; default: one for each core",
	  .min = 1, .max = ENGINE_WORKERS_MOST, WHOLE(plan.workers) },
	{ "engine", 0, TAKES_WORD, "best|epoll|io_uring",
	  "how to wait for the network; best, the default, is io_uring where this machine "
	  "allows it",
	  WHOLE(plan.engine) },
	{ "max-clients", 0, TAKES_NUMBER, "N",
	  "connections at once; default: as many as descriptors allow",
	  .min = 1, .max = INT_MAX, WHOLE(plan.max_clients) },
	{ "full", 0, TAKES_WORD, "wait|refuse",
	  "what callers beyond that do; wait, the default, in the system's queue, "
	  "or be closed at once",
	  WHOLE(plan.refuse) },
	{ "drain", 0, TAKES_TIME, "TIME|off",
	  "how long clients may finish after TERM or INT; default 10s",
	  .min = 1, .max = VALUE_LONGEST, .off = -1, WHOLE(plan.drain) },
	{ "spin", 0, TAKES_TIME, "TIME",
	  "look again before sleeping; at most 1ms, default 0: less latency, more work for the "
	  "processor",
	  .max = CLOCK_MS, WHOLE(plan.spin) },
	{ "ready-fd", 0, TAKES_CALL, "N",
	  "where to write a line \"ready\"; once all addresses are open; then it is closed",
	  CALL(WHOLE, serve_take_ready_fd) },
	{ "json", 0, TAKES_NOTHING, NULL,
	  "say everything in lines of JSON",
	  WHOLE(json) },
	{ "verbose", 'v', TAKES_STEPS, NULL,
	  "tell who comes and goes; and statistics at the end; -vv: also who takes no replies",
	  .max = 1, WHOLE(verbosity) },
	{ "quiet", 'q', TAKES_STEPS, NULL,
	  "tell errors only",
	  .max = -1, WHOLE(verbosity) },
	OPTION_HELP,

	{ "Each service", .takes = TAKES_HEADING },
	{ "max-per-source", 0, TAKES_NUMBER, "N|off",
	  "connections of one address; default 1000; loopback is free",
	  .min = 1, .max = INT_MAX, .off = -1, GROUP(is.max_per_source) },
	{ "idle", 0, TAKES_TIME, "TIME|off",
	  "close a connection that moves nothing for so long; default 1h",
	  .min = CLOCK_MS, .max = VALUE_LONGEST, .off = -1, GROUP(is.idle) },
	{ "buffer", 0, TAKES_SIZE, "SIZE",
	  "bytes held for a peer that takes no replies; beyond that it is not read; default 64k",
	  .min = KIB, .max = GIB, GROUP(is.buffer) },
	{ "rate", 0, TAKES_SIZE, "SIZE|off",
	  "bytes a second that a connection may bring; or the datagrams of one network; default "
	  "off",
	  .min = 1, .max = KIB * GIB, GROUP(is.rate) },
	{ "backlog", 0, TAKES_NUMBER, "N",
	  "callers that may wait to be taken; default 4096; the system has its own limit too",
	  .min = 1, .max = INT_MAX, GROUP(is.backlog) },
	{ "congestion", 0, TAKES_TEXT, "NAME",
	  "TCP's congestion control: cubic, bbr, ...",
	  .min = 1, .max = 15, GROUP(is.congestion) },
	{ "option", 'o', TAKES_CALL, "OPTION=VALUE",
	  "a socket option, such as rcvbuf=64k; may be repeated, and be a list with commas",
	  CALL(GROUP, serve_take_option) },
	{ "allow", 0, TAKES_CALL, "NETWORK",
	  "serve this network alone; such as 10.0.0.0/8 or 2001:db8::/32; may be repeated",
	  CALL(GROUP, serve_take_allow) },
	{ "deny", 0, TAKES_CALL, "NETWORK",
	  "do not serve this network; whatever else is allowed; may be repeated",
	  CALL(GROUP, serve_take_deny) },
	{ "bad", 0, TAKES_WORD, "pass|replace|close",
	  "what upper does with bytes that are not UTF-8; default pass",
	  GROUP(is.bad) },
	{ .name = NULL }
};

static void list_services(void)
{
	char what[64];

	for (const struct service *const *s = service_list; *s; s++) {
		snprintf(what, sizeof what, "%-8s  port %d", (*s)->name, (*s)->port);
		help_row(what, (*s)->about);
	}
}

static const struct verb_section sections[] = {
	{ "Services", NULL, list_services },
	{ "Addresses",
	  "  tcp://HOST:PORT  udp://HOST:PORT  unix:PATH  unix-dgram:PATH  vsock:CID:PORT\n"
	  "  fd:N, a socket that is open already; and :PORT or HOST:PORT alone, which is\n"
	  "  both tcp and udp. An empty HOST is every interface, port 0 one of the\n"
	  "  system's choice; unix:@NAME is an abstract name. Without an address a\n"
	  "  service is served on loopback, over TCP and UDP, at its own port. The\n"
	  "  addresses come out on stdout, each in a line \"listening ADDRESS SERVICE\".\n", NULL },
	{ "Several services",
	  "  Each has its own address and options; -- stands between them. Options before\n"
	  "  the first service are for all; networks and socket options add up.\n", NULL },
	{ "Signals",
	  "  TERM and INT take no more callers and let clients finish, a second one ends\n"
	  "  at once; USR1 prints statistics.\n", NULL },
	{ "Environment",
	  "  LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES hand over open sockets, which serve\n"
	  "  the service of their name, or the only one without an address. NOTIFY_SOCKET\n"
	  "  is told READY=1 and STOPPING=1. NO_COLOR turns colours off.\n", NULL },
	{ "Exit codes", NULL, help_codes },
	{ "Examples",
	  "  sockeye serve echo                            on loopback, TCP and UDP\n"
	  "  sockeye serve --idle 30s upper :12000         for everybody\n"
	  "  sockeye serve echo unix:/tmp/echo tcp://127.0.0.1:0\n"
	  "  sockeye serve -v echo :7 -- --allow 10.0.0.0/8 daytime tcp://:13\n", NULL },
	{ NULL, NULL, NULL }
};

static void release(struct serve **s)
{
	free(*s);
}

static int run(const struct verb *verb, int argc, char **argv)
{
	__attribute__((cleanup(release))) struct serve *s = calloc(1, sizeof *s);
	char why[ENGINE_WHY] = "";

	if (!s) {
		verb_fail(verb, "no memory", NULL);
		return CODE_NETWORK;
	}
	s->verb = verb;
	int code = serve_plan(s, argc, argv);
	if (code != OPTION_GO)
		return code;
	serve_report_begin(s);
	tzset();                /* daytime's zone is read now, not in the middle of serving */
	code = engine_run(&s->plan, why);
	return serve_report_end(s, code, why);
}

const struct verb verb_serve = {
	.name = "serve",
	.about = "answer callers with a small service",
	.usage = "[OPTIONS] SERVICE [ADDRESS...] [-- ...]",
	.options = options,
	.sections = sections,
	.run = run,
};
