/* SPDX-License-Identifier: MIT */
/*
 * What a row meant, and where the manual says so: a table of calls, and what
 * the kernel did of its own. The sentences on calls that did well are in
 * meaning-call.c and meaning-bytes.c, those on errors in meaning-error.c.
 */
#include "meaning.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "meaning-inner.h"

static const int64_t long_wait = 1000000;

static const struct {
	const char *page;
	meaning_tells *well;
} calls[EVENT_CALLS] = {
	[EVENT_SOCKET] = { "socket(2)", meaning_socket },
	[EVENT_SOCKETPAIR] = { "socketpair(2)", meaning_socketpair },
	[EVENT_BIND] = { "bind(2)", meaning_bind },
	[EVENT_LISTEN] = { "listen(2)", meaning_listen },
	[EVENT_ACCEPT] = { "accept(2)", meaning_accept },
	[EVENT_CONNECT] = { "connect(2)", meaning_connect },
	[EVENT_SEND] = { "send(2)", meaning_send },
	[EVENT_SENDTO] = { "send(2)", meaning_send },
	[EVENT_SENDMSG] = { "send(2)", meaning_send },
	[EVENT_SENDMMSG] = { "sendmmsg(2)", meaning_send },
	[EVENT_WRITE] = { "write(2)", meaning_send },
	[EVENT_WRITEV] = { "readv(2)", meaning_send },
	[EVENT_SENDFILE] = { "sendfile(2)", meaning_sendfile },
	[EVENT_SPLICE] = { "splice(2)", meaning_sendfile },
	[EVENT_RECV] = { "recv(2)", meaning_receive },
	[EVENT_RECVFROM] = { "recv(2)", meaning_receive },
	[EVENT_RECVMSG] = { "recv(2)", meaning_receive },
	[EVENT_RECVMMSG] = { "recvmmsg(2)", meaning_receive },
	[EVENT_READ] = { "read(2)", meaning_receive },
	[EVENT_READV] = { "readv(2)", meaning_receive },
	[EVENT_SHUTDOWN] = { "shutdown(2)", meaning_shutdown },
	[EVENT_CLOSE] = { "close(2)", meaning_close },
	[EVENT_DUP] = { "dup(2)", meaning_dup },
	[EVENT_FCNTL] = { "fcntl(2)", meaning_fcntl },
	[EVENT_SETSOCKOPT] = { "setsockopt(2)", meaning_setsockopt },
	[EVENT_GETSOCKOPT] = { "getsockopt(2)", meaning_getsockopt },
	[EVENT_GETSOCKNAME] = { "getsockname(2)", meaning_getsockname },
	[EVENT_GETPEERNAME] = { "getpeername(2)", meaning_getpeername },
	[EVENT_POLL] = { "poll(2)", meaning_poll },
	[EVENT_SELECT] = { "select(2)", meaning_poll },
	[EVENT_EPOLL_WAIT] = { "epoll_wait(2)", meaning_poll },
	[EVENT_GETADDRINFO] = { "getaddrinfo(3)", meaning_lookup },
	[EVENT_GETNAMEINFO] = { "getnameinfo(3)", meaning_reverse },
	[EVENT_FORK] = { "fork(2)", meaning_fork },
	[EVENT_EXIT] = { "_exit(2)", meaning_exit },
};

/* By how their texts begin. */
static const struct {
	const char *begin, *page, *text;
} segments[] = {
	{ "SYN, ACK", "tcp(7)", "The listener's kernel agrees, and asks in turn whether its own "
	  "numbers have come (RFC 9293, section 3.5). Its program has done nothing for that." },
	{ "SYN", "tcp(7)", "The caller's kernel asks for a connection and says from which number "
	  "on it counts its bytes (RFC 9293, section 3.5)." },
	{ "ACK", "tcp(7)", "The caller's kernel has the answer: the connection is established at "
	  "its end, and connect can return (RFC 9293, section 3.5)." },
	{ "RST", "tcp(7)", "Reset: there is no such connection, or its end is given up at once "
	  "(RFC 9293, section 3.5.2). Bytes under way are lost; the one who gets it sees "
	  "ECONNREFUSED or ECONNRESET." },
	{ "FIN", "tcp(7)", "No more bytes come this way; what was sent before is still delivered "
	  "(RFC 9293, section 3.6). The other direction stays open until its own FIN." },
	{ "TIME_WAIT", "tcp(7)", "The end whose FIN went first keeps the pair of addresses for 60 "
	  "s on Linux, so that late segments do not fall into a new connection (RFC 9293, section "
	  "3.6). It holds no descriptor and no program." },
	{ "bound to", "ip(7)", "No program called bind: the kernel chose a free port from "
	  "net.ipv4.ip_local_port_range, and the address by which the way leads out." },
	{ "lost", "udp(7)", "This datagram was sent and never received: it was dropped on the way, "
	  "or for want of room in the receiver's buffer. UDP does not send again, and tells nobody." },
};

