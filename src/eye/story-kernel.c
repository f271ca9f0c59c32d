/* SPDX-License-Identifier: MIT */
/*
 * What nobody called: the segments that a connect, a shutdown and a close must
 * have sent (RFC 9293), the port that the kernel chose, and who keeps the
 * connection in TIME_WAIT. All of it is inferred from the calls at both ends,
 * none of it was seen.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "story-inner.h"

static bool is_tcp(const struct story_socket *k)
{
	return k->type == SOCK_STREAM && (k->family == AF_INET || k->family == AF_INET6);
}

static void tell(struct story *s, const struct story_inner *k, int from, int to, const char *text, uint32_t call)
{
	struct row row = { .kind = ROW_KERNEL, .lane = -1, .time = s->now, .socket = &k->is,
	                   .who = "", .text = text, .result = "" };

	if (!s->o.kernel)
		return;
	struct row_arrow *a = story_arrow(&row, ARROW_KERNEL, from, to);
	snprintf(a->label, sizeof a->label, "%s", text);
	a->call = call;
	story_tell(s, &row);
}

/* The other end's lane, a stranger's where it is not watched. */
static int far_lane(struct story *s, const struct story_inner *k, const struct event *e)
{
	const struct story_inner *listener = NULL;

	if (k->is.peer)
		return k->is.peer->lane;
	if (k->is.accepted)
		return story_stranger(s, &k->is.peer_addr, e);
	if (k->is.listener)
		return k->is.listener->lane;
	listener = story_listener(s, &k->is.peer_addr);
	return listener ? listener->is.lane : story_stranger(s, &k->is.peer_addr, e);
}

void story_handshake(struct story *s, struct story_inner *k, const struct event *e)
{
	int error = e->error;

	if (!is_tcp(&k->is) || !k->is.peer_addr.len ||
	    (error && error != ECONNREFUSED && error != EINPROGRESS && error != ETIMEDOUT))
		return;
	int here = k->is.lane, there = far_lane(s, k, e);
	if (error == EINPROGRESS && k->half)
		return;
	tell(s, k, here, there, "SYN", k->connect_call);
	if (error == ECONNREFUSED) {
		tell(s, k, there, here, "RST", 0);
	} else if (error != ETIMEDOUT) {
		tell(s, k, there, here, "SYN, ACK", 0);
		tell(s, k, here, there, "ACK", k->connect_call);
	}
}

void story_greeted(struct story *s, struct story_inner *k, const struct event *e)
{
	if (!is_tcp(&k->is) || !k->is.peer_addr.len)
		return;
	int here = k->is.lane, there = story_stranger(s, &k->is.peer_addr, e);
	tell(s, k, there, here, "SYN", 0);
	tell(s, k, here, there, "SYN, ACK", 0);
	tell(s, k, there, here, "ACK", 0);
}

/* The call that made the kernel choose an address tells it with its result. */
void story_implicit_bind(struct story_inner *k, const struct event *e, char *result, size_t room)
{
	size_t n = strlen(result);

	if (k->bound_itself || story_port(&e->local) <= 0)
		return;
	k->bound_itself = true;
	snprintf(result + n, room - n, ", bound to port %d", story_port(&e->local));
}

static void time_wait(struct story *s, struct story_inner *k)
{
	struct story_inner *peer = (struct story_inner *)k->is.peer;
	struct story_inner *owner = !peer || k->is.first_end <= peer->is.first_end ? k : peer;
	char text[100];
	struct row row = { .kind = ROW_KERNEL, .lane = (int16_t)owner->is.lane, .time = s->now,
	                   .socket = &owner->is, .who = "", .text = text, .result = "" };

	if (!s->o.kernel || owner->waited)
		return;
	owner->waited = true;
	snprintf(text, sizeof text, "TIME_WAIT, 60 s: port %d, it ended first", story_port(&owner->is.local));
	story_tell(s, &row);
}

/* Bytes that have come and that nobody will read: closing then resets. */
static bool has_unread(const struct story_inner *k)
{
	return k->is.peer && k->is.peer->out > k->is.in;
}

/* Bytes for an end that is closed whole are answered by a reset. */
void story_unwanted(struct story *s, struct story_inner *k, const struct event *e)
{
	struct story_inner *peer = (struct story_inner *)k->is.peer;

	if (!peer || !peer->is.closed || !is_tcp(&k->is) || k->is.reset || peer->is.reset)
		return;
	k->is.reset = peer->is.reset = true;
	tell(s, k, far_lane(s, k, e), k->is.lane, "RST", 0);
}

void story_fin(struct story *s, struct story_inner *k, const struct event *e, bool whole)
{
	struct story_inner *peer = (struct story_inner *)k->is.peer;

	if (!k->is.connected || !is_tcp(&k->is) || k->is.reset || (peer && peer->is.reset)) {
		if (!k->is.first_end)
			k->is.first_end = s->now + 1;
		return;
	}
	if (whole && has_unread(k)) {
		k->is.reset = true;
		tell(s, k, k->is.lane, far_lane(s, k, e), "RST", 0);
		return;
	}
	if (k->is.first_end)
		return;
	k->is.first_end = s->now + 1;
	tell(s, k, k->is.lane, far_lane(s, k, e), "FIN", 0);
	if (peer && peer->is.first_end && !peer->is.reset)
		time_wait(s, k);
}
