/* SPDX-License-Identifier: MIT */
/*
 * The steps of the textbooks: bind, listen, connect. The calls that do it all
 * at once are dial.c and server.c; how a connect goes on is connect.c.
 */
#include "step.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "addr.h"
#include "call.h"
#include "connect.h"
#include "kind.h"
#include "resolve.h"
#include "wait.h"

struct where_known step_known(const struct sock *s)
{
	return (struct where_known){ .family = s->family, .type = s->type, .proto = s->proto };
}

/* The socket's own kind, which a bare address does not carry. */
static struct sock_addr as(const struct sock *s, const struct sock_addr *addr)
{
	struct sock_addr a = s->family == AF_INET6 ? addr_mapped(addr) : *addr;

	a.type = s->type;
	a.proto = kind_proto(s);
	return a;
}

/*
 * Parse and look up for one operation. Returns the count or -1 with the
 * sentence; the socket is broken, for what comes after a connect or bind that
 * could not be would only hide the cause. A look-up out of time is not final.
 */
static int find(struct sock *s, const char *op, const char *text, bool passive,
                struct sock_addr *list, int64_t deadline)
{
	struct where_known known = step_known(s);
	struct where w;
	char buf[64];
	int n;

	if (where_parse(&w, text, &known) < 0)
		return why_kill_at(s, op, text ? text : "", EINVAL, w.reason);
	n = resolve_where(list, RESOLVE_MOST, &w, passive, deadline, &s->gai);
	if (n == -LIMIT_REACHED)
		return why_fail_at(s, op, text, LIMIT_REACHED, "the name look-up took too long");
	if (n < 0)
		return why_kill_at(s, op, text, -n, lookup_words(n, s->gai, buf, sizeof buf));
	s->gai = 0;
	return n;
}

/* -- bind ------------------------------------------------------------------------- */

const char *step_bind_words(int err, const struct sock_addr *addr, char *buf, size_t n)
{
	int port = sock_addr_port(addr);

	if (err == EACCES && port > 0 && port < 1024)
		snprintf(buf, n, "Permission denied: port %d needs privilege: take one above 1023", port);
	else if (err == EADDRINUSE && port > 0)
		snprintf(buf, n, "Address already in use: \"ss -lp sport = %d\" shows by whom", port);
	else if (err == EADDRINUSE && sock_addr_family(addr) == AF_UNIX)
		snprintf(buf, n, "Address already in use: something stands at this path or has this name");
	else if (err == EADDRNOTAVAIL)
		snprintf(buf, n, "Cannot assign requested address: no interface here has it");
	else
		return NULL;
	return buf;
}

static int bind_one(struct sock *s, const struct sock_addr *addr, const char *at)
{
	char buf[96];
	int err = call_bind(s->fd, addr);

	if (err < 0)
		return why_kill_at(s, "bind", at, -err, step_bind_words(-err, addr, buf, sizeof buf));
	why_well(s);
	return 0;
}

int sock_bind(struct sock *s, const char *where)
{
	struct sock_addr list[RESOLVE_MOST];

	if (!why_ok(s, "bind"))
		return -1;
	if (find(s, "bind", where, true, list, pace_of(s).deadline) < 0) {
		s->state = STATE_DEAD;          /* also when only the time ran out: a bind is final */
		return -1;
	}
	return bind_one(s, list, sock_addr_text(list).s);
}

int sock_bind_addr(struct sock *s, const struct sock_addr *addr)
{
	struct sock_addr a;

	if (!why_ok(s, "bind"))
		return -1;
	if (!addr || !addr->len)
		return why_kill_at(s, "bind", "", EINVAL, "no address given");
	a = as(s, addr);
	return bind_one(s, &a, sock_addr_text(&a).s);
}

int sock_listen(struct sock *s, int backlog)
{
	int err;

	if (!why_ok(s, "listen"))
		return -1;
	err = call_listen(s->fd, backlog < 0 ? 0 : backlog);
	if (err < 0)
		return why_fail(s, "listen", -err);
	why_well(s);
	return 0;
}

/* -- connect ------------------------------------------------------------------------ */

/* A connect that a limit left behind belongs to the address it was for. */
static bool under_way_to_another(const struct sock *s, const struct sock_addr *addr)
{
	return s->flags & FLAG_CONNECTING && sock_addr_cmp(&s->peer, addr) != 0;
}

/* addr is of the socket's own kind: see as(). */
static int connect_one(struct sock *s, const struct sock_addr *addr, int64_t deadline)
{
	struct sock_text at = sock_addr_text(addr);
	int err = under_way_to_another(s, addr) ? -EALREADY : connect_to(s, addr, deadline);

	if (err == -EISCONN || err == -EALREADY)
		return why_fail_at(s, "connect", at.s, -err, NULL);
	s->flags &= ~FLAG_CONNECTING;
	s->peer = *addr;
	if (err == -LIMIT_REACHED) {
		s->flags |= FLAG_CONNECTING;
		return why_fail_at(s, "connect", at.s, LIMIT_REACHED, NULL);
	}
	if (err < 0) {
		s->peer.len = 0;
		return why_kill_at(s, "connect", at.s, -err, NULL);
	}
	why_well(s);
	return 0;
}

/* Each address in turn; a limit, which leaves the socket alive, ends the walk. */
static int connect_each(struct sock *s, const char *where, const struct sock_addr *list, int n, int64_t deadline)
{
	struct why_list all = why_list("connect", where);
	int tried = 0;

	for (int i = 0; i < n; i++) {
		struct sock_addr a = as(s, &list[i]);
		char words[64];

		if (i + 1 < n && under_way_to_another(s, &a))
			continue;
		s->state = STATE_OPEN;
		if (connect_one(s, &a, deadline) == 0)
			return 0;
		if (s->state == STATE_OPEN)
			return -1;
		why_list_add(&all, sock_addr_text(&a).s, why_words(s, s->error, words, sizeof words));
		tried++;
	}
	return tried > 1 ? why_kill_at(s, "connect", where, s->error, why_list_text(&all)) : -1;
}

int sock_connect(struct sock *s, const char *where)
{
	struct sock_addr list[RESOLVE_MOST];
	int64_t deadline;
	int n;

	if (!why_ok(s, "connect"))
		return -1;
	deadline = pace_of(s).deadline;
	n = find(s, "connect", where, false, list, deadline);
	return n < 0 ? -1 : connect_each(s, where, list, n, deadline);
}

int sock_connect_addr(struct sock *s, const struct sock_addr *addr)
{
	struct sock_addr a;

	if (!why_ok(s, "connect"))
		return -1;
	if (!addr || !addr->len)
		return why_kill_at(s, "connect", "", EINVAL, "no address given");
	a = as(s, addr);
	return connect_one(s, &a, pace_of(s).deadline);
}
