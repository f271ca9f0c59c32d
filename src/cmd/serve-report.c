/* SPDX-License-Identifier: MIT */
/*
 * What serve tells while it runs: where it listens on stdout, for whoever waits
 * for it; that it is ready, to whoever asked; all else on stderr. The engine
 * calls these from the thread that started it, so none may take long.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holder.h"
#include "json.h"
#include "notify.h"
#include "out.h"
#include "serve.h"

/* -- stderr ------------------------------------------------------------------------ */

static const struct level {
	const char *name;
	const char *mark, *colour;      /* in front of a line for people, if any */
} levels[] = {
	[ENGINE_ERROR] = { "error", "error: ", "\033[31m" },
	[ENGINE_WARN] = { "warning", "warning: ", "\033[33m" },
	[ENGINE_NOTE] = { "note", "", "" },
	[ENGINE_COME_AND_GO] = { "connection", "", "" },
	[ENGINE_DETAIL] = { "detail", "", "" },
};

static size_t log_json(char *line, const struct level *level, const char *text)
{
	struct json j = json_begin(line, JSON_LINE);

	json_time(&j);
	json_text(&j, "event", "log");
	json_text(&j, "level", level->name);
	json_text(&j, "text", text);
	return json_end(&j);
}

static size_t log_text(char *line, const struct level *level, const char *text)
{
	bool coloured = *level->mark && out_is_coloured();
	int n = snprintf(line, OUT_LINE, "%s%s%s%s\n", coloured ? level->colour : "", level->mark,
	                 coloured ? "\033[m" : "", text);

	return n < OUT_LINE ? (size_t)n : OUT_LINE - 1;
}

/* What goes wrong with stdout is told at the end; that we stop for it is no news of its own. */
static bool is_silent(const struct serve *s, enum engine_level level)
{
	return s->broken && level >= ENGINE_NOTE;
}

static bool say_one(const struct serve *s, enum engine_level level, const char *text)
{
	char line[OUT_LINE];
	size_t n = (s->json ? log_json : log_text)(line, &levels[level], text);

	return out_log(line, n);
}

/* Once stderr takes lines again, the first says how many it has missed. */
static void say(void *context, enum engine_level level, const char *text)
{
	struct serve *s = context;
	char missed[80];

	if (level > s->plan.level || is_silent(s, level))
		return;
	snprintf(missed, sizeof missed, "%llu lines were lost, for nobody read them",
	         (unsigned long long)s->lost);
	if (s->lost && say_one(s, ENGINE_WARN, missed))
		s->lost = 0;
	if (s->lost || !say_one(s, level, text))
		s->lost++;
}

/* Asked for by a signal, or by -v at the end. */
static void report(void *context, const struct engine_stats *stats, bool last)
{
	struct serve *s = context;
	char text[OUT_LINE];
	size_t n;

	if (last && s->verbosity < 1)
		return;
	n = (s->json ? serve_stats_json : serve_stats_table)(text, sizeof text, stats);

	if (!is_silent(s, ENGINE_NOTE) && !out_log(text, n))
		s->lost++;
}

/* -- stdout, and whoever waits until we are ready ------------------------------------- */

/* Nobody would learn where we are: end as if told to, by a signal that the engine waits for. */
static void give_up(struct serve *s, const char *at, int err)
{
	s->broken = err;
	s->broken_at = at;
	kill(getpid(), SIGTERM);
}

static void listening(void *context, const char *where, const struct service *service)
{
	struct serve *s = context;
	char line[JSON_LINE];
	size_t n;

	if (s->json) {
		struct json j = json_begin(line, sizeof line);

		json_text(&j, "event", "listening");
		json_text(&j, "address", where);
		json_text(&j, "service", service->name);
		json_signed(&j, "pid", getpid());
		n = json_end(&j);
	} else {
		n = (size_t)snprintf(line, sizeof line, "listening %s %s\n", where, service->name);
	}
	int err = s->broken ? 0 : out_data(line, n);
	if (err < 0)
		give_up(s, "stdout", -err);
}

