/* SPDX-License-Identifier: MIT */
/*
 * Claims about the story of connections: both ends find each other, bytes are
 * told with the sends they came from, and what the kernel does of its own is
 * told when it must have happened and at no other time.
 */
#include "events.h"

static int begin(void **state)
{
	(void)state;
	stage_open((struct story_options){ .kernel = true });
	return 0;
}

static int end(void **state)
{
	(void)state;
	stage_close();
	return 0;
}

static const struct story_socket *socket_of(const struct end *k)
{
	for (uint32_t n = 1; n <= story_sockets(stage.story); n++)
		if (story_socket_at(stage.story, n)->cookie == k->cookie)
			return story_socket_at(stage.story, n);
	fail_msg("no socket has the cookie %llu", (unsigned long long)k->cookie);
	return NULL;
}

static int lanes(void)
{
	int n;

	story_lanes(stage.story, &n);
	return n;
}

static void assert_linked(const struct end *a, const struct end *b)
{
	assert_ptr_equal(socket_of(a)->peer, socket_of(b));
	assert_ptr_equal(socket_of(b)->peer, socket_of(a));
}

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

/* -- Bytes -------------------------------------------------------------------------------------- */

static void a_receive_of_a_part_is_told_as_that(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_send(&t.client, "hello");
	uint32_t call = last_row()->call;
	do_recv(&t.server, "he");
	assert_arrow(0, ARROW_BYTES, 1, 0, "2 B [0,2)");
	do_recv(&t.server, "llo");
	assert_arrow(0, ARROW_BYTES, 1, 0, "3 B [2,5)");
	assert_int_equal(last_row()->arrow[0].call, call);
}

static void a_receive_of_several_sends_has_an_arrow_from_each(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_send(&t.client, "he");
	do_send(&t.client, "llo");
	do_recv(&t.server, "hell");
	assert_arrow(0, ARROW_BYTES, 1, 0, "2 B [0,2)");
	assert_arrow(1, ARROW_BYTES, 1, 0, "2 B [2,4)");
	do_recv(&t.server, "o");
	assert_arrow(0, ARROW_BYTES, 1, 0, "1 B [4,5)");
	for (int i = 0; i < 10; i++)
		do_send(&t.client, "x");
	do_recv(&t.server, "xxxxxxxxxx");
	assert_int_equal(last_row()->arrows, ROW_ARROWS);
	assert_int_equal(last_row()->more_arrows, 6);
}

static void places_beyond_32_bits_are_told_right(void **state)
{
	struct talk t = events_talk(1, 2);
	const uint64_t far = UINT64_C(5000000000);

	(void)state;
	t.client.out = t.server.in = far;
	do_send(&t.client, "hello");
	do_recv(&t.server, "hello");
	assert_arrow(0, ARROW_BYTES, 1, 0, "5 B [5000000000,5000000005)");
}

static void a_look_takes_no_bytes(void **state)
{
	struct talk t = events_talk(1, 2);
	struct iovec iov;

	(void)state;
	do_send(&t.client, "hello");
	struct event e = events_moved(&t.server, EVENT_RECV, "hello", 5, &iov);
	e.arg[0] = MSG_PEEK;
	give(&e);
	assert_arrow(0, ARROW_BYTES, 1, 0, "5 B [0,5)");
	t.server.in = 0;
	do_recv(&t.server, "hello");
	assert_arrow(0, ARROW_BYTES, 1, 0, "5 B [0,5)");
	assert_int_equal(socket_of(&t.server)->in, 5);
}

static void urgent_bytes_lie_beside_the_stream(void **state)
{
	struct talk t = events_talk(1, 2);
	struct iovec iov;

	(void)state;
	struct event e = events_moved(&t.client, EVENT_SEND, "!", 1, &iov);
	e.arg[0] = MSG_OOB;
	t.client.out = 0;
	give(&e);
	uint32_t call = last_row()->call;
	do_send(&t.client, "hello");
	e = events_moved(&t.server, EVENT_RECV, "!", 1, &iov);
	e.arg[0] = MSG_OOB;
	t.server.in = 0;
	give(&e);
	assert_arrow(0, ARROW_BYTES, 1, 0, "1 B urgent");
	assert_int_equal(last_row()->arrow[0].call, call);
	do_recv(&t.server, "hello");
	assert_int_equal(last_row()->arrows, 1);
	assert_arrow(0, ARROW_BYTES, 1, 0, "5 B [0,5)");
	do_close(&t.server);
	assert_rows(0, segments("RST"));
}

