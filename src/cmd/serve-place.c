/* SPDX-License-Identifier: MIT */
/*
 * Where serve serves. Everything that can be known to be wrong with an address
 * is found here, before anything is opened: what does not suit the service, is
 * served already, or was handed over and has nobody to serve it. Host names are
 * looked up later, by the engine.
 */
#include "serve.h"

#include <stdio.h>
#include <string.h>

#include "../service/service.h"
#include "inherit.h"
#include "out.h"

static int refuse(struct serve *s, const char *text, const char *why)
{
	char shown[OUT_SHOWN];

	return verb_refuse(s->verb, "%s: %s", out_shown(shown, text), why);
}

/* Why a service cannot be served at an address, or NULL. */
static const char *unfit(const struct service *service, const struct address *a)
{
	if (a->type != SOCK_STREAM && a->type != SOCK_DGRAM)
		return "serve answers at tcp, udp, unix, unix-dgram, vsock and fd addresses only";
	if (a->fd >= 0 && a->type == SOCK_STREAM && !a->listens)
		return "this socket does not listen: it may be a connection, or lack listen(2)";
	if (a->type == SOCK_STREAM)
		return NULL;
	if (service->nature & SERVICE_STREAM_ONLY)
		return "this service is about connections, not datagrams: serve it at tcp or unix";
	if (service->nature & SERVICE_LOUD && !a->local)
		return "this service answers more than it is asked, so that strangers could flood "
		       "others with it: over datagrams it is served on loopback only";
	return NULL;
}

static bool is_same(const struct serve_place *a, const struct serve_place *b)
{
	if (a->is.fd >= 0 || b->is.fd >= 0)
		return a->is.fd == b->is.fd;
	if (a->is.chosen || b->is.chosen)
		return false;
	if (a->is.addr.len && b->is.addr.len)
		return sock_addr_cmp(&a->is.addr, &b->is.addr) == 0;
	return strcmp(a->text, b->text) == 0;
}

/* The kernel would let workers share the port, and deal callers out at random. */
static const struct serve_place *twin(const struct serve *s, const struct serve_place *p)
{
	for (const struct serve_place *other = s->place; other < p; other++)
		if (is_same(other, p))
			return other;
	return NULL;
}

/* An address with its scheme, which may stand in the place's own room. */
static int add(struct serve *s, int group, const char *text)
{
	struct serve_place *p = &s->place[s->places];
	struct engine_group *g = &s->group[group].is;
	char why[SOCKEYE_WHY];

	if (address_read(&p->is, text, why) < 0)
		return refuse(s, text, why);
	const char *wrong = unfit(g->service, &p->is);
	if (wrong)
		return refuse(s, text, wrong);
	p->text = text;
	p->group = group;
	const struct serve_place *other = twin(s, p);
	if (other) {
		const char *name = s->group[other->group].is.service->name;

		snprintf(why, sizeof why, "%s is served there already", name);
		return refuse(s, text, why);
	}
	s->places++;
	g->wheres++;
	return 0;
}

static int full(struct serve *s)
{
	return verb_refuse(s->verb, "more than %d addresses", ENGINE_WHERES_MOST);
}

/* An address that is put together here. */
static int make(struct serve *s, int group, const char *scheme, const char *rest)
{
	if (s->places == ENGINE_WHERES_MOST)
		return full(s);
	char *made = s->place[s->places].made;
	int n = snprintf(made, SERVE_PLACE_ROOM, "%s%s", scheme, rest);
	if (n >= SERVE_PLACE_ROOM)
		return refuse(s, rest, "too long for an address");
	return add(s, group, made);
}

/* HOST:PORT means both kinds there, as far as the service knows both. */
static int make_both(struct serve *s, int group, const char *rest)
{
	bool streams = s->group[group].is.service->nature & SERVICE_STREAM_ONLY;
	int code = make(s, group, "tcp://", rest);

	return code || streams ? code : make(s, group, "udp://", rest);
}

int serve_place_add(struct serve *s, int group, const char *text)
{
	if (service_find(text))
		return refuse(s, text, "a second service: write -- before it");
	if (address_is_bare(text))
		return make_both(s, group, text);
	return s->places == ENGINE_WHERES_MOST ? full(s) : add(s, group, text);
}

/* -- Groups without an address ------------------------------------------------------ */

static bool is_served(const struct serve *s, int fd)
{
	for (int i = 0; i < s->places; i++)
		if (s->place[i].is.fd == fd)
			return true;
	return false;
}

/* The group of the i-th inherited socket: by name, or the only one without an address; -1 none. */
static int heir(const struct serve *s, int i, const bool lacks[])
{
	int only = -1, count = 0;

	for (int g = 0; g < s->groups; g++)
		if (lacks[g]) {
			if (inherit_is_named(i, s->group[g].is.service->name))
				return g;
			only = g;
			count++;
		}
	return count == 1 ? only : -1;
}

static int inherit(struct serve *s, int count, const bool lacks[])
{
	char text[32];

	for (int i = 0; i < count; i++) {
		int fd = INHERIT_FIRST + i, g = heir(s, i, lacks);

		snprintf(text, sizeof text, "%d", fd);
		if (is_served(s, fd))
			continue;
		if (g < 0)
			return verb_refuse(s->verb, "fd:%d was handed over and is for no service: name it "
			                   "after one (LISTEN_FDNAMES), or write fd:%d", fd, fd);
		int code = make(s, g, "fd:", text);
		if (code)
			return code;
	}
	return 0;
}

int serve_place_rest(struct serve *s)
{
	bool lacks[ENGINE_GROUPS_MOST];
	char rest[32];
	int count = inherit_count(), code = 0;

	if (count < 0)
		return verb_refuse(s->verb, "LISTEN_FDS must be a number up to %d", INHERIT_MOST);
	for (int g = 0; g < s->groups; g++)
		lacks[g] = !s->group[g].is.wheres;
	code = inherit(s, count, lacks);
	for (int g = 0; g < s->groups && !code; g++) {
		const struct service *service = s->group[g].is.service;

		if (s->group[g].is.wheres)
			continue;
		if (count)
			return verb_refuse(s->verb, "nothing was handed over for %s: name a descriptor "
			                   "after it (LISTEN_FDNAMES), or write an address",
			                   service->name);
		snprintf(rest, sizeof rest, "127.0.0.1:%d", service->port);
		code = make_both(s, g, rest);
	}
	return code;
}
