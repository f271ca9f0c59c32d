/* SPDX-License-Identifier: MIT */
/* Notes on bytes under way: what a stream does not keep, what a datagram loses, and sends that fail. */
#include "explain-fact.h"

#include <errno.h>
#include <sys/socket.h>

enum { SPINS = 3, MANY_SPINS = 1000 };

static unsigned long long big(uint64_t n)
{
	return n;
}

/* -- Streams --------------------------------------------------------------------------------- */

static const struct explain_send *send_of(const struct explain *e, uint32_t call)
{
	const struct explain_send *s = &e->sends[call % EXPLAIN_SENDS];

	return call && s->call == call ? s : NULL;
}

static bool say_several(struct explain_case *c)
{
	return explain_say(c, "This one receive got the bytes of %u sends. A stream is a row of "
	                   "bytes and does not keep where one message ends: let each message say "
	                   "its length, or end it with a mark, such as a newline.",
	                   (unsigned)(c->row->arrows + c->row->more_arrows));
}

static bool say_part(struct explain_case *c, const struct explain_send *sent)
{
	uint64_t end = c->event->offset + c->event->moved;

	explain_say(c, "This receive got %llu of the %llu bytes that call %u sent", big(c->event->moved),
	            big(sent->end - sent->first), sent->call);
	if (c->event->moved >= c->event->asked)
		explain_say(c, ", for its buffer holds no more");
	return explain_say(c, "; %llu are still to come. A stream does not keep messages whole: "
	                   "receive until the number of bytes is there, or a mark such as a "
	                   "newline, or the end.", big(sent->end - end));
}

bool explain_partial_receive(struct explain_case *c)
{
	if (!explain_received(c) || !explain_stream(c->s) || !c->event->moved || !c->row->arrows)
		return false;
	int seen = c->row->arrows < ROW_ARROWS ? c->row->arrows : ROW_ARROWS;
	const struct explain_send *last = send_of(c->e, c->row->arrow[seen - 1].call);
	uint64_t end = c->event->offset + c->event->moved;

	if (c->row->arrows + c->row->more_arrows > 1)
		return say_several(c);
	return last && last->first == c->event->offset && last->end > end && say_part(c, last);
}

static bool rest_went_out(struct explain_case *c, uint64_t rest, uint32_t call)
{
	c->warning = false;
	return explain_say(c, "These %llu bytes are the rest of call %u: all has been sent now. To "
	                   "go on until nothing is left is what sendall does.", big(rest), call);
}

bool explain_short_send(struct explain_case *c)
{
	bool file = c->event && (c->event->call == EVENT_SENDFILE || c->event->call == EVENT_SPLICE);

	if (!explain_sent(c) || !explain_stream(c->s) || file || !c->event->asked)
		return false;
	uint64_t left = c->event->asked > c->event->moved ? c->event->asked - c->event->moved : 0;
	uint64_t rest = c->my->rest;
	uint32_t call = c->my->rest_call;

	c->my->rest = left;
	c->my->rest_call = c->row->call;
	if (rest && c->event->asked < rest)
		return explain_say(c, "%llu bytes of call %u were not taken, and this call offers "
		                   "other ones, %llu: what was left is missing in the stream. Look "
		                   "at what send returns, or use sendall.", big(rest), call,
		                   big(c->event->asked));
	if (rest && c->event->asked == rest)
		return !left && rest_went_out(c, rest, call);
	c->warning = false;
	return left && explain_say(c, "The kernel took %llu of %llu bytes, for the send buffer is "
	                           "full. The other %llu must be offered again.",
	                           big(c->event->moved), big(c->event->asked), big(left));
}

bool explain_rest_lost(struct explain_case *c)
{
	if (!c->my->rest || c->s->reset || c->how == EXPLAIN_KILLED || c->how == EXPLAIN_STOPPED)
		return false;
	return explain_say(c, "%llu bytes that call %u did not take were never offered again: the "
	                   "other end does not get them. Look at what send returns, or use sendall.",
	                   big(c->my->rest), c->my->rest_call);
}

bool explain_zero_spin(struct explain_case *c)
{
	if (!explain_received(c) || !explain_stream(c->s) || c->event->moved || !c->event->asked)
		return false;
	if (c->my->zeros != SPINS && c->my->zeros != MANY_SPINS)
		return false;
	return explain_say(c, "Receive has returned 0 for the %s time: the other end has sent its "
	                   "FIN, nothing more will come. End the loop when a receive returns 0.",
	                   c->my->zeros == SPINS ?
	                           "third" : "thousandth");
}

bool explain_crossing(struct explain_case *c)
{
	if (!explain_sent(c) || !explain_stream(c->s) || !c->event->moved || !c->other || c->my->crossed)
		return false;
	if (c->s->in || c->peer->in || !c->peer->out || !c->s->out)
		return false;
	c->my->crossed = c->other->crossed = true;
	return explain_say(c, "Both ends have sent before either has received: %llu and %llu bytes "
	                   "cross. The kernel's buffers hold them; of messages larger than these "
	                   "both sends would wait for ever. Let one end speak first.",
	                   big(c->s->out), big(c->peer->out));
}