/* Their flags are other numbers: what splice calls NONBLOCK is PEEK to recv. */
static void the_flags_of_splice_are_its_own(void **state)
{
	struct talk t = events_talk(1, 2);
	struct iovec iov;

	(void)state;
	do_send(&t.client, "hello");
	struct event e = events_moved(&t.server, EVENT_SPLICE, "hello", 5, &iov);
	e.arg[0] = 3;
	e.arg[1] = 1;
	e.offset = 0;
	t.server.in = 5;
	give(&e);
	assert_arrow(0, ARROW_BYTES, 1, 0, "5 B [0,5)");
	assert_int_equal(socket_of(&t.server)->in, 5);
	do_close(&t.server);
	assert_rows(0, segments("RST"));
}

static void bytes_may_be_sent_before_the_accept(void **state)
{
	struct end listener = events_tcp(1, 3, "127.0.0.1:80", NULL);
	struct end client = events_tcp(2, 3, "127.0.0.1:5000", "127.0.0.1:80");
	struct end server = events_tcp(1, 4, "127.0.0.1:80", "127.0.0.1:5000");

	(void)state;
	do_serve(&listener, 5);
	do_connect(&client, 0);
	do_send(&client, "hello");
	assert_int_equal(last_row()->arrows, 0);
	uint32_t call = last_row()->call;
	do_accept(&listener, &server);
	do_recv(&server, "hello");
	assert_arrow(0, ARROW_BYTES, 1, 0, "5 B [0,5)");
	assert_int_equal(last_row()->arrow[0].call, call);
}

static void bytes_outlive_the_close_of_their_sender(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_send(&t.client, "hello");
	uint32_t call = last_row()->call;
	do_close(&t.client);
	do_recv(&t.server, "hello");
	assert_int_equal(last_row()->arrow[0].call, call);
}

static void bytes_outlive_a_close_before_the_accept(void **state)
{
	struct talk t = {
		.listener = events_tcp(1, 3, "127.0.0.1:80", NULL),
		.client = events_tcp(2, 3, "127.0.0.1:5000", "127.0.0.1:80"),
		.server = events_tcp(1, 4, "127.0.0.1:80", "127.0.0.1:5000"),
	};

	(void)state;
	do_serve(&t.listener, 5);
	do_socket(&t.client);
	do_connect(&t.client, 0);
	do_send(&t.client, "hello");
	uint32_t call = last_row()->call;
	do_close(&t.client);
	do_accept(&t.listener, &t.server);
	do_recv(&t.server, "hello");
	assert_arrow(0, ARROW_BYTES, 1, 0, "5 B [0,5)");
	assert_int_equal(last_row()->arrow[0].call, call);
}

static void bytes_of_a_long_send_arrive_before_it_returns(void **state)
{
	struct talk t = events_talk(1, 2);
	struct iovec iov;

	(void)state;
	do_enter(&t.client, EVENT_SEND);
	do_recv(&t.server, "hello");
	assert_arrow(0, ARROW_BYTES, 1, 0, "5 B [0,5)");
	uint32_t call = last_row()->arrow[0].call;
	assert_int_not_equal(call, 0);
	struct event e = events_moved(&t.client, EVENT_SEND, "hello, world", 12, &iov);
	e.took = CLOCK_SEC;
	give(&e);
	assert_int_equal(last_row()->call, call);
	do_recv(&t.server, ", world");
	assert_arrow(0, ARROW_BYTES, 1, 0, "7 B [5,12)");
	assert_int_equal(last_row()->arrow[0].call, call);
}

static void a_forked_child_goes_on_where_its_parent_stopped(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_send(&t.client, "hello");
	do_fork(2, 7);
	struct end child = t.client;
	child.pid = 7;
	do_send(&child, "abc");         /* each process counts for itself from here on */
	do_send(&t.client, "de");
	do_recv(&t.server, "hello");
	do_recv(&t.server, "abc");
	assert_arrow(0, ARROW_BYTES, 1, 0, "3 B [5,8)");
	do_recv(&t.server, "de");
	assert_arrow(0, ARROW_BYTES, 1, 0, "2 B [8,10)");
	assert_int_equal(last_row()->arrows, 1);
}

