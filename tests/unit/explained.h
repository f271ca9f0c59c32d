/* SPDX-License-Identifier: MIT */
/*
 * For the tests of notes: sockets and rows made by hand, which stand in for a
 * story, and the notes that they gave. Time goes on by itself, a millisecond
 * with each row.
 */
#ifndef EXPLAINED_H
#define EXPLAINED_H

#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "eye/explain.h"

enum { SOCKETS = 64, NOTES = 256 };

static const int64_t MS = 1000000;

static struct story_socket sockets[SOCKETS];
static uint32_t sockets_n;

/* What explain asks of a story. */
uint32_t story_sockets(const struct story *s)
{
	(void)s;
	return sockets_n;
}

const struct story_socket *story_socket_at(const struct story *s, uint32_t number)
{
	(void)s;
	return number && number <= sockets_n ? &sockets[number - 1] : NULL;
}

static struct {
	char name[40], text[1000];
	bool wrong, fits;
	int16_t lane;
	uint32_t call;
} notes[NOTES];

static int notes_n;
static struct explain *explain;
static int64_t now;
static uint32_t calls;
static const struct row *under_way;

static void keep(void *to, const struct row *row)
{
	(void)to;
	if (row->kind != ROW_NOTE) {
		under_way = row;
		return;
	}
	assert_true(notes_n < NOTES);
	assert_non_null(row->who);
	assert_non_null(row->result);
	snprintf(notes[notes_n].name, sizeof notes->name, "%s", row->note);
	snprintf(notes[notes_n].text, sizeof notes->text, "%s", row->text);
	notes[notes_n].wrong = row->wrong;
	notes[notes_n].lane = row->lane;
	notes[notes_n++].call = row->call;
}

static inline int begin(void **state)
{
	(void)state;
	memset(sockets, 0, sizeof sockets);
	sockets_n = calls = 0;
	notes_n = 0;
	now = 0;
	explain = explain_new(NULL, keep, NULL);
	return explain ? 0 : -1;
}

static inline int end(void **state)
{
	(void)state;
	explain_free(explain);
	return 0;
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, begin, end)

/* -- Sockets ------------------------------------------------------------------------------ */

static inline struct event_addr at(const char *host, int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((in_port_t)port) };
	struct event_addr a = { .len = sizeof in };

	assert_int_equal(inet_pton(AF_INET, host, &in.sin_addr), 1);
	memcpy(a.bytes, &in, sizeof in);
	return a;
}

static inline struct event_addr file(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct event_addr a = { .len = (uint16_t)(sizeof un.sun_family + strlen(path) + 1) };

	snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
	memcpy(a.bytes, &un, a.len);
	return a;
}

static inline struct story_socket *made(int lane, int family, int type)
{
	struct story_socket *s = &sockets[sockets_n++];

	assert_true(sockets_n <= SOCKETS);
	*s = (struct story_socket){ .number = sockets_n, .lane = lane, .fd = 3, .family = (uint16_t)family,
		.type = (uint16_t)type, .made_by = lane ? "client" : "server", .opened_call = ++calls,
		.time_opened = now, .holders = 1 };
	return s;
}

/* -- Rows ---------------------------------------------------------------------------------------- */

static inline uint32_t tell(int kind, struct story_socket *s, struct event e,
                            const struct row *more)
{
	struct row row = more ? *more : (struct row){ .kind = 0 };

	now += MS;
	e.phase = kind == ROW_BEGIN ? EVENT_ENTER : EVENT_RETURN;
	row.kind = (uint8_t)kind;
	row.lane = s ? (int16_t)s->lane : row.lane;
	row.call = ++calls;
	row.time = now;
	row.took = e.took;
	row.event = &e;
	row.socket = s;
	row.who = row.text = row.result = "";
	explain_row(explain, &row);
	assert_ptr_equal(under_way, &row);
	return row.call;
}

#define DID(s, ...) tell(ROW_CALL, s, (struct event){ .other = -1, __VA_ARGS__ }, NULL)
#define BEGAN(s, ...) tell(ROW_BEGIN, s, (struct event){ .other = -1, __VA_ARGS__ }, NULL)
#define ENDED(s, ...) tell(ROW_END, s, (struct event){ .other = -1, __VA_ARGS__ }, NULL)

static inline void bound(struct story_socket *s, const char *host, int port)
{
	s->local = at(host, port);
	DID(s, .call = EVENT_BIND, .local = s->local);
}

