/* SPDX-License-Identifier: MIT */
/* What an error meant, by its number and by the call that met it where that matters. */
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "meaning-inner.h"

struct cause {
	int error;
	int call;               /* the call of this meaning; EVENT_NONE: any */
	const char *text;
};

/* The first that fits is taken: a call's own before the general one. */
static const struct cause causes[] = {
	{ EINPROGRESS, EVENT_CONNECT, "It does not wait: the kernel goes on to connect. When the "
	  "socket is ready to write, getsockopt with SO_ERROR tells how it went." },
	{ EALREADY, EVENT_CONNECT, "An earlier connect on this socket is still under way." },
	{ EISCONN, EVENT_NONE, "The socket is connected already." },
	{ ECONNREFUSED, EVENT_CONNECT, "Nobody listens at that address: over TCP its kernel "
	  "answered the SYN with RST. The server must run first." },
	{ ECONNREFUSED, EVENT_NONE, "An earlier datagram met no socket at its port: ICMP came "
	  "back, and this call tells of it." },
	{ ETIMEDOUT, EVENT_CONNECT, "No answer came: the SYN was sent again and again, with "
	  "growing pauses, and then given up. A firewall drops it, or no such machine is there." },
	{ ETIMEDOUT, EVENT_NONE, "What was sent was not acknowledged however often it was sent "
	  "again: the other machine, or the way to it, is gone." },
	{ EAGAIN, EVENT_CONNECT, "The listener's queue is full, and this socket does not wait." },
	{ EAGAIN, EVENT_ACCEPT, "No connection is in the queue, and this socket does not wait, or "
	  "its time limit is over." },
	{ EADDRINUSE, EVENT_NONE, "The address is taken: by a socket that is bound to it, or by "
	  "connections in TIME_WAIT where SO_REUSEADDR was not set before bind." },
	{ EADDRNOTAVAIL, EVENT_BIND, "No interface of this machine has that address." },
	{ EADDRNOTAVAIL, EVENT_NONE, "No local port is free for this destination, or the address "
	  "is none of this machine." },
	{ EACCES, EVENT_BIND, "Not permitted: ports below 1024 need CAP_NET_BIND_SERVICE, a path "
	  "the right to write in its folder." },
	{ EACCES, EVENT_NONE, "Not permitted: by a firewall, by the mode of a path, or to send to "
	  "a broadcast address without SO_BROADCAST." },
	{ EPERM, EVENT_NONE, "Not permitted: a firewall of this machine or a missing privilege "
	  "forbids it." },
	{ EPIPE, EVENT_NONE, "This connection takes no more bytes: the other end has closed it, or "
	  "this end has shut down its sending. Where SIGPIPE is neither ignored nor held off by "
	  "MSG_NOSIGNAL it ends the program." },
	{ ECONNRESET, EVENT_NONE, "The other end has reset the connection: it closed with bytes "
	  "unread, ended, or knows nothing of it. What was under way is lost." },
	{ ECONNABORTED, EVENT_ACCEPT, "The caller had gone before it was accepted. The next accept "
	  "may do well." },
	{ ENOTCONN, EVENT_NONE, "The socket is not connected, or not any more." },
	{ EDESTADDRREQ, EVENT_NONE, "The socket is not connected, and no address was given to send "
	  "to." },
	{ EMSGSIZE, EVENT_NONE, "The message is longer than one datagram may be: over UDP and IPv4 "
	  "65507 bytes. Nothing was sent." },
	{ EINTR, EVENT_NONE, "A signal came while it waited. Nothing was moved: it can be called "
	  "again." },
	{ EMFILE, EVENT_NONE, "This process has as many descriptors as it may have (ulimit -n). "
	  "Sockets that are not closed use them up." },
	{ ENFILE, EVENT_NONE, "The whole machine has as many open files as it may have." },
	{ ENOBUFS, EVENT_NONE, "The kernel has no memory for it now." },
	{ ENOMEM, EVENT_NONE, "The kernel has no memory for it now." },
	{ ENETUNREACH, EVENT_NONE, "This machine knows no way to that network." },
	{ EHOSTUNREACH, EVENT_NONE, "No way leads to that machine, or it does not answer on its "
	  "own network." },
	{ EAFNOSUPPORT, EVENT_SOCKET, "This kernel has no sockets of that family." },
	{ EAFNOSUPPORT, EVENT_NONE, "The address is of another family than the socket." },
	{ EPROTONOSUPPORT, EVENT_NONE, "The family has no such type or protocol." },
	{ EPROTOTYPE, EVENT_NONE, "The socket at that address is of another type." },
	{ EOPNOTSUPP, EVENT_NONE, "Sockets of this kind cannot do that." },
	{ ENOENT, EVENT_NONE, "There is no socket file of that name." },
	{ EINVAL, EVENT_ACCEPT, "The socket does not listen." },
	{ EINVAL, EVENT_BIND, "The socket is bound already, or the address has the wrong length." },
	{ EBADF, EVENT_NONE, "The number is no open descriptor: it has been closed before." },
	{ ENOTSOCK, EVENT_NONE, "The descriptor is no socket." },
	{ ENOPROTOOPT, EVENT_NONE, "Sockets of this kind do not have that option." },
	{ EFAULT, EVENT_NONE, "A pointer leads nowhere." },
};

static const char *cause_of(const struct event *e)
{
	for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
		if (causes[i].error == e->error && (!causes[i].call || causes[i].call == e->call))
			return causes[i].text;
	return NULL;
}

/* Would have had to wait: in which buffer there was nothing, or no room. */
static const char *would_wait(const struct meaning *m)
{
	if (event_receives(m->e))
		return m->e->took > 1000000 ? "Nothing came within the socket's time limit "
		        "(SO_RCVTIMEO)."
		                            : "Nothing is there to receive, and this call does not "
		                                    "wait.";
	if (event_sends(m->e))
		return "The send buffer is full, and this call does not wait. When the socket is "
		        "ready to write there is room again.";
	return "It would have had to wait, and does not.";
}

void meaning_error(const struct meaning *m)
{
	const char *text = cause_of(m->e);

	if (!text && (m->e->error == EAGAIN || m->e->error == EWOULDBLOCK))
		text = would_wait(m);
	if (text)
		meaning_say(m, "%s", text);
	else
		meaning_say(m, "The kernel refused: %s.", strerror(m->e->error));
	if (m->e->call == EVENT_CONNECT && m->e->peer.len && m->e->error != EINPROGRESS)
		meaning_say(m, " It was asked for %s.", words_addr(&m->e->peer).s);
	else if (m->e->call == EVENT_BIND && m->e->local.len)
		meaning_say(m, " It was asked for %s.", words_addr(&m->e->local).s);
}
