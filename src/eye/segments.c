/* SPDX-License-Identifier: MIT */
/*
 * Segments out of calls. Both ends of a connection may be watched, and tell of
 * the same bytes twice: a byte becomes part of a segment when its place in the
 * stream is told first, usually by the send, and by the receive where the
 * sender is not watched or its record is lost. So the stream has no gap and no
 * byte twice. An ACK is sent when its end has read: it says how far the
 * program is, where the kernel's would say how far the wire is.
 *
 * How connections are found is connection.c's matter.
 */
#include "segments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "args.h"
#include "connection.h"

enum {
	QUIET = 1 << 18,                /* bytes that an end which is not watched leaves without an ACK */
	GAP = 1 << 24                   /* of a longer gap in the records only the end is told */
};

/* No call moves more at once. */
static const uint64_t MOST = UINT64_C(1) << 31;

struct segments {
	struct packet_file *f;
	struct connections *table;
	uint8_t *bytes;
	size_t room;
};

struct segments *segments_new(struct packet_file *f)
{
	struct segments *s = calloc(1, sizeof *s);

	if (!s || !(s->table = connection_table())) {
		free(s);
		return NULL;
	}
	s->f = f;
	return s;
}

void segments_free(struct segments *s)
{
	if (!s)
		return;
	connection_table_free(s->table);
	free(s->bytes);
	free(s);
}

static void lost(struct segments *s)
{
	if (!s->f->error)
		s->f->error = -ENOMEM;
}

/* One segment of this side, from this place of its stream on. */
static void put(struct segments *s, struct connection *c, int own, uint8_t flags, uint64_t place,
                const uint8_t *bytes, size_t have, size_t whole, const char *comment)
{
	struct side *me = &c->side[own], *other = &c->side[!own];
	bool syn = flags & PACKET_SYN;

	packet_put(s->f, &(struct packet){
		.from = &me->at, .to = &other->at, .flags = flags,
		.seq = me->first + !syn + (uint32_t)place,
		.ack = other->first + 1 + (uint32_t)me->acked,
		.bytes = bytes, .have = have, .whole = whole, .comment = comment,
	});
}

/* A segment without bytes, where the side is now. */
static void put_sign(struct segments *s, struct connection *c, int own, uint8_t flags, const char *comment)
{
	const struct side *me = &c->side[own];

	put(s, c, own, flags, me->sent + (me->fin && !(flags & PACKET_FIN)), NULL, 0, 0, comment);
}

static void put_syn(struct segments *s, struct connection *c, const char *comment)
{
	if (c->stage != STAGE_NEW)
		return;
	c->stage = STAGE_SYN;
	put(s, c, 0, PACKET_SYN, 0, NULL, 0, 0, comment);
}

/* The handshake, as far as it has not been yet; own is whose call the comment tells. */
static void establish(struct segments *s, struct connection *c, int own, const char *comment)
{
	if (c->stage >= STAGE_OPEN)
		return;
	put_syn(s, c, own ? NULL : comment);
	c->stage = STAGE_OPEN;
	put(s, c, 1, PACKET_SYN | PACKET_ACK, 0, NULL, 0, 0, own ? comment : NULL);
	put_sign(s, c, 0, PACKET_ACK, NULL);
}

static void reset(struct segments *s, struct connection *c, int own, const char *comment)
{
	if (c->stage == STAGE_OVER)
		return;
	c->stage = STAGE_OVER;
	put_sign(s, c, own, PACKET_RST | PACKET_ACK, comment);
}

static uint64_t told(const struct side *s)
{
	return s->sent + s->fin;
}

/* Whether this is news to the other end. */
static bool acknowledge(struct connection *c, int own, uint64_t place)
{
	struct side *me = &c->side[own];

	if (place <= me->acked)
		return false;
	me->acked = place;
	return true;
}

static void put_fin(struct segments *s, struct connection *c, int own, const char *comment)
{
	struct side *me = &c->side[own], *other = &c->side[!own];

	if (me->fin || c->stage != STAGE_OPEN)
		return;
	if (!me->watched || me->closed)
		acknowledge(c, own, told(other));
	put_sign(s, c, own, PACKET_FIN | PACKET_ACK, comment);
	me->fin = true;
	if (!other->fin)
		return;
	c->stage = STAGE_OVER;
	if (acknowledge(c, !own, told(me)))
		put_sign(s, c, !own, PACKET_ACK, NULL);
}

/*
 * The side ends now, unless bytes of it may still come from the other end's
 * records, for it does not tell of its sends: then the FIN is due.
 */
static void end_side(struct segments *s, struct connection *c, int own, const char *comment)
{
	const struct side *other = &c->side[!own];

	if (c->side[own].tells || !other->watched || other->closed)
		put_fin(s, c, own, comment);
	else
		c->side[own].ending = true;
}

