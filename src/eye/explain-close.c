/* SPDX-License-Identifier: MIT */
/* Notes on how conversations end, or do not: what was left unread, unsent, unclosed, and who waits for whom. */
#include "explain-fact.h"

#include <sys/socket.h>

static unsigned long long big(uint64_t n)
{
	return n;
}

/* -- What was left ------------------------------------------------------------------------- */

static void say_cut_character(struct explain_case *c)
{
	if (c->my->cut_character)
		explain_say(c, " What it got ends in the middle of a UTF-8 character.");
}

/* A buffer that was made to hold whatever comes, not to hold one known message. */
static bool is_buffer(uint64_t room)
{
	return room >= 256 && !(room & (room - 1));
}

/*
 * A loop that receives until the end would have tried again. Where the other
 * end is watched it is known whether something was missing; else a full buffer
 * alone makes one wonder.
 */
bool explain_one_receive(struct explain_case *c)
{
	bool more = c->my->unread > 0, perhaps = !c->peer && c->my->last_full && is_buffer(c->my->last_asked);

	if (!explain_stream(c->s) || c->my->receives != 1 || c->s->got_end || c->my->zeros || c->my->waits)
		return false;
	if (c->how == EXPLAIN_KILLED || c->how == EXPLAIN_STOPPED || (!more && !perhaps))
		return false;
	explain_say(c, "One receive was taken for the whole message: %llu bytes", big(c->my->last_in));
	if (c->my->last_full)
		explain_say(c, ", just what its buffer holds");
	if (more)
		explain_say(c, ", of the %llu that were sent to it.", big(c->my->last_in + c->my->unread));
	else
		explain_say(c, ", so more may have been on its way.");
	say_cut_character(c);
	return explain_say(c, " A stream brings a message in any number of pieces: receive until "
	                   "all of it is there.");
}

bool explain_unread_close(struct explain_case *c)
{
	if (c->how != EXPLAIN_CLOSED || !explain_stream(c->s) || !c->my->unread)
		return false;
	explain_say(c, "It was closed with %s unread. ", words_count(c->my->unread, "byte").s);
	if (explain_tcp(c->s))
		return explain_say(c, "TCP then sends RST, not FIN: the other end gets ECONNRESET "
		                   "and may lose what it has not received yet. Receive until the "
		                   "end (0) before close.");
	return explain_say(c, "The other end gets ECONNRESET. Receive until the end (0) before "
	                   "close.");
}

/* It decoded what it had got, or tried to, and did nothing more but close. */
bool explain_not_text(struct explain_case *c)
{
	if (!c->my || c->row->kind != ROW_EXIT || c->event->arg[0] <= 0)
		return false;
	return explain_say(c, "What came last is no UTF-8, no answer was sent, and the program "
	                   "ended with an error: a decoder that meets such bytes raises an "
	                   "exception. Bytes of strangers can be anything: expect it, or pass them "
	                   "on as they are.");
}

/* -- Who closes ------------------------------------------------------------------------------- */

/* Case: a second end is gone; c->s is the one that closed first. */
static bool say_time_wait(struct explain_case *c)
{
	struct explain_fact *listener = explain_fact_of(c->e, c->s->listener);

	explain_say(c, "%s ended first, so TIME_WAIT is at its end: %s to ", explain_program(c->s),
	            words_addr(&c->s->local).s);
	explain_say(c, "%s cannot be used again for 60 s.", words_addr(&c->s->peer_addr).s);
	c->warning = c->s->accepted && listener && !c->s->listener->reuse;
	if (c->s->accepted && listener)
		listener->time_wait = c->row ? c->row->time : c->e->now;
	if (c->warning)
		return explain_say(c, " That is the server's port, and its listener was bound "
		                   "without SO_REUSEADDR: to start it again within that time fails "
		                   "with EADDRINUSE.");
	if (c->s->accepted)
		return explain_say(c, " That is the server's port; SO_REUSEADDR, set before bind, "
		                   "lets it start again at once.");
	return explain_say(c, " A port that the kernel chose for a client may well wait: the "
	                   "server's is free at once.");
}

