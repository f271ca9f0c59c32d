/* SPDX-License-Identifier: MIT */
/*
 * Claims about what a story tells and where: who waits, the lanes of programs and
 * strangers, and one address followed.
 */
#include "stories.h"

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

static const struct CMUnitTest tests[] = {
	CLAIM(a_wait_in_which_nothing_happened_is_one_row),
	CLAIM(a_wait_in_which_something_happened_is_two),
	CLAIM(what_waits_for_long_is_told_when_nothing_else_happens),
	CLAIM(a_wait_is_minor_unless_it_waited),
	CLAIM(minor_rows_tell_nobody_to_wait),
	CLAIM(nobody_waits_behind_its_exit),
	CLAIM(clients_of_one_name_share_a_lane_when_there_are_many),
	CLAIM(the_limit_holds_whoever_comes),
	CLAIM(strangers_have_a_lane_at_either_end),
	CLAIM(names_may_be_told_before),
	CLAIM(only_what_has_the_address_is_told),
	CLAIM(a_path_is_followed_too),
};

CHECK_MAIN(tests)
