/* SPDX-License-Identifier: MIT */
/* What moving bytes meant: between a program and its kernel, and what follows from that on the way. */
#include <netinet/in.h>
#include <sys/socket.h>

#include "meaning-inner.h"

enum { HEADERS_4 = 28, HEADERS_6 = 48 };

static unsigned long long big(uint64_t n)
{
	return n;
}

static bool has_flags(const struct event *e)
{
	return e->call != EVENT_READ && e->call != EVENT_READV && e->call != EVENT_WRITE && e->call != EVENT_WRITEV;
}

static bool has(const struct meaning *m, int flag)
{
	return has_flags(m->e) && m->e->arg[0] & flag;
}

/* -- Sending ------------------------------------------------------------------------------- */

static void stream_out(const struct meaning *m)
{
	const struct event *e = m->e;

	if (!e->asked) {
		meaning_say(m, "0 bytes were offered. On a stream that is nothing at all: no "
		            "segment is sent, and the other end does not notice.");
		return;
	}
	if (has(m, MSG_OOB)) {
		meaning_say(m, "%s sent as urgent data; the last byte lies beside the stream, for "
		            "a receive with MSG_OOB.",
		            e->moved == 1 ? "1 byte was" : "The bytes were");
		return;
	}
	meaning_say(m, "The kernel copied %s into the socket's send buffer: places %llu up to %llu "
	            "of the stream. ",
	            words_count(e->moved, "byte").s, big(e->offset), big(e->offset + e->moved));
	if (e->moved < e->asked)
		meaning_say(m, "%llu more were offered and found no room: the program must offer "
		            "them again. ",
		            big(e->asked - e->moved));
	meaning_say(m, meaning_tcp(m) ? "TCP sends them in segments of its own choice, and again "
	            "until they are acknowledged; that send has returned does not say that the "
	            "other program has them."
	            : "The other end may receive them at once; they never leave this machine.");
}

static void datagram_out(const struct meaning *m)
{
	const struct event *e = m->e;
	const struct event_addr *to = e->peer.len || !m->s ? &e->peer : &m->s->peer_addr;

	meaning_say(m, "One datagram of %s leaves", words_count(e->moved, "byte").s);
	if (to->len)
		meaning_say(m, " for %s", words_addr(to).s);
	if (meaning_internet(m))
		meaning_say(m, ", with %d bytes of IP and UDP headers before them. Whether it "
		            "arrives nobody says: UDP sends once, and does not look for an answer.",
		            e->family == AF_INET6 ? HEADERS_6 : HEADERS_4);
	else
		meaning_say(m, ". It stays one message: the receiver gets it whole or cut to its "
		            "buffer.");
}

void meaning_send(const struct meaning *m)
{
	if (meaning_stream(m))
		stream_out(m);
	else
		datagram_out(m);
	if (meaning_stream(m) && m->e->asked)
		meaning_waited(m, "for room in the send buffer");
}

void meaning_sendfile(const struct meaning *m)
{
	meaning_say(m, "The kernel moved %s without copying them through the program. Fewer than "
	            "asked for (%llu) are no error: the file may have ended, or the send buffer is "
	            "full.", words_count(m->e->moved, "byte").s,
	            big(m->e->asked));
}

/* -- Receiving -------------------------------------------------------------------------------- */

static void end_of_stream(const struct meaning *m)
{
	if (!m->e->asked) {
		meaning_say(m, "No room for bytes was offered, so none came.");
		return;
	}
	meaning_say(m, "0 bytes: this is the end. The other end has closed or shut down its "
	            "sending%s, and all that it sent before has been received. Each further "
	            "receive returns 0 at once.", meaning_tcp(m) ? " (its FIN is here)" : "");
}

static void stream_in(const struct meaning *m)
{
	const struct event *e = m->e;

	meaning_say(m, "%s moved from the socket's receive buffer to the program: places %llu up "
	            "to %llu of the stream. ",
	            words_count(e->moved, "byte").s, big(e->offset), big(e->offset + e->moved));
	if (has(m, MSG_PEEK))
		meaning_say(m, "They were looked at only (MSG_PEEK) and will come again. ");
	else if (e->moved >= e->asked)
		meaning_say(m, "That is all that the program had room for; more may wait in the "
		            "kernel. ");
	else
		meaning_say(m, "There was room for %llu: receive returns with what is there, it "
		            "does not wait for more. ",
		            big(e->asked));
	meaning_waited(m, "for them");
}

static void datagram_in(const struct meaning *m)
{
	const struct event *e = m->e;

	meaning_say(m, "One datagram of %s came", words_count(e->whole > e->moved ? e->whole : e->moved,
	                                                      "byte").s);
	if (e->peer.len)
		meaning_say(m, " from %s", words_addr(&e->peer).s);
	meaning_say(m, ". ");
	if (e->whole > e->moved)
		meaning_say(m, "The buffer had room for %llu: the other %llu are gone. ", big(e->moved),
		            big(e->whole - e->moved));
	else if (!e->moved)
		meaning_say(m, "An empty one is a message too, not an end. ");
	else
		meaning_say(m, "One receive takes one datagram, never a part of the next. ");
	if (has(m, MSG_PEEK))
		meaning_say(m, "It was looked at only (MSG_PEEK) and will come again. ");
	meaning_waited(m, "for it");
}

void meaning_receive(const struct meaning *m)
{
	if (!meaning_stream(m))
		datagram_in(m);
	else if (!m->e->moved)
		end_of_stream(m);
	else
		stream_in(m);
}
