/* SPDX-License-Identifier: MIT */
/*
 * The queue of lines: a ring of bytes under a lock, each line its level, its
 * length and its text. A full terminal or a dead log must not stop a worker,
 * so a line without room is dropped and counted.
 */
#include "note.h"

#include <inttypes.h>
#include <pthread.h>
#include <sockeye/addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../base/printable.h"
#include "../base/utf8.h"
#include "../sock/call.h"
#include "dgram.h"

enum { RING = 256 * 1024, LINE = 500 };

struct notes {
	pthread_mutex_t lock;
	int fd;
	size_t first, used;
	uint64_t dropped;
	char ring[RING];
};

struct head {
	uint16_t level, n;
};

struct notes *notes_make(void)
{
	struct notes *n = calloc(1, sizeof *n);

	if (!n)
		return NULL;
	pthread_mutex_init(&n->lock, NULL);
	n->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (n->fd >= 0)
		return n;
	notes_free(n);
	return NULL;
}

void notes_free(struct notes *n)
{
	if (!n)
		return;
	if (n->fd >= 0)
		close(n->fd);
	pthread_mutex_destroy(&n->lock);
	free(n);
}

int notes_fd(const struct notes *n)
{
	return n->fd;
}

void notes_wake(struct notes *n)
{
	uint64_t one = 1;

	if (write(n->fd, &one, sizeof one) < 0)
		return;         /* it is readable already */
}

uint64_t notes_dropped(struct notes *n)
{
	uint64_t dropped;

	pthread_mutex_lock(&n->lock);
	dropped = n->dropped;
	pthread_mutex_unlock(&n->lock);
	return dropped;
}

/* -- The ring -------------------------------------------------------------------------- */

static void put(struct notes *n, const void *from, size_t count)
{
	size_t at = (n->first + n->used) % RING;
	size_t part = count < RING - at ? count : RING - at;

	memcpy(n->ring + at, from, part);
	memcpy(n->ring, (const char *)from + part, count - part);
	n->used += count;
}

static void take(struct notes *n, void *to, size_t count)
{
	size_t part = count < RING - n->first ? count : RING - n->first;

	memcpy(to, n->ring + n->first, part);
	memcpy((char *)to + part, n->ring, count - part);
	n->first = (n->first + count) % RING;
	n->used -= count;
}

static void push(struct notes *n, enum engine_level level, const char *line, size_t count)
{
	struct head head = { .level = level, .n = count };
	bool was_empty;

	pthread_mutex_lock(&n->lock);
	was_empty = !n->used;
	if (sizeof head + count > RING - n->used) {
		n->dropped++;
	} else {
		put(n, &head, sizeof head);
		put(n, line, count);
	}
	pthread_mutex_unlock(&n->lock);
	if (was_empty)
		notes_wake(n);
}

static bool pop(struct notes *n, enum engine_level *level, char *line)
{
	struct head head = { 0 };
	bool some;

	pthread_mutex_lock(&n->lock);
	some = n->used > 0;
	if (some) {
		take(n, &head, sizeof head);
		take(n, line, head.n);
	}
	pthread_mutex_unlock(&n->lock);
	line[head.n] = '\0';
	*level = head.level;
	return some;
}

void notes_say(struct engine *e)
{
	char line[LINE + 1];
	enum engine_level level;
	uint64_t count;

	if (read(e->notes->fd, &count, sizeof count) < 0)
		count = 0;
	while (pop(e->notes, &level, line))
		if (e->plan->say)
			e->plan->say(e->plan->context, level, line);
}

/* -- Lines ------------------------------------------------------------------------------ */

/* One line that plays no tricks on a terminal: what is not printable becomes '?'. */
static size_t tidy(char *line, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n;) {
		uint32_t point;
		int len = utf8_next(line + i, n - i, &point);

		if (len && printable(point)) {
			memmove(line + to, line + i, len);
			to += len;
		} else {
			line[to++] = '?';
		}
		i += len ? len : 1;
	}
	return to;
}

void note_args(struct engine *e, enum engine_level level, const char *format, va_list args)
{
	char line[LINE + 1];
	int n;

	if (level > e->plan->level)
		return;
	n = vsnprintf(line, sizeof line, format, args);
	if (n > 0)
		push(e->notes, level, line, tidy(line, n < LINE ? n : LINE));
}

void note_line(struct engine *e, enum engine_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note_args(e, level, format, args);
	va_end(args);
}

void note_peer(const struct conn *c, struct sock_addr *peer)
{
	const struct loop *l = c->port->loop;

	if (c->is & CONN_DATAGRAM) {
		dgram_peer(c, peer);
		return;
	}
	peer->len = 0;
	if (l->peers)
		*peer = l->peers[c - l->conns];
	if (!peer->len && call_getpeername(c->fd, peer) < 0)
		peer->len = 0;
	peer->type = SOCK_STREAM;
	peer->proto = 0;
}

/* A caller at a Unix path has no name: the place, and a number to tell callers apart. */
static struct sock_text name_of(const struct conn *c)
{
	struct sock_addr peer;
	struct sock_text text;

	note_peer(c, &peer);
	if (c->port->inet || c->is & CONN_DATAGRAM)
		return sock_addr_text(&peer);
	text = sock_name(&c->port->sock);
	snprintf(text.s + strlen(text.s), sizeof text.s - strlen(text.s), "#%d", c->fd);
	return text;
}

void note_conn(struct conn *c, enum engine_level level, const char *format, ...)
{
	struct engine *e = c->port->loop->engine;
	char text[LINE];
	va_list args;

	if (level > e->plan->level)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	note_line(e, level, "%s %s", name_of(c).s, text);
}

void note_come(struct conn *c)
{
	note_conn(c, ENGINE_COME_AND_GO, "connected to %s", c->port->group->service->name);
}

void note_go(struct conn *c)
{
	uint32_t ms = c->port->loop->tick - c->since;

	if (c->port->loop->engine->plan->level < ENGINE_COME_AND_GO)
		return;
	note_conn(c, ENGINE_COME_AND_GO, "closed: %" PRIu64 " bytes in, %" PRIu64 " out, %u.%03u s",
	          c->got, c->sent, ms / 1000, ms % 1000);
}
