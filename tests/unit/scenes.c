/* SPDX-License-Identifier: MIT */
/* The scenes, row by row: an echo over TCP, datagrams with all their fates, relays, notes, crowds.
 */
#include "scenes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "eye/meaning.h"

enum { LANES = 12, SOCKETS = 8, US = 1000 };

struct story {
	struct story_lane lane[LANES];
	int lanes;
	struct story_socket socket[SOCKETS];
	uint32_t sockets;
	row_sink *sink;
	void *to;
	int64_t time;
};

static struct story story;
static const char *meaning = "The kernel copied what had come into the caller's buffer.";

struct story *scene_story(void)
{
	return &story;
}

const struct story_lane *story_lanes(const struct story *s, int *n)
{
	*n = s->lanes;
	return s->lane;
}

const struct story_socket *story_socket_at(const struct story *s, uint32_t number)
{
	return number && number <= s->sockets ? &s->socket[number - 1] : NULL;
}

uint32_t story_sockets(const struct story *s)
{
	return s->sockets;
}

const char *meaning_of(const struct row *row, char out[MEANING_ROOM])
{
	snprintf(out, MEANING_ROOM, "%s", row->event ? meaning : "");
	return out;
}

const char *meaning_page(const struct row *row)
{
	return row->event ? "recv(2)" : NULL;
}

/* As much of it as there is room for. */
static void cut(char *out, size_t room, const char *text)
{
	size_t n = strnlen(text, room - 1);

	memcpy(out, text, n);
	out[n] = '\0';
}

static void lane(const char *name, int pid)
{
	struct story_lane *l = &story.lane[story.lanes++];

	cut(l->name, sizeof l->name, name);
	l->pid = pid;
	l->processes = 1;
	l->stranger = !pid;
}

static struct event_addr loopback(int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct event_addr a = { .len = sizeof in };

	memcpy(a.bytes, &in, sizeof in);
	return a;
}

static struct story_socket *sock(int lane_number, int type, int local, int peer)
{
	struct story_socket *s = &story.socket[story.sockets++];

	*s = (struct story_socket){ .number = story.sockets,
		.lane = lane_number,
		.family = AF_INET,
		.type = type,
		.listening = !peer,
		.local = loopback(local) };
	if (peer)
		s->peer_addr = loopback(peer);
	return s;
}

/* A row of this kind, some time after the one before. */
static struct row made(
	int kind, int lane_number, uint32_t call, const char *text, const char *result)
{
	story.time += 137 * US;
	return (struct row){ .kind = kind,
		.lane = lane_number,
		.call = call,
		.time = story.time,
		.who = "",
		.text = text,
		.result = result,
		.took = kind == ROW_END    ? 2345 * US
			: kind == ROW_CALL ? 4 * US
					   : 0,
		.wrong = result && strstr(result, "-1") };
}

static void give(const struct row *row)
{
	story.sink(story.to, row);
}

static void say(int kind, int lane_number, uint32_t call, const char *text, const char *result)
{
	struct row row = made(kind, lane_number, call, text, result);

	give(&row);
}

static struct row_arrow arrow(int kind, int from, int to, uint32_t call, const char *label)
{
	struct row_arrow a = { .kind = kind, .from = from, .to = to, .call = call };

	cut(a.label, sizeof a.label, label);
	return a;
}

/* A call with its record, and with an arrow where it received. */
static void moved(struct row row, int call, const char *bytes, size_t n,
	const struct story_socket *s, const struct row_arrow *a)
{
	struct iovec iov = { (void *)bytes, n };
	struct event e = { .call = call,
		.phase = EVENT_RETURN,
		.pid = story.lane[row.lane].pid,
		.tid = 77,
		.fd = 4,
		.other = -1,
		.moved = n,
		.whole = n,
		.asked = call >= EVENT_RECV ? 1024 : n,
		.iov = &iov,
		.iovs = 1,
		.family = AF_INET,
		.type = SOCK_STREAM };

	if (s) {
		e.local = s->local;
		e.peer = s->peer_addr;
		e.type = s->type;
	}
	if (a) {
		row.arrow[0] = *a;
		row.arrow[0].end = e.type == SOCK_STREAM ? n : 0;
		row.arrows = 1;
		if (a->kind == ARROW_CUT)
			e.whole = n + 4;
	}
	row.event = &e;
	row.socket = s;
	give(&row);
}

