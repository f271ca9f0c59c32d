/* SPDX-License-Identifier: MIT */
/* Notes on what moves: from the rows that show it, not from those that nearly do. */
#include "explained.h"

/* -- Streams --------------------------------------------------------------------------------------- */

static void a_part_of_a_send_is_told(void **state)
{
	struct pair p = pair();
	uint32_t call = sent(p.client, 2000, 2000);

	(void)state;
	got_of(p.server, 1024, 1024, NULL, call, 1);
	assert_note("partial-receive", "got 1024 of the 2000 bytes");
	assert_note("partial-receive", "its buffer holds no more; 976 are still to come");
	got_of(p.server, 1024, 976, NULL, call, 1);
	assert_int_equal(noted("partial-receive"), 1);
}

static void several_sends_in_one_are_told(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 5, 5);
	uint32_t call = sent(p.client, 5, 5);
	got_of(p.server, 1024, 10, NULL, call, 2);
	assert_note("partial-receive", "the bytes of 2 sends");
}

static void one_send_in_one_receive_is_usual(void **state)
{
	struct pair p = pair();

	(void)state;
	got_of(p.server, 1024, 12, NULL, sent(p.client, 12, 12), 1);
	assert_none("partial-receive");
}

static void a_rest_that_is_sent_is_well(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 1000, 600);
	assert_note("short-send", "took 600 of 1000 bytes");
	assert_false(warned("short-send"));
	sent(p.client, 400, 400);
	assert_note("short-send", "These 400 bytes are the rest");
	assert_false(warned("short-send"));
	closed(p.client);
	assert_int_equal(noted("short-send"), 2);
}

static void a_rest_that_is_not_offered_is_lost(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 1000, 600);
	sent(p.client, 10, 10);
	assert_note("short-send", "400 bytes of call");
	assert_true(warned("short-send"));
}

static void a_rest_is_lost_with_the_close(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 1000, 600);
	closed(p.client);
	assert_note("short-send", "never offered again");
	assert_true(warned("short-send"));
}

static void whole_sends_are_not_short(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 1000, 1000);
	sent(p.client, 10, 10);
	closed(p.client);
	assert_none("short-send");
}

static void zeros_again_and_again_are_told(void **state)
{
	struct pair p = pair();

	(void)state;
	got(p.server, 1024, 0);
	got(p.server, 1024, 0);
	assert_none("zero-spin");
	got(p.server, 1024, 0);
	assert_note("zero-spin", "for the third time");
	for (int i = 3; i < 2000; i++)
		got(p.server, 1024, 0);
	assert_int_equal(noted("zero-spin"), 2);
}

static void zeros_with_bytes_between_are_no_spin(void **state)
{
	struct pair p = pair();

	(void)state;
	for (int i = 0; i < 9; i++) {
		got(p.server, 1024, i % 2 ? 0 : 1);
		got(p.server, 0, 0);            /* asks for nothing, gets nothing */
	}
	assert_none("zero-spin");
}

static void both_speak_first(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 12, 12);
	assert_none("crossing");
	sent(p.server, 12, 12);
	assert_note("crossing", "12 and 12 bytes cross");
	sent(p.client, 12, 12);
	assert_int_equal(noted("crossing"), 1);
}

static void an_answer_does_not_cross(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 12, 12);
	got(p.server, 1024, 12);
	sent(p.server, 12, 12);
	sent(p.client, 12, 12);
	assert_none("crossing");
}

static void an_address_on_a_stream_is_ignored(void **state)
{
	struct pair p = pair();

	(void)state;
	DID(p.server, .call = EVENT_SENDTO, .asked = 3, .moved = 3, .peer = at("10.0.0.9", 9));
	assert_note("sendto-address-ignored", "the other end of the connection, 127.0.0.1:51234");
}

