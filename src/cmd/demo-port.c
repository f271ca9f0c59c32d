/* SPDX-License-Identifier: MIT */
/*
 * The port of a conversation. The system is asked for it in the way in which
 * the server will ask. A server that is the first to close leaves its port
 * taken for a minute, unless it and the next one both set SO_REUSEADDR; the
 * lectures' programs in Python do not.
 */
#include "demo-port.h"

#include <errno.h>
#include <poll.h>
#include <sockeye.h>
#include <sockeye/addr.h>
#include <sockeye/option.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "fail.h"
#include "holder.h"
#include "out.h"

enum { PLACE = 512, LONGEST_S = 65, LOOK_MS = 100 };

/* As the programs have it: a name that nobody knows is the loopback. */
static void place(const struct conversation *c, char where[PLACE])
{
	const char *type = c->type == SOCK_DGRAM ? "udp" : "tcp";
	struct sock_addr own;
	char name[256];

	snprintf(where, PLACE, "%s://%s:%d", type, c->host ? c->host : "127.0.0.1", c->port);
	if (c->host || sock_hostname(name, sizeof name) < 0)
		return;
	snprintf(where, PLACE, "tcp4://%s:%d", name, c->port);
	if (sock_resolve(&own, 1, where, sock_sec(5), NULL) < 0)
		snprintf(where, PLACE, "tcp://127.0.0.1:%d", c->port);
	else
		snprintf(where, PLACE, "%s", sock_addr_text(&own).s);
}

/* By the names of what does it: the option, and the functions of Python that set it themselves. */
static bool reuses(const char *source)
{
	static const char *const names[] = { "reuse", "create_server", "start_server" };
	char *line = NULL;
	size_t room = 0;
	bool found = false;
	FILE *file = fopen(source, "re");

	while (file && !found && getline(&line, &room, file) > 0)
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			found |= strcasestr(line, names[i]) != NULL;
	free(line);
	if (file)
		fclose(file);
	return found;
}

static struct sock take(const struct conversation *c, const char *where, bool reuse)
{
	struct sock s = sock_open(AF_INET, c->type, 0);

	if (reuse)
		sock_set(&s, "reuseaddr", 1);
	sock_bind(&s, where);
	if (c->type == SOCK_STREAM)
		sock_listen(&s, 1);
	return s;
}

/* Is it in use, and nobody has it? */
static bool lingers(const struct sock *s, const char *where)
{
	char text[HOLDER_TEXT];
	struct sock_addr addr;

	return s->error == EADDRINUSE && sock_resolve(&addr, 1, where, sock_sec(5), NULL) == 1 &&
	       !holder_find(&addr, text);
}

int port_wait(const struct demo *d, const struct conversation *c, const char *source)
{
	bool stream = c->type == SOCK_STREAM, reuse = stream && (!source || reuses(source));
	int64_t until = clock_now() + LONGEST_S * CLOCK_SEC;
	char where[PLACE];

	place(c, where);
	sock_auto s = take(c, where, reuse);
	if (stream && lingers(&s, where))
		out_log_line("sockeye %s: %s: port %d stays taken for a minute by a connection that has ended, where "
		             "one of the servers does not set SO_REUSEADDR: waiting", d->verb->name, c->name, c->port);
	while (stream && lingers(&s, where) && clock_now() < until) {
		poll(NULL, 0, LOOK_MS);
		sock_close(&s);
		s = take(c, where, reuse);
	}
	return s.error ? fail_tell(d->verb, &s, where) : 0;
}
