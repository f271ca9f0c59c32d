/* SPDX-License-Identifier: MIT */
/* Notes on how conversations begin and what moves: from the rows that show it, not from those that nearly do. */
#include "explained.h"

/* -- Names and places ---------------------------------------------------------------------- */

static void a_slow_name_is_told(void **state)
{
	(void)state;
	DID(NULL, .call = EVENT_GETADDRINFO, .text = "far.example", .took = INT64_C(5012000000));
	assert_note("name-took", "far.example took 5.0 s");
}

static void a_quick_name_is_not(void **state)
{
	(void)state;
	DID(NULL, .call = EVENT_GETADDRINFO, .text = "near.example", .took = 900 * MS);
	assert_none("name-took");
}

static void a_name_bound_to_loopback_is_a_warning(void **state)
{
	(void)state;
	DID(NULL, .call = EVENT_GETADDRINFO, .text = "debian");
	bound(made(0, AF_INET, SOCK_STREAM), "127.0.1.1", 1234);
	assert_note("bound-loopback",
	            "127.0.1.1:1234, a loopback address, to which the name debian leads");
	assert_true(warned("bound-loopback"));
}

static void a_loopback_address_meant_is_a_hint(void **state)
{
	(void)state;
	DID(NULL, .call = EVENT_GETADDRINFO, .text = "127.0.0.1");
	bound(made(0, AF_INET, SOCK_STREAM), "127.0.0.1", 1234);
	assert_note("bound-loopback", "127.0.0.1:1234 is the loopback");
	assert_false(warned("bound-loopback"));
}

static void another_address_is_no_loopback(void **state)
{
	(void)state;
	bound(made(0, AF_INET, SOCK_STREAM), "10.0.0.1", 1234);
	assert_none("bound-loopback");
	assert_none("any-address");
}

static void every_address_is_told(void **state)
{
	(void)state;
	bound(made(0, AF_INET, SOCK_DGRAM), "0.0.0.0", 12000);
	assert_note("any-address", "0.0.0.0:12000");
	assert_false(warned("any-address"));
}

static void a_privileged_port_is_told(void **state)
{
	(void)state;
	DID(made(0, AF_INET, SOCK_STREAM), .call = EVENT_BIND, .error = EACCES,
	    .local = at("0.0.0.0", 80));
	assert_note("privileged-port", "Port 80");
}

static void eacces_of_a_high_port_has_another_cause(void **state)
{
	(void)state;
	DID(made(0, AF_INET, SOCK_STREAM), .call = EVENT_BIND, .error = EACCES,
	    .local = at("0.0.0.0", 1024));
	DID(made(0, AF_UNIX, SOCK_STREAM), .call = EVENT_BIND, .error = EACCES,
	    .local = file("/root/x"));
	assert_none("privileged-port");
}

static void who_listens_has_the_address(void **state)
{
	(void)state;
	listener("127.0.0.1", 65432, 5);
	DID(made(0, AF_INET, SOCK_STREAM), .call = EVENT_BIND, .error = EADDRINUSE,
	    .local = at("127.0.0.1", 65432));
	assert_note("address-in-use", "server has it: descriptor 3 is bound to 127.0.0.1:65432");
}

static void time_wait_has_the_address(void **state)
{
	struct pair p = pair();

	(void)state;
	closed(p.server);
	closed(p.client);
	closed(p.listener);
	DID(made(0, AF_INET, SOCK_STREAM), .call = EVENT_BIND, .error = EADDRINUSE,
	    .local = at("127.0.0.1", 65432));
	assert_note("address-in-use", "lies in TIME_WAIT since");
	assert_note("address-in-use", "Set SO_REUSEADDR before bind");
}

static void somebody_unseen_has_the_address(void **state)
{
	(void)state;
	DID(made(0, AF_INET, SOCK_STREAM), .call = EVENT_BIND, .error = EADDRINUSE,
	    .local = at("127.0.0.1", 65432));
	assert_note("address-in-use", "Another socket listens there (ss -ltnp shows whose)");
}

