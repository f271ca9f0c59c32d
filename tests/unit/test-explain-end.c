/* SPDX-License-Identifier: MIT */
/* Notes on how conversations end, or do not. */
#include "explained.h"

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

static const struct CMUnitTest tests[] = {
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
};

CHECK_MAIN(tests)
