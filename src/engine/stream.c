/* SPDX-License-Identifier: MIT */
/*
 * The life of a stream connection. Input goes to the service at once or, while
 * the conn is stalled, is kept; the peer's end counts after the last byte was
 * used; our end goes out after the last byte was taken; and we close after the
 * peer's end or a while, for closing with input unread would destroy replies
 * that are still on their way (RFC 9293, section 3.10.4; RFC 2525, 2.17).
 */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "../sock/call.h"
#include "accept.h"
#include "loop.h"
#include "note.h"
#include "out.h"
#include "rate.h"
#include "source.h"

enum { LINGER_SWEEP_MS = 250, ROUND_LEAST = 128 * 1024 };

/* -- Input that could not be used yet --------------------------------------------- */

static void rest_drop(struct conn *c)
{
	if (c->in)
		out_hold(c->port->loop, -(int64_t)c->in->room);
	free(c->in);
	c->in = NULL;
}

/* Keep n more bytes. Small ones take little: a cut character is three bytes. */
static bool rest_add(struct conn *c, const char *data, size_t n)
{
	size_t have = c->in ? c->in->n : 0;
	size_t room = c->in ? c->in->room : 0;
	struct rest *rest = c->in;

	if (have + n > room) {
		size_t want = (have + n + 7) & ~(size_t)7;

		rest = sys.malloc(sizeof *rest + want);
		if (!rest)
			return false;
		rest->n = have;
		rest->room = want;
		if (have)
			memcpy(rest->bytes, c->in->bytes, have);
		rest_drop(c);
		c->in = rest;
		out_hold(c->port->loop, want);
	}
	memcpy(rest->bytes + have, data, n);
	rest->n = have + n;
	return true;
}

static bool keep(struct conn *c, const char *data, size_t n)
{
	if (!n || rest_add(c, data, n))
		return true;
	note_conn(c, ENGINE_WARN, "closed: no memory for its input");
	stream_close(c);
	return false;
}

/* -- Feeding the service ------------------------------------------------------------- */

bool stream_drops(const struct conn *c)
{
	return !c->port->group->service->bytes || c->is & CONN_FINISHED;
}

void stream_mind_memory(struct conn *c)
{
	struct loop *l = c->port->loop;

	if (!l->no_memory)
		return;
	l->no_memory = false;
	note_conn(c, ENGINE_WARN, "closed: no memory for its replies");
	stream_close(c);
}

/* While an offer is unanswered nothing is added to it: its pieces are what the kernel was told of. */
static bool takes_input(const struct conn *c)
{
	return !(c->is & (CONN_STALLED | CONN_DEAD | CONN_SENDING));
}

/* Let the service use input as long as it does. Returns how many bytes it used. */
static size_t feed(struct conn *c, const char *data, size_t n)
{
	const struct service *service = c->port->group->service;
	struct loop *l = c->port->loop;
	size_t done = 0;

	while (done < n && takes_input(c)) {
		size_t used;

		if (stream_drops(c))
			return n;
		used = service->bytes(c, data + done, n - done);
		stream_mind_memory(c);
		done += used;
		if (c->out && l->backend->at_once)
			l->backend->flush(c);
		if (!used || (!l->backend->at_once && done < n && c->out))
			break;
	}
	return done;
}

/* Put a small rest in front of new input. NULL: too large, or none. */
static char *join(struct conn *c, char *data, size_t *n)
{
	struct rest *rest = c->in;

	if (!rest || rest->n > CORE_HEADROOM)
		return NULL;
	data -= rest->n;
	memcpy(data, rest->bytes, rest->n);
	*n += rest->n;
	rest_drop(c);
	return data;
}

static void feed_rest(struct conn *c)
{
	size_t used = feed(c, c->in->bytes, c->in->n);

	if (c->is & CONN_DEAD)
		return;
	if (used == c->in->n) {
		rest_drop(c);
	} else if (used) {
		c->in->n -= used;
		memmove(c->in->bytes, c->in->bytes + used, c->in->n);
	}
}

void stream_count(struct conn *c, size_t n)
{
	struct loop *l = c->port->loop;

	c->got += n;
	if (!(c->is & CONN_SHUT))
		rate_charge(c, n);
	CORE_COUNT(l, bytes_in, n);
}

