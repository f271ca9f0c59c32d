/* SPDX-License-Identifier: MIT */
/* Notes on how conversations end, or do not, and how many notes there are at most. */
#include "explained.h"

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

/* -- Closing ----------------------------------------------------------------------------------- */

static void the_server_closed_first(void **state)
{
	struct pair p = pair();

	(void)state;
	closed(p.server);
	assert_none("time-wait");
	closed(p.client);
	assert_note("time-wait", "server ended first");
	assert_note("time-wait", "127.0.0.1:65432 to 127.0.0.1:51234");
	assert_note("time-wait", "without SO_REUSEADDR");
	assert_true(warned("time-wait"));
}

static void a_server_that_may_bind_again_is_well(void **state)
{
	struct story_socket *l = made(0, AF_INET, SOCK_STREAM);

	(void)state;
	l->reuse = true;
	bound(l, "127.0.0.1", 65432);
	struct story_socket *c = connected(l, 51234), *s = accepted(l, c);
	closed(s);
	closed(c);
	assert_note("time-wait", "lets it start again at once");
	assert_false(warned("time-wait"));
}

static void the_client_closed_first(void **state)
{
	struct pair p = pair();

	(void)state;
	closed(p.client);
	closed(p.server);
	assert_note("time-wait", "client ended first");
	assert_false(warned("time-wait"));
}

static void shutdown_counts_as_the_first_end(void **state)
{
	struct pair p = pair();

	(void)state;
	p.client->first_end = now;
	closed(p.server);
	closed(p.client);
	assert_note("time-wait", "client ended first");
}

static void a_reset_leaves_no_time_wait(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 12, 12);
	closed(p.server);
	closed(p.client);
	assert_none("time-wait");
}

static void a_reset_is_explained(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 12, 12);
	closed(p.server);
	p.client->reset = true;
	DID(p.client, .call = EVENT_RECV, .asked = 1024, .error = ECONNRESET);
	assert_note("reset", "server closed its end 1 ms before, with 12 bytes unread");
}

static void a_reset_from_a_stranger_is_explained(void **state)
{
	struct story_socket *s = made(1, AF_INET, SOCK_STREAM);

	(void)state;
	DID(s, .call = EVENT_RECV, .asked = 1024, .error = ECONNRESET);
	assert_note("reset", "The other end's kernel sent RST");
}

static void other_errors_are_no_reset(void **state)
{
	struct pair p = pair();

	(void)state;
	DID(p.client, .call = EVENT_RECV, .asked = 1024, .error = EAGAIN);
	DID(p.client, .call = EVENT_SEND, .asked = 1024, .error = ENOBUFS);
	assert_none("reset");
	assert_none("broken-pipe");
}

static void a_broken_pipe_is_explained(void **state)
{
	struct pair p = pair();

	(void)state;
	closed(p.server);
	sent(p.client, 12, 12);
	DID(p.client, .call = EVENT_SEND, .asked = 12, .error = EPIPE);
	assert_note("broken-pipe", "server had closed its end 2 ms before");
}

static void who_shut_its_own_sending_is_told_so(void **state)
{
	struct pair p = pair();

	(void)state;
	p.client->shut_out = true;
	DID(p.client, .call = EVENT_SEND, .asked = 12, .error = EPIPE);
	assert_note("broken-pipe", "by shutdown");
}

/* -- Not closing ---------------------------------------------------------------------------------- */

static void a_socket_left_to_the_exit_is_told(void **state)
{
	struct pair p = pair();

	(void)state;
	ended(1, 0);
	assert_note("never-closed", "was never closed: the kernel did it when client ended");
	assert_int_equal(noted("never-closed"), 1);
	closed(p.server);
	ended(0, 0);
	assert_int_equal(noted("never-closed"), 2);     /* the listener */
}

static void who_is_killed_could_not_close(void **state)
{
	(void)state;
	pair();
	ended(0, -1);
	ended(1, -1);
	explain_end(explain);
	assert_none("never-closed");
	assert_none("listener-closed-not-connection");
}

static void a_connection_is_not_closed_with_its_listener(void **state)
{
	struct pair p = pair();

	(void)state;
	closed(p.listener);
	ended(0, 0);
	assert_note("listener-closed-not-connection", "these are two sockets");
	assert_none("never-closed");
}