static void kernel(int from, int to, const char *label)
{
	struct row row = made(ROW_KERNEL, -1, 0, label, "");

	row.arrow[0] = arrow(ARROW_KERNEL, from, to, 0, label);
	row.arrows = 1;
	give(&row);
}

static void note(int lane_number, bool warning, const char *text)
{
	struct row row = made(ROW_NOTE, lane_number, 0, text, "");

	row.wrong = warning;
	row.note = "a-note";
	give(&row);
}

static void fold(uint64_t times, const char *text)
{
	struct row row = made(ROW_FOLD, -1, 0, text, "");

	row.times = times;
	row.period = 4;
	give(&row);
}

static void handshake(int client, int server)
{
	kernel(client, server, "SYN");
	kernel(server, client, "SYN-ACK");
	kernel(client, server, "ACK");
}

/* A client calls a server and is answered: both close. */
static void play_echo(void)
{
	lane("echo-client", 4242);
	lane("echo-server", 4240);
	struct story_socket *listener = sock(1, SOCK_STREAM, 65432, 0),
			    *in = sock(1, SOCK_STREAM, 65432, 51234);
	struct story_socket *out = sock(0, SOCK_STREAM, 51234, 65432);
	struct row_arrow sent = arrow(ARROW_BYTES, 0, 1, 7, "12 B [0,12)"),
			 back = arrow(ARROW_BYTES, 1, 0, 9, "12 B [0,12)");

	in->peer = out;
	out->peer = in;
	out->first_end = 5;
	in->first_end = 9;
	in->in = in->out = out->in = out->out = 12;
	in->calls_in = in->calls_out = out->calls_in = out->calls_out = 1;
	say(ROW_CALL, 1, 1, "socket(AF_INET, SOCK_STREAM)", "= 3");
	say(ROW_CALL, 1, 2, "bind(3, tcp://127.0.0.1:65432)", "= 0");
	moved(made(ROW_CALL, 1, 3, "listen(3, 128)", "= 0"), EVENT_LISTEN, "", 0, listener, NULL);
	say(ROW_BEGIN, 1, 4, "accept(3)", "");
	say(ROW_CALL, 0, 5, "socket(AF_INET, SOCK_STREAM)", "= 3");
	say(ROW_BEGIN, 0, 6, "connect(3, tcp://127.0.0.1:65432)", "");
	handshake(0, 1);
	say(ROW_END, 0, 6, "connect(3, tcp://127.0.0.1:65432)", "= 0");
	say(ROW_END, 1, 4, "accept(3)", "= 4, from 127.0.0.1:51234");
	say(ROW_BEGIN, 1, 8, "recv(4, 1024)", "");
	moved(made(ROW_CALL, 0, 7, "send(3, 12)", "= 12"), EVENT_SEND, "Hello, world", 12, out,
		NULL);
	say(ROW_BEGIN, 0, 10, "recv(3, 1024)", "");
	moved(made(ROW_END, 1, 8, "recv(4, 1024)", "= 12"), EVENT_RECV, "Hello, world", 12, in,
		&sent);
	moved(made(ROW_CALL, 1, 9, "send(4, 12)", "= 12"), EVENT_SEND, "Hello, world", 12, in,
		NULL);
	moved(made(ROW_END, 0, 10, "recv(3, 1024)", "= 12"), EVENT_RECV, "Hello, world", 12, out,
		&back);
	fold(12408, "more rounds of the last 4 rows, 148,896 B each way");
	say(ROW_CALL, 0, 11, "close(3)", "= 0");
	kernel(0, 1, "FIN");
	say(ROW_CALL, 1, 12, "recv(4, 1024)", "= 0");
	note(1, false,
		"recv returned 0: the client has closed its side, no more bytes will come. It is "
		"not an error.");
	say(ROW_CALL, 1, 13, "close(4)", "= 0");
	kernel(1, 0, "FIN");
	say(ROW_EXIT, 0, 0, "exit 0", "");
	say(ROW_CALL, 1, 14, "accept(3)", "= -1 EINTR");
	note(1, true,
		"A signal came while the call waited. A server that goes on must call accept "
		"again.");
	say(ROW_EXIT, 1, 0, "killed by SIGTERM", "");
}