static void put_due(void *to, struct connection *c, int own, const struct event *e)
{
	(void)e;
	if (c->side[own].ending)
		put_fin(to, c, own, NULL);
}

void segments_end(struct segments *s)
{
	connection_each(s->table, put_due, s, NULL);
}

static bool has_buffer(struct segments *s, size_t n)
{
	if (n <= s->room)
		return true;
	uint8_t *more = realloc(s->bytes, n);
	if (!more) {
		lost(s);
		return false;
	}
	s->bytes = more;
	s->room = n;
	return true;
}

/* What was recorded of a call's bytes; of a live record that is all. */
static size_t gather(struct segments *s, const struct event *e, uint64_t n)
{
	uint64_t have = 0;

	for (int i = 0; e->iov && i < e->iovs && have < n; i++)
		have += e->iov[i].iov_len;
	if (have > n)
		have = n;
	return has_buffer(s, have) ? event_preview(e, s->bytes, have) : 0;
}

/* The next n bytes of a side's stream, of which have are there. */
static void put_stream(struct segments *s, struct connection *c, int own, const uint8_t *bytes, size_t have,
                       uint64_t n, const char *comment)
{
	struct side *me = &c->side[own];
	char note[PACKET_COMMENT];

	while (n) {
		size_t whole = n < PACKET_MOST ? (size_t)n : PACKET_MOST;
		size_t part = have < whole ? have : whole;
		uint8_t flags = PACKET_ACK | (n == whole ? PACKET_PSH : 0);

		put(s, c, own, flags, me->sent, bytes, part, whole,
		    part < whole ? packet_cut(note, comment, part, whole) : comment);
		me->sent += whole;
		n -= whole;
		have -= part;
		bytes = bytes ? bytes + part : NULL;
		if (!c->side[!own].watched && me->sent - c->side[!own].acked > QUIET &&
		    acknowledge(c, !own, me->sent))
			put_sign(s, c, !own, PACKET_ACK, NULL);
	}
}

/* A record tells n bytes of a side's stream: those that none has told yet become segments. */
static bool tell_bytes(struct segments *s, struct connection *c, int own, const struct event *e,
                       uint64_t n, const char *comment)
{
	struct side *me = &c->side[own];
	uint64_t end = e->offset + n;

	if (n > MOST || end < n || end <= me->sent)
		return false;
	establish(s, c, 0, NULL);
	if (!me->watched)       /* it has read all that there is, for all we know */
		acknowledge(c, own, told(&c->side[!own]));
	if (e->offset > me->sent && e->offset - me->sent <= GAP)
		put_stream(s, c, own, NULL, 0, e->offset - me->sent, "no record of this");
	if (e->offset > me->sent)
		me->sent = e->offset;
	size_t skip = (size_t)(me->sent - e->offset), have = gather(s, e, n);
	put_stream(s, c, own, s->bytes ? s->bytes + (skip < have ? skip : have) : NULL,
	           skip < have ? have - skip : 0, n - skip, comment);
	return true;
}

static void tell_send(struct segments *s, struct connection *c, int own, const struct event *e, const char *comment)
{
	bool urgent = e->call != EVENT_WRITE && e->call != EVENT_WRITEV && e->arg[0] & MSG_OOB;
	uint64_t n = e->moved;

	if (e->call == EVENT_SENDFILE || e->call == EVENT_SPLICE)
		urgent = false;
	if (n && urgent)
		n--;
	c->side[own].tells |= n > 0;
	if (n && tell_bytes(s, c, own, e, n, comment) && c->side[!own].closed)
		reset(s, c, !own, NULL);
}

/* The other end is over: there was an end of file to read, so there was a FIN. */
static void tell_end(struct segments *s, struct connection *c, int own, const char *comment)
{
	establish(s, c, 0, NULL);
	if (!c->side[!own].watched || c->side[!own].ending)
		put_fin(s, c, !own, NULL);
	if (c->side[!own].fin && acknowledge(c, own, told(&c->side[!own])))
		put_sign(s, c, own, PACKET_ACK, comment);
}

static void tell_receive(struct segments *s, struct connection *c, int own, const struct event *e, const char *comment)
{
	bool flagged = e->call != EVENT_READ && e->call != EVENT_READV;
	struct side *me = &c->side[own];

	if (flagged && e->arg[0] & (MSG_PEEK | MSG_OOB | MSG_ERRQUEUE))
		return;
	if (!e->moved) {
		if (e->asked)
			tell_end(s, c, own, comment);
		return;
	}
	bool first = tell_bytes(s, c, !own, e, e->moved, comment);
	if (e->offset + e->moved > me->read)
		me->read = e->offset + e->moved;
	if (me->read <= c->side[!own].sent && acknowledge(c, own, me->read))
		put_sign(s, c, own, PACKET_ACK, first ? NULL : comment);
}

