/* SPDX-License-Identifier: MIT */
/*
 * Event records made by hand, for claims about what becomes of them: an end is
 * a socket as one program holds it, and each call of it is one line. The stage
 * has a story whose rows are kept, and a clock that goes on with each record.
 *
 *	struct end server = events_tcp(1, 3, "127.0.0.1:80", NULL), ...;
 *
 *	stage_open((struct story_options){ .kernel = true });
 *	do_listen(&server, 5);
 *	...
 *	assert_told("SYN, ACK");
 *	stage_close();
 */
#ifndef UNIT_EVENTS_H
#define UNIT_EVENTS_H

#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/event.h"
#include "eye/story.h"

enum { STAGE_ROWS = 4096, STAGE_STEP = CLOCK_MS };

struct end {
	int pid, fd;
	uint64_t cookie;
	uint16_t family, type;
	struct event_addr local, peer;
	uint64_t in, out;               /* bytes of the stream so far */
	const char *program;            /* NULL: "p1" for pid 1 */
};

static struct {
	struct story *story;
	struct row *rows[STAGE_ROWS];
	int n;
	int64_t clock;
	uint64_t cookies;
} stage;

/* -- Addresses and ends ------------------------------------------------------------------ */

/* "1.2.3.4:5", "[::1]:5", "/path" or "@name"; NULL: none. */
static inline struct event_addr events_addr(const char *text)
{
	struct event_addr a = { 0 };
	const char *colon = text ? strrchr(text, ':') : NULL;
	char host[64] = "";

	if (!text)
		return a;
	if (!colon) {
		struct sockaddr_un un = { .sun_family = AF_UNIX };

		memcpy(un.sun_path, text, strlen(text));
		a.len = (uint16_t)(offsetof(struct sockaddr_un, sun_path) + strlen(text) + (*text != '@'));
		if (*text == '@')
			un.sun_path[0] = '\0';
		memcpy(a.bytes, &un, a.len);
		return a;
	}
	memcpy(host, text + (*text == '['), (size_t)(colon - text) - 2 * (*text == '['));
	in_port_t port = htons((uint16_t)strtol(colon + 1, NULL, 10));
	if (*text == '[') {
		struct sockaddr_in6 in = { .sin6_family = AF_INET6, .sin6_port = port };

		assert_int_equal(inet_pton(AF_INET6, host, &in.sin6_addr), 1);
		memcpy(a.bytes, &in, a.len = sizeof in);
	} else {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = port };

		assert_int_equal(inet_pton(AF_INET, host, &in.sin_addr), 1);
		memcpy(a.bytes, &in, a.len = sizeof in);
	}
	return a;
}

static inline struct end events_end(int type, int pid, int fd, const char *local, const char *peer)
{
	struct end k = { .pid = pid, .fd = fd, .type = (uint16_t)type, .local = events_addr(local),
	                 .peer = events_addr(peer), .cookie = ++stage.cookies };
	const char *any = local ? local : peer;

	k.family = !any || !strchr(any, ':') ? AF_UNIX : *any == '[' ? AF_INET6 : AF_INET;
	return k;
}

static inline struct end events_tcp(int pid, int fd, const char *local, const char *peer)
{
	return events_end(SOCK_STREAM, pid, fd, local, peer);
}

static inline struct end events_udp(int pid, int fd, const char *local)
{
	return events_end(SOCK_DGRAM, pid, fd, local, NULL);
}

/* A record of a call that returned at once; the caller fills in the rest. */
static inline struct event events_record(const struct end *k, int call)
{
	struct event e = {
		.time = stage.clock += STAGE_STEP, .took = 1000, .pid = k->pid, .tid = k->pid, .fd = k->fd,
		.other = -1, .call = (uint16_t)call, .phase = EVENT_RETURN, .cookie = k->cookie,
		.family = k->family, .type = k->type, .local = k->local,
		.peer = k->type == SOCK_STREAM ? k->peer : (struct event_addr){ 0 },
	};

	if (k->program)
		snprintf(e.program, sizeof e.program, "%s", k->program);
	else
		snprintf(e.program, sizeof e.program, "p%d", k->pid);
	return e;
}

/* -- The stage ------------------------------------------------------------------------------- */