static void send_without_an_address_is_usual(void **state)
{
	struct pair p = pair();
	struct story_socket *udp = made(1, AF_INET, SOCK_DGRAM);

	(void)state;
	DID(p.server, .call = EVENT_SEND, .asked = 3, .moved = 3, .peer = p.server->peer_addr);
	DID(udp, .call = EVENT_SENDTO, .asked = 3, .moved = 3, .peer = at("10.0.0.9", 9));
	assert_none("sendto-address-ignored");
}

/* -- Datagrams ----------------------------------------------------------------------------------------- */

static void an_empty_datagram_is_a_message(void **state)
{
	(void)state;
	got(made(0, AF_INET, SOCK_DGRAM), 1024, 0);
	assert_note("empty-datagram", "not an end");
	assert_false(warned("empty-datagram"));
}

static void the_end_of_a_stream_is_no_datagram(void **state)
{
	struct pair p = pair();

	(void)state;
	got(p.server, 1024, 0);
	got(made(0, AF_INET, SOCK_DGRAM), 1024, 1);
	assert_none("empty-datagram");
}

static void a_cut_datagram_is_told(void **state)
{
	struct story_socket *s = made(0, AF_INET, SOCK_DGRAM);

	(void)state;
	DID(s, .call = EVENT_RECVFROM, .asked = 2048, .moved = 2048, .whole = 6000);
	assert_note("cut-datagram",
	            "has 6000 bytes, the buffer room for 2048: the other 3952 are gone");
	assert_none("grown-reply");
}

static void a_datagram_that_fills_its_buffer_is_whole(void **state)
{
	(void)state;
	got(made(0, AF_INET, SOCK_DGRAM), 2048, 2048);
	assert_none("cut-datagram");
}

static void a_look_at_a_datagram_cuts_nothing(void **state)
{
	(void)state;
	DID(made(0, AF_INET, SOCK_DGRAM), .call = EVENT_RECVFROM, .asked = 1, .moved = 1,
	    .whole = 60, .arg = { MSG_PEEK });
	assert_none("cut-datagram");
}

static void a_reply_that_grew_is_told(void **state)
{
	struct story_socket *s = made(1, AF_INET, SOCK_DGRAM);

	(void)state;
	sent(s, 2000, 2000);
	DID(s, .call = EVENT_RECVFROM, .asked = 2048, .moved = 2048, .whole = 6000);
	assert_note("grown-reply", "had 2000 bytes and would have fit, the reply has 6000");
	assert_int_equal(noted("cut-datagram"), 1);
}

static void a_request_as_long_as_its_reply_has_not_grown(void **state)
{
	struct story_socket *s = made(1, AF_INET, SOCK_DGRAM);

	(void)state;
	sent(s, 3000, 3000);
	DID(s, .call = EVENT_RECVFROM, .asked = 2048, .moved = 2048, .whole = 3000);
	assert_int_equal(noted("cut-datagram"), 1);
	assert_none("grown-reply");
}

/* -- One receive ------------------------------------------------------------------------- */

static void a_message_cut_by_one_receive_is_told(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 2000, 2000);
	got(p.server, 1024, 1024);
	closed(p.server);
	assert_note("one-receive",
	            "1024 bytes, just what its buffer holds, of the 2000 that were sent");
	assert_note("unread-close", "closed with 976 bytes unread");
}

static void a_cut_character_is_told(void **state)
{
	struct pair p = pair();
	char text[1024];

	(void)state;
	memset(text, 'a', sizeof text);
	text[1023] = '\xc3';
	sent(p.client, 1025, 1025);
	got_of(p.server, 1024, 1024, text, 0, 0);
	closed(p.server);
	assert_note("one-receive", "ends in the middle of a UTF-8 character");
}

static void a_short_first_piece_is_told(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.server, 5, 5);
	sent(p.server, 7, 7);
	got(p.client, 1024, 5);
	closed(p.client);
	assert_note("one-receive", "5 bytes, of the 12 that were sent");
}

static void a_full_buffer_from_a_stranger_makes_one_wonder(void **state)
{
	struct story_socket *s = accepted(listener("127.0.0.1", 65432, 5), NULL);

	(void)state;
	got(s, 1024, 1024);
	closed(s);
	assert_note("one-receive", "more may have been on its way");
}

