/* SPDX-License-Identifier: MIT */
/* How nc meets somebody: each address of a name in turn, each failure on a line of its own. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sockeye/addr.h>
#include <sockeye/option.h>
#include <stdio.h>
#include <string.h>

#include "../base/num.h"
#include "meet.h"
#include "nc.h"
#include "out.h"

enum { ADDRESSES = 32 };

bool nc_number(char host[NC_WHERE], const struct sock_addr *addr)
{
	return sock_addr_name(addr, host, NC_WHERE, NULL, 0, NI_NUMERICHOST, 0, NULL) == 0;
}

/* -- Where ---------------------------------------------------------------------------------- */

static const char *scheme_of(const struct nc *n)
{
	static const char *const schemes[2][3] = {
		{ "tcp://", "tcp4://", "tcp6://" },
		{ "udp://", "udp4://", "udp6://" },
	};

	return schemes[n->udp][n->v4 ? 1 : n->v6 ? 2 : 0];
}

/* A path as an address: of its characters only % says more than itself. */
static void put_path(char where[NC_WHERE], const char *scheme, const char *path)
{
	size_t n = (size_t)snprintf(where, NC_WHERE, "%s", scheme);

	for (; *path && n < NC_WHERE - 4; path++)
		n += (size_t)snprintf(where + n, NC_WHERE - n, *path == '%' ? "%%25" : "%c", *path);
}

static void put_where(const struct nc *n, char where[NC_WHERE], const char *host, const char *port)
{
	bool bare6 = strchr(host, ':') && *host != '[';

	if (n->local)
		put_path(where, n->udp ? "unix-dgram:" : "unix:", host);
	else
		snprintf(where, NC_WHERE, "%s%s%s%s:%s", scheme_of(n), bare6 ? "[" : "", host, bare6 ? "]" : "", port);
}

/* The sentence without what our library puts before the reason. */
static const char *reason(const char *why)
{
	const char *colon = strstr(why, ": ");

	return colon ? colon + 2 : why;
}

/* Whether the text is a port, told as scripts know it. */
static bool is_port(const struct nc *n, const char *text)
{
	char shown[OUT_SHOWN];
	uint64_t port;
	int err = n->local ? 0 : num_decimal(text, strlen(text), 65535, &port);

	if (!err || (err == -EINVAL && sock_service_port(text, n->udp ? "udp" : "tcp") >= 0))
		return true;
	nc_say("port number %s: %s", err == -ERANGE ? "too large" : "invalid", out_shown(shown, text));
	return false;
}

static int look_up(const struct nc *n, struct sock_addr *list, const char *host, const char *port, bool local)
{
	char where[NC_WHERE], why[SOCKEYE_WHY], shown[OUT_SHOWN];
	int64_t limit = n->timeout ? n->timeout : SOCKEYE_FOREVER;
	int count = -1;

	if (!is_port(n, port))
		return -1;
	put_where(n, where, host, port);
	if (n->local || n->numeric)
		count = sock_addr_parse(list, where, why) == 0 ? 1 : -1;
	else
		count = (local ? sock_resolve_local : sock_resolve)(list, ADDRESSES, where, limit, why);
	if (n->numeric && count < 0)
		snprintf(why, sizeof why, ": %s", gai_strerror(EAI_NONAME));
	if (count < 0 && n->local)
		nc_say("%s: %s", out_shown(shown, host), reason(why));
	else if (count < 0)
		nc_say("getaddrinfo for host \"%s\" port %s: %s", out_shown(shown, host), port, reason(why));
	return count;
}

/* -- Calling -------------------------------------------------------------------------------- */

/* Bind to -s and -p, if they are there. */
static int bind_source(const struct nc *n, struct sock *s)
{
	struct sock_addr from[ADDRESSES];
	char any[2][8] = { "0.0.0.0", "::" };
	int count;

	if (n->local && !n->source && s->type == SOCK_DGRAM)
		return sock_bind(s, "unix-dgram:");
	if (!n->source && !n->source_port)
		return 0;
	count = look_up(n, from, n->source ? n->source : any[s->family == AF_INET6],
	                n->source_port ? n->source_port : "0", true);
	for (int i = 0; i < count; i++)
		if (sock_addr_family(&from[i]) == s->family) {
			sock_set(s, "reuseaddr", 1);
			return sock_bind_addr(s, &from[i]);
		}
	s->error = EADDRNOTAVAIL;
	return -1;
}

