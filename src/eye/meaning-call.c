/* SPDX-License-Identifier: MIT */
/* What the calls meant that make, name, connect, watch and end sockets, where they did well. */
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "meaning-inner.h"
#include "names.h"

/* -- Making and naming --------------------------------------------------------------------- */

static const char *kind(int family, int type)
{
	bool internet = family == AF_INET || family == AF_INET6;

	switch (type & 0xf) {
	case SOCK_STREAM:
		return internet ? "TCP" : "stream";
	case SOCK_DGRAM:
		return internet ? "UDP" : "datagram";
	case SOCK_RAW:
		return "raw";
	default:
		return "message";
	}
}

static const char *family_of(int family)
{
	const char *name = names_text(names_families, family);

	return family == AF_INET ? "IPv4" : family == AF_INET6 ? "IPv6" : name ? name :
	        "that family";
}

void meaning_socket(const struct meaning *m)
{
	const int32_t *arg = m->e->arg;

	meaning_say(m, "The kernel made a %s socket for %s and gave it the lowest free descriptor, "
	            "%d. It has no address, and nothing was sent.",
	            kind(arg[0], arg[1]), family_of(arg[0]), (int)m->e->fd);
	if (arg[1] & SOCK_NONBLOCK)
		meaning_say(m, " Its calls will not wait (SOCK_NONBLOCK).");
	if (arg[1] & SOCK_CLOEXEC)
		meaning_say(m, " A program started by exec does not inherit it (SOCK_CLOEXEC).");
}

void meaning_socketpair(const struct meaning *m)
{
	meaning_say(m, "Two %s sockets, descriptors %d and %d, are connected with each other: what "
	            "goes into one comes out of the other. They have no address, and nobody else "
	            "can call them.", kind(m->e->arg[0], m->e->arg[1]),
	            (int)m->e->fd, (int)m->e->other);
}

void meaning_bind(const struct meaning *m)
{
	const struct event_addr *a = &m->e->local;

	meaning_say(m, "The socket's own address is now %s", words_addr(a).s);
	if (words_is_any(a))
		meaning_say(m, ": every address of this machine");
	else if (words_is_loopback(a))
		meaning_say(m, ": only programs of this machine can reach it");
	meaning_say(m, ". Nothing was sent. ");
	if (!meaning_internet(m) && a->len > sizeof(sa_family_t) && a->bytes[sizeof(sa_family_t)])
		meaning_say(m, "The file was made by this call; it stays when the socket is closed.");
	else if (meaning_stream(m))
		meaning_say(m, "Calls to it are refused until listen.");
	else
		meaning_say(m, "Datagrams that come for it are queued from now on.");
}

void meaning_listen(const struct meaning *m)
{
	int backlog = m->e->arg[0] > 0 ? m->e->arg[0] : 0;

	meaning_say(m, "From now on the kernel takes calls");
	if (m->e->local.len)
		meaning_say(m, " to %s", words_addr(&m->e->local).s);
	meaning_say(m, "%s, without the program. Connections that are complete wait in a queue for "
	            "accept: of %d and one more, or fewer where net.core.somaxconn is less. When "
	            "it is full, %s.",
	            meaning_tcp(m) ? " by itself: it answers their SYN" : "", backlog,
	            meaning_tcp(m) ? "new SYNs are dropped, and their senders try again" :
	                    "callers wait");
}

/* -- Connecting ------------------------------------------------------------------------------- */

void meaning_accept(const struct meaning *m)
{
	const struct event *e = m->e;

	meaning_say(m, "The first connection of the queue became a socket of its own, descriptor %d", (int)e->other);
	if (meaning_internet(m) && e->peer.len)
		meaning_say(m, ": %s here, %s there", words_addr(&e->local).s, words_addr(&e->peer).s);
	meaning_say(m, ". The kernel had set it up before; accept sends nothing. The listener goes "
	            "on listening. ");
	meaning_waited(m, "for a caller");
}

static void connect_stream(const struct meaning *m)
{
	const struct event *e = m->e;

	if (!meaning_tcp(m)) {
		meaning_say(m, "The connection stands in the queue of the listener at %s, and both "
		            "ends can send from now on. ",
		            words_addr(&e->peer).s);
		meaning_waited(m, "for room in the queue");
		return;
	}
	meaning_say(m, "The kernel sent SYN to %s, got SYN-ACK and answered with ACK (RFC 9293, "
	            "section 3.5)", words_addr(&e->peer).s);
	if (e->local.len)
		meaning_say(m, "; this end is %s", words_addr(&e->local).s);
	meaning_say(m, ". That took %s, about one round trip when no SYN is lost. The other "
	            "program need not have called accept for that.", words_span(e->took).s);
}

