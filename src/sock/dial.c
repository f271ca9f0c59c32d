/* SPDX-License-Identifier: MIT */
/*
 * sock_dial: from an address as people write it to a connected socket, within
 * one limit. One address is connected to plainly; several run a race (race.c).
 */
#include <errno.h>
#include <netinet/in.h>
#include <sockeye/addr.h>
#include <sockeye/option.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "call.h"
#include "connect.h"
#include "kind.h"
#include "life.h"
#include "race.h"
#include "resolve.h"
#include "wait.h"

/* What every attempt of one dial shares. */
struct dial {
	const char *where;
	const struct sock_how *how;
	int64_t limit, deadline;
	struct sock_addr sources[RESOLVE_MOST];
	int source_count;
};

static struct sock fail(const struct dial *d, int err, const char *reason)
{
	struct sock s = { .fd = -1, .limit = d->limit };

	why_kill_at(&s, "dial", d->where ? d->where : "", err, reason);
	return s;
}

/* Port 0 with IP_BIND_ADDRESS_NO_PORT lets the kernel share ports between destinations. */
static int bind_source(struct sock *s, const struct dial *d)
{
	for (int i = 0; i < d->source_count; i++) {
		const struct sock_addr *from = &d->sources[i];
		int on = 1;

		if (sock_addr_family(from) != s->family)
			continue;
		if (sock_addr_port(from) == 0)
			call_setsockopt(s->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
		return sock_bind_addr(s, from);
	}
	return d->source_count ? why_kill_at(s, "bind", d->how->source, EADDRNOTAVAIL,
	                                     "the source address is of another family") : 0;
}

/* Without a name of its own a Unix datagram socket could not be answered. */
static int autobind(struct sock *s)
{
	struct sock_addr none = { .len = sizeof(sa_family_t) };

	if (s->family != AF_UNIX || s->type != SOCK_DGRAM)
		return 0;
	none.storage.ss_family = AF_UNIX;
	return call_bind(s->fd, &none);
}

static struct sock make(const struct sock_addr *addr, void *ctx)
{
	const struct dial *d = ctx;
	struct sock s = life_make(sock_addr_family(addr), addr->type,
	                          kind_open_proto(sock_addr_family(addr), addr->proto), "dial", d->where);
	const char *options = d->how->options;
	int err;

	if (s.state != STATE_OPEN)
		return s;
	s.limit = d->limit;
	if ((options && sock_set_text(&s, options) < 0) || bind_source(&s, d) < 0) {
		s.state = STATE_DEAD;
		sock_close(&s);
		return s;
	}
	err = d->source_count ? 0 : autobind(&s);
	if (err < 0) {
		sock_close(&s);
		return fail(d, -err, NULL);
	}
	return s;
}

static struct sock dial_one(struct dial *d, const struct sock_addr *addr)
{
	struct sock s = make(addr, d);
	int err;

	if (s.state != STATE_OPEN)
		return s;
	err = connect_to(&s, addr, d->deadline);
	if (err) {
		sock_close(&s);
		return fail(d, -err, NULL);
	}
	s.peer = *addr;
	return s;
}

/* Why each address lost. */
static struct sock tell_all(const struct dial *d, const struct race_entry *list, int n, int err)
{
	struct why_list all = why_list("dial", d->where);
	struct sock as = { .limit = d->limit };

	for (int i = 0; i < n; i++) {
		char words[64];
		const char *reason = list[i].s.state == STATE_DEAD && list[i].s.why[0] ? list[i].s.why :
		                     list[i].err == ECANCELED ? "not tried in time" :
		                     why_words(&as, list[i].err, words, sizeof words);

		why_list_add(&all, sock_addr_text(&list[i].addr).s, reason);
	}
	return fail(d, err, why_list_text(&all));
}

/* The errno that says most: a network that is not there says less than a host that refused. */
static int telling(const struct race_entry *list, int n)
{
	for (int i = 0; i < n; i++)
		switch (list[i].err) {
		case ENETUNREACH:
		case EADDRNOTAVAIL:
		case EAFNOSUPPORT:
		case EHOSTUNREACH:
			continue;
		default:
			return list[i].err;
		}
	return list[0].err;
}

static struct sock dial_many(struct dial *d, const struct sock_addr *list, int n)
{
	struct race_entry entries[RESOLVE_MOST];
	int winner;

	memset(entries, 0, sizeof entries);
	for (int i = 0; i < n; i++)
		entries[i].addr = list[i];
	winner = race_run(entries, n, d->deadline, make, d);
	if (winner >= 0) {
		entries[winner].s.peer = entries[winner].addr;
		entries[winner].s.error = 0;
		return entries[winner].s;
	}
	return tell_all(d, entries, n, telling(entries, n));
}

/* The source may leave out scheme and port; family and type are the target's. */
static int find_source(struct dial *d, const struct where *target, char *reason, size_t room, int *gai)
{
	struct where_known known = { .family = target->family, .type = target->type,
	                             .proto = target->proto, .port_optional = true };
	const char *source = d->how->source;
	struct where w;
	char words[64];
	int n;

	if (target->family == AF_UNSPEC && !strstr(source, "://"))
		known.family = strchr(source, '[') ? AF_INET6 : AF_INET;
	if (where_parse(&w, source, &known) < 0) {
		snprintf(reason, room, "source %s: %s", source, w.reason);
		return -EINVAL;
	}
	n = resolve_where(d->sources, RESOLVE_MOST, &w, true, d->deadline, gai);
	if (n < 0)
		snprintf(reason, room, "source %s: %s", source, lookup_words(n, *gai, words, sizeof words));
	d->source_count = n;
	return n < 0 ? n : 0;
}

static struct sock dial(struct dial *d, const struct where *w)
{
	struct sock_addr list[RESOLVE_MOST];
	char reason[SOCKEYE_WHY];
	char buf[64];
	struct sock s;
	int gai = 0, n;

	if (w->kind == WHERE_ADDR && addr_unnamed(&w->addr))
		return fail(d, EINVAL, "no path given: write unix:PATH");
	n = d->how->source ? find_source(d, w, reason, sizeof reason, &gai) : 0;
	if (n == 0) {
		n = resolve_where(list, RESOLVE_MOST, w, false, d->deadline, &gai);
		if (n < 0)
			snprintf(reason, sizeof reason, "%s", lookup_words(n, gai, buf, sizeof buf));
	}
	if (n < 0) {
		s = fail(d, -n, reason);
		s.gai = gai;
		return s;
	}
	return n == 1 ? dial_one(d, list) : dial_many(d, list, n);
}

struct sock sock_dial_how(const char *where, const struct sock_how *how)
{
	static const struct sock_how plain;
	struct dial d = { .where = where, .how = how ? how : &plain };
	struct where w;

	d.limit = d.how->limit ? d.how->limit : wait_default();
	d.deadline = pace_deadline(d.limit);
	if (where_parse(&w, where, NULL) < 0)
		return fail(&d, EINVAL, w.reason);
	if (w.kind == WHERE_FD)
		return d.how->source ? fail(&d, EINVAL, "a descriptor has its own address: leave out the source") :
		                       life_adopt(w.port, d.how);
	if (w.type == SOCK_RAW && w.family != AF_CAN)
		return fail(&d, EINVAL, "no protocol: open this kind of socket with sock_open");
	return dial(&d, &w);
}

struct sock sock_dial(const char *where)
{
	return sock_dial_how(where, NULL);
}
