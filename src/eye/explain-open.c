/* SPDX-License-Identifier: MIT */
/* Notes on how conversations begin: names, places, connecting and accepting. */
#include "explain-fact.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { PRIVILEGED = 1024 };

static const int64_t second = INT64_C(1000000000), tenth = INT64_C(100000000);

/* -- Names and places -------------------------------------------------------------------- */

bool explain_name_took(struct explain_case *c)
{
	if (!explain_did(c, EVENT_GETADDRINFO) || c->row->took <= second)
		return false;
	return explain_say(c, "Looking up %s took %s: a name server was slow or did not answer. "
	                   "The time limits of sockets do not count here, for there is no socket "
	                   "yet.",
	                   c->event->text ? c->event->text : "the name", words_span(c->row->took).s);
}

/* Whether what was looked up is a name of a machine, not an address nor this very machine's "localhost". */
static bool is_name(const char *text)
{
	return *text && strcmp(text, "localhost") != 0 && !strchr(text, ':') &&
	       strspn(text, "0123456789.") != strlen(text);
}

bool explain_bound_loopback(struct explain_case *c)
{
	const char *name = "";

	if (!explain_did(c, EVENT_BIND) || c->event->error || !words_is_loopback(&c->event->local))
		return false;
	if (c->row->lane >= 0 && c->row->lane < EXPLAIN_LANES)
		name = c->e->looked_up[c->row->lane];
	if (!is_name(name))
		return explain_say(c, "%s is the loopback: programs on this machine can reach it, "
		                   "nobody else can.",
		                   words_addr(&c->event->local).s);
	c->warning = true;
	return explain_say(c, "It is bound to %s, a loopback address, to which the name %s leads "
	                   "on this machine (see /etc/hosts): programs on this machine can reach "
	                   "it, nobody else can. 0.0.0.0 is all interfaces.",
	                   words_addr(&c->event->local).s, name);
}

bool explain_any_address(struct explain_case *c)
{
	if (!explain_did(c, EVENT_BIND) || c->event->error || !words_is_any(&c->event->local) ||
	    words_port(&c->event->local) <= 0)
		return false;
	return explain_say(c, "%s is every address of this machine: whoever can reach one of them "
	                   "can reach this socket. For programs on this machine alone bind to "
	                   "127.0.0.1 or ::1.",
	                   words_addr(&c->event->local).s);
}

bool explain_privileged_port(struct explain_case *c)
{
	int port = c->event && c->s ? words_port(&c->event->local) : -1;

	if (!explain_did(c, EVENT_BIND) || c->event->error != EACCES || port <= 0 || port >= PRIVILEGED)
		return false;
	return explain_say(c, "Port %d is below 1024: binding it needs root or "
	                   "CAP_NET_BIND_SERVICE. Take a port from 1024 up.", port);
}

static bool why_in_use(struct explain_case *c)
{
	const struct event_addr *a = &c->event->local;
	const struct story_socket *s = explain_place(c->e, a, c->s->type, true);
	const struct story_socket *was = explain_place(c->e, a, c->s->type, false);
	struct explain_fact *fact = explain_fact_of(c->e, was);

	if (s && s != c->s)
		return explain_say(c, "%s has it: descriptor %d is bound to %s and still open. Two "
		                   "sockets cannot be bound to one address; end that program or "
		                   "take another port.",
		                   explain_program(s), (int)s->fd, words_addr(&s->local).s);
	if (fact && fact->time_wait)
		return explain_say(c, "A connection of this port that the server's end closed "
		                   "first lies in TIME_WAIT since %s, for 60 s in all. Set "
		                   "SO_REUSEADDR before bind: then the port can be taken at once.",
		                   words_span(c->row->time - fact->time_wait).s);
	return explain_say(c, "Another socket listens there (ss -ltnp shows whose), or connections "
	                   "of an earlier server lie in TIME_WAIT, which lasts 60 s. SO_REUSEADDR, "
	                   "set before bind, helps against the second alone.");
}

bool explain_address_in_use(struct explain_case *c)
{
	bool asked = explain_did(c, EVENT_BIND) || explain_did(c, EVENT_LISTEN);

	if (!asked || c->event->error != EADDRINUSE || !c->s)
		return false;
	if (c->s->family == AF_UNIX)
		return explain_say(c, "There is a file of that name already, of a server that runs "
		                   "or of one that has ended: the file stays when its socket is "
		                   "closed. Where no server runs, unlink it before bind.");
	if (explain_datagrams(c->s))
		return explain_say(c, "Another socket is bound to %s: ss -lunp shows whose.",
		                   words_addr(&c->event->local).s);
	return why_in_use(c);
}

/* The first call that needs an address of its own makes the kernel choose one. */
bool explain_implicit_bind(struct explain_case *c)
{
	if (!c->my || !c->event || c->row->kind == ROW_BEGIN || c->my->named || c->my->bound || c->s->accepted)
		return false;
	bool connects = explain_did(c, EVENT_CONNECT) && (!c->event->error || c->event->error == EINPROGRESS);
	bool sends = explain_datagrams(c->s) && explain_sent(c);
	int port = words_port(c->event->local.len ? &c->event->local : &c->s->local);

	if ((!connects && !sends) || port <= 0)
		return false;
	c->my->named = true;
	return explain_say(c, "Nobody called bind, so this %s also bound the socket: the kernel "
	                   "chose its port, %d.",
	                   connects ? "connect" : "send", port);
}

/* -- Connecting ------------------------------------------------------------------------------- */