static void a_file_has_the_address(void **state)
{
	(void)state;
	DID(made(0, AF_UNIX, SOCK_STREAM), .call = EVENT_BIND, .error = EADDRINUSE,
	    .local = file("/tmp/x"));
	assert_note("address-in-use", "There is a file of that name");
}

static void a_bind_that_does_well_says_nothing_of_it(void **state)
{
	(void)state;
	listener("10.0.0.1", 65432, 5);
	assert_int_equal(notes_n, 0);
}

static void connect_binds(void **state)
{
	(void)state;
	pair();
	assert_int_equal(noted("implicit-bind"), 1);
	assert_note("implicit-bind", "51234");
	assert_false(warned("implicit-bind"));
}

static void the_first_datagram_binds(void **state)
{
	struct story_socket *s = made(1, AF_INET, SOCK_DGRAM);

	(void)state;
	DID(s, .call = EVENT_SENDTO, .asked = 12, .moved = 12, .local = at("0.0.0.0", 40001));
	DID(s, .call = EVENT_SENDTO, .asked = 12, .moved = 12, .local = at("0.0.0.0", 40001));
	assert_int_equal(noted("implicit-bind"), 1);
	assert_note("implicit-bind",
	            "this send also bound the socket: the kernel chose its port, 40001");
}

static void who_was_bound_is_not_bound_again(void **state)
{
	struct story_socket *s = made(1, AF_INET, SOCK_DGRAM);

	(void)state;
	bound(s, "10.0.0.1", 12000);
	DID(s, .call = EVENT_SENDTO, .asked = 12, .moved = 12, .local = s->local);
	assert_none("implicit-bind");
}

/* -- Connecting and accepting ----------------------------------------------------------------- */

static void a_full_queue_is_told(void **state)
{
	struct story_socket *l = listener("127.0.0.1", 65432, 1), *s;

	(void)state;
	connected(l, 50001);
	connected(l, 50002);
	s = made(1, AF_INET, SOCK_STREAM);
	BEGAN(s, .call = EVENT_CONNECT, .peer = at("127.0.0.1", 65432));
	assert_note("backlog-full", "2 connections not yet accepted, and its backlog is 1");
	assert_note("backlog-full", "Linux does not deny: it drops the SYN");
	ENDED(s, .call = EVENT_CONNECT, .peer = at("127.0.0.1", 65432),
	      .took = INT64_C(1030000000));
	assert_note("backlog-full", "1.0 s after the first");
}

static void a_queue_with_room_is_not_full(void **state)
{
	struct story_socket *l = listener("127.0.0.1", 65432, 1);

	(void)state;
	connected(l, 50001);
	BEGAN(made(1, AF_INET, SOCK_STREAM), .call = EVENT_CONNECT, .peer = at("127.0.0.1", 65432));
	assert_none("backlog-full");
}

static void a_full_queue_elsewhere_does_not_matter(void **state)
{
	struct story_socket *l = listener("127.0.0.1", 65432, 0);

	(void)state;
	connected(l, 50001);
	BEGAN(made(1, AF_INET, SOCK_STREAM), .call = EVENT_CONNECT, .peer = at("127.0.0.1", 65433));
	assert_none("backlog-full");
}

static void nobody_listens(void **state)
{
	(void)state;
	DID(made(1, AF_INET, SOCK_STREAM), .call = EVENT_CONNECT, .error = ECONNREFUSED,
	    .peer = at("127.0.0.1", 65432));
	assert_note("refused", "Nobody listens at 127.0.0.1:65432");
	assert_note("refused", "sockeye connect --wait");
	assert_true(warned("refused"));
}

static void who_has_listened_there_is_named(void **state)
{
	(void)state;
	closed(listener("127.0.0.1", 65432, 5));
	DID(made(1, AF_INET, SOCK_STREAM), .call = EVENT_CONNECT, .error = ECONNREFUSED,
	    .peer = at("127.0.0.1", 65432));
	assert_note("refused", "server was there, at 127.0.0.1:65432, and has closed its socket");
}

