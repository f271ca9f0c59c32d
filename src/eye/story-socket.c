/* SPDX-License-Identifier: MIT */
/*
 * Which: sockets by their cookie, whatever descriptors and processes hold
 * them, by descriptor where the kernel gave no cookie; and which one is the
 * other end of which, by the four numbers of a connection (story-place.c).
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "story-inner.h"

static uint64_t holder(int32_t pid, int32_t fd)
{
	return (uint64_t)(uint32_t)pid << 32 | (uint32_t)fd;
}

bool story_is_stream(const struct story_socket *k)
{
	return k->type == SOCK_STREAM;
}

/* -- Sockets and who holds them ----------------------------------------------------------------- */

static struct story_inner *new_socket(struct story *s, const struct event *e)
{
	if (s->sockets_n == s->sockets_room) {
		uint32_t room = s->sockets_room ? 2 * s->sockets_room : 64;
		struct story_inner **more = realloc(s->sockets, room * sizeof *more);

		if (!more)
			return NULL;
		s->sockets = more;
		s->sockets_room = room;
	}
	struct story_inner *k = calloc(1, sizeof *k);
	if (!k)
		return NULL;
	k->is.cookie = e->cookie;
	k->is.lane = story_lane(s, e);
	k->is.time_opened = e->time - e->took;
	k->is.made_by = s->lanes[k->is.lane].name;
	k->is.number = ++s->sockets_n;
	s->sockets[k->is.number - 1] = k;
	if (e->cookie)
		map_set(&s->cookies, e->cookie, k);
	return k;
}

struct story_inner *story_at(struct story *s, int32_t pid, int32_t fd)
{
	return fd < 0 ? NULL : map_get(&s->fds, holder(pid, fd));
}

int story_hold(struct story *s, int32_t pid, int32_t fd, struct story_inner *k)
{
	struct story_inner *was = story_at(s, pid, fd);

	if (fd < 0 || was == k || !map_set(&s->fds, holder(pid, fd), k))
		return was ? was->is.holders : 0;
	if (k)
		k->is.holders++;
	return was ? --was->is.holders : 0;
}

/* The child has all that its parent has. Adding may move the table, so they are counted first. */
void story_hold_all(struct story *s, int32_t parent, int32_t child)
{
	struct map old = s->fds;
	struct story_inner *k;
	uint64_t key;
	size_t at = 0;

	struct map fresh = { .slots = NULL };
	while ((k = map_next(&old, &at, &key)) != NULL) {
		map_set(&fresh, key, k);
		if (key >> 32 == (uint32_t)parent && !map_get(&old, holder(child, (int32_t)key))) {
			map_set(&fresh, holder(child, (int32_t)key), k);
			k->is.holders++;
		}
	}
	s->fds = fresh;
	map_free(&old);
}

void story_closed(struct story *s, struct story_inner *k)
{
	k->is.closed = true;
	k->is.time_closed = s->now;
	if (k->is.connected && s->open_connections[k->is.lane] > 0)
		s->open_connections[k->is.lane]--;
	story_displace(s, k);
}

/* It is no end of a connection any more; but a caller may leave before it is accepted. */
static bool is_gone(const struct story_inner *k)
{
	return k->is.closed && (k->is.accepted || !k->is.listener);
}

/* What it has sent may still be received, by who has yet to accept it, too; what was on its way here is not. */
void story_forget(struct story *s, struct story_inner *k)
{
	struct story_inner *peer = (struct story_inner *)k->is.peer;

	story_unreceived(s, k);
	if (peer)
		story_pieces_free(peer);
	if (peer ? peer->is.closed : is_gone(k))
		story_pieces_free(k);
}

/* What was at fd before was closed where nobody looked. */
struct story_inner *story_made(struct story *s, const struct event *e, int32_t fd)
{
	struct story_inner *k = e->cookie ? map_get(&s->cookies, e->cookie) : NULL;
	struct story_inner *was = story_at(s, e->pid, fd);

	if (!k)
		k = new_socket(s, e);
	if (k && was != k && story_hold(s, e->pid, fd, k) == 0 && was && !was->is.closed) {
		story_closed(s, was);
		story_forget(s, was);
	}
	if (k) {
		k->is.pid = e->pid;
		k->is.fd = fd;
	}
	return k;
}

