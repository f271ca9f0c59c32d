/* SPDX-License-Identifier: MIT */
/*
 * What a service may do with a conn: the two kinds of it, streams and
 * datagrams, behind one contract.
 */
#include "conn.h"

#include <sockeye/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "dgram.h"
#include "note.h"
#include "out.h"

size_t conn_write(struct conn *c, const void *bytes, size_t n)
{
	if (c->is & CONN_DATAGRAM)
		return dgram_write(c, bytes, n);
	return c->is & (CONN_FINISHED | CONN_DEAD) ? 0 : out_add(c, bytes, n);
}

char *conn_room(struct conn *c, size_t want, size_t *room)
{
	if (c->is & CONN_DATAGRAM)
		return dgram_room(c, want, room);
	if (!(c->is & (CONN_FINISHED | CONN_DEAD)))
		return out_room(c, want, room);
	*room = 0;
	return NULL;
}

void conn_commit(struct conn *c, size_t n)
{
	if (c->is & CONN_DATAGRAM)
		dgram_commit(c, n);
	else
		out_commit(c, n);
}

void conn_finish(struct conn *c)
{
	c->is |= CONN_FINISHED;
}

uint64_t conn_written(const struct conn *c)
{
	return c->sent;
}

bool conn_is_datagram(const struct conn *c)
{
	return c->is & CONN_DATAGRAM;
}

enum service_bad conn_bad(const struct conn *c)
{
	return c->port->group->asked->bad;
}

/* The two texts lie in halves of one buffer, so that one line may name both. */
const char *conn_peer(struct conn *c)
{
	struct loop *l = c->port->loop;
	struct sock_addr peer;

	note_peer(c, &peer);
	return peer.len ? sock_repr_addr(l->text, 160, &peer) : "unknown";
}

const char *conn_repr(struct conn *c, const void *bytes, size_t n)
{
	enum { SHOWN = 64, ROOM = 4 * SHOWN + 8 };
	char *text = c->port->loop->text + 160;

	sock_repr(text, ROOM, bytes, n < SHOWN ? n : SHOWN);
	if (n > SHOWN)
		memcpy(text + strlen(text), "...", 4);
	return text;
}

void conn_note(struct conn *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note_args(c->port->loop->engine, ENGINE_NOTE, format, args);
	va_end(args);
}
