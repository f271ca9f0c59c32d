/* SPDX-License-Identifier: MIT */
/* Claims about the story of a stream: bytes are told with the sends they came from. */
#include "stories.h"

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
	struct talk t = events_ends(1, 2);

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

static const struct CMUnitTest tests[] = {
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
};

CHECK_MAIN(tests)