/* The standard streams stay open, lest a caller's socket takes their number. */
static void tell_ready_fd(struct serve *s)
{
	static const char text[] = "ready\n";
	ssize_t n;

	if (s->ready_fd < 0)
		return;
	do
		n = write(s->ready_fd, text, sizeof text - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		give_up(s, "--ready-fd", errno);
	if (s->ready_fd > STDERR_FILENO)
		close(s->ready_fd);
}

static bool notify(struct serve *s, const char *state)
{
	char why[SOCKEYE_WHY];

	if (notify_send(state, why) == 0)
		return true;
	say(s, ENGINE_WARN, why);
	return false;
}

static void ready(void *context)
{
	struct serve *s = context;

	if (!s->broken)
		tell_ready_fd(s);
	if (!s->broken)
		s->announced = notify(s, "READY=1");
}

static void draining(void *context)
{
	struct serve *s = context;

	if (s->announced)
		notify(s, "STOPPING=1");
	s->announced = false;
}

void serve_report_begin(struct serve *s)
{
	s->plan.context = s;
	s->plan.listening = listening;
	s->plan.ready = ready;
	s->plan.draining = draining;
	s->plan.say = say;
	s->plan.report = report;
	if (s->verbosity < 0)
		s->plan.level = ENGINE_ERROR;
	else if (s->verbosity > 1)
		s->plan.level = ENGINE_DETAIL;
	else if (s->verbosity || isatty(STDERR_FILENO))
		s->plan.level = ENGINE_COME_AND_GO;
	else
		s->plan.level = ENGINE_NOTE;
}

/* -- The end ---------------------------------------------------------------------------- */

enum { NEXT_ROOM = sizeof(struct sock_text) + HOLDER_TEXT + 4 };

/* The address in a sentence such as "server tcp://127.0.0.1:7: Address already in use". */
static bool is_busy(const char *why, struct sock_addr *addr)
{
	static const char before[] = "server ", behind[] = ": ";
	const char *end = strstr(why, strerrordesc_np(EADDRINUSE));
	const char *start = why + strlen(before);
	char text[SOCKEYE_WHY];

	if (!end || strncmp(why, before, strlen(before)) != 0)
		return false;
	snprintf(text, sizeof text, "%.*s", (int)(end - start - (ptrdiff_t)strlen(behind)), start);
	return sock_addr_parse(addr, text, NULL) == 0;
}

/* Who has the address that is in use. Our own listeners are closed by now. */
static const char *holder(const char *why, char next[NEXT_ROOM])
{
	char text[HOLDER_TEXT];
	struct sock_addr addr;

	if (!is_busy(why, &addr) || !holder_find(&addr, text))
		return NULL;
	snprintf(next, NEXT_ROOM, "%s is %s", sock_addr_text(&addr).s, text);
	return next;
}

static const char *next_step(const struct serve *s, int code, const char *why, char next[NEXT_ROOM])
{
	if (code == CODE_FORBIDDEN && s->plan.engine == ENGINE_URING)
		return "without --engine the best one that this machine allows is taken";
	return code == CODE_NETWORK ? holder(why, next) : NULL;
}

static void fail(const struct serve *s, int code, const char *why)
{
	char room[NEXT_ROOM], line[JSON_LINE];
	const char *next = next_step(s, code, why, room);

	if (!s->json && code == CODE_USAGE)
		verb_refuse(s->verb, "%s", why);
	else if (!s->json)
		verb_fail(s->verb, why, next);
	if (!s->json)
		return;
	struct json j = json_begin(line, sizeof line);
	json_time(&j);
	json_text(&j, "event", "failed");
	json_signed(&j, "code", code);
	json_text(&j, "why", why);
	if (next)
		json_text(&j, "next", next);
	out_log(line, json_end(&j));
}

int serve_report_end(struct serve *s, int code, const char *why)
{
	char broken[128];

	draining(s);
	if (s->broken) {
		snprintf(broken, sizeof broken, "%s: %s", s->broken_at, strerrordesc_np(s->broken));
		code = CODE_NETWORK;
		why = broken;
	}
	if (code && code < CODE_SIGNAL)
		fail(s, code, why);
	return code;
}
