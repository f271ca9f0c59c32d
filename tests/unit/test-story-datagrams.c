/* SPDX-License-Identifier: MIT */
/*
 * Claims about datagrams: each receive is told with the send it came from; one
 * that never came is lost, whether overtaken, left at the end, or sent to
 * where nobody is any more; one that came twice is told as that.
 */
#include "events.h"

static struct end client, server;

static int begin(void **state)
{
	(void)state;
	stage_open((struct story_options){ .kernel = true });
	server = events_udp(1, 3, "127.0.0.1:53");
	client = events_udp(2, 3, "127.0.0.1:5000");
	do_socket(&server);
	do_bind(&server);
	do_socket(&client);
	return 0;
}

static int end(void **state)
{
	(void)state;
	stage_close();
	return 0;
}

static int lost(void)
{
	return rows_with("lost: ");
}

static void finish(void)
{
	story_end(stage.story);
}

static void a_receive_knows_its_send(void **state)
{
	(void)state;
	do_sendto(&client, "abc", "127.0.0.1:53");
	uint32_t call = last_row()->call;
	do_recvfrom(&server, "abc", "127.0.0.1:5000");
	assert_arrow(0, ARROW_DATAGRAM, 1, 0, "3 B");
	assert_int_equal(last_row()->arrow[0].call, call);
	finish();
	assert_rows(0, lost());
}

static void one_that_is_overtaken_is_lost(void **state)
{
	(void)state;
	do_sendto(&client, "one", "127.0.0.1:53");
	do_sendto(&client, "two", "127.0.0.1:53");
	do_recvfrom(&server, "two", "127.0.0.1:5000");
	assert_rows(1, lost());
	finish();
	assert_rows(1, lost());
	const struct row *r = row_with("lost: 3 bytes");
	assert_int_equal(r->arrow[0].kind, ARROW_LOST);
	assert_int_equal(r->arrow[0].from, 1);
	assert_int_equal(r->arrow[0].to, 0);
}

static void one_from_another_sender_overtakes_nobody(void **state)
{
	struct end other = events_udp(3, 3, "127.0.0.1:6000");

	(void)state;
	do_sendto(&client, "one", "127.0.0.1:53");
	do_sendto(&other, "two", "127.0.0.1:53");
	do_recvfrom(&server, "two", "127.0.0.1:6000");
	assert_rows(0, lost());
	do_recvfrom(&server, "one", "127.0.0.1:5000");
	finish();
	assert_rows(0, lost());
}

static void a_late_one_still_comes(void **state)
{
	(void)state;
	do_sendto(&client, "one", "127.0.0.1:53");
	do_sendto(&client, "two", "127.0.0.1:53");
	do_recvfrom(&server, "two", "127.0.0.1:5000");
	do_recvfrom(&server, "one", "127.0.0.1:5000");
	assert_arrow(0, ARROW_DATAGRAM, 1, 0, "3 B");
}

static void one_under_way_at_the_end_is_lost_then(void **state)
{
	(void)state;
	do_sendto(&client, "one", "127.0.0.1:53");
	assert_rows(0, lost());
	finish();
	assert_rows(1, lost());
}

static void one_that_comes_twice_came_again(void **state)
{
	(void)state;
	do_sendto(&client, "one", "127.0.0.1:53");
	do_recvfrom(&server, "one", "127.0.0.1:5000");
	do_recvfrom(&server, "one", "127.0.0.1:5000");
	assert_arrow(0, ARROW_TWICE, 1, 0, "3 B");
}

static void the_same_bytes_sent_twice_are_two(void **state)
{
	(void)state;
	do_sendto(&client, "one", "127.0.0.1:53");
	uint32_t first = last_row()->call;
	do_sendto(&client, "one", "127.0.0.1:53");
	uint32_t second = last_row()->call;
	do_recvfrom(&server, "one", "127.0.0.1:5000");
	assert_int_equal(last_row()->arrow[0].call, first);
	do_recvfrom(&server, "one", "127.0.0.1:5000");
	assert_arrow(0, ARROW_DATAGRAM, 1, 0, "3 B");
	assert_int_equal(last_row()->arrow[0].call, second);
}

