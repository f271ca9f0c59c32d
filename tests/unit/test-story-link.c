/* SPDX-License-Identifier: MIT */
/*
 * Claims about the story of connections: both ends find each other, whatever they
 * are called, and a connect is told as what came of it.
 */
#include "stories.h"

/* -- Which is the other end of which ------------------------------------------------------- */

static void are_linked(const char *listens, const char *calls, const char *asked, const char *here, const char *there)
{
	struct end listener = events_tcp(1, 3, listens, NULL);
	struct end client = events_tcp(2, 3, calls, asked), server = events_tcp(1, 4, here, there);

	do_serve(&listener, 5);
	do_socket(&client);
	do_connect(&client, 0);
	assert_int_equal(socket_of(&listener)->waiting, 1);
	do_accept(&listener, &server);
	assert_int_equal(socket_of(&listener)->waiting, 0);
	assert_linked(&client, &server);
	assert_int_equal(lanes(), 2);
	assert_rows(1, segments("SYN, ACK"));
}

static void ends_are_linked_over_ipv4(void **state)
{
	(void)state;
	are_linked("127.0.0.1:80", "127.0.0.1:5000", "127.0.0.1:80", "127.0.0.1:80", "127.0.0.1:5000");
}

static void ends_are_linked_over_ipv6(void **state)
{
	(void)state;
	are_linked("[::1]:80", "[::1]:5000", "[::1]:80", "[::1]:80", "[::1]:5000");
}

static void ends_are_linked_through_a_listener_for_both(void **state)
{
	(void)state;
	are_linked("[::]:80", "127.0.0.1:5000", "127.0.0.1:80", "[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:5000");
}

static void ends_are_linked_through_a_wildcard(void **state)
{
	(void)state;
	are_linked("0.0.0.0:80", "127.0.0.1:5000", "127.0.0.1:80", "127.0.0.1:80", "127.0.0.1:5000");
}

static void a_call_to_every_address_reaches_this_machine(void **state)
{
	(void)state;
	are_linked("0.0.0.0:80", "127.0.0.1:5000", "0.0.0.0:80", "127.0.0.1:80", "127.0.0.1:5000");
}

static void an_ipv4_wildcard_answers_no_ipv6(void **state)
{
	struct end listener = events_tcp(1, 3, "0.0.0.0:80", NULL), client = events_tcp(2, 3, "[::1]:5000", "[::1]:80");

	(void)state;
	do_serve(&listener, 5);
	do_connect(&client, 0);
	assert_int_equal(socket_of(&listener)->waiting, 0);
	assert_int_equal(lanes(), 3);
}

static void the_same_four_numbers_again_are_a_new_connection(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_close(&t.client);
	do_end_of_file(&t.server);
	do_close(&t.server);
	struct end client = events_tcp(2, 3, "127.0.0.1:5000", "127.0.0.1:80");
	struct end server = events_tcp(1, 4, "127.0.0.1:80", "127.0.0.1:5000");
	do_socket(&client);
	do_connect(&client, 0);
	do_accept(&t.listener, &server);
	assert_linked(&client, &server);
}

static void unix_connections_are_matched_by_pid_and_order(void **state)
{
	struct end listener = events_tcp(1, 3, "/run/x", NULL);
	struct end one = events_tcp(2, 3, NULL, "/run/x"), two = events_tcp(3, 3, NULL, "/run/x");
	struct end three = events_tcp(3, 4, NULL, "/run/x");
	struct end a = events_tcp(1, 4, "/run/x", NULL), b = events_tcp(1, 5, "/run/x", NULL);
	struct end c = events_tcp(1, 6, "/run/x", NULL);

	(void)state;
	do_serve(&listener, 5);
	do_connect(&one, 0);
	do_connect(&two, 0);
	do_connect(&three, 0);
	assert_int_equal(socket_of(&listener)->waiting, 3);
	do_accept_of(&listener, &a, 3);
	do_accept_of(&listener, &b, 3);
	do_accept_of(&listener, &c, 2);
	assert_linked(&two, &a);
	assert_linked(&three, &b);
	assert_linked(&one, &c);
	assert_int_equal(socket_of(&listener)->waiting, 0);
}

static void a_unix_stranger_is_not_taken_for_who_waits(void **state)
{
	struct end listener = events_tcp(1, 3, "/run/x", NULL), one = events_tcp(2, 3, NULL, "/run/x");
	struct end a = events_tcp(1, 4, "/run/x", NULL), b = events_tcp(1, 5, "/run/x", NULL);

	(void)state;
	do_serve(&listener, 5);
	do_connect(&one, 0);
	do_accept_of(&listener, &a, 4711);
	assert_null(socket_of(&a)->peer);
	do_accept_of(&listener, &b, 2);
	assert_linked(&one, &b);
}

static void a_unix_path_may_be_padded(void **state)
{
	struct end listener = events_tcp(1, 3, "/run/x", NULL), one = events_tcp(2, 3, NULL, "/run/x");

	(void)state;
	one.peer.len = 110;
	do_serve(&listener, 5);
	do_connect(&one, 0);
	assert_int_equal(socket_of(&listener)->waiting, 1);
}