static inline void stage_keep(void *to, const struct row *row)
{
	(void)to;
	if (stage.n < STAGE_ROWS)
		stage.rows[stage.n++] = row_copy(row);
}

/* A stage whose rows go elsewhere; end it by story_end and story_free. */
static inline void stage_open_to(struct story_options o, row_sink *sink)
{
	stage.n = 0;
	stage.clock = CLOCK_SEC;
	stage.story = story_new(&o, sink, NULL);
	assert_non_null(stage.story);
}

static inline void stage_open(struct story_options o)
{
	stage_open_to(o, stage_keep);
}

static inline void stage_forget(void)
{
	for (int i = 0; i < stage.n; i++)
		row_free(stage.rows[i]);
	stage.n = 0;
}

static inline void stage_close(void)
{
	story_end(stage.story);
	story_free(stage.story);
	stage_forget();
}

static inline void give(const struct event *e)
{
	story_event(stage.story, e);
}

static inline void print_rows(void)
{
	for (int i = 0; i < stage.n; i++) {
		const struct row *r = stage.rows[i];

		print_error("%d kind %d lane %d %s %s %s", i, r->kind, r->lane, r->who, r->text, r->result);
		for (int a = 0; a < r->arrows; a++)
			print_error(" {%d: %d>%d #%u %s}", r->arrow[a].kind, r->arrow[a].from, r->arrow[a].to,
			            r->arrow[a].call, r->arrow[a].label);
		print_error("\n");
	}
}

/* How many rows have the words in their text or result. */
static inline int rows_with(const char *words)
{
	int n = 0;

	for (int i = 0; i < stage.n; i++)
		n += strstr(stage.rows[i]->text, words) || strstr(stage.rows[i]->result, words);
	return n;
}

/* Rows of the kernel's with exactly this text. */
static inline int segments(const char *text)
{
	int n = 0;

	for (int i = 0; i < stage.n; i++)
		n += stage.rows[i]->kind == ROW_KERNEL && !strcmp(stage.rows[i]->text, text);
	return n;
}

static inline const struct row *row_with(const char *words)
{
	for (int i = stage.n; i-- > 0;)
		if (strstr(stage.rows[i]->text, words) || strstr(stage.rows[i]->result, words))
			return stage.rows[i];
	print_rows();
	fail_msg("no row has \"%s\"", words);
	return NULL;
}

static inline const struct row *last_row(void)
{
	assert_true(stage.n > 0);
	return stage.rows[stage.n - 1];
}