static bool about_new(const struct event *e)
{
	return e->call == EVENT_ACCEPT && e->phase == EVENT_RETURN && !e->error;
}

static bool is_born(const struct event *e)
{
	return (e->call == EVENT_SOCKET || e->call == EVENT_SOCKETPAIR) && e->phase == EVENT_RETURN && !e->error;
}

/* An accept's record has the cookie of what it made; its descriptor is the listener's. */
struct story_inner *story_find(struct story *s, const struct event *e)
{
	struct story_inner *k = story_at(s, e->pid, e->fd);

	if (e->fd < 0)
		return NULL;
	if (about_new(e))
		return k;
	if (is_born(e))
		return story_made(s, e, e->fd);
	/* Of the second of a pair the cookie is known only now. */
	if (k && e->cookie && !k->is.cookie && !map_get(&s->cookies, e->cookie)) {
		k->is.cookie = e->cookie;
		map_set(&s->cookies, e->cookie, k);
	}
	if (e->cookie ? !k || k->is.cookie != e->cookie : !k && (e->family || e->type))
		return story_made(s, e, e->fd);
	if (k) {
		k->is.pid = e->pid;
		k->is.fd = e->fd;
	}
	return k;
}

static void link_ends(struct story_inner *a, struct story_inner *b)
{
	if (a->is.peer || b->is.peer || is_gone(a) || is_gone(b))
		return;
	a->is.peer = &b->is;
	b->is.peer = &a->is;
}

static void find_peer(struct story *s, struct story_inner *k)
{
	uint64_t mine = story_tuple(&k->is.local, &k->is.peer_addr);

	if (!mine || mine == k->tuple || !story_is_stream(&k->is))
		return;
	struct story_inner *other = map_get(&s->tuples, story_tuple(&k->is.peer_addr, &k->is.local));
	k->tuple = mine;
	map_set(&s->tuples, mine, k);
	if (other && other != k)
		link_ends(k, other);
}

/* Of a datagram the record's peer is this datagram's, not the socket's. */
void story_learn(struct story *s, struct story_inner *k, const struct event *e)
{
	if (e->family)
		k->is.family = e->family;
	if (e->type)
		k->is.type = e->type;
	if (e->proto)
		k->is.proto = e->proto;
	if (e->local.len)
		k->is.local = e->local;
	if (e->peer.len && (story_is_stream(&k->is) || e->call == EVENT_CONNECT))
		k->is.peer_addr = e->peer;
	if (!k->is.closed)
		find_peer(s, k);
	if (!story_is_stream(&k->is))
		story_place(s, k);
}

void story_queue(struct story_inner *listener, struct story_inner *client)
{
	client->next = NULL;
	*(listener->queue ? &listener->queue_end->next : &listener->queue) = client;
	listener->queue_end = client;
	listener->is.waiting++;
	client->is.listener = &listener->is;
}

/*
 * Whose connection was accepted: of the Internet the peer, which is known by
 * then; of Unix sockets the first of that process, or the first of all where
 * the kernel did not tell the process.
 */
static bool is_whose(const struct story_inner *client, const struct story_inner *accepted, int32_t pid)
{
	if (accepted->is.peer || accepted->is.family != AF_UNIX)
		return &client->is == accepted->is.peer;
	return pid <= 0 || client->connect_pid == pid;
}

struct story_inner *story_unqueue(struct story_inner *listener, struct story_inner *accepted, int32_t pid)
{
	struct story_inner *before = NULL, *client = listener->queue;

	while (client && !is_whose(client, accepted, pid)) {
		before = client;
		client = client->next;
	}
	if (!client)
		return NULL;
	*(before ? &before->next : &listener->queue) = client->next;
	if (listener->queue_end == client)
		listener->queue_end = before;
	client->next = NULL;
	listener->is.waiting--;
	link_ends(accepted, client);
	return client;
}

const struct story_socket *story_socket_at(const struct story *s, uint32_t number)
{
	return number && number <= s->sockets_n ? &s->sockets[number - 1]->is : NULL;
}

uint32_t story_sockets(const struct story *s)
{
	return s->sockets_n;
}