static void a_look_takes_nothing(void **state)
{
	struct iovec iov;
	struct event e;

	(void)state;
	do_sendto(&client, "one", "127.0.0.1:53");
	e = events_moved(&server, EVENT_RECVFROM, "one", 3, &iov);
	e.arg[0] = MSG_PEEK;
	e.peer = client.local;
	give(&e);
	assert_arrow(0, ARROW_DATAGRAM, 1, 0, "3 B");
	do_recvfrom(&server, "one", "127.0.0.1:5000");
	assert_arrow(0, ARROW_DATAGRAM, 1, 0, "3 B");
}

static void one_that_did_not_fit_is_cut(void **state)
{
	struct iovec iov;

	(void)state;
	do_sendto(&client, "longer", "127.0.0.1:53");
	struct event e = events_moved(&server, EVENT_RECVFROM, "lon", 3, &iov);
	e.peer = client.local;
	e.whole = 6;
	give(&e);
	assert_arrow(0, ARROW_CUT, 1, 0, "6 B, cut to 3");
	finish();
	assert_rows(0, lost());
}

static void an_empty_one_comes_and_ends_nothing(void **state)
{
	(void)state;
	do_sendto(&client, "", "127.0.0.1:53");
	do_recvfrom(&server, "", "127.0.0.1:5000");
	assert_arrow(0, ARROW_DATAGRAM, 1, 0, "0 B");
	assert_false(last_row()->wrong);
	assert_false(story_socket_at(stage.story, 1)->got_end);
	finish();
	assert_rows(0, lost());
}

static void a_connected_one_needs_no_address(void **state)
{
	(void)state;
	client.peer = events_addr("127.0.0.1:53");
	do_connect(&client, 0);
	do_sendto(&client, "abc", NULL);
	do_recvfrom(&server, "abc", "127.0.0.1:5000");
	assert_arrow(0, ARROW_DATAGRAM, 1, 0, "3 B");
	assert_rows(0, segments("SYN"));
}

static void a_receiver_at_every_address_is_found(void **state)
{
	struct end any = events_udp(3, 3, "[::]:99");

	(void)state;
	do_bind(&any);
	do_sendto(&client, "abc", "127.0.0.1:99");
	any.local = events_addr("[::]:99");
	do_recvfrom(&any, "abc", "[::ffff:127.0.0.1]:5000");
	assert_arrow(0, ARROW_DATAGRAM, 1, 2, "3 B");
}

static void of_two_receivers_the_one_with_the_address_gets_it(void **state)
{
	struct end exact = events_udp(3, 3, "127.0.0.1:99"), any = events_udp(4, 3, "0.0.0.0:99");

	(void)state;
	do_bind(&exact);
	do_bind(&any);
	do_sendto(&client, "abc", "127.0.0.1:99");
	finish();
	assert_int_equal(row_with("lost")->arrow[0].to, 2);
}

/* SO_REUSEPORT: the kernel chooses, and only the receive tells which. */
static void of_several_at_one_address_any_may_get_it(void **state)
{
	struct end one = events_udp(3, 3, "127.0.0.1:99"), two = events_udp(4, 3, "127.0.0.1:99");

	(void)state;
	do_bind(&one);
	do_bind(&two);
	do_sendto(&client, "abc", "127.0.0.1:99");
	do_sendto(&client, "def", "127.0.0.1:99");
	do_recvfrom(&one, "abc", "127.0.0.1:5000");
	assert_arrow(0, ARROW_DATAGRAM, 1, 2, "3 B");
	do_recvfrom(&two, "def", "127.0.0.1:5000");
	assert_arrow(0, ARROW_DATAGRAM, 1, 3, "3 B");
	finish();
	assert_rows(0, lost());
}

static void one_to_a_receiver_that_has_closed_is_lost_there(void **state)
{
	int lanes;

	(void)state;
	do_close(&server);
	do_sendto(&client, "abc", "127.0.0.1:53");
	assert_arrow(0, ARROW_LOST, 1, 0, "3 B");
	finish();
	assert_rows(0, lost());
	story_lanes(stage.story, &lanes);
	assert_int_equal(lanes, 2);
}

