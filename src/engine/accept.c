/* SPDX-License-Identifier: MIT */
/*
 * Taking callers in. A place among the clients is claimed before a caller is
 * taken, so that the limit holds over all workers and descriptors are never
 * the first thing to run out. An error of one caller is counted and forgotten;
 * a lack of resources pauses the port for a moment, for a port that is ready
 * and cannot be served would else keep the loop spinning.
 */
#include "accept.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sockeye/addr.h>
#include <string.h>

#include "../sock/call.h"
#include "loop.h"
#include "note.h"
#include "source.h"
#include "stream.h"

enum { AT_ONCE = 64, PAUSE_MS = 100, FULL_MS = 50, COMPLAIN_MS = 1000 };

static bool claim(struct engine *e)
{
	uint32_t n = atomic_fetch_add(&e->clients, 1);

	if (n < e->clients_most)
		return true;
	atomic_fetch_sub(&e->clients, 1);
	return false;
}

/* One line a second of all workers together. Their clocks differ by a round. */
static bool may_complain(struct loop *l)
{
	uint32_t last = atomic_load(&l->engine->complained);

	if (last && (int32_t)(l->tick - last) < COMPLAIN_MS)
		return false;
	return atomic_compare_exchange_strong(&l->engine->complained, &last, l->tick);
}

static void pause_port(struct port *p, uint32_t ms)
{
	struct loop *l = p->loop;

	p->resume = l->tick + ms;
	p->resume += p->resume == 0;
	l->backend->listen(p, false);
	loop_sweep_within(l, ms / 2);
	CORE_COUNT(l, accept_pauses, 1);
}

bool accept_is_tight(const struct engine *e)
{
	return !e->plan->refuse && (int64_t)e->clients_most - e->clients <= e->queues;
}

/* -- Admission --------------------------------------------------------------------- */

/* A caller that has gone already has no address any more. */
static void learn_peer(struct port *p, int fd, struct sock_addr *peer)
{
	if (p->inet && call_getpeername(fd, peer) < 0)
		peer->len = 0;
	peer->type = SOCK_STREAM;
}

/* Does it depend on the address who is let in? Then nobody is without one. */
static bool is_judged(const struct port *p)
{
	const struct engine_group *asked = p->group->asked;

	return p->inet && (asked->allows || asked->denies || (p->group->max_per_source && !p->loopback));
}

static bool needs_peer(const struct port *p)
{
	return is_judged(p) || p->cubic || p->loop->peers;
}

static void speed_up(int fd, const struct sock_addr *peer)
{
	static const char name[] = "cubic";

	if (source_is_loopback(peer))
		call_setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, sizeof name - 1);
}

/* May this one come in? If it is counted by its source, *source tells its place. */
static bool admit(struct port *p, const struct sock_addr *peer, uint32_t *source)
{
	struct loop *l = p->loop;
	const struct engine_group *asked = p->group->asked;

	*source = 0;
	if (!peer->len || !p->inet)
		return true;
	if (!source_is_admitted(peer, asked->allow, asked->allows, asked->deny, asked->denies)) {
		CORE_COUNT(l, refused_denied, 1);
		return false;
	}
	if (p->group->max_per_source && !source_is_loopback(peer) &&
	    !source_enter(l->engine->sources, peer, p->group->max_per_source, source)) {
		CORE_COUNT(l, refused_source, 1);
		if (may_complain(l))
			note_line(l->engine, ENGINE_WARN, "%s has %d connections already: more are turned away "
			          "(--max-per-source)", sock_addr_text(peer).s, p->group->max_per_source);
		return false;
	}
	return true;
}

/* A caller with a claimed place. */
static void take(struct port *p, int fd, struct sock_addr *peer)
{
	struct loop *l = p->loop;
	uint32_t source;

	if (!admit(p, peer, &source)) {
		call_close(fd);
		atomic_fetch_sub(&l->engine->clients, 1);
		return;
	}
	if (p->cubic)
		speed_up(fd, peer);
	if (!stream_open(p, fd, source, peer)) {
		if (source)
			source_leave(l->engine->sources, source);
		atomic_fetch_sub(&l->engine->clients, 1);
	}
}

