/* SPDX-License-Identifier: MIT */
/*
 * A loop of the engine that no thread runs and no socket feeds: its memory,
 * one group, one port, and a back end that only counts what it is told. For
 * tests of the engine's parts one by one.
 *
 *	struct bare b;
 *
 *	bare_begin(&b, &service);
 *	b.conn.port->loop ...           // b.conn lives at the port
 *	bare_end(&b);                   // nothing may be held any more
 */
#ifndef LOOPS_H
#define LOOPS_H

#include "net.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/clock.h"
#include "engine/core.h"
#include "engine/loop.h"
#include "engine/note.h"
#include "engine/out.h"

struct bare {
	struct engine engine;
	struct engine_plan plan;
	struct engine_group asked;
	struct group group;
	struct loop *loop;
	struct conn conn;
};

static int bare_stops, bare_starts;     /* how often reading was forbidden and allowed */

static inline void bare_read(struct conn *c, bool on)
{
	(void)c;
	bare_starts += on;
	bare_stops += !on;
}

static inline void bare_flush(struct conn *c)
{
	(void)c;
}

static const struct backend bare_backend = { .name = "bare", .read = bare_read, .flush = bare_flush };

static inline void bare_begin(struct bare *b, const struct service *service)
{
	*b = (struct bare){ .asked = { .service = service } };
	b->engine.plan = &b->plan;
	b->group = (struct group){ .asked = &b->asked, .service = service, .buffer = 64 * 1024 };
	b->engine.backend = &bare_backend;
	b->loop = loop_make(&b->engine, 0, 1, 8);
	assert_non_null(b->loop);
	b->loop->ports[0] = (struct port){ .loop = b->loop, .group = &b->group, .sock = { .fd = -1 } };
	b->loop->port_count = 1;
	b->conn = (struct conn){ .fd = -1, .port = &b->loop->ports[0] };
	bare_stops = bare_starts = 0;
}

static inline void bare_end(struct bare *b)
{
	out_drop(&b->conn);
	assert_int_equal(b->engine.held, 0);
	assert_int_equal(atomic_load(&b->engine.held), 0);
	loop_free(b->loop);
}

/* Numbers that look random and are the same each time. */
static inline uint32_t bare_random(uint64_t *seed, uint32_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 20) % below;
}

/* An address from a text such as 192.0.2.1 or 2001:db8::1. */
static inline struct sock_addr bare_addr(const char *text, int port, int type)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return sock_addr_from((struct sockaddr *)&in, sizeof in, type);
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return sock_addr_from((struct sockaddr *)&in6, sizeof in6, type);
}

#endif