#define assert_rows(expected, n)                                                \
	do {                                                                    \
		int assert_n = (n);                                             \
		if (assert_n != (expected)) {                                   \
			print_rows();                                           \
			fail_msg("%s is %d, not %d", #n, assert_n, expected);   \
		}                                                               \
	} while (0)

/* The i-th arrow of the last row. */
static inline void assert_arrow(int i, int kind, int from, int to, const char *label)
{
	const struct row *r = last_row();

	if (i >= r->arrows || r->arrow[i].kind != kind || r->arrow[i].from != from || r->arrow[i].to != to ||
	    strcmp(r->arrow[i].label, label) != 0) {
		print_rows();
		fail_msg("arrow %d of the last row is not {%d: %d>%d %s}", i, kind, from, to, label);
	}
}

/* -- Calls ---------------------------------------------------------------------------------------- */

static inline void do_simple(const struct end *k, int call, int error)
{
	struct event e = events_record(k, call);

	e.error = error;
	give(&e);
}

static inline void do_socket(const struct end *k)
{
	struct event e = events_record(k, EVENT_SOCKET);

	e.local = e.peer = (struct event_addr){ 0 };
	e.arg[0] = k->family;
	e.arg[1] = k->type;
	give(&e);
}

static inline void do_bind(const struct end *k)
{
	do_simple(k, EVENT_BIND, 0);
}

static inline void do_listen(const struct end *k, int backlog)
{
	struct event e = events_record(k, EVENT_LISTEN);

	e.arg[0] = backlog;
	give(&e);
}

/* Socket, bind and listen in one. */
static inline void do_serve(const struct end *k, int backlog)
{
	do_socket(k);
	do_bind(k);
	do_listen(k, backlog);
}

static inline void do_connect(const struct end *k, int error)
{
	struct event e = events_record(k, EVENT_CONNECT);

	e.error = error;
	e.peer = k->peer;
	give(&e);
}

/* How did a connect in the background go? */
static inline void do_ask_error(const struct end *k, int error)
{
	struct event e = events_record(k, EVENT_GETSOCKOPT);

	e.arg[0] = SOL_SOCKET;
	e.arg[1] = SO_ERROR;
	e.arg[2] = error;
	give(&e);
}

static inline void do_accept_of(const struct end *listener, const struct end *k, int pid)
{
	struct event e = events_record(k, EVENT_ACCEPT);

	e.fd = listener->fd;
	e.other = k->fd;
	e.arg[1] = pid;
	give(&e);
}

static inline void do_accept(const struct end *listener, const struct end *k)
{
	do_accept_of(listener, k, 0);
}

static inline struct event events_moved(struct end *k, int call, const char *bytes, size_t n, struct iovec *iov)
{
	struct event e = events_record(k, call);
	uint64_t *place = event_sends(&e) ? &k->out : &k->in;

	*iov = (struct iovec){ (void *)(uintptr_t)bytes, n };
	e.asked = e.moved = e.whole = n;
	e.iov = iov;
	e.iovs = 1;
	e.hash = event_hash(iov, 1, n);
	if (k->type == SOCK_STREAM) {
		e.offset = *place;
		*place += n;
	}
	return e;
}

static inline void do_send(struct end *k, const char *text)
{
	struct iovec iov;
	struct event e = events_moved(k, EVENT_SEND, text, strlen(text), &iov);

	give(&e);
}

static inline void do_recv(struct end *k, const char *text)
{
	struct iovec iov;
	struct event e = events_moved(k, EVENT_RECV, text, strlen(text), &iov);

	e.asked = 1024;
	give(&e);
}

static inline void do_end_of_file(struct end *k)
{
	do_recv(k, "");
}

static inline void do_sendto(struct end *k, const char *text, const char *to)
{
	struct iovec iov;
	struct event e = events_moved(k, EVENT_SENDTO, text, strlen(text), &iov);

	e.peer = to ? events_addr(to) : k->peer;
	give(&e);
}

static inline void do_recvfrom(struct end *k, const char *text, const char *from)
{
	struct iovec iov;
	struct event e = events_moved(k, EVENT_RECVFROM, text, strlen(text), &iov);

	e.asked = 1024;
	e.peer = events_addr(from);
	give(&e);
}

static inline void do_shutdown(const struct end *k, int how)
{
	struct event e = events_record(k, EVENT_SHUTDOWN);

	e.arg[0] = how;
	give(&e);
}

static inline void do_close(const struct end *k)
{
	do_simple(k, EVENT_CLOSE, 0);
}

static inline void do_enter(const struct end *k, int call)
{
	struct event e = events_record(k, call);

	e.phase = EVENT_ENTER;
	e.took = 0;
	e.asked = 1024;
	give(&e);
}

static inline void do_fork(int pid, int child)
{
	struct end k = { .pid = pid, .fd = -1 };
	struct event e = events_record(&k, EVENT_FORK);

	e.other = child;
	give(&e);
}

static inline void do_exit(int pid)
{
	struct end k = { .pid = pid, .fd = -1 };
	struct event e = events_record(&k, EVENT_EXIT);

	give(&e);
}

/* A client and the server's end of it, connected: what most talks begin with. */
struct talk {
	struct end listener, client, server;
};

/* They have done nothing yet. */
static inline struct talk events_ends(int server, int client)
{
	return (struct talk){
		.listener = events_tcp(server, 3, "127.0.0.1:80", NULL),
		.client = events_tcp(client, 3, "127.0.0.1:5000", "127.0.0.1:80"),
		.server = events_tcp(server, 4, "127.0.0.1:80", "127.0.0.1:5000"),
	};
}

static inline struct talk events_talk(int server, int client)
{
	struct talk t = events_ends(server, client);

	do_serve(&t.listener, 5);
	do_socket(&t.client);
	do_connect(&t.client, 0);
	do_accept(&t.listener, &t.server);
	return t;
}

#endif