/* Reading stops when the service leaves a whole buffer lying. */
static void mind_fill(struct conn *c)
{
	if (c->in && c->in->n >= c->port->group->buffer)
		c->port->loop->backend->read(c, false);
}

void stream_input(struct conn *c, char *data, size_t n)
{
	struct loop *l = c->port->loop;
	char *joined;
	size_t used;

	stream_count(c, n);
	if (c->is & CONN_DEAD || stream_drops(c))
		return;
	if (takes_input(c) && (joined = join(c, data, &n)))
		data = joined;
	if (c->in || !takes_input(c)) {
		if (keep(c, data, n) && takes_input(c))
			feed_rest(c);
	} else {
		l->in_from = data;
		l->in_to = data + n;
		used = feed(c, data, n);
		l->in_from = l->in_to = NULL;
		if (!(c->is & CONN_DEAD))
			keep(c, data + used, n - used);
	}
	if (c->is & CONN_DEAD)
		return;
	if (c->out && !(c->is & CONN_STALLED))
		l->backend->flush(c);
	mind_fill(c);
	if (stream_waits(c))
		stream_later(c);
}

/* -- Ends -------------------------------------------------------------------------- */

/* The peer's end, once the service can do no more with what came before it. */
static void tell_end(struct conn *c)
{
	const struct service *service = c->port->group->service;

	c->is |= CONN_TOLD;
	if (service->ended && !(c->is & CONN_FINISHED)) {
		struct rest *rest = c->in;

		c->in = NULL;
		service->ended(c, rest ? rest->bytes : "", rest ? rest->n : 0);
		stream_mind_memory(c);
		if (rest)
			out_hold(c->port->loop, -(int64_t)rest->room);
		free(rest);
	}
	if (!service->ended)
		c->is |= CONN_FINISHED;
}

/* Everything the service wrote has left: our end, and then the close. */
static void finish(struct conn *c)
{
	if (c->is & CONN_ENDED) {
		stream_close(c);
		return;
	}
	if (c->is & CONN_SHUT)
		return;
	c->is |= CONN_SHUT;
	c->active = c->port->loop->tick;
	if (call_shutdown(c->fd, SHUT_WR) < 0) {
		stream_close(c);
		return;
	}
	rest_drop(c);
	loop_sweep_within(c->port->loop, LINGER_SWEEP_MS);
	stream_later(c);
}

void stream_end(struct conn *c)
{
	if (c->is & (CONN_ENDED | CONN_DEAD))
		return;
	c->is |= CONN_ENDED;
	stream_go_on(c);
}

void stream_break(struct conn *c, int err)
{
	if (c->is & CONN_DEAD)
		return;
	if (err == ECONNRESET || err == EPIPE)
		CORE_COUNT(c->port->loop, resets, 1);
	else
		note_conn(c, ENGINE_COME_AND_GO, "%s", strerrordesc_np(err));
	stream_close(c);
}

/* -- Going on ------------------------------------------------------------------------- */

bool stream_waits(const struct conn *c)
{
	if (c->is & (CONN_STALLED | CONN_DEAD) || c->out)
		return false;
	if (c->is & CONN_FINISHED)
		return !(c->is & CONN_SHUT) || c->is & CONN_ENDED;
	if (c->is & CONN_ENDED && !(c->is & CONN_TOLD))
		return true;
	return c->port->group->service->more && !(c->is & CONN_THROTTLED);
}

bool stream_will_wait(const struct conn *c)
{
	return c->in || c->is & (CONN_ENDED | CONN_FINISHED) || c->port->group->service->more;
}

void stream_later(struct conn *c)
{
	struct loop *l = c->port->loop;

	if (c->is & CONN_QUEUED)
		return;
	c->is |= CONN_QUEUED;
	l->later[l->later_count++] = c;
}

/* Who has more to say waits for the next round when this one's memory is used up. */
static void more(struct conn *c)
{
	const struct service *service = c->port->group->service;
	uint64_t before = c->sent;

	if (!service->more || c->is & (CONN_FINISHED | CONN_STALLED | CONN_DEAD | CONN_THROTTLED))
		return;
	if (c->port->loop->round_used > CORE_ROUND - ROUND_LEAST) {
		stream_later(c);
		return;
	}
	service->more(c);
	stream_mind_memory(c);
	rate_charge(c, c->sent - before);
	if (c->out)
		c->port->loop->backend->flush(c);
}