static void strangers_have_a_lane_at_either_end(void **state)
{
	struct end client = events_tcp(2, 3, "10.0.0.1:5000", "192.0.2.1:80");
	struct end listener = events_tcp(1, 3, "10.0.0.1:80", NULL);
	struct end server = events_tcp(1, 4, "10.0.0.1:80", "192.0.2.2:6000");

	(void)state;
	do_socket(&client);
	do_connect(&client, 0);
	assert_rows(1, segments("SYN"));
	do_send(&client, "hello");
	assert_arrow(0, ARROW_BYTES, 0, 1, "5 B [0,5)");
	do_recv(&client, "hi");
	assert_arrow(0, ARROW_BYTES, 1, 0, "2 B [0,2)");
	do_serve(&listener, 5);
	do_accept(&listener, &server);
	assert_rows(2, segments("SYN"));
	do_recv(&server, "abc");
	assert_arrow(0, ARROW_BYTES, 3, 2, "3 B [0,3)");
	assert_int_equal(lanes(), 4);
	assert_int_equal(story_lanes(stage.story, &(int){ 0 })[1].clients, 1);
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
	struct event e;

	(void)state;
	do_socket(&client);
	do_connect(&client, EINPROGRESS);
	assert_false(last_row()->wrong);
	assert_rows(0, segments("SYN"));
	e = events_record(&client, EVENT_GETSOCKOPT);
	e.arg[0] = SOL_SOCKET;
	e.arg[1] = SO_ERROR;
	give(&e);
	assert_rows(1, segments("SYN, ACK"));
	assert_true(socket_of(&client)->connected);
	give(&e);
	assert_rows(1, segments("SYN, ACK"));
}

