/* SPDX-License-Identifier: MIT */
/*
 * Calls. A server that is still starting is waited for only when that was asked
 * for; then the pauses grow, lest a missing server be called a thousand times.
 */
#include "meet.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/nearest.h"
#include "../service/service.h"
#include "../sock/call.h"
#include "../sock/wait.h"
#include "out.h"

enum { PAUSE_FIRST_MS = 10, PAUSE_MOST_MS = 500 };

static int refuse(const struct verb *verb, const char *text, const char *why)
{
	char shown[OUT_SHOWN];

	return verb_refuse(verb, "%s: %s", out_shown(shown, text), why);
}

static int make(struct meet *m, const struct verb *verb, const char *scheme, const char *rest)
{
	int n = snprintf(m->made, sizeof m->made, "%s%s", scheme, rest);

	if (n >= (int)sizeof m->made)
		return refuse(verb, rest, "too long for an address");
	m->where = m->made;
	return 0;
}

/* What was probably meant by a word that is no address; or why it is none. */
static const char *hint(const char *word, const char *why, char text[SOCKEYE_WHY])
{
	struct nearest near = nearest_to(word);

	if (*word == '/' || *word == '.' || *word == '@' || *word == '~')
		return "a Unix socket is written unix:PATH, or unix:@NAME";
	if (strncmp(word, "tcp:", 4) == 0 || strncmp(word, "udp:", 4) == 0)
		return strstr(word, "://") ? why : "two slashes are missing: write tcp://HOST:PORT or udp://HOST:PORT";
	for (const struct service *const *each = service_list; *each; each++)
		nearest_try(&near, (*each)->name);
	if (strchr(word, ':') || !near.name)
		return why;
	snprintf(text, SOCKEYE_WHY, "no address, and no service: did you mean %s?", near.name);
	return text;
}

static int refuse_address(const struct verb *verb, const char *word, const char *why)
{
	char text[SOCKEYE_WHY];

	if (!*word)
		return verb_refuse(verb, "an empty address: write tcp://HOST:PORT, udp://HOST:PORT or unix:PATH");
	return refuse(verb, word, hint(word, why, text));
}

int meet_read(struct meet *m, const struct verb *verb, const char *word)
{
	const struct service *service = service_find(word);
	char why[SOCKEYE_WHY], port[32];
	int code = 0;

	if (m->where)
		return refuse(verb, word, "a second address");
	m->where = word;
	if (service) {
		snprintf(port, sizeof port, "127.0.0.1:%d", service->port);
		code = make(m, verb, "tcp://", port);
	} else if (address_is_bare(word)) {
		code = make(m, verb, "tcp://", word);
	}
	if (code)
		return code;
	if (address_read(&m->is, m->where, why) < 0)
		return refuse_address(verb, word, why);
	if (m->is.type == SOCK_RAW || m->is.type == SOCK_PACKET)
		return refuse(verb, word, "nobody can be called there: take a tcp, udp, unix, unix-dgram, "
		              "vsock or fd address");
	return 0;
}

int meet_check(const struct meet *m, const struct verb *verb, bool listens)
{
	const char *misfit = sockopt_misfit(m->options, &m->is);
	char shown[OUT_SHOWN];

	out_shown(shown, m->where);
	if (!listens && m->is.fd < 0 && m->is.chosen)
		return verb_refuse(verb, sock_addr_family(&m->is.addr) == AF_UNIX ?
		                   "%s: the path is missing: write unix:PATH" :
		                   "%s: port 0 is for servers, to be given any: name the port to call", shown);
	return misfit ? verb_refuse(verb, "--option %s does not suit %s", misfit, shown) : 0;
}

const char *meet_take_option(void *meet, const char *value, char why[OPTION_WHY])
{
	struct meet *m = meet;

	return sockopt_add(m->options, value, why);
}

/* Failures that a server's start may end. */
static bool may_pass(const struct sock *s)
{
	int code = why_code(s);

	return code == CODE_REFUSED || code == CODE_NAME || code == CODE_TIMEOUT || s->error == ENOENT ||
	       s->error == ECONNRESET;
}

static struct sock dial(const struct meet *m, int64_t limit)
{
	struct sock_how how = {
		.source = m->source,
		.options = *m->options ? m->options : NULL,
		.limit = limit,
	};

	return sock_dial_how(m->where, &how);
}

struct sock meet_dial(const struct meet *m)
{
	int64_t end = clock_now() + m->wait, limit = m->timeout;
	int pause = PAUSE_FIRST_MS;

	for (;;) {
		struct sock s = dial(m, limit);
		int64_t left = end - clock_now() - pause * CLOCK_MS;

		if (s.fd >= 0)
			sock_limit(&s, SOCKEYE_FOREVER);
		if (s.fd >= 0 || !may_pass(&s) || left <= 0)
			return s;
		poll(NULL, 0, pause);
		pause = 2 * pause < PAUSE_MOST_MS ? 2 * pause : PAUSE_MOST_MS;
		limit = limit && limit < left ? limit : left;
	}
}

int meet_sender(struct sock *s, int64_t limit)
{
	struct sock_addr from = { .len = 0 };
	char none[1];
	int err = pace_wait(pace_deadline(limit), s->fd, POLLIN);

	if (!err)
		err = (int)call_recvfrom(s->fd, none, 0, MSG_PEEK, &from);
	s->limit = limit;               /* for the sentence */
	if (err < 0)
		return why_fail(s, "accept", -err);
	s->limit = SOCKEYE_FOREVER;
	from.type = s->type;
	return from.len > sizeof(sa_family_t) ? sock_connect_addr(s, &from) : 0;
}