static void tell_failure(const struct nc *n, const struct sock *s, const struct sock_addr *to, const char *port)
{
	char host[NC_WHERE], shown[OUT_SHOWN];
	const char *words = strerrordesc_np(s->error), *proto = n->udp ? "udp" : "tcp";

	out_shown(shown, n->word[0]);
	if (n->local)
		nc_say("%s: %s", shown, words);
	else if (n->numeric || !nc_number(host, to) || strcmp(host, n->word[0]) == 0)
		nc_say("connect to %s port %s (%s) failed: %s", shown, port, proto, words);
	else
		nc_say("connect to %s (%s) port %s (%s) failed: %s", shown, host, port, proto, words);
}

struct sock nc_call(const struct nc *n, const char *port)
{
	struct sock_addr list[ADDRESSES];
	int count = look_up(n, list, n->word[0], port, false);
	struct sock s = { .fd = -1 };

	for (int i = 0; i < count; i++) {
		s = sock_open(sock_addr_family(&list[i]), n->udp ? SOCK_DGRAM : SOCK_STREAM, 0);
		sock_limit(&s, n->timeout ? n->timeout : SOCKEYE_FOREVER);
		if (s.fd >= 0 && bind_source(n, &s) == 0 && sock_connect_addr(&s, &list[i]) == 0) {
			sock_limit(&s, SOCKEYE_FOREVER);
			return s;
		}
		if (n->verbosity || n->local)
			tell_failure(n, &s, &list[i], port);
		sock_close(&s);
	}
	return s;
}

/* -- Being called ------------------------------------------------------------------------------ */

/* A caller's name comes from strangers. */
static void tell_who(const struct nc *n, const char *what, const struct sock_addr *addr)
{
	char host[NC_WHERE], shown[OUT_SHOWN];
	int number = sock_addr_port(addr);

	if (!n->verbosity)
		return;
	if (n->local)
		out_log_line("%s on %s", what, out_shown(shown, n->word[0]));
	else if ((!n->numeric && sock_addr_name(addr, host, NC_WHERE, NULL, 0, 0, sock_sec(2), NULL) == 0) ||
	         nc_number(host, addr))
		out_log_line("%s on %s %d", what, out_shown(shown, host), number);
}

struct sock nc_server(const struct nc *n)
{
	const char *any = n->v6 ? "::" : "0.0.0.0", *host = n->source ? n->source : any, *port = n->source_port;
	char where[NC_WHERE];
	struct sock_addr own;

	if (n->words == 2 || n->local)
		host = n->word[0];
	if (n->words && !n->local)
		port = n->word[n->words - 1];
	if (!is_port(n, port))
		return (struct sock){ .fd = -1 };
	put_where(n, where, host, port ? port : "");
	struct sock s = sock_server(where);
	if (s.fd < 0)
		nc_say("%s", s.why);
	else if (sock_name_addr(&s, &own) == 0)
		tell_who(n, n->udp ? "Bound" : "Listening", &own);
	return s;
}

/* With -k everybody's datagrams are read, else those of the first who sends one. */
static struct sock first_sender(const struct nc *n, struct sock *server)
{
	if (n->keep)
		return sock_move(server);
	if (meet_sender(server, SOCKEYE_FOREVER) < 0)
		nc_say("%s", server->why);
	else if (server->peer.len)
		tell_who(n, "Connection received", &server->peer);
	return sock_move(server);
}

struct sock nc_caller(const struct nc *n, struct sock *server)
{
	if (n->udp)
		return first_sender(n, server);
	struct sock s = sock_accept(server);
	if (s.fd < 0)
		nc_say("%s", s.why);
	else
		tell_who(n, "Connection received", &s.peer);
	return s;
}