void meaning_say(const struct meaning *m, const char *format, ...)
{
	size_t n = strlen(m->out);
	va_list args;

	va_start(args, format);
	vsnprintf(m->out + n, MEANING_ROOM - n, format, args);
	va_end(args);
}

/* -- The socket ------------------------------------------------------------------------------ */

static int type_of(const struct meaning *m)
{
	return m->s && m->s->type ? m->s->type : m->e->type;
}

bool meaning_stream(const struct meaning *m)
{
	return type_of(m) == SOCK_STREAM;
}

bool meaning_datagrams(const struct meaning *m)
{
	return type_of(m) == SOCK_DGRAM;
}

bool meaning_internet(const struct meaning *m)
{
	int family = m->s && m->s->family ? m->s->family : m->e->family;

	return family == AF_INET || family == AF_INET6;
}

bool meaning_tcp(const struct meaning *m)
{
	return meaning_internet(m) && meaning_stream(m);
}

void meaning_waited(const struct meaning *m, const char *what)
{
	if (m->e->took >= long_wait)
		meaning_say(m, " It waited %s %s.", words_span(m->e->took).s, what);
}

/* -- Waiting ------------------------------------------------------------------------------------ */

static void wait_to_connect(const struct meaning *m)
{
	meaning_say(m, meaning_tcp(m) ? "SYN is on its way to %s; the program waits for the "
	            "answer. Without one the kernel sends it again, first after 1 s." :
	                    "The program waits until the listener at %s has room in its queue.",
	            words_addr(&m->e->peer).s);
}

void meaning_wait(const struct meaning *m)
{
	if (event_receives(m->e))
		meaning_say(m, "Nothing is there to receive: the kernel lets the program sleep "
		            "until %s.",
		            meaning_stream(m) ? "bytes or the end come" : "a datagram comes");
	else if (event_sends(m->e))
		meaning_say(m, "The send buffer is full: the kernel lets the program sleep until "
		            "the other end has received and made room.");
	else if (m->e->call == EVENT_ACCEPT)
		meaning_say(m, "No connection is in the queue: the kernel lets the program sleep "
		            "until somebody calls.");
	else if (m->e->call == EVENT_CONNECT)
		wait_to_connect(m);
	else if (m->e->call == EVENT_GETADDRINFO)
		meaning_say(m, "The C library asks for %s, of a name server perhaps, and waits for "
		            "its answer.",
		            m->e->text ? m->e->text : "a name");
	else
		meaning_say(m, "The program sleeps until what it asked for has happened.");
}

/* -- Rows ------------------------------------------------------------------------------------------ */

static int segment_of(const struct row *row)
{
	if (row->kind == ROW_KERNEL && row->text)
		for (size_t i = 0; i < sizeof segments / sizeof *segments; i++)
			if (strncmp(row->text, segments[i].begin, strlen(segments[i].begin)) == 0)
				return (int)i;
	return -1;
}

static bool is_call(const struct row *row)
{
	bool told = row->kind == ROW_CALL || row->kind == ROW_BEGIN || row->kind == ROW_END || row->kind == ROW_EXIT;

	return told && row->event && row->event->call < EVENT_CALLS;
}

const char *meaning_of(const struct row *row, char out[MEANING_ROOM])
{
	struct meaning m = { .row = row, .e = row->event, .s = row->socket, .out = out };
	int segment = segment_of(row);

	out[0] = '\0';
	if (segment >= 0)
		snprintf(out, MEANING_ROOM, "%s", segments[segment].text);
	if (!is_call(row))
		return out;
	if (row->kind == ROW_BEGIN)
		meaning_wait(&m);
	else if (m.e->error)
		meaning_error(&m);
	else if (calls[m.e->call].well)
		calls[m.e->call].well(&m);
	for (size_t n = strlen(out); n && out[n - 1] == ' '; n--)
		out[n - 1] = '\0';
	return out;
}

/* Options are told of by the page of their level. */
static const char *option_page(const struct event *e)
{
	switch (e->arg[0]) {
	case SOL_SOCKET:
		return "socket(7)";
	case IPPROTO_IP:
		return "ip(7)";
	case IPPROTO_IPV6:
		return "ipv6(7)";
	case IPPROTO_TCP:
		return "tcp(7)";
	case IPPROTO_UDP:
		return "udp(7)";
	default:
		return calls[e->call].page;
	}
}

const char *meaning_page(const struct row *row)
{
	int segment = segment_of(row);

	if (segment >= 0)
		return segments[segment].page;
	if (!is_call(row))
		return NULL;
	if (row->event->call == EVENT_SETSOCKOPT || row->event->call == EVENT_GETSOCKOPT)
		return option_page(row->event);
	return calls[row->event->call].page;
}