static void a_pair_is_linked_from_birth_and_across_a_fork(void **state)
{
	struct end a = events_tcp(1, 3, NULL, NULL), b = events_tcp(1, 4, NULL, NULL);
	struct event e = events_record(&a, EVENT_SOCKETPAIR);

	(void)state;
	e.other = 4;
	give(&e);
	do_fork(1, 2);
	b.pid = 2;
	do_send(&a, "hello");
	do_recv(&b, "hello");
	assert_linked(&a, &b);
	assert_int_equal(story_sockets(stage.story), 2);
	assert_arrow(0, ARROW_BYTES, 0, 0, "5 B [0,5)");
}

/* -- Connecting --------------------------------------------------------------------------------- */

static void a_refused_connect_is_answered_by_rst(void **state)
{
	struct end client = events_tcp(2, 3, "127.0.0.1:5000", "127.0.0.1:80");

	(void)state;
	do_socket(&client);
	do_connect(&client, ECONNREFUSED);
	assert_rows(1, segments("SYN"));
	assert_rows(1, segments("RST"));
	assert_true(socket_of(&client)->refused);
	assert_false(socket_of(&client)->connected);
	do_close(&client);
	assert_rows(0, segments("FIN"));
}

static void a_connect_in_the_background_is_told_when_its_end_is_known(void **state)
{
	struct end client = events_tcp(2, 3, "127.0.0.1:5000", "192.0.2.1:80");

	(void)state;
	do_socket(&client);
	do_connect(&client, EINPROGRESS);
	assert_false(last_row()->wrong);
	assert_rows(0, segments("SYN"));
	do_ask_error(&client, 0);
	assert_rows(1, segments("SYN, ACK"));
	assert_true(socket_of(&client)->connected);
	do_ask_error(&client, 0);
	assert_rows(1, segments("SYN, ACK"));
}

static void one_in_the_background_may_be_refused(void **state)
{
	struct end client = events_tcp(2, 3, "127.0.0.1:5000", "127.0.0.1:80");

	(void)state;
	do_connect(&client, EINPROGRESS);
	do_ask_error(&client, ECONNREFUSED);
	assert_rows(1, segments("RST"));
	assert_false(socket_of(&client)->connected);
	assert_true(socket_of(&client)->refused);
}

static void a_first_send_shows_that_it_is_connected(void **state)
{
	struct end client = events_tcp(2, 3, "127.0.0.1:5000", "192.0.2.1:80");

	(void)state;
	do_connect(&client, EINPROGRESS);
	do_send(&client, "hello");
	assert_rows(1, segments("SYN, ACK"));
}

static void the_port_that_the_kernel_chose_is_told_once(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_send(&t.client, "hello");
	assert_rows(1, rows_with("bound to port 5000"));
	assert_rows(0, rows_with("bound to port 80"));
}

static void the_backlog_is_counted(void **state)
{
	struct end listener = events_tcp(1, 3, "127.0.0.1:80", NULL), client[3];
	char name[32];

	(void)state;
	do_serve(&listener, 1);
	assert_int_equal(socket_of(&listener)->backlog, 1);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "127.0.0.1:%d", 5000 + i);
		client[i] = events_tcp(2, 3 + i, name, "127.0.0.1:80");
		do_connect(&client[i], 0);
		assert_int_equal(socket_of(&listener)->waiting, i + 1);
	}
	for (int i = 2; i >= 0; i--) {
		snprintf(name, sizeof name, "127.0.0.1:%d", 5000 + i);
		struct end server = events_tcp(1, 4 + i, "127.0.0.1:80", name);
		do_accept(&listener, &server);
		assert_int_equal(socket_of(&listener)->waiting, i);
		assert_linked(&server, &client[i]);
	}
	assert_int_equal(socket_of(&listener)->accepts, 3);
}

static const struct CMUnitTest tests[] = {
	CLAIM(ends_are_linked_over_ipv4),
	CLAIM(ends_are_linked_over_ipv6),
	CLAIM(ends_are_linked_through_a_listener_for_both),
	CLAIM(ends_are_linked_through_a_wildcard),
	CLAIM(a_call_to_every_address_reaches_this_machine),
	CLAIM(an_ipv4_wildcard_answers_no_ipv6),
	CLAIM(the_same_four_numbers_again_are_a_new_connection),
	CLAIM(unix_connections_are_matched_by_pid_and_order),
	CLAIM(a_unix_stranger_is_not_taken_for_who_waits),
	CLAIM(a_unix_path_may_be_padded),
	CLAIM(a_pair_is_linked_from_birth_and_across_a_fork),
	CLAIM(a_refused_connect_is_answered_by_rst),
	CLAIM(a_connect_in_the_background_is_told_when_its_end_is_known),
	CLAIM(one_in_the_background_may_be_refused),
	CLAIM(a_first_send_shows_that_it_is_connected),
	CLAIM(the_port_that_the_kernel_chose_is_told_once),
	CLAIM(the_backlog_is_counted),
};

CHECK_MAIN(tests)