/* Nobody holds this side open any more. With bytes left unread the kernel says RST, not FIN. */
static void tell_closed(void *to, struct connection *c, int own, const struct event *e)
{
	struct segments *s = to;
	struct side *me = &c->side[own];
	char comment[PACKET_COMMENT];

	me->closed = true;
	if (c->stage != STAGE_OPEN)
		return;
	put_due(s, c, !own, NULL);
	packet_call(comment, e);
	if (me->read < c->side[!own].sent)
		reset(s, c, own, comment);
	else
		end_side(s, c, own, comment);
}

/* A process has ended, and its descriptors with it. */
static void tell_exit(void *to, struct connection *c, int own, const struct event *e)
{
	struct side *me = &c->side[own];
	size_t before = me->holders_n;

	connection_drop(me, e->pid, -1);
	if (before && !me->holders_n)
		tell_closed(to, c, own, e);
}

static void tell_connect(struct segments *s, struct connection *c, const struct event *e, const char *comment)
{
	switch (e->error) {
	case 0:
	case EISCONN:
		establish(s, c, 0, comment);
		break;
	case ECONNREFUSED:
	case ECONNRESET:
		put_syn(s, c, comment);
		reset(s, c, 1, NULL);
		break;
	case EINPROGRESS:
	case EALREADY:
	case EAGAIN:
	case EINTR:
	case ETIMEDOUT:
	case EHOSTUNREACH:
		put_syn(s, c, comment);
	}
}

/* How a connect that did not wait has ended. */
static void tell_option(struct segments *s, struct connection *c, const struct event *e, const char *comment)
{
	if (e->error || e->arg[0] != SOL_SOCKET || e->arg[1] != SO_ERROR || c->stage != STAGE_SYN)
		return;
	if (!e->arg[2])
		establish(s, c, 0, comment);
	else if (e->arg[2] == ECONNREFUSED || e->arg[2] == ECONNRESET)
		reset(s, c, 1, comment);
}

static void tell_failure(struct segments *s, struct connection *c, int own, const struct event *e)
{
	if (e->error == ECONNRESET && c->stage == STAGE_OPEN)
		reset(s, c, !own, NULL);
	else if (e->error == ECONNREFUSED && c->stage == STAGE_SYN)
		reset(s, c, 1, NULL);
}

static void tell_call(struct segments *s, struct connection *c, int own, const struct event *e)
{
	char comment[PACKET_COMMENT];
	struct side *me = &c->side[own];

	packet_call(comment, e);
	if (e->call == EVENT_CONNECT)
		tell_connect(s, c, e, comment);
	else if (e->call == EVENT_GETSOCKOPT)
		tell_option(s, c, e, comment);
	else if (e->error)
		tell_failure(s, c, own, e);
	else if (e->call == EVENT_ACCEPT)
		establish(s, c, own, comment);
	else if (event_sends(e))
		tell_send(s, c, own, e, comment);
	else if (event_receives(e))
		tell_receive(s, c, own, e, comment);
	else if (e->call == EVENT_SHUTDOWN && e->arg[0] != SHUT_RD)
		end_side(s, c, own, comment);
	else if (e->call == EVENT_CLOSE && !me->holders_n && !me->closed)
		tell_closed(s, c, own, e);
}

/* Who holds this end open after the call. */
static bool keep_holders(struct connection *c, int own, const struct event *e)
{
	struct side *me = &c->side[own];
	int32_t fd = e->call == EVENT_ACCEPT || e->call == EVENT_DUP ? e->other : e->fd;

	if (e->call == EVENT_CLOSE && !e->error) {
		connection_drop(me, e->pid, e->fd);
		return true;
	}
	if (e->call == EVENT_DUP && e->error)
		return true;
	return fd < 0 || me->closed || connection_hold(me, e->pid, fd);
}

void segments_event(struct segments *s, const struct event *e)
{
	struct connection *c;
	int own = 0;

	if (e->call == EVENT_FORK) {
		if (!e->error && !connection_fork(s->table, e->pid, e->other))
			lost(s);
		return;
	}
	if (e->call == EVENT_EXIT) {
		connection_each(s->table, tell_exit, s, e);
		return;
	}
	if (e->peer.len)
		c = connection_of(s->table, e, s->f->now, &own);
	else    /* a connect that has failed leaves no peer behind */
		c = e->call == EVENT_GETSOCKOPT ? connection_by_cookie(s->table, e->cookie, &own) : NULL;
	if (!c)
		return;
	if (!keep_holders(c, own, e))
		lost(s);
	tell_call(s, c, own, e);
}