void meaning_connect(const struct meaning *m)
{
	if (meaning_stream(m)) {
		connect_stream(m);
		return;
	}
	meaning_say(m, "Nothing was sent. The kernel notes that send goes to %s, and gives this "
	            "socket only what comes from there",
	            words_addr(&m->e->peer).s);
	if (meaning_internet(m) && m->e->local.len)
		meaning_say(m, "; its own address is %s", words_addr(&m->e->local).s);
	meaning_say(m, ".");
}

void meaning_shutdown(const struct meaning *m)
{
	int how = m->e->arg[0];

	if (how != SHUT_RD)
		meaning_say(m, "%s behind all bytes sent so far: the other end will get 0 from "
		            "receive when it has them. ",
		            meaning_tcp(m) ? "FIN goes out" : "The end is told");
	if (how == SHUT_WR)
		meaning_say(m, "This end can still receive; each direction ends for itself. ");
	if (how != SHUT_WR)
		meaning_say(m, "Receives here return 0 when what is there has been received. ");
	meaning_say(m, "The descriptor stays open until close.");
}

static void close_stream(const struct meaning *m)
{
	const struct story_socket *s = m->s;

	if (s->peer && s->peer->out > s->in)
		meaning_say(m, "Bytes that had come were not received, so %s.",
		            meaning_tcp(m) ? "RST goes out instead of FIN" : "the other end gets "
		                    "ECONNRESET");
	else if (meaning_tcp(m))
		meaning_say(m, "The kernel sends what is still in the send buffer, %s. Close does "
		            "not wait for that.",
		            s->shut_out ? "and has sent FIN before" : "then FIN");
	else
		meaning_say(m, "The other end can still receive what was sent, then gets 0.");
}

void meaning_close(const struct meaning *m)
{
	const struct story_socket *s = m->s;

	meaning_say(m, "Descriptor %d is free again. ", (int)m->e->fd);
	if (!s)
		return;
	if (!s->closed && s->holders > 0)
		meaning_say(m, "The socket lives on: other descriptors, of this or another "
		            "process, still lead to it, so nothing is sent.");
	else if (s->listening)
		meaning_say(m, "The listener is gone: new callers are refused, those in the queue "
		            "are reset. Connections that were accepted are sockets of their own "
		            "and stay.");
	else if (meaning_stream(m) && (s->connected || s->accepted))
		close_stream(m);
	else
		meaning_say(m, "The socket is gone. Nothing is sent%s.",
		            meaning_datagrams(m) ? "; datagrams that were not received are thrown "
		                    "away" : "");
}

/* -- Descriptors and options --------------------------------------------------------------------- */

void meaning_dup(const struct meaning *m)
{
	meaning_say(m, "Descriptor %d leads to the same socket as %d. The connection ends only "
	            "when both are closed.",
	            (int)m->e->other, (int)m->e->fd);
}

void meaning_fcntl(const struct meaning *m)
{
	bool waits = !(m->e->arg[1] & O_NONBLOCK);

	if (m->e->arg[0] == F_SETFL)
		meaning_say(m, waits ? "Calls on this socket wait until they can be done."
		                     : "Calls on this socket do not wait from now on: they fail "
		                             "with EAGAIN instead.");
	else
		meaning_say(m, "The descriptor's flags were asked for or changed. Nothing was sent.");
}