bool explain_sendto_ignored(struct explain_case *c)
{
	if (!explain_did(c, EVENT_SENDTO) || !explain_stream(c->s) || c->event->error || !c->event->peer.len)
		return false;
	if (!c->s->connected && !c->s->accepted)
		return false;
	return explain_say(c, "On a connected stream Linux does not look at the address that "
	                   "sendto is given: the bytes go to the other end of the connection, %s. "
	                   "send says the same in fewer words.",
	                   words_addr(&c->s->peer_addr).s);
}

/* -- Datagrams ---------------------------------------------------------------------------------- */

bool explain_empty_datagram(struct explain_case *c)
{
	if (!explain_received(c) || !explain_datagrams(c->s) || c->event->moved || c->event->whole || !c->event->asked)
		return false;
	return explain_say(c, "An empty datagram is a message as others are, not an end: datagrams "
	                   "have no end of file. A server that shall stop needs another sign, such "
	                   "as a signal.");
}

/* The story may know the length of what was sent where the receiver could not. */
static uint64_t whole_length(const struct explain_case *c)
{
	const struct explain_send *sent =
		c->row->arrows && c->row->arrow[0].kind == ARROW_CUT ? send_of(c->e, c->row->arrow[0].call) : NULL;
	uint64_t n = sent ? sent->end - sent->first : 0;

	return n > c->event->whole ? n : c->event->whole;
}

bool explain_cut_datagram(struct explain_case *c)
{
	if (!explain_received(c) || explain_stream(c->s) || whole_length(c) <= c->event->moved)
		return false;
	uint64_t whole = whole_length(c);

	c->my->last_in = whole;
	return explain_say(c, "The datagram has %llu bytes, the buffer room for %llu: the other "
	                   "%llu are gone. A datagram is received whole or cut, its rest does not "
	                   "wait as that of a stream does. 65535 bytes hold every UDP datagram.",
	                   big(whole), big(c->event->moved), big(whole - c->event->moved));
}

bool explain_grown_reply(struct explain_case *c)
{
	uint64_t request = c->my ? c->my->last_out : 0;

	if (!explain_received(c) || explain_stream(c->s) || !c->my->spoke_first)
		return false;
	uint64_t whole = whole_length(c);
	if (whole <= c->event->moved || !request || request > c->event->asked || whole <= request)
		return false;
	return explain_say(c, "The request had %llu bytes and would have fit, the reply has %llu. "
	                   "Text can grow when it is changed: upper-casing makes three characters "
	                   "of some. Make room for the reply, not for the request.",
	                   big(request), big(whole));
}

/* -- Errors ---------------------------------------------------------------------------------------- */

static bool failed_by(const struct explain_case *c, int error)
{
	return c->my && c->event && c->row->kind != ROW_BEGIN && c->event->error == error &&
	       (event_sends(c->event) || event_receives(c->event));
}

static struct words since(const struct explain_case *c)
{
	return words_span(c->row->time - c->other->closed_at);
}

bool explain_broken_pipe(struct explain_case *c)
{
	if (!failed_by(c, EPIPE))
		return false;
	if (c->s->shut_out)
		return explain_say(c, "This end has said by shutdown that it will send nothing "
		                   "more, and now sends.");
	if (c->other && c->other->closed)
		explain_say(c, "%s had closed its end %s before. ", explain_program(c->peer), since(c).s);
	else
		explain_say(c, "The other end does not receive any more: it has closed, or its "
		            "program has ended. ");
	if (explain_tcp(c->s))
		explain_say(c, "The first bytes sent after that are answered by RST, and sends "
		            "after the RST fail so. ");
	return explain_say(c, "By default the signal SIGPIPE also ends the program that sends: "
	                   "MSG_NOSIGNAL makes this error of it.");
}

static void say_unread(struct explain_case *c)
{
	explain_say(c, "%s closed its end %s before, with %s unread", explain_program(c->peer), since(c).s,
	            words_count(c->other->unread, "byte").s);
	explain_say(c, explain_tcp(c->s) ? ": such a close sends RST, not FIN." : ": the kernel "
	            "tells that by this error.");
}

bool explain_reset(struct explain_case *c)
{
	if (!failed_by(c, ECONNRESET))
		return false;
	if (c->other && c->other->closed && c->other->unread)
		say_unread(c);
	else if (c->other && c->other->closed)
		explain_say(c, "%s had closed its end %s before: what comes in after a close is "
		            "answered by RST.",
		            explain_program(c->peer), since(c).s);
	else if (c->other && c->other->gone)
		explain_say(c, "The program at the other end has ended, and its kernel answered by "
		            "RST.");
	else
		explain_say(c, "The other end's kernel sent RST: its program closed with bytes "
		            "unread, or ended, or knows nothing of this connection.");
	return explain_say(c, " What was under way is lost, and the connection cannot be used "
	                   "again.");
}