static void what_a_receiver_never_read_is_lost_when_it_closes(void **state)
{
	(void)state;
	do_sendto(&client, "abc", "127.0.0.1:53");
	do_close(&server);
	assert_rows(1, lost());
	finish();
	assert_rows(1, lost());
}

static void a_stranger_may_send_and_receive(void **state)
{
	int lanes;

	(void)state;
	do_sendto(&client, "abc", "192.0.2.1:53");
	assert_arrow(0, ARROW_DATAGRAM, 1, 2, "3 B");
	do_recvfrom(&client, "defg", "192.0.2.1:53");
	assert_arrow(0, ARROW_DATAGRAM, 2, 1, "4 B");
	const struct story_lane *lane = story_lanes(stage.story, &lanes);
	assert_int_equal(lanes, 3);
	assert_true(lane[2].stranger);
	assert_string_equal(lane[2].name, "udp://192.0.2.1:53");
	finish();
	assert_rows(0, lost());
}

static void unseen_bytes_are_matched_by_their_length(void **state)
{
	struct event e = events_record(&client, EVENT_SENDTO);

	(void)state;
	e.peer = server.local;
	e.asked = e.moved = e.whole = 3;
	give(&e);
	do_recvfrom(&server, "abc", "127.0.0.1:5000");
	assert_arrow(0, ARROW_DATAGRAM, 1, 0, "3 B");
}

static void a_failed_send_is_not_under_way(void **state)
{
	struct event e = events_record(&client, EVENT_SENDTO);

	(void)state;
	e.peer = server.local;
	e.asked = 3;
	e.error = ECONNREFUSED;
	give(&e);
	assert_true(last_row()->wrong);
	finish();
	assert_rows(0, lost());
}

static void unix_datagrams_find_their_path(void **state)
{
	struct end at = events_end(SOCK_DGRAM, 3, 3, "/tmp/log", NULL);
	struct end from = events_end(SOCK_DGRAM, 4, 3, NULL, NULL);

	(void)state;
	do_bind(&at);
	do_socket(&from);
	do_sendto(&from, "abc", "/tmp/log");
	do_recvfrom(&at, "abc", NULL);
	assert_arrow(0, ARROW_DATAGRAM, 3, 2, "3 B");
}

static void a_million_that_nobody_receives_take_little_memory(void **state)
{
	struct iovec iov;
	struct event e = events_moved(&client, EVENT_SENDTO, "abc", 3, &iov);

	(void)state;
	e.peer = server.local;
	for (int i = 0; i < 200000; i++)
		give(&e);
	do_recvfrom(&server, "abc", "127.0.0.1:5000");
	assert_int_equal(stage.rows[STAGE_ROWS - 1]->kind, ROW_CALL);
}

#define CLAIM(f) cmocka_unit_test_setup_teardown(f, begin, end)

static const struct CMUnitTest tests[] = {
	CLAIM(a_receive_knows_its_send),
	CLAIM(one_that_is_overtaken_is_lost),
	CLAIM(one_from_another_sender_overtakes_nobody),
	CLAIM(a_late_one_still_comes),
	CLAIM(one_under_way_at_the_end_is_lost_then),
	CLAIM(one_that_comes_twice_came_again),
	CLAIM(the_same_bytes_sent_twice_are_two),
	CLAIM(a_look_takes_nothing),
	CLAIM(one_that_did_not_fit_is_cut),
	CLAIM(an_empty_one_comes_and_ends_nothing),
	CLAIM(a_connected_one_needs_no_address),
	CLAIM(a_receiver_at_every_address_is_found),
	CLAIM(of_two_receivers_the_one_with_the_address_gets_it),
	CLAIM(of_several_at_one_address_any_may_get_it),
	CLAIM(one_to_a_receiver_that_has_closed_is_lost_there),
	CLAIM(what_a_receiver_never_read_is_lost_when_it_closes),
	CLAIM(a_stranger_may_send_and_receive),
	CLAIM(unseen_bytes_are_matched_by_their_length),
	CLAIM(a_failed_send_is_not_under_way),
	CLAIM(unix_datagrams_find_their_path),
	CLAIM(a_million_that_nobody_receives_take_little_memory),
};

CHECK_MAIN(tests)