static void one_in_the_background_may_be_refused(void **state)
{
	struct end client = events_tcp(2, 3, "127.0.0.1:5000", "127.0.0.1:80");
	struct event e;

	(void)state;
	do_connect(&client, EINPROGRESS);
	e = events_record(&client, EVENT_GETSOCKOPT);
	e.arg[0] = SOL_SOCKET;
	e.arg[1] = SO_ERROR;
	e.arg[2] = ECONNREFUSED;
	give(&e);
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

/* -- Ends ------------------------------------------------------------------------------------------ */

static const struct row *time_wait(void)
{
	return row_with("TIME_WAIT");
}

static void who_closes_first_keeps_time_wait(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_close(&t.client);
	assert_rows(1, segments("FIN"));
	do_end_of_file(&t.server);
	assert_rows(0, rows_with("TIME_WAIT"));
	do_close(&t.server);
	assert_rows(2, segments("FIN"));
	assert_rows(1, rows_with("TIME_WAIT"));
	assert_int_equal(time_wait()->lane, 1);
	assert_non_null(strstr(time_wait()->text, "5000"));
}

static void a_server_that_closes_first_keeps_it_too(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_close(&t.server);
	do_close(&t.client);
	assert_rows(1, rows_with("TIME_WAIT"));
	assert_int_equal(time_wait()->lane, 0);
	assert_non_null(strstr(time_wait()->text, "port 80"));
}

static void shutdown_and_close_are_one_fin(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_shutdown(&t.client, SHUT_WR);
	assert_rows(1, segments("FIN"));
	assert_true(socket_of(&t.client)->shut_out);
	do_end_of_file(&t.server);
	do_close(&t.server);
	assert_rows(2, segments("FIN"));
	do_close(&t.client);
	assert_rows(2, segments("FIN"));
	assert_rows(1, rows_with("TIME_WAIT"));
	assert_int_equal(time_wait()->lane, 1);
}

static void shutting_the_reading_side_sends_nothing(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_shutdown(&t.client, SHUT_RD);
	assert_rows(0, segments("FIN"));
}

static void closing_with_unread_bytes_resets(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_send(&t.client, "hello");
	do_recv(&t.server, "he");
	do_close(&t.server);
	assert_rows(1, segments("RST"));
	assert_rows(0, segments("FIN"));
	do_simple(&t.client, EVENT_RECV, ECONNRESET);
	do_close(&t.client);
	assert_rows(0, segments("FIN"));
	assert_rows(0, rows_with("TIME_WAIT"));
}

static void bytes_for_a_closed_end_are_answered_by_rst(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_close(&t.server);
	do_send(&t.client, "hello");
	assert_rows(1, segments("RST"));
	do_simple(&t.client, EVENT_SEND, EPIPE);
	do_close(&t.client);
	assert_rows(1, segments("RST"));
	assert_rows(1, segments("FIN"));
	assert_rows(0, rows_with("TIME_WAIT"));
}

static void bytes_for_an_end_shut_for_writing_are_welcome(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_shutdown(&t.server, SHUT_WR);
	do_send(&t.client, "hello");
	assert_rows(0, segments("RST"));
}

static void who_was_reset_by_a_stranger_sends_no_fin(void **state)
{
	struct end client = events_tcp(2, 3, "127.0.0.1:5000", "192.0.2.1:80");

	(void)state;
	do_connect(&client, 0);
	do_simple(&client, EVENT_RECV, ECONNRESET);
	assert_true(socket_of(&client)->reset);
	do_close(&client);
	assert_rows(0, segments("FIN"));
}

static void the_last_holder_closes(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_fork(1, 9);
	struct end child = t.server;
	child.pid = 9;
	do_close(&t.server);
	assert_rows(0, segments("FIN"));
	do_send(&child, "hello");
	assert_int_equal(last_row()->lane, 0);
	do_recv(&t.client, "hello");
	do_exit(9);
	assert_rows(1, segments("FIN"));
	assert_true(socket_of(&t.server)->closed);
	assert_false(socket_of(&t.listener)->closed);
}

static void a_duplicate_holds_it_open(void **state)
{
	struct talk t = events_talk(1, 2);
	struct event e = events_record(&t.server, EVENT_DUP);

	(void)state;
	e.other = 9;
	give(&e);
	do_close(&t.server);
	assert_rows(0, segments("FIN"));
	t.server.fd = 9;
	do_close(&t.server);
	assert_rows(1, segments("FIN"));
}

static void a_duplicate_onto_another_closes_that(void **state)
{
	struct talk t = events_talk(1, 2);
	struct event e = events_record(&t.listener, EVENT_DUP);

	(void)state;
	e.other = t.server.fd;
	give(&e);
	assert_rows(1, segments("FIN"));
	assert_true(socket_of(&t.server)->closed);
}

static void a_number_used_again_is_another_socket(void **state)
{
	struct talk t = events_talk(1, 2);
	struct end other = events_tcp(2, t.client.fd, NULL, "127.0.0.1:80");

	(void)state;
	do_socket(&other);
	assert_true(socket_of(&t.client)->closed);
	assert_false(socket_of(&other)->closed);
	assert_int_equal(socket_of(&other)->holders, 1);
	other.cookie = 0;
	uint32_t n = story_sockets(stage.story);
	do_socket(&other);
	assert_int_equal(story_sockets(stage.story), n + 1);
}

static void several_processes_accept_from_one_listener(void **state)
{
	struct end listener = events_tcp(1, 3, "127.0.0.1:80", NULL);
	struct end client = events_tcp(2, 3, "127.0.0.1:5000", "127.0.0.1:80");

	(void)state;
	do_serve(&listener, 5);
	do_fork(1, 10);
	do_fork(1, 11);
	do_connect(&client, 0);
	struct end child = listener, server = events_tcp(11, 4, "127.0.0.1:80", "127.0.0.1:5000");
	child.pid = 11;
	do_accept(&child, &server);
	assert_linked(&client, &server);
	assert_int_equal(last_row()->lane, 0);
	assert_string_equal(last_row()->who, "[11]");
	do_exit(10);
	do_exit(1);
	assert_false(socket_of(&listener)->closed);
	do_exit(11);
	assert_true(socket_of(&listener)->closed);
}

/* -- Waiting ---------------------------------------------------------------------------------------- */

static int rows_of(int kind)
{
	int n = 0;

	for (int i = 0; i < stage.n; i++)
		n += stage.rows[i]->kind == kind;
	return n;
}

static void a_wait_in_which_nothing_happened_is_one_row(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_send(&t.client, "hello");
	do_enter(&t.server, EVENT_RECV);
	do_recv(&t.server, "hello");
	assert_int_equal(rows_of(ROW_BEGIN), 0);
	assert_int_equal(rows_of(ROW_END), 0);
}

static void a_wait_in_which_something_happened_is_two(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_enter(&t.server, EVENT_RECV);
	do_send(&t.client, "hello");
	assert_int_equal(rows_of(ROW_BEGIN), 1);
	do_recv(&t.server, "hello");
	assert_int_equal(last_row()->kind, ROW_END);
	assert_arrow(0, ARROW_BYTES, 1, 0, "5 B [0,5)");
	for (int i = 0; i < stage.n; i++)
		if (stage.rows[i]->kind == ROW_BEGIN)
			assert_int_equal(stage.rows[i]->call, last_row()->call);
}

static void what_waits_for_long_is_told_when_nothing_else_happens(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_enter(&t.server, EVENT_RECV);
	story_idle(stage.story);
	story_idle(stage.story);
	assert_int_equal(rows_of(ROW_BEGIN), 1);
}

static void a_wait_is_minor_unless_it_waited(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_enter(&t.server, EVENT_POLL);
	do_simple(&t.server, EVENT_POLL, 0);
	assert_true(last_row()->minor);
	do_enter(&t.server, EVENT_POLL);
	do_send(&t.client, "hello");
	do_simple(&t.server, EVENT_POLL, 0);
	assert_false(last_row()->minor);
	do_simple(&t.server, EVENT_RECV, EAGAIN);
	assert_true(last_row()->minor);
	assert_false(last_row()->wrong);
	do_simple(&t.server, EVENT_SETSOCKOPT, 0);
	assert_true(last_row()->minor);
}

static void minor_rows_tell_nobody_to_wait(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_enter(&t.server, EVENT_RECV);
	do_simple(&t.client, EVENT_GETSOCKNAME, 0);
	assert_int_equal(rows_of(ROW_BEGIN), 0);
}

static void nobody_waits_behind_its_exit(void **state)
{
	struct talk t = events_talk(1, 2);

	(void)state;
	do_enter(&t.server, EVENT_RECV);
	do_exit(1);
	stage_forget();
	do_send(&t.client, "x");
	story_idle(stage.story);
	assert_int_equal(rows_of(ROW_BEGIN), 0);
	assert_false(story_is_open(stage.story, 1));
}

/* -- Lanes ------------------------------------------------------------------------------------------- */

static void clients_of_one_name_share_a_lane_when_there_are_many(void **state)
{
	struct end listener = events_tcp(1, 3, "127.0.0.1:80", NULL), client;
	char name[32];
	int n;

	(void)state;
	stage_close();
	stage_open((struct story_options){ .kernel = true, .lanes = 4 });
	do_serve(&listener, 50);
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof name, "127.0.0.1:%d", 5000 + i);
		client = events_tcp(10 + i, 3, name, "127.0.0.1:80");
		client.program = i ? "client" : "cli";
		do_connect(&client, 0);
	}
	const struct story_lane *lane = story_lanes(stage.story, &n);
	assert_int_equal(n, 4);
	assert_string_equal(lane[1].name, "cli");
	assert_int_equal(lane[1].clients, 1);
	assert_int_equal(lane[2].clients + lane[3].clients, 9);
	do_send(&client, "x");
	assert_string_equal(last_row()->who, ":5009");
}