static void who_has_not_yet_listened_is_named(void **state)
{
	(void)state;
	bound(made(0, AF_INET, SOCK_STREAM), "127.0.0.1", 65432);
	DID(made(1, AF_INET, SOCK_STREAM), .call = EVENT_CONNECT, .error = ECONNREFUSED,
	    .peer = at("127.0.0.1", 65432));
	assert_note("refused", "has not called listen yet");
}

static void a_file_without_a_server_is_refused_too(void **state)
{
	(void)state;
	DID(made(1, AF_UNIX, SOCK_STREAM), .call = EVENT_CONNECT, .error = ENOENT,
	    .peer = file("/tmp/none"));
	assert_note("refused", "There is no socket at unix:/tmp/none");
}

static void icmp_refuses_a_datagram(void **state)
{
	struct story_socket *s = made(1, AF_INET, SOCK_DGRAM);

	(void)state;
	s->peer_addr = at("127.0.0.1", 9);
	DID(s, .call = EVENT_RECV, .error = ECONNREFUSED, .asked = 100);
	assert_note("refused", "No socket is bound to 127.0.0.1:9");
}

static void a_time_out_is_no_refusal(void **state)
{
	(void)state;
	DID(made(1, AF_INET, SOCK_STREAM), .call = EVENT_CONNECT, .error = ETIMEDOUT,
	    .peer = at("127.0.0.1", 65432));
	assert_none("refused");
}

static void one_waits_while_another_is_served(void **state)
{
	struct pair p = pair();
	struct story_socket *second = connected(p.listener, 51235);

	(void)state;
	now += 700 * MS;
	closed(p.server);
	accepted(p.listener, second);
	assert_note("one-at-a-time", "127.0.0.1:51235 was connected for 702 ms before this accept");
	assert_note("one-at-a-time", "still with 127.0.0.1:51234");
}

static void who_is_accepted_soon_has_not_waited(void **state)
{
	struct pair p = pair();
	struct story_socket *second;

	(void)state;
	now += 700 * MS;
	second = connected(p.listener, 51235);
	closed(p.server);
	accepted(p.listener, second);
	assert_none("one-at-a-time");
}

static void a_server_that_slept_served_nobody(void **state)
{
	struct pair p = pair();
	struct story_socket *second;

	(void)state;
	closed(p.server);
	second = connected(p.listener, 51235);
	now += 700 * MS;
	accepted(p.listener, second);
	assert_none("one-at-a-time");
}

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

static const struct CMUnitTest tests[] = {
	CLAIM(a_slow_name_is_told),
	CLAIM(a_quick_name_is_not),
	CLAIM(a_name_bound_to_loopback_is_a_warning),
	CLAIM(a_loopback_address_meant_is_a_hint),
	CLAIM(another_address_is_no_loopback),
	CLAIM(every_address_is_told),
	CLAIM(a_privileged_port_is_told),
	CLAIM(eacces_of_a_high_port_has_another_cause),
	CLAIM(who_listens_has_the_address),
	CLAIM(time_wait_has_the_address),
	CLAIM(somebody_unseen_has_the_address),
	CLAIM(a_file_has_the_address),
	CLAIM(a_bind_that_does_well_says_nothing_of_it),
	CLAIM(connect_binds),
	CLAIM(the_first_datagram_binds),
	CLAIM(who_was_bound_is_not_bound_again),
	CLAIM(a_full_queue_is_told),
	CLAIM(a_queue_with_room_is_not_full),
	CLAIM(a_full_queue_elsewhere_does_not_matter),
	CLAIM(nobody_listens),
	CLAIM(who_has_listened_there_is_named),
	CLAIM(who_has_not_yet_listened_is_named),
	CLAIM(a_file_without_a_server_is_refused_too),
	CLAIM(icmp_refuses_a_datagram),
	CLAIM(a_time_out_is_no_refusal),
	CLAIM(one_waits_while_another_is_served),
	CLAIM(who_is_accepted_soon_has_not_waited),
	CLAIM(a_server_that_slept_served_nobody),
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
};
CHECK_MAIN(tests)