static bool still_connects(const struct explain_case *c)
{
	return c->event && c->my && c->event->call == EVENT_CONNECT &&
	       (c->row->kind == ROW_BEGIN || c->event->error == EINPROGRESS);
}

/* The queue holds one more than the backlog says. */
bool explain_backlog_full(struct explain_case *c)
{
	if (!explain_stream(c->s) || !c->event)
		return false;
	if (c->row->kind == ROW_END && explain_did(c, EVENT_CONNECT) && !c->event->error && c->my->full &&
	    c->row->took >= second)
		return explain_say(c, "It was not denied: the SYN was sent again until accept had "
		                   "made room in the queue, %s after the first.",
		                   words_span(c->row->took).s);
	if (!still_connects(c))
		return false;
	const struct story_socket *l = explain_place(c->e, &c->event->peer, c->s->type, true);
	if (!l || !l->listening || (int64_t)l->waiting <= l->backlog)
		return false;
	c->my->full = true;
	explain_say(c, "The listener's queue is full: it holds %s not yet accepted, and its "
	            "backlog is %d. ",
	            words_count(l->waiting, "connection").s, (int)l->backlog);
	if (!explain_internet(c->s))
		return explain_say(c, "This connect waits until accept makes room.");
	return explain_say(c, "Linux does not deny: it drops the SYN, the caller's kernel sends it "
	                   "again after 1 s and, with growing pauses, again, and connect waits "
	                   "until accept has made room.");
}

static bool is_refusal(const struct explain_case *c)
{
	const struct event *e = c->event;

	if (!c->s || !e || c->row->kind == ROW_BEGIN)
		return false;
	if (e->call == EVENT_CONNECT && c->s->family == AF_UNIX && e->error == ENOENT)
		return true;
	if (e->error)
		return e->error == ECONNREFUSED;
	return e->call == EVENT_GETSOCKOPT && e->arg[0] == SOL_SOCKET && e->arg[1] == SO_ERROR &&
	       e->arg[2] == ECONNREFUSED;
}

static const struct event_addr *asked_for(const struct explain_case *c)
{
	return c->event->call == EVENT_CONNECT && c->event->peer.len ? &c->event->peer : &c->s->peer_addr;
}

static void say_who_was_there(struct explain_case *c)
{
	const struct story_socket *l = explain_place(c->e, asked_for(c), c->s->type, false);

	if (!l)
		return;
	if (l->closed)
		explain_say(c, " %s was there, at %s, and has closed its socket.", explain_program(l),
		            words_addr(&l->local).s);
	else if (!l->listening && explain_stream(l))
		explain_say(c, " %s has bound that port, and has not called listen yet.", explain_program(l));
	else
		explain_say(c, " %s is at %s, which is another address.", explain_program(l), words_addr(&l->local).s);
}

bool explain_refused(struct explain_case *c)
{
	if (!is_refusal(c))
		return false;
	struct words at = words_addr(asked_for(c));

	if (c->s->family == AF_UNIX)
		explain_say(c, "%s at %s.", c->event->error == ENOENT ? "There is no socket" :
		            "No socket takes calls any more",
		            at.s);
	else if (explain_datagrams(c->s))
		explain_say(c, "No socket is bound to %s: an earlier datagram came back as ICMP, "
		            "port unreachable, and this call is the first to tell.", at.s);
	else
		explain_say(c, "Nobody listens at %s, so the kernel there answered the SYN with "
		            "RST.", at.s);
	say_who_was_there(c);
	explain_say(c, " The server must run first.");
	if (explain_stream(c->s))
		explain_say(c, " A client can also try until it does: sockeye connect --wait 10s.");
	return true;
}

/* -- Accepting ---------------------------------------------------------------------------------- */

/* The connection stood while the one accepted before it was served, up to its close. */
bool explain_one_at_a_time(struct explain_case *c)
{
	struct explain_fact *listener = c->s && c->s->accepted ? explain_fact_of(c->e, c->s->listener) : NULL;

	if (!listener || !explain_did(c, EVENT_ACCEPT) || c->event->error)
		return false;
	const struct story_socket *before = story_socket_at(c->e->story, listener->newest);
	struct explain_fact *served = explain_fact_of(c->e, before);
	listener->newest = c->s->number;
	if (!served || !c->other || !c->other->connected || c->row->time - c->other->connected < tenth)
		return false;
	if (!served->closed || served->closed_at <= c->other->connected || served->accepted >= c->row->time)
		return false;
	return explain_say(c, "%s was connected for %s before this accept: the kernel had done "
	                   "that, while the server was still with %s. Who serves one at a time "
	                   "lets the others wait; threads, processes or poll serve many.",
	                   words_addr(&c->s->peer_addr).s, words_span(c->row->time - c->other->connected).s,
	                   words_addr(&before->peer_addr).s);
}

/* A server that has never closed one, while their other ends have gone. */
bool explain_pile(struct explain_case *c)
{
	const struct story_socket *l = c->s && c->s->accepted ? c->s->listener : NULL;
	struct explain_fact *fact = explain_fact_of(c->e, l);

	if (!fact || !explain_did(c, EVENT_ACCEPT) || c->event->error || fact->closes || fact->alones < 3)
		return false;
	return explain_say(c, "%u accepted connections are still open though their other ends have "
	                   "gone, and none was ever closed: each keeps a descriptor, and accept "
	                   "fails with EMFILE when there are no more. Close a connection before "
	                   "its variable is used for the next.", (unsigned)fact->alones);
}