static void the_limit_holds_whoever_comes(void **state)
{
	char name[32];
	int n;

	(void)state;
	stage_close();
	stage_open((struct story_options){ .lanes = 3 });
	for (int i = 0; i < 100; i++) {
		struct end k = events_udp(10 + i, 3, "0.0.0.0:5000");

		snprintf(name, sizeof name, "192.0.2.%d:9", i);
		do_sendto(&k, "x", name);
		for (int a = 0; a < last_row()->arrows; a++)
			assert_in_range(last_row()->arrow[a].to, 0, 2);
		assert_in_range(last_row()->lane, 0, 2);
	}
	story_lanes(stage.story, &n);
	assert_int_equal(n, 3);
}

static void a_child_known_before_its_fork_still_has_what_its_parent_has(void **state)
{
	struct talk t = events_talk(1, 2);
	struct end child = t.server;

	(void)state;
	child.pid = 9;
	do_simple(&child, EVENT_GETSOCKNAME, 0);
	do_fork(1, 9);
	do_close(&t.server);
	do_close(&t.listener);
	assert_rows(0, segments("FIN"));
	assert_false(socket_of(&t.listener)->closed);
	do_exit(9);
	assert_rows(1, segments("FIN"));
	assert_true(socket_of(&t.listener)->closed);
}

static void names_may_be_told_before(void **state)
{
	struct end k = events_udp(7, 3, "127.0.0.1:1");
	int n;

	(void)state;
	story_name(stage.story, 8, "second.py");
	story_name(stage.story, 7, "first.py");
	do_socket(&k);
	assert_int_equal(last_row()->lane, 1);
	assert_string_equal(story_lanes(stage.story, &n)[1].name, "first.py");
	assert_int_equal(n, 2);
}

/* -- Following one address ---------------------------------------------------------------------------- */

