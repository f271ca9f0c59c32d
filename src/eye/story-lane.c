/* SPDX-License-Identifier: MIT */
/*
 * Who: a lane for each program, which its forked children share, and one for
 * each stranger at the other end of a connection. When there are too many,
 * programs of one name share a lane and are told apart by their ports.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/addrtext.h"
#include "../base/put.h"
#include "story-inner.h"

enum { USUAL = 8 };

static int most(const struct story *s)
{
	int n = s->o.lanes ? s->o.lanes : USUAL;

	return n < STORY_LANES ? n : STORY_LANES;
}

static void set_name(struct story_lane *lane, const char *name, size_t n)
{
	struct put p = put_into(lane->name, sizeof lane->name);

	put_bytes(&p, name, n < sizeof lane->name ? n : sizeof lane->name - 1);
}

/* The last lane takes whoever finds no other. */
static int add(struct story *s, const char *name, size_t n, bool stranger)
{
	if (s->lanes_n >= most(s))
		for (int i = s->lanes_n; i-- > 0;)
			if (s->lanes[i].stranger == stranger &&
			    ((strlen(s->lanes[i].name) == n && memcmp(s->lanes[i].name, name, n) == 0) || i == 0)) {
				s->lanes[i].clients++;
				return i;
			}
	if (s->lanes_n >= most(s))
		return s->lanes_n - 1;
	struct story_lane *lane = &s->lanes[s->lanes_n];
	*lane = (struct story_lane){ .stranger = stranger, .clients = 1, .processes = 1 };
	set_name(lane, name, n);
	return s->lanes_n++;
}

static int known(const struct story *s, int32_t pid)
{
	return (int)(intptr_t)map_get(&s->pids, (uint32_t)pid) - 1;
}

static void keep(struct story *s, int32_t pid, int lane)
{
	map_set(&s->pids, (uint32_t)pid, (void *)(intptr_t)(lane + 1));
}

static int new_lane(struct story *s, int32_t pid, const char *name, size_t n)
{
	int lane = add(s, name, n, false);

	if (!s->lanes[lane].pid)
		s->lanes[lane].pid = pid;
	keep(s, pid, lane);
	return lane;
}

int story_lane(struct story *s, const struct event *e)
{
	int lane = known(s, e->pid);

	return lane >= 0 ? lane : new_lane(s, e->pid, e->program, strnlen(e->program, sizeof e->program));
}

void story_name(struct story *s, int32_t pid, const char *name)
{
	if (known(s, pid) < 0)
		new_lane(s, pid, name, strlen(name));
}

void story_fork(struct story *s, const struct event *e)
{
	int lane = story_lane(s, e);

	if (e->other <= 0)
		return;
	if (known(s, e->other) < 0) {
		s->lanes[lane].processes++;
		keep(s, e->other, lane);
	}
	story_hold_all(s, e->pid, e->other);
}

static int new_stranger(struct story *s, const struct event_addr *a, const struct event *e)
{
	char text[ADDRTEXT_ROOM];
	struct sockaddr_storage aligned = { 0 };
	size_t n = a->len < sizeof a->bytes ? a->len : sizeof a->bytes;

	memcpy(&aligned, a->bytes, n);
	addrtext_print(text, sizeof text, (struct sockaddr *)&aligned, (socklen_t)n, e->type, e->proto);
	text[sizeof s->lanes[0].name - 1] = '\0';
	for (int i = 0; i < s->lanes_n; i++)
		if (s->lanes[i].stranger && strcmp(s->lanes[i].name, text) == 0)
			return i;
	return add(s, text, strlen(text), true);
}

int story_stranger(struct story *s, const struct event_addr *a, const struct event *e)
{
	size_t n = a->len < sizeof a->bytes ? a->len : sizeof a->bytes;
	const struct iovec iov = { (void *)(uintptr_t)a->bytes, n };
	uint64_t key = event_hash(&iov, 1, n) ^ e->type;
	intptr_t lane = (intptr_t)map_get(&s->strangers, key);

	if (!lane) {
		lane = new_stranger(s, a, e) + 1;
		map_set(&s->strangers, key, (void *)lane);
	}
	return (int)lane - 1;
}

/* The client's port tells connections apart at both of their ends. */
static int client_port(const struct story_socket *k)
{
	return story_port(k->accepted ? &k->peer_addr : &k->local);
}

const char *story_who(struct story *s, const struct event *e, const struct story_socket *k, char out[24])
{
	const struct story_lane *lane = &s->lanes[story_lane(s, e)];
	bool several = lane->clients > 1 || s->open_connections[story_lane(s, e)] > 1;

	out[0] = '\0';
	if (several && k && (k->connected || k->accepted) && client_port(k) > 0)
		snprintf(out, 24, ":%d", client_port(k));
	else if (lane->processes > 1 && lane->pid != e->pid)
		snprintf(out, 24, "[%d]", (int)e->pid);
	return out;
}

const struct story_lane *story_lanes(const struct story *s, int *n)
{
	*n = s->lanes_n;
	return s->lanes;
}