static void both_closed_is_well(void **state)
{
	struct pair p = pair();

	(void)state;
	closed(p.server);
	closed(p.listener);
	closed(p.client);
	ended(0, 0);
	ended(1, 0);
	assert_none("never-closed");
	assert_none("listener-closed-not-connection");
}

static void accepted_ones_pile_up(void **state)
{
	struct pair p = pair();

	(void)state;
	closed(p.client);
	for (int i = 0; i < 2; i++) {
		struct story_socket *c = connected(p.listener, 52000 + i);

		accepted(p.listener, c);
		closed(c);
	}
	assert_none("never-closed");
	accepted(p.listener, connected(p.listener, 53000));
	assert_note("never-closed", "3 accepted connections are still open");
}

static void a_server_that_closes_has_no_pile(void **state)
{
	struct pair p = pair();

	(void)state;
	closed(p.client);
	closed(p.server);
	for (int i = 0; i < 9; i++) {
		struct story_socket *c = connected(p.listener, 52000 + i);

		accepted(p.listener, c);
		closed(c);
	}
	assert_none("never-closed");
}

/* -- Waiting ----------------------------------------------------------------------------------------- */

static void both_wait_for_each_other(void **state)
{
	struct pair p = pair();

	(void)state;
	BEGAN(p.server, .call = EVENT_RECV, .asked = 1024);
	assert_none("both-wait");
	BEGAN(p.client, .call = EVENT_RECV, .asked = 1024);
	assert_note("both-wait", "Both ends wait to receive");
	assert_note("both-wait", "its turn");
}

static void an_empty_message_makes_both_wait(void **state)
{
	struct pair p = pair();

	(void)state;
	BEGAN(p.server, .call = EVENT_RECV, .asked = 1024);
	sent(p.client, 0, 0);
	BEGAN(p.client, .call = EVENT_RECV, .asked = 1024);
	assert_note("both-wait", "client has sent an empty message");
}

static void bytes_under_way_will_end_the_wait(void **state)
{
	struct pair p = pair();

	(void)state;
	BEGAN(p.server, .call = EVENT_RECV, .asked = 1024);
	sent(p.client, 5, 5);
	BEGAN(p.client, .call = EVENT_RECV, .asked = 1024);
	assert_none("both-wait");
}

static void who_has_returned_does_not_wait(void **state)
{
	struct pair p = pair();

	(void)state;
	BEGAN(p.server, .call = EVENT_RECV, .asked = 1024);
	ENDED(p.server, .call = EVENT_RECV, .asked = 1024, .error = EAGAIN);
	BEGAN(p.client, .call = EVENT_RECV, .asked = 1024);
	assert_none("both-wait");
}

static void a_reply_that_never_came_is_told(void **state)
{
	struct story_socket *s = made(1, AF_INET, SOCK_DGRAM);

	(void)state;
	sent(s, 12, 12);
	BEGAN(s, .call = EVENT_RECVFROM, .asked = 1024);
	now += 3000 * MS;
	DID(NULL, .call = EVENT_GETADDRINFO, .text = "x");
	explain_end(explain);
	assert_note("no-timeout", "waited for a reply for 3.0 s");
}

static void a_server_waits_for_requests(void **state)
{
	struct story_socket *s = made(0, AF_INET, SOCK_DGRAM);

	(void)state;
	got(s, 1024, 12);
	sent(s, 12, 12);
	BEGAN(s, .call = EVENT_RECVFROM, .asked = 1024);
	ended(0, -1);
	assert_none("no-timeout");
}