static void follows(const char *address, int expected)
{
	struct event_addr follow = events_addr(address);
	struct end udp = events_udp(3, 3, "127.0.0.1:5353"), other = events_udp(4, 3, "127.0.0.1:54");

	stage_close();
	stage_open((struct story_options){ .follow = &follow });
	struct talk t = events_talk(1, 2);
	do_send(&t.client, "hello");
	do_bind(&udp);
	do_bind(&other);
	do_sendto(&other, "x", "127.0.0.1:5353");
	do_recvfrom(&udp, "x", "127.0.0.1:54");
	assert_rows(expected, stage.n);
}

static void only_what_has_the_address_is_told(void **state)
{
	(void)state;
	follows("127.0.0.1:80", 5);
	follows("0.0.0.0:80", 5);
	follows("127.0.0.1:81", 0);
	follows("127.0.0.1:5353", 3);
}

static void a_path_is_followed_too(void **state)
{
	struct event_addr follow = events_addr("/run/x");
	struct end listener = events_tcp(1, 3, "/run/x", NULL), one = events_tcp(2, 3, NULL, "/run/x");
	struct end a = events_tcp(1, 4, "/run/x", NULL), other = events_tcp(5, 4, "/run/y", NULL);

	(void)state;
	stage_close();
	stage_open((struct story_options){ .follow = &follow });
	do_bind(&listener);
	do_listen(&listener, 1);
	do_bind(&other);
	do_connect(&one, 0);
	do_accept_of(&listener, &a, 2);
	do_send(&one, "x");
	do_recv(&a, "x");
	assert_rows(6, stage.n);
}

#define CLAIM(f) cmocka_unit_test_setup_teardown(f, begin, end)

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
	CLAIM(a_receive_of_a_part_is_told_as_that),
	CLAIM(a_receive_of_several_sends_has_an_arrow_from_each),
	CLAIM(places_beyond_32_bits_are_told_right),
	CLAIM(a_look_takes_no_bytes),
	CLAIM(urgent_bytes_lie_beside_the_stream),
	CLAIM(the_flags_of_splice_are_its_own),
	CLAIM(bytes_may_be_sent_before_the_accept),
	CLAIM(bytes_outlive_the_close_of_their_sender),
	CLAIM(bytes_outlive_a_close_before_the_accept),
	CLAIM(bytes_of_a_long_send_arrive_before_it_returns),
	CLAIM(a_forked_child_goes_on_where_its_parent_stopped),
	CLAIM(strangers_have_a_lane_at_either_end),
	CLAIM(a_refused_connect_is_answered_by_rst),
	CLAIM(a_connect_in_the_background_is_told_when_its_end_is_known),
	CLAIM(one_in_the_background_may_be_refused),
	CLAIM(a_first_send_shows_that_it_is_connected),
	CLAIM(the_port_that_the_kernel_chose_is_told_once),
	CLAIM(the_backlog_is_counted),
	CLAIM(who_closes_first_keeps_time_wait),
	CLAIM(a_server_that_closes_first_keeps_it_too),
	CLAIM(shutdown_and_close_are_one_fin),
	CLAIM(shutting_the_reading_side_sends_nothing),
	CLAIM(closing_with_unread_bytes_resets),
	CLAIM(bytes_for_a_closed_end_are_answered_by_rst),
	CLAIM(bytes_for_an_end_shut_for_writing_are_welcome),
	CLAIM(who_was_reset_by_a_stranger_sends_no_fin),
	CLAIM(the_last_holder_closes),
	CLAIM(a_duplicate_holds_it_open),
	CLAIM(a_duplicate_onto_another_closes_that),
	CLAIM(a_number_used_again_is_another_socket),
	CLAIM(several_processes_accept_from_one_listener),
	CLAIM(a_wait_in_which_nothing_happened_is_one_row),
	CLAIM(a_wait_in_which_something_happened_is_two),
	CLAIM(what_waits_for_long_is_told_when_nothing_else_happens),
	CLAIM(a_wait_is_minor_unless_it_waited),
	CLAIM(minor_rows_tell_nobody_to_wait),
	CLAIM(nobody_waits_behind_its_exit),
	CLAIM(clients_of_one_name_share_a_lane_when_there_are_many),
	CLAIM(the_limit_holds_whoever_comes),
	CLAIM(a_child_known_before_its_fork_still_has_what_its_parent_has),
	CLAIM(names_may_be_told_before),
	CLAIM(only_what_has_the_address_is_told),
	CLAIM(a_path_is_followed_too),
};

CHECK_MAIN(tests)