static inline struct story_socket *listener(const char *host, int port, int backlog)
{
	struct story_socket *s = made(0, AF_INET, SOCK_STREAM);

	bound(s, host, port);
	s->listening = true;
	s->backlog = backlog;
	DID(s, .call = EVENT_LISTEN, .arg = { backlog });
	return s;
}

static inline struct story_socket *connected(struct story_socket *l, int port)
{
	struct story_socket *s = made(1, AF_INET, SOCK_STREAM);

	s->local = at("127.0.0.1", port);
	s->peer_addr = at("127.0.0.1", 65432);
	s->connected = true;
	l->waiting++;
	DID(s, .call = EVENT_CONNECT, .local = s->local, .peer = s->peer_addr);
	return s;
}

/* As the story has it: the row of an accept is about what it made. */
static inline struct story_socket *accepted(struct story_socket *l, struct story_socket *client)
{
	struct story_socket *s = made(0, AF_INET, SOCK_STREAM);

	s->accepted = s->connected = true;
	s->listener = l;
	s->local = at("127.0.0.1", 65432);
	s->peer_addr = client ? client->local : at("127.0.0.1", 40000);
	s->peer = client;
	if (client) {
		client->peer = s;
		l->waiting--;
	}
	l->accepts++;
	DID(s, .call = EVENT_ACCEPT);
	return s;
}

/* A connection, client side and server side. */
struct pair {
	struct story_socket *listener, *client, *server;
};

static inline struct pair pair(void)
{
	struct story_socket *l = listener("127.0.0.1", 65432, 5), *c = connected(l, 51234);

	return (struct pair){ l, c, accepted(l, c) };
}

static inline uint32_t sent(struct story_socket *s, uint64_t asked, uint64_t moved)
{
	s->out += moved;
	s->calls_out++;
	return DID(s, .call = EVENT_SEND, .asked = asked, .moved = moved, .whole = moved,
	           .offset = s->out - moved);
}

/* Bytes with their text, that came by the send of this call, or without it, and by so many sends. */
static inline void got_of(struct story_socket *s, uint64_t room, uint64_t n, const char *text,
                          uint32_t call, int sends)
{
	struct iovec iov = { (void *)(uintptr_t)text, n };
	struct row row = { .arrows = (uint8_t)sends };

	for (int i = 0; i < sends; i++)
		row.arrow[i] = (struct row_arrow){ .kind = ARROW_BYTES, .call = call };
	s->in += n;
	s->calls_in += n > 0;
	s->got_end |= !n && s->type == SOCK_STREAM;
	tell(ROW_CALL, s,
	     (struct event){ .call = EVENT_RECV, .asked = room, .moved = n, .whole = n, .offset = s->in - n,
	     .iov = text ? &iov : NULL, .iovs = text != NULL }, &row);
}

static inline void got(struct story_socket *s, uint64_t room, uint64_t n)
{
	got_of(s, room, n, NULL, 0, 0);
}

/* As the story has it: what is over is known behind the row. */
static inline void let_go(struct story_socket *s)
{
	s->closed = true;
	s->holders = 0;
	s->first_end = s->first_end ? s->first_end : now;
	s->time_closed = now;
}

static inline void closed(struct story_socket *s)
{
	DID(s, .call = EVENT_CLOSE);
	let_go(s);
	explain_idle(explain);
}

static inline void ended(int lane, int status)
{
	tell(ROW_EXIT, NULL, (struct event){ .call = EVENT_EXIT, .arg = { status } },
	     &(struct row){ .lane = (int16_t)lane });
	for (uint32_t i = 0; i < sockets_n; i++)
		if (sockets[i].lane == lane && !sockets[i].closed)
			let_go(&sockets[i]);
	explain_idle(explain);
}

/* -- Notes ------------------------------------------------------------------------------------------- */

static inline int noted(const char *name)
{
	int n = 0;

	for (int i = 0; i < notes_n; i++)
		n += strcmp(notes[i].name, name) == 0;
	return n;
}

static inline const char *text_of(const char *name)
{
	for (int i = notes_n; i-- > 0;)
		if (strcmp(notes[i].name, name) == 0)
			return notes[i].text;
	fail_msg("no note %s", name);
	return "";
}

static inline bool warned(const char *name)
{
	for (int i = notes_n; i-- > 0;)
		if (strcmp(notes[i].name, name) == 0)
			return notes[i].wrong;
	return false;
}

static inline void assert_note(const char *name, const char *says)
{
	const char *text = text_of(name);

	if (!strstr(text, says))
		fail_msg("%s: not in it: %s\n%s", name, says, text);
}

static inline void assert_none(const char *name)
{
	if (noted(name))
		fail_msg("%s: %s", name, text_of(name));
}

#endif
