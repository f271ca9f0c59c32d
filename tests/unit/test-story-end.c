/* SPDX-License-Identifier: MIT */
/*
 * Claims about the ends of connections: what the kernel does of its own is told when
 * it must have happened and at no other time, and a socket ends with its last holder.
 */
#include "stories.h"

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

static const struct CMUnitTest tests[] = {
	CLAIM(who_closes_first_keeps_time_wait),
	CLAIM(a_server_that_closes_first_keeps_it_too),
	CLAIM(shutdown_and_close_are_one_fin),
	CLAIM(shutting_the_reading_side_sends_nothing),
	CLAIM(closing_with_unread_bytes_resets),
	CLAIM(bytes_for_a_closed_end_are_answered_by_rst),
	CLAIM(bytes_for_an_end_shut_for_writing_are_welcome),
	CLAIM(who_was_reset_by_a_stranger_sends_no_fin),
	CLAIM(the_last_holder_closes),
	CLAIM(a_child_known_before_its_fork_still_has_what_its_parent_has),
	CLAIM(a_duplicate_holds_it_open),
	CLAIM(a_duplicate_onto_another_closes_that),
	CLAIM(a_number_used_again_is_another_socket),
	CLAIM(several_processes_accept_from_one_listener),
};

CHECK_MAIN(tests)