static void a_whole_message_in_one_receive_is_well(void **state)
{
	struct pair p = pair();
	struct story_socket *s = accepted(p.listener, NULL);

	(void)state;
	sent(p.client, 1024, 1024);
	got(p.server, 1024, 1024);
	closed(p.server);
	got(s, 12, 12);                 /* who asks for twelve knows that there are twelve */
	closed(s);
	assert_none("one-receive");
	assert_none("unread-close");
}

static void who_receives_until_the_end_is_well(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 2000, 2000);
	got(p.server, 1024, 1024);
	got(p.server, 1024, 976);
	got(p.server, 1024, 0);
	closed(p.server);
	assert_none("one-receive");
}

/* -- Text ----------------------------------------------------------------------------------------------- */

static void bytes_that_kill_a_server_are_told(void **state)
{
	struct story_socket *s = made(0, AF_INET, SOCK_DGRAM);

	(void)state;
	got_of(s, 1024, 3, "a\xff" "b", 0, 0);
	DID(s, .call = EVENT_GETSOCKNAME);
	closed(s);                      /* as an interpreter does on its way out */
	ended(0, 1);
	assert_note("not-utf8", "no UTF-8");
}

static void who_answers_lives_with_any_bytes(void **state)
{
	struct story_socket *s = made(0, AF_INET, SOCK_DGRAM);

	(void)state;
	got_of(s, 1024, 3, "a\xff" "b", 0, 0);
	sent(s, 3, 3);
	ended(0, 1);
	assert_none("not-utf8");
}

static void text_does_not_kill(void **state)
{
	struct story_socket *s = made(0, AF_INET, SOCK_DGRAM);

	(void)state;
	got_of(s, 1024, 3, "a\xc3\x9f", 0, 0);
	ended(0, 1);
	assert_none("not-utf8");
}

static void a_good_exit_was_no_death(void **state)
{
	struct story_socket *s = made(0, AF_INET, SOCK_DGRAM);

	(void)state;
	got_of(s, 1024, 3, "a\xff" "b", 0, 0);
	ended(0, 0);
	assert_none("not-utf8");
}

static const struct CMUnitTest tests[] = {
	CLAIM(a_part_of_a_send_is_told),
	CLAIM(several_sends_in_one_are_told),
	CLAIM(one_send_in_one_receive_is_usual),
	CLAIM(a_rest_that_is_sent_is_well),
	CLAIM(a_rest_that_is_not_offered_is_lost),
	CLAIM(a_rest_is_lost_with_the_close),
	CLAIM(whole_sends_are_not_short),
	CLAIM(zeros_again_and_again_are_told),
	CLAIM(zeros_with_bytes_between_are_no_spin),
	CLAIM(both_speak_first),
	CLAIM(an_answer_does_not_cross),
	CLAIM(an_address_on_a_stream_is_ignored),
	CLAIM(send_without_an_address_is_usual),
	CLAIM(an_empty_datagram_is_a_message),
	CLAIM(the_end_of_a_stream_is_no_datagram),
	CLAIM(a_cut_datagram_is_told),
	CLAIM(a_datagram_that_fills_its_buffer_is_whole),
	CLAIM(a_look_at_a_datagram_cuts_nothing),
	CLAIM(a_reply_that_grew_is_told),
	CLAIM(a_request_as_long_as_its_reply_has_not_grown),
	CLAIM(a_message_cut_by_one_receive_is_told),
	CLAIM(a_cut_character_is_told),
	CLAIM(a_short_first_piece_is_told),
	CLAIM(a_full_buffer_from_a_stranger_makes_one_wonder),
	CLAIM(a_whole_message_in_one_receive_is_well),
	CLAIM(who_receives_until_the_end_is_well),
	CLAIM(bytes_that_kill_a_server_are_told),
	CLAIM(who_answers_lives_with_any_bytes),
	CLAIM(text_does_not_kill),
	CLAIM(a_good_exit_was_no_death),
};

CHECK_MAIN(tests)