static void a_reply_in_time_is_well(void **state)
{
	struct story_socket *s = made(1, AF_INET, SOCK_DGRAM);

	(void)state;
	sent(s, 12, 12);
	BEGAN(s, .call = EVENT_RECVFROM, .asked = 1024);
	ENDED(s, .call = EVENT_RECVFROM, .asked = 1024, .moved = 12);
	explain_end(explain);
	assert_none("no-timeout");
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

/* -- All of them ------------------------------------------------------------------------------------------- */

static void there_are_so_many_notes_of_a_kind(void **state)
{
	(void)state;
	struct story_socket *one = made(0, AF_INET, SOCK_DGRAM);

	for (int i = 0; i < 5; i++)
		DID(one, .call = EVENT_RECVFROM, .asked = 1, .moved = 1, .whole = 2);
	assert_int_equal(noted("cut-datagram"), EXPLAIN_ON_SOCKET);
	for (int i = 0; i < 20; i++)
		DID(made(0, AF_INET, SOCK_DGRAM), .call = EVENT_RECVFROM, .asked = 1, .moved = 1,
		    .whole = 2);
	assert_int_equal(noted("cut-datagram"), EXPLAIN_IN_ALL);
	explain_end(explain);
	assert_int_equal(noted("cut-datagram"), EXPLAIN_IN_ALL + 1);
	assert_note("cut-datagram", "5 times more");
}

static void a_note_stands_behind_its_row(void **state)
{
	(void)state;
	struct story_socket *s = made(1, AF_INET, SOCK_DGRAM);
	uint32_t call = DID(s, .call = EVENT_RECVFROM, .asked = 1, .moved = 1, .whole = 2);

	assert_int_equal(notes[0].call, call);
	assert_int_equal(notes[0].lane, 1);
	assert_true(notes[0].wrong);
}

static void what_a_close_has_left_is_told_before_the_next_row(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 12, 12);
	DID(p.server, .call = EVENT_CLOSE);
	let_go(p.server);
	tell(ROW_KERNEL, p.server, (struct event){ .fd = -1 }, NULL);
	assert_none("unread-close");
	p.client->out += 5;
	DID(p.client, .call = EVENT_SEND, .asked = 5, .moved = 5);
	assert_note("unread-close", "12 bytes");
}

static void a_descriptor_less_is_no_close(void **state)
{
	struct pair p = pair();

	(void)state;
	sent(p.client, 12, 12);
	DID(p.server, .call = EVENT_CLOSE);     /* another process has it still */
	DID(p.client, .call = EVENT_SHUTDOWN);
	assert_none("unread-close");
	closed(p.client);
	assert_none("time-wait");
}

static void kinds_have_names_and_meanings(void **state)
{
	(void)state;
	for (const struct explain_kind *k = explain_kinds; k->name; k++) {
		assert_true(strlen(k->name) < 32 && strlen(k->about) > 10);
		assert_true(k->row || k->gone);
		for (const struct explain_kind *other = explain_kinds; other < k; other++)
			assert_string_not_equal(other->name, k->name);
	}
}

static const struct CMUnitTest tests[] = {
	CLAIM(a_message_cut_by_one_receive_is_told),
	CLAIM(a_cut_character_is_told),
	CLAIM(a_short_first_piece_is_told),
	CLAIM(a_full_buffer_from_a_stranger_makes_one_wonder),
	CLAIM(a_whole_message_in_one_receive_is_well),
	CLAIM(who_receives_until_the_end_is_well),
	CLAIM(the_server_closed_first),
	CLAIM(a_server_that_may_bind_again_is_well),
	CLAIM(the_client_closed_first),
	CLAIM(shutdown_counts_as_the_first_end),
	CLAIM(a_reset_leaves_no_time_wait),
	CLAIM(a_reset_is_explained),
	CLAIM(a_reset_from_a_stranger_is_explained),
	CLAIM(other_errors_are_no_reset),
	CLAIM(a_broken_pipe_is_explained),
	CLAIM(who_shut_its_own_sending_is_told_so),
	CLAIM(a_socket_left_to_the_exit_is_told),
	CLAIM(who_is_killed_could_not_close),
	CLAIM(a_connection_is_not_closed_with_its_listener),
	CLAIM(both_closed_is_well),
	CLAIM(accepted_ones_pile_up),
	CLAIM(a_server_that_closes_has_no_pile),
	CLAIM(both_wait_for_each_other),
	CLAIM(an_empty_message_makes_both_wait),
	CLAIM(bytes_under_way_will_end_the_wait),
	CLAIM(who_has_returned_does_not_wait),
	CLAIM(a_reply_that_never_came_is_told),
	CLAIM(a_server_waits_for_requests),
	CLAIM(a_reply_in_time_is_well),
	CLAIM(bytes_that_kill_a_server_are_told),
	CLAIM(who_answers_lives_with_any_bytes),
	CLAIM(text_does_not_kill),
	CLAIM(a_good_exit_was_no_death),
	CLAIM(there_are_so_many_notes_of_a_kind),
	CLAIM(a_note_stands_behind_its_row),
	CLAIM(what_a_close_has_left_is_told_before_the_next_row),
	CLAIM(a_descriptor_less_is_no_close),
	CLAIM(kinds_have_names_and_meanings),
};
CHECK_MAIN(tests)