/* -- Callers ----------------------------------------------------------------------- */

static void turn_away(struct port *p, int fd)
{
	struct loop *l = p->loop;

	call_close(fd);
	CORE_COUNT(l, refused_full, 1);
	if (may_complain(l))
		note_line(l->engine, ENGINE_WARN, "all %u places are taken: callers are turned away (--max-clients)",
		          l->engine->clients_most);
}

static void wait_for_places(struct port *p)
{
	struct loop *l = p->loop;

	pause_port(p, FULL_MS);
	if (may_complain(l))
		note_line(l->engine, ENGINE_WARN, "all %u places are taken: callers wait (--max-clients)",
		          l->engine->clients_most);
}

/*
 * One caller. False when there is none, or no more shall be taken now. Who may
 * have to wait is not accepted without a place; who may be turned away has one
 * looked for behind that, lest a place claimed for nobody turn somebody away.
 */
static bool accept_one(struct port *p)
{
	struct engine *e = p->loop->engine;
	struct sock_addr peer = { .len = 0 };
	bool placed = !e->plan->refuse && claim(e);
	int fd;

	if (!placed && !e->plan->refuse) {
		if (call_poll(p->sock.fd, POLLIN, 0) > 0)
			wait_for_places(p);
		return false;
	}
	fd = call_above_streams(call_accept(p->sock.fd, &peer));
	if (fd < 0) {
		if (placed)
			atomic_fetch_sub(&e->clients, 1);
		accept_failed(p, -fd);
		return p->listening && fd != -EAGAIN;
	}
	peer.type = SOCK_STREAM;
	p->loop->failures = 0;
	if (placed || claim(e))
		take(p, fd, &peer);
	else
		turn_away(p, fd);
	return true;
}

bool accept_ready(struct port *p)
{
	for (int i = 0; i < AT_ONCE; i++)
		if (!accept_one(p))
			return false;
	return true;
}

void accept_given(struct port *p, int fd)
{
	struct sock_addr peer = { .len = 0 };

	p->loop->failures = 0;
	if (needs_peer(p))
		learn_peer(p, fd, &peer);
	if (is_judged(p) && !peer.len) {
		call_close(fd);
		CORE_COUNT(p->loop, accept_errors, 1);
	} else if (!claim(p->loop->engine)) {
		turn_away(p, fd);
	} else {
		take(p, fd, &peer);
	}
}

/* -- Failures ------------------------------------------------------------------------ */

static bool is_shortage(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM;
}

/* What comes to a caller before it is taken stays its own matter, unless nothing else comes any more. */
void accept_failed(struct port *p, int err)
{
	struct loop *l = p->loop;

	if (err == EAGAIN || err == EINTR || err == ECANCELED)
		return;
	CORE_COUNT(l, accept_errors, 1);
	if (!is_shortage(err) && err != EBADF && err != EINVAL && err != ENOTSOCK && ++l->failures < AT_ONCE)
		return;
	l->failures = 0;
	pause_port(p, PAUSE_MS);
	if (!l->shedding && may_complain(l))
		note_line(l->engine, ENGINE_WARN, "accept %s: %s: pausing for %d ms%s", sock_name(&p->sock).s,
		          strerrordesc_np(err), PAUSE_MS,
		          err == EMFILE ? ": raise \"ulimit -n\" or lower --max-clients" : "");
}

void accept_freed(struct loop *l)
{
	atomic_fetch_sub(&l->engine->clients, 1);
	for (int i = 0; i < l->port_count; i++)
		if (l->ports[i].resume)
			loop_sweep_within(l, 1);
}

void accept_resume(struct loop *l)
{
	struct engine *e = l->engine;

	for (int i = 0; i < l->port_count && !l->shedding; i++) {
		struct port *p = &l->ports[i];

		if (!p->resume)
			continue;
		if ((int32_t)(l->tick - p->resume) >= 0 && (e->plan->refuse || e->clients < e->clients_most)) {
			p->resume = 0;
			if (l->backend->listen(p, true) < 0)
				pause_port(p, PAUSE_MS);
		} else {
			loop_sweep_within(l, FULL_MS / 2);
		}
	}
}
