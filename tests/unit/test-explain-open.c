/* SPDX-License-Identifier: MIT */
/* Notes on how conversations begin: from the rows that show it, not from those that nearly do. */
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
};

CHECK_MAIN(tests)
