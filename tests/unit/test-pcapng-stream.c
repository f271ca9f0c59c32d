/* SPDX-License-Identifier: MIT */
/*
 * Claims about the segments of streams in a capture: which of them a record makes, and
 * how they count. tests/cli/test_pcapng.py has tshark's word on it.
 */
#include "packets.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

static unsigned flags(size_t i)
{
	assert_true(i < seen_n);
	return seen[i].bytes[33];
}

static void assert_flags(const char *want)
{
	static const char letters[] = "FSRPA";
	char got[400] = "";
	size_t n = 0;

	for (size_t i = 0; i < seen_n; i++) {
		got[n++] = half(seen[i].bytes + 20) == 80 ? '<' : '>';
		for (int bit = 0; bit < 5; bit++)
			if (flags(i) >> bit & 1)
				got[n++] = letters[bit];
		got[n++] = ' ';
	}
	got[n ? n - 1 : 0] = '\0';
	assert_string_equal(got, want);
}

static uint32_t seq(size_t i)
{
	return ntohl(word(seen[i].bytes + 24));
}

static uint32_t ack(size_t i)
{
	return ntohl(word(seen[i].bytes + 28));
}

static void meet(void)
{
	tell(client(EVENT_CONNECT));
	struct event e = server(EVENT_ACCEPT);
	e.fd = 3;
	e.other = 4;
	tell(e);
}

static void a_conversation_has_a_handshake_and_an_end(void **state)
{
	(void)state;
	meet();
	move(client(EVENT_SEND), "hello", 99, 0);
	move(server(EVENT_RECV), "hello", 99, 0);
	tell(client(EVENT_CLOSE));
	move(server(EVENT_RECV), "", 0, 0);
	tell(server(EVENT_CLOSE));
	finish();
	assert_flags(">S <SA >A >PA <A >FA <A <FA >A");
	assert_int_equal(seq(3), seq(0) + 1);
	assert_int_equal(ack(4), seq(0) + 6);
	assert_int_equal(ack(6), seq(0) + 7);
	assert_int_equal(ack(8), seq(1) + 2);
	assert_memory_equal(seen[3].bytes + 40, "hello", 5);
	assert_string_equal(seen[3].comment, "client 100: send(3, 5) = 5");
	assert_string_equal(seen[4].comment, "server 200: recv(4, 5) = 5");
	assert_int_equal(seen[0].time, HOUR * UINT64_C(1000000000) + 1);
}

static void bytes_are_told_by_whoever_tells_first(void **state)
{
	(void)state;
	meet();
	move(server(EVENT_RECV), "he", 99, 0);
	move(client(EVENT_SEND), "hello", 99, 0);
	move(server(EVENT_RECV), "llo", 99, 2);
	finish();
	assert_flags(">S <SA >A >PA <A >PA <A");
	assert_memory_equal(seen[3].bytes + 40, "he", 2);
	assert_memory_equal(seen[5].bytes + 40, "llo", 3);
	assert_int_equal(seq(5), seq(3) + 2);
}

static void a_look_is_no_byte(void **state)
{
	struct event e = server(EVENT_RECV);

	(void)state;
	meet();
	e.arg[0] = MSG_PEEK;
	move(e, "hello", 99, 0);
	e.arg[0] = MSG_OOB;
	move(e, "!", 99, 0);
	finish();
	assert_flags(">S <SA >A");
}

static void what_was_not_recorded_is_cut(void **state)
{
	(void)state;
	meet();
	move(client(EVENT_SEND), "hello", 2, 0);
	move(client(EVENT_SEND), "hello", 0, 5);
	finish();
	assert_int_equal(seen[3].have, 42);
	assert_int_equal(seen[3].whole, 45);
	assert_string_equal(seen[3].comment, "client 100: send(3, 5) = 5; 2 of 5 bytes were recorded");
	assert_int_equal(seen[4].have, 40);
	assert_int_equal(seen[4].whole, 45);
}