void stream_go_on(struct conn *c)
{
	if (!takes_input(c))
		return;
	if (c->in)
		feed_rest(c);
	if (takes_input(c) && !c->out && c->is & CONN_ENDED && !(c->is & CONN_TOLD))
		tell_end(c);
	if (takes_input(c) && !c->out)
		more(c);
	if (c->is & CONN_DEAD)
		return;
	if (c->out && !(c->is & CONN_STALLED))
		c->port->loop->backend->flush(c);
	if (c->is & CONN_FINISHED && takes_input(c) && !c->out)
		finish(c);
}

bool stream_is_open_for_input(const struct conn *c)
{
	return !(c->is & (CONN_STALLED | CONN_ENDED | CONN_DEAD | CONN_THROTTLED)) &&
	       !(c->in && c->in->n >= c->port->group->buffer);
}

void stream_offered(struct conn *c)
{
	bool was = c->is & CONN_STALLED;

	if (c->is & CONN_DEAD)
		return;
	rate_charge(c, 0);
	if (c->out && !out_settle(c)) {
		stream_mind_memory(c);
		return;
	}
	if (c->out && !was) {
		c->is |= CONN_STALLED;
		CORE_COUNT(c->port->loop, stalls, 1);
		note_conn(c, ENGINE_DETAIL, "takes no replies for now: it is not read");
		c->port->loop->backend->read(c, false);
	} else if (!c->out) {
		c->is &= ~CONN_STALLED;
		if (was)
			note_conn(c, ENGINE_DETAIL, "takes replies again");
		if (was || c->in || stream_waits(c))
			stream_later(c);
	}
}

/* -- Birth and death -------------------------------------------------------------------- */

static struct conn *new_record(struct loop *l)
{
	struct conn *c = l->free;

	if (c)
		l->free = (struct conn *)(void *)c->in;
	else if (l->top < l->most)
		c = &l->conns[l->top++];
	if (c)
		l->clients++;
	return c;
}

static void free_record(struct conn *c)
{
	struct loop *l = c->port->loop;

	c->port = NULL;
	c->in = (struct rest *)(void *)l->free;
	l->free = c;
	l->clients--;
}

bool stream_open(struct port *p, int fd, uint32_t source, const struct sock_addr *peer)
{
	struct loop *l = p->loop;
	struct conn *c = new_record(l);
	int err;

	if (!c) {
		call_close(fd);
		return false;
	}
	*c = (struct conn){ .fd = fd, .port = p, .since = l->tick, .active = l->tick, .source = source };
	if (l->peers)
		l->peers[c - l->conns] = *peer;
	CORE_COUNT(l, accepted, 1);
	note_come(c);
	err = l->backend->begin(c);
	if (err) {              /* the service never met it */
		note_conn(c, ENGINE_WARN, "closed: %s", strerrordesc_np(-err));
		c->is |= CONN_DEAD;
		stream_later(c);
		return true;
	}
	if (p->group->service->opened)
		p->group->service->opened(c);
	stream_mind_memory(c);
	if (c->out)
		l->backend->flush(c);
	if (stream_waits(c))
		stream_later(c);
	return true;
}

void stream_close(struct conn *c)
{
	if (c->is & CONN_DEAD)
		return;
	c->is |= CONN_DEAD;
	if (c->port->group->service->closed)
		c->port->group->service->closed(c);
	/* Its output may be of a round that ends before the kernel lets go of the conn. */
	if (!(c->is & (CONN_SENDING | CONN_DRAINING)))
		out_drop(c);
	stream_later(c);
}

void stream_gone(struct conn *c)
{
	struct loop *l = c->port->loop;

	note_go(c);
	out_drop(c);
	rest_drop(c);
	call_close(c->fd);
	CORE_COUNT(l, closed, 1);
	if (c->source)
		source_leave(l->engine->sources, c->source);
	free_record(c);
	accept_freed(l);
}