/* Datagrams that come, come cut, come twice, and never. */
static void play_udp(void)
{
	lane("client", 100);
	lane("server", 101);
	struct story_socket *s = sock(1, SOCK_DGRAM, 12000, 0),
			    *c = sock(0, SOCK_DGRAM, 40000, 12000);
	struct row_arrow whole = arrow(ARROW_DATAGRAM, 0, 1, 2, "12 B"),
			 cut = arrow(ARROW_CUT, 0, 1, 3, "8 of 12 B");
	struct row_arrow twice = arrow(ARROW_TWICE, 0, 1, 2, "12 B"),
			 lost = arrow(ARROW_LOST, 0, 1, 7, "5 B");

	s->listening = false;
	moved(made(ROW_BEGIN, 1, 1, "recvfrom(3, 8)", ""), EVENT_RECVFROM, "", 0, s, NULL);
	moved(made(ROW_CALL, 0, 2, "sendto(3, 12, udp://127.0.0.1:12000)", "= 12"), EVENT_SENDTO,
		"Hello, world", 12, c, NULL);
	moved(made(ROW_CALL, 0, 3, "sendto(3, 12, udp://127.0.0.1:12000)", "= 12"), EVENT_SENDTO,
		"Hello, world", 12, c, NULL);
	moved(made(ROW_END, 1, 1, "recvfrom(3, 1024)", "= 12"), EVENT_RECVFROM, "Hello, world", 12,
		s, &whole);
	moved(made(ROW_CALL, 1, 4, "recvfrom(3, 8)", "= 8"), EVENT_RECVFROM, "Hello, w", 8, s,
		&cut);
	note(1, true, "The datagram had 12 bytes, the buffer 8: 4 bytes are gone for good.");
	moved(made(ROW_CALL, 1, 5, "recvfrom(3, 1024)", "= 12"), EVENT_RECVFROM, "Hello, world", 12,
		s, &twice);
	moved(made(ROW_CALL, 0, 7, "sendto(3, 5, udp://127.0.0.1:12000)", "= 5"), EVENT_SENDTO,
		"Hello", 5, c, &lost);
	say(ROW_CALL, 1, 8, "recvfrom(3, 1024, MSG_DONTWAIT)", "= -1 EAGAIN");
}