static void a_lost_record_leaves_a_hole_of_its_size(void **state)
{
	(void)state;
	meet();
	move(client(EVENT_SEND), "after", 99, 7);
	finish();
	assert_flags(">S <SA >A >PA >PA");
	assert_int_equal(seen[3].whole, 47);
	assert_int_equal(seen[3].have, 40);
	assert_string_equal(seen[3].comment, "no record of this; 0 of 7 bytes were recorded");
	assert_int_equal(seq(4), seq(3) + 7);
}

static void long_sends_are_several_segments(void **state)
{
	static char text[150001];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	meet();
	move(client(EVENT_SEND), text, sizeof text, 0);
	finish();
	assert_flags(">S <SA >A >A >A >PA");
	assert_int_equal(seen[5].whole, 40 + 20000);
}

static void refusal_is_a_reset(void **state)
{
	struct event e = client(EVENT_CONNECT);

	(void)state;
	e.error = ECONNREFUSED;
	e.local = place("0.0.0.0", 0);
	tell(e);
	finish();
	assert_flags(">S <RA");
	assert_memory_equal(seen[0].bytes + 12, seen[0].bytes + 16, 4);
	assert_int_equal(ack(1), seq(0) + 1);
}

static void refusal_may_be_asked_for_later(void **state)
{
	struct event e = client(EVENT_CONNECT);

	(void)state;
	e.error = EINPROGRESS;
	tell(e);
	e = client(EVENT_GETSOCKOPT);
	memcpy(e.arg, (int32_t[]){ SOL_SOCKET, SO_ERROR, ECONNREFUSED }, sizeof e.arg);
	e.peer.len = 0;
	tell(e);
	finish();
	assert_flags(">S <RA");
}

static void closing_on_unread_bytes_is_a_reset(void **state)
{
	(void)state;
	meet();
	move(client(EVENT_SEND), "hello", 99, 0);
	tell(server(EVENT_CLOSE));
	finish();
	assert_flags(">S <SA >A >PA <RA");
}

static void sending_to_a_closed_end_is_answered_with_a_reset(void **state)
{
	(void)state;
	meet();
	move(server(EVENT_SEND), "bye", 99, 0);
	tell(server(EVENT_CLOSE));
	move(client(EVENT_SEND), "hello", 99, 0);
	finish();
	assert_flags(">S <SA >A <PA <FA >PA <RA");
}

static void the_last_of_several_holders_closes(void **state)
{
	struct event fork = server(EVENT_FORK), end = server(EVENT_EXIT);

	(void)state;
	meet();
	fork.other = end.pid = 300;
	move(server(EVENT_SEND), "one", 99, 0);
	tell(fork);
	tell(server(EVENT_CLOSE));
	move(client(EVENT_RECV), "one", 99, 0);
	end.time = ++now;
	tell(end);
	finish();
	assert_flags(">S <SA >A <PA >A <FA");
	assert_string_equal(seen[5].comment, "server 300: exit(0) ");
}

static void a_port_that_is_used_again_is_another_connection(void **state)
{
	struct event e;

	(void)state;
	meet();
	tell(client(EVENT_CLOSE));
	e = client(EVENT_CONNECT);
	e.cookie = 3;
	tell(e);
	finish();
	assert_int_equal(flags(seen_n - 3), SYN);
	assert_true(seq(seen_n - 3) != seq(0));
}

static const struct CMUnitTest tests[] = {
	CLAIM(a_conversation_has_a_handshake_and_an_end),
	CLAIM(bytes_are_told_by_whoever_tells_first),
	CLAIM(a_look_is_no_byte),
	CLAIM(what_was_not_recorded_is_cut),
	CLAIM(a_lost_record_leaves_a_hole_of_its_size),
	CLAIM(long_sends_are_several_segments),
	CLAIM(refusal_is_a_reset),
	CLAIM(refusal_may_be_asked_for_later),
	CLAIM(closing_on_unread_bytes_is_a_reset),
	CLAIM(sending_to_a_closed_end_is_answered_with_a_reset),
	CLAIM(the_last_of_several_holders_closes),
	CLAIM(a_port_that_is_used_again_is_another_connection),
};

CHECK_MAIN(tests)
