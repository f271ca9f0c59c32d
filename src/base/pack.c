/* SPDX-License-Identifier: MIT */
/*
 * Packing: the fixed fields, then both addresses, the payload and the text,
 * one behind the other and each as long as it is. Unpacking believes nothing.
 */
#include "pack.h"

#include <string.h>

struct packed {
	int64_t time, took;
	uint64_t asked, moved, whole, offset, hash, cookie;
	int32_t pid, tid, fd, other, error, arg[3], proto;
	uint32_t index;
	uint16_t call, phase, family, type;
	char program[16];
	uint32_t payload;
	uint16_t local, peer, text;             /* lengths; text: 0 none, else with its NUL */
	uint16_t unused;
};

static void fill(struct packed *p, const struct event *e)
{
	p->time = e->time;
	p->took = e->took;
	p->asked = e->asked;
	p->moved = e->moved;
	p->whole = e->whole;
	p->offset = e->offset;
	p->hash = e->hash;
	p->cookie = e->cookie;
	p->pid = e->pid;
	p->tid = e->tid;
	p->fd = e->fd;
	p->other = e->other;
	p->error = e->error;
	memcpy(p->arg, e->arg, sizeof p->arg);
	p->proto = e->proto;
	p->index = e->index;
	p->call = e->call;
	p->phase = e->phase;
	p->family = e->family;
	p->type = e->type;
	memcpy(p->program, e->program, sizeof p->program);
}

static uint16_t used(const struct event_addr *a)
{
	return a->len < sizeof a->bytes ? a->len : sizeof a->bytes;
}

static char *append(char *to, const void *bytes, size_t n)
{
	memcpy(to, bytes, n);
	return to + n;
}

/* The parts of variable length; their lengths are in p. */
static void fill_parts(struct packed *p, const struct event *e)
{
	char *to = (char *)(p + 1);

	to = append(to, e->local.bytes, p->local);
	to = append(to, e->peer.bytes, p->peer);
	event_preview(e, to, p->payload);
	to += p->payload;
	if (!p->text)
		return;
	to = append(to, e->text, p->text - 1);
	*to = '\0';
}

/* How much of the payload there is to keep: up to a buffer that nobody has. */
static size_t seen(const struct event *e, size_t most)
{
	size_t want = e->moved < most ? e->moved : most;
	size_t n = 0;

	for (int i = 0; e->iov && i < e->iovs && n < want; i++) {
		if (e->iov[i].iov_len && !e->iov[i].iov_base)
			break;
		n += e->iov[i].iov_len < want - n ? e->iov[i].iov_len : want - n;
	}
	return n;
}

struct pack pack_plan(const struct event *e, size_t payload)
{
	struct pack plan = {
		.payload = seen(e, payload < UINT32_MAX ? payload : UINT32_MAX),
		.local = used(&e->local),
		.peer = used(&e->peer),
		.text = e->text ? strnlen(e->text, PACK_TEXT) + 1 : 0,
	};

	plan.size = sizeof(struct packed) + plan.local + plan.peer + plan.payload + plan.text;
	return plan;
}

void pack_event(void *to, const struct pack *plan, const struct event *e)
{
	struct packed *p = to;

	p->payload = plan->payload;
	p->local = plan->local;
	p->peer = plan->peer;
	p->text = plan->text;
	p->unused = 0;
	fill(p, e);
	fill_parts(p, e);
}

/* -- Back again ----------------------------------------------------------------------- */

static bool unpack_addr(struct event_addr *a, uint16_t n, const char **from, const char *end)
{
	if (n > sizeof a->bytes || n > end - *from)
		return false;
	a->len = n;
	memcpy(a->bytes, *from, n);
	*from += n;
	return true;
}

static void unpack_fixed(struct event *e, const struct packed *p)
{
	*e = (struct event){
		.time = p->time, .took = p->took, .asked = p->asked, .moved = p->moved, .whole = p->whole,
		.offset = p->offset, .hash = p->hash, .cookie = p->cookie, .pid = p->pid, .tid = p->tid,
		.fd = p->fd, .other = p->other, .error = p->error, .index = p->index, .call = p->call,
		.phase = p->phase, .family = p->family, .type = p->type, .proto = p->proto,
		.arg = { p->arg[0], p->arg[1], p->arg[2] },
	};
	memcpy(e->program, p->program, sizeof e->program);
	e->program[sizeof e->program - 1] = '\0';
}

static bool unpack_payload(struct event *e, struct iovec *iov, uint32_t n, const char **from, const char *end)
{
	if (n > end - *from || n > e->moved)
		return false;
	if (n) {
		*iov = (struct iovec){ (void *)(uintptr_t)*from, n };
		e->iov = iov;
		e->iovs = 1;
	}
	*from += n;
	return true;
}

static bool unpack_text(struct event *e, uint16_t n, const char *from, const char *end)
{
	if (n > end - from || n > PACK_TEXT + 1 || (n && !memchr(from, '\0', n)))
		return false;
	e->text = n ? from : NULL;
	return true;
}

bool pack_read(struct event *e, struct iovec *iov, const void *from, size_t n)
{
	const struct packed *p = from;
	const char *part = (const char *)from + sizeof *p, *end = (const char *)from + n;

	if (n < sizeof *p || p->call >= EVENT_CALLS || p->phase > EVENT_RETURN)
		return false;
	unpack_fixed(e, p);
	return unpack_addr(&e->local, p->local, &part, end) && unpack_addr(&e->peer, p->peer, &part, end) &&
	       unpack_payload(e, iov, p->payload, &part, end) && unpack_text(e, p->text, part, end);
}