static bool by_reset(const struct explain_case *c)
{
	return c->s->reset || c->peer->reset || c->my->unread || c->other->unread;
}

bool explain_time_wait(struct explain_case *c)
{
	if (!explain_tcp(c->s) || c->how >= EXPLAIN_KILLED || !c->other || !c->other->gone || by_reset(c))
		return false;
	if (!c->s->first_end || !c->peer->first_end || c->s->first_end == c->peer->first_end)
		return false;
	if (c->peer->first_end < c->s->first_end && !explain_begin(c, c->e, c->row, c->peer))
		return false;
	return say_time_wait(c);
}

/* -- What was not closed ------------------------------------------------------------------------ */

static bool left_open(const struct explain_case *c)
{
	return (c->how == EXPLAIN_EXITED || c->how == EXPLAIN_FAILED) && c->s->opened_call &&
	       c->s->time_closed >= c->row->time;
}

static bool listener_was_closed(const struct explain_case *c)
{
	struct explain_fact *listener = c->s->accepted ? explain_fact_of(c->e, c->s->listener) : NULL;

	return listener && listener->closed;
}

bool explain_never_closed(struct explain_case *c)
{
	if (!left_open(c) || listener_was_closed(c))
		return false;
	return explain_say(c, "This socket, made by call %llu%s at %s, was never closed: the "
	                   "kernel did it when %s ended.",
	                   big(c->s->opened_call), c->s->accepted ? " (accept)" : "",
	                   words_span(c->s->time_opened).s, explain_program(c->s));
}

bool explain_listener_closed(struct explain_case *c)
{
	if (!left_open(c) || !listener_was_closed(c))
		return false;
	return explain_say(c, "The listener was closed, the connection that it had accepted (call "
	                   "%llu) was not: these are two sockets. The other end saw its end only "
	                   "when %s ended. Close the connection, then the listener.",
	                   big(c->s->opened_call), explain_program(c->s));
}

/* -- Who waits ------------------------------------------------------------------------------------- */

static bool both_wait(const struct explain_case *c)
{
	return explain_stream(c->s) && c->other && c->my->waits && c->other->waits && c->s->in == c->peer->out &&
	       c->peer->in == c->s->out && !c->s->shut_out && !c->peer->shut_out;
}

static bool say_both_wait(struct explain_case *c)
{
	const struct explain_fact *empty = c->my->empty_sends ? c->my : c->other->empty_sends ? c->other : NULL;

	explain_say(c, "Both ends wait to receive and nothing is under way between them: unless "
	            "another thread or a time limit ends it, they wait for ever. ");
	if (empty)
		return explain_say(c, "%s has sent an empty message: on a stream 0 bytes are "
		                   "nothing at all, so the other end did not notice. Let a message "
		                   "end with a mark, such as a newline.",
		                   explain_program(empty == c->my ? c->s : c->peer));
	return explain_say(c, "One of them must know that it is its turn: by the length of a "
	                   "message, a newline, or shutdown when all is sent.");
}

bool explain_both_wait(struct explain_case *c)
{
	bool begins = c->row && c->row->kind == ROW_BEGIN && c->event && event_receives(c->event);

	return begins && both_wait(c) && say_both_wait(c);
}

/* Who spoke first is the one that waits for a reply. */
bool explain_no_timeout(struct explain_case *c)
{
	int64_t now = c->row ? c->row->time : c->e->now;

	if (!explain_datagrams(c->s) || c->how == EXPLAIN_CLOSED || !c->my->waits || !c->my->spoke_first ||
	    !c->my->last_was_send)
		return false;
	explain_say(c, "It waited for a reply for %s and to no end", words_span(now - c->my->wait_from).s);
	explain_say(c, c->my->receives ? ", after %u had come. " : ". ", (unsigned)c->my->receives);
	return explain_say(c, "A datagram, or the reply to it, may be lost, and nobody says so: "
	                   "set a time limit, then send again or give up.");
}