static const struct {
	int level, option;
	const char *text;
} options[] = {
	{ SOL_SOCKET, SO_REUSEADDR, "bind may take a port though connections of it lie in "
	  "TIME_WAIT; not one that somebody listens on" },
	{ SOL_SOCKET, SO_REUSEPORT, "several sockets may bind the same port, if all of one user "
	  "say so; the kernel spreads callers or datagrams over them" },
	{ SOL_SOCKET, SO_KEEPALIVE, "a connection without traffic is probed, by default after two "
	  "hours" },
	{ SOL_SOCKET, SO_LINGER, "whether close waits until all is sent; with a time of 0 it sends "
	  "RST" },
	{ SOL_SOCKET, SO_RCVTIMEO, "how long a receive or accept waits before it fails with EAGAIN" },
	{ SOL_SOCKET, SO_SNDTIMEO, "how long a send or connect waits" },
	{ SOL_SOCKET, SO_RCVBUF, "room for what has come and was not received; Linux doubles the "
	  "number for its own needs" },
	{ SOL_SOCKET, SO_SNDBUF, "room for what was sent and not yet acknowledged; Linux doubles "
	  "the number for its own needs" },
	{ SOL_SOCKET, SO_BROADCAST, "datagrams may be sent to broadcast addresses" },
	{ SOL_SOCKET, SO_ERROR, "the error that is pending on the socket, 0 for none; asking "
	  "clears it" },
	{ IPPROTO_TCP, TCP_NODELAY, "small segments are sent at once, not held back until earlier "
	  "ones are acknowledged" },
	{ IPPROTO_TCP, TCP_CORK, "only full segments are sent until it is unset, or for 200 ms" },
	{ IPPROTO_IPV6, IPV6_V6ONLY, "whether an IPv6 socket also takes IPv4 callers: 0 is both" },
};

static void option(const struct meaning *m, const char *did)
{
	const int32_t *arg = m->e->arg;
	const char *name = names_text(names_options(arg[0]), arg[1]);

	meaning_say(m, "%s %s", did, name ? name : "an option");
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (options[i].level == arg[0] && options[i].option == arg[1])
			meaning_say(m, ": %s", options[i].text);
	meaning_say(m, ". Nothing was sent.");
}

void meaning_setsockopt(const struct meaning *m)
{
	option(m, "The program set");
}

void meaning_getsockopt(const struct meaning *m)
{
	option(m, "The program asked for");
}

void meaning_getsockname(const struct meaning *m)
{
	meaning_say(m, "The program asked which address its own end has: %s. Nothing was sent.",
	            words_addr(&m->e->local).s);
}

void meaning_getpeername(const struct meaning *m)
{
	meaning_say(m, "The program asked who is at the other end: %s. The kernel knows, nothing "
	            "was sent.",
	            words_addr(&m->e->peer).s);
}

/* -- Waiting and looking up -------------------------------------------------------------------------- */

void meaning_poll(const struct meaning *m)
{
	const struct event *e = m->e;

	meaning_say(m, "The program asked which of %s can be used without waiting: %llu of them.",
	            words_count(e->asked, "descriptor").s, (unsigned long long)e->moved);
	if (!e->moved && e->arg[2] > 0)
		meaning_say(m, " Its time limit, %s, was over.", words_span((int64_t)e->arg[2] * 1000000).s);
	else if (e->took > 1000000)
		meaning_say(m, " It waited %s until one could.", words_span(e->took).s);
}

void meaning_lookup(const struct meaning *m)
{
	const char *name = m->e->text ? m->e->text : "";

	if (m->e->arg[0])
		meaning_say(m, "The name %s was not found: %s.", name, gai_strerror(m->e->arg[0]));
	else
		meaning_say(m, "The C library looked up %s, by /etc/hosts or a name server, as "
		            "/etc/nsswitch.conf says. It took %s; the socket that it is for is not "
		            "touched.", *name ? name : "an address", words_span(m->e->took).s);
}

void meaning_reverse(const struct meaning *m)
{
	meaning_say(m, "The C library looked for a name of %s", words_addr(&m->e->peer).s);
	if (m->e->text)
		meaning_say(m, " and found %s", m->e->text);
	meaning_say(m, ". It took %s.", words_span(m->e->took).s);
}

/* -- Processes ----------------------------------------------------------------------------------------- */

void meaning_fork(const struct meaning *m)
{
	meaning_say(m, "A child, process %d, has the same sockets under the same numbers. A "
	            "connection ends only when both have closed it, so each closes what the other "
	            "serves.", (int)m->e->other);
}

void meaning_exit(const struct meaning *m)
{
	if (m->e->arg[0] < 0)
		meaning_say(m, "Signal %d (%s) ended the program. ", (int)m->e->arg[1], strsignal(m->e->arg[1]));
	else
		meaning_say(m, "The program ended with status %d. ", (int)m->e->arg[0]);
	meaning_say(m, "The kernel closes all that it had open, as close would.");
}