/* Lane 0 calls lane 1, which asks lane 2, and so on. */
static void play_relay(int lanes)
{
	static const char *const names[] = { "curl", "a-proxy-with-a-rather-long-name", "app.py",
		"10.0.0.9:5432" };
	uint32_t call = 1;

	for (int i = 0; i < lanes; i++) lane(names[i], i == 3 ? 0 : 200 + i);
	for (int round = 0; round < 3; round++) {
		for (int i = 1; i < lanes && i < 3; i++, call += 2) {
			struct row_arrow a = arrow(ARROW_BYTES, i - 1, i, call, "GET 74 B [0,74)");

			say(ROW_BEGIN, i, call + 1, "recv(5, 65536)", "");
			say(ROW_CALL, i - 1, call,
				i == 1 ? "write(3, 74)" : "sendmsg(7, 1 message, MSG_NOSIGNAL)",
				"= 74");
			moved(made(ROW_END, i, call + 1, "recv(5, 65536)", "= 74"), EVENT_RECV,
				"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 74 - 47, NULL, &a);
		}
		struct row_arrow back = arrow(ARROW_BYTES, 2, 0, call, "1,024 B [0,1024)");

		say(ROW_CALL, 2, call++, "write(6, 1024)", "= 1024");
		if (lanes > 3) {
			struct row asks = made(ROW_CALL, 2, call, "send(9, 30)", "= 30");

			asks.arrow[0] = arrow(ARROW_BYTES, 2, 3, call++, "30 B [0,30)");
			asks.arrows = 1;
			give(&asks);
		}
		moved(made(ROW_CALL, 0, call++, "read(3, 4096)", "= 1024"), EVENT_READ,
			"HTTP/1.1 200 OK\r\n", 17, NULL, &back);
	}
	note(1, false, "The proxy passed on three requests over one connection.");
}

/* So many rows that they are not all kept. */
static void play_many(void)
{
	lane("client", 1);
	lane("server", 2);
	for (uint32_t i = 0; i < 20001; i += 2) {
		struct row_arrow a = arrow(ARROW_BYTES, 0, 1, i + 1, "1 B");

		say(ROW_CALL, 0, i + 1, "send(3, 1)", "= 1");
		if (i + 1 < 20001)
			moved(made(ROW_CALL, 1, i + 2, "recv(4, 1)", "= 1"), EVENT_RECV, "x", 1,
				NULL, &a);
	}
}

/* Four senders' bytes in one receive, several threads, a lane that talks to itself, a call that
 * never returns. */
static void play_crowd(void)
{
	lane("client", 1);
	lane("server", 2);
	for (uint32_t i = 1; i <= 4; i++) say(ROW_CALL, 0, i, "send(3, 3)", "= 3");
	struct row row = made(ROW_CALL, 1, 5, "recv(4, 1024)", "= 12");

	for (uint32_t i = 0; i < 4; i++)
		row.arrow[i] = arrow(ARROW_BYTES, 0, 1, i + 1,
			(const char *[]){ "[0,3)", "[3,6)", "[6,9)", "[9,12)" }[i]);
	row.arrows = 4;
	row.more_arrows = 3;
	give(&row);
	for (uint32_t i = 6; i <= 8; i++) {
		row = made(ROW_BEGIN, 1, i, "recv(5, 16)", "");
		row.who = (const char *[]){ "#1", "#2", "#3" }[i - 6];
		give(&row);
	}
	say(ROW_CALL, 1, 9, "write(6, 4)", "= 4");
	row = made(ROW_END, 1, 7, "recv(5, 16)", "= 4");
	row.who = "#2";
	row.arrow[0] = arrow(ARROW_BYTES, 1, 1, 9, "4 B [0,4)");
	row.arrows = 1;
	give(&row);
	say(ROW_CALL, 0, 10,
		"setsockopt(3, SOL_SOCKET, SO_SOMETHING_OF_A_VERY_LONG_NAME_INDEED, 1)",
		"= -1 ENOPROTOOPT");
}

/* One stranger's text in every place where a stranger has a say. */
static void play_attack(const struct scene_attack *attack)
{
	static char text[4096];
	struct story_socket *s;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct row_arrow a = arrow(ARROW_BYTES, 0, 1, 1, "");
	size_t n = attack ? attack->n : 0, path = n < sizeof un.sun_path ? n : sizeof un.sun_path;

	cut(text, sizeof text, attack ? attack->bytes : "");
	lane(text, 1);
	lane(text, 2);
	s = sock(1, SOCK_STREAM, 1, 2);
	s->family = AF_UNIX;
	memcpy(un.sun_path, attack ? attack->bytes : "", path);
	s->local.len = s->peer_addr.len = (uint16_t)(offsetof(struct sockaddr_un, sun_path) + path);
	memcpy(s->local.bytes, &un, s->local.len);
	memcpy(s->peer_addr.bytes, &un, s->local.len);
	cut(a.label, sizeof a.label, text);
	meaning = text;
	say(ROW_CALL, 0, 1, text, text);
	moved(made(ROW_CALL, 1, 2, text, "= 1"), EVENT_RECV, attack ? attack->bytes : "", n, s, &a);
	struct row row = made(ROW_CALL, 1, 3, "recv(4)", text);

	row.who = text;
	give(&row);
	kernel(0, 1, text);
	note(1, true, text);
	note(-1, false, text);
	fold(3, text);
	say(ROW_EXIT, 0, 0, text, "");
}

bool scene_play(const char *name, const struct scene_attack *attack, row_sink *sink, void *to)
{
	memset(&story, 0, sizeof story);
	story.sink = sink;
	story.to = to;
	if (!strcmp(name, "echo"))
		play_echo();
	else if (!strcmp(name, "udp"))
		play_udp();
	else if (!strcmp(name, "three"))
		play_relay(3);
	else if (!strcmp(name, "four"))
		play_relay(4);
	else if (!strcmp(name, "many"))
		play_many();
	else if (!strcmp(name, "crowd"))
		play_crowd();
	else if (!strcmp(name, "attack"))
		play_attack(attack);
	else
		return !strcmp(name, "nothing");
	return true;
}
