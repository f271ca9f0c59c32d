/* SPDX-License-Identifier: MIT */
/* Claims about cmd/trace-ready: when a program counts as one that waits for somebody. */
#include "check.h"

#include <sys/socket.h>

#include "base/clock.h"
#include "cmd/trace-ready.h"

static struct ready ready;
static int64_t now;

/* A record of this process, at now. */
static void tell(int call, int phase, int fd, int type, uint64_t moved, int error)
{
	struct event e = {
		.time = now, .pid = getpid(), .tid = 7, .fd = fd, .other = -1, .call = (uint16_t)call,
		.phase = (uint16_t)phase, .type = (uint16_t)type, .moved = moved, .error = error,
	};

	ready_event(&ready, &e);
}

static int begin(void **state)
{
	(void)state;
	now = CLOCK_SEC;
	ready_begin(&ready, getpid());
	return 0;
}

static bool is_ready_after(int64_t ms)
{
	return ready_is(&ready, now + ms * CLOCK_MS);
}

static void who_has_said_nothing_does_not_wait(void **state)
{
	(void)state;
	assert_false(ready.seen || is_ready_after(1000));
}

static void a_call_that_has_not_returned_for_a_moment_waits(void **state)
{
	static const int calls[] = { EVENT_ACCEPT, EVENT_RECV, EVENT_RECVFROM, EVENT_RECVMSG, EVENT_READ, EVENT_READV };

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		begin(state);
		tell(calls[i], EVENT_ENTER, 3, SOCK_STREAM, 0, 0);
		assert_true(ready.seen && !is_ready_after(9) && is_ready_after(10));
		tell(calls[i], EVENT_RETURN, 3, SOCK_STREAM, 5, 0);
		assert_false(is_ready_after(1000));
	}
}

static void a_call_that_sends_does_not(void **state)
{
	(void)state;
	tell(EVENT_ACCEPT, EVENT_ENTER, 3, SOCK_STREAM, 0, 0);
	tell(EVENT_SEND, EVENT_ENTER, 3, SOCK_STREAM, 0, 0);
	assert_false(is_ready_after(1000));
	tell(EVENT_CONNECT, EVENT_ENTER, 3, SOCK_STREAM, 0, 0);
	assert_false(is_ready_after(1000));
}

static void a_poll_waits_by_what_it_watches(void **state)
{
	static const int calls[] = { EVENT_POLL, EVENT_SELECT, EVENT_EPOLL_WAIT };

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		begin(state);
		tell(calls[i], EVENT_ENTER, 3, SOCK_STREAM, 0, 0);
		assert_false(is_ready_after(1000));
		tell(calls[i], EVENT_ENTER, 4, SOCK_DGRAM, 0, 0);
		assert_true(is_ready_after(10));
		tell(calls[i], EVENT_RETURN, 4, SOCK_DGRAM, 1, 0);
		tell(EVENT_LISTEN, EVENT_RETURN, 3, SOCK_STREAM, 0, EINVAL);
		tell(calls[i], EVENT_ENTER, 3, SOCK_STREAM, 0, 0);
		assert_false(is_ready_after(1000));
		tell(EVENT_LISTEN, EVENT_RETURN, 3, SOCK_STREAM, 0, 0);
		tell(calls[i], EVENT_ENTER, 3, SOCK_STREAM, 0, 0);
		assert_true(is_ready_after(10));
	}
}

static void asking_again_and_again_is_waiting_too(void **state)
{
	(void)state;
	tell(EVENT_LISTEN, EVENT_RETURN, 3, SOCK_STREAM, 0, 0);
	for (int i = 0; i < 6; i++, now += 2 * CLOCK_MS) {
		tell(EVENT_POLL, EVENT_ENTER, 3, SOCK_STREAM, 0, 0);
		if (i < 5)
			tell(EVENT_POLL, EVENT_RETURN, 3, SOCK_STREAM, 0, 0);
	}
	assert_true(is_ready_after(0));
}

static void what_came_is_the_end_of_waiting(void **state)
{
	(void)state;
	tell(EVENT_RECV, EVENT_ENTER, 3, SOCK_STREAM, 0, 0);
	now += 9 * CLOCK_MS;
	tell(EVENT_RECV, EVENT_RETURN, 3, SOCK_STREAM, 4, 0);
	tell(EVENT_RECV, EVENT_ENTER, 3, SOCK_STREAM, 0, 0);
	assert_true(!is_ready_after(9) && is_ready_after(10));
}

static void others_do_not_matter(void **state)
{
	struct event e = { .time = CLOCK_SEC, .pid = 1, .tid = 1, .call = EVENT_ACCEPT, .phase = EVENT_ENTER };

	(void)state;
	ready_event(&ready, &e);
	assert_false(ready.seen || is_ready_after(1000));
	ready_begin(&ready, 0);
	ready_event(&ready, &e);
	assert_false(ready.seen);
}

static void many_threads_are_no_harm(void **state)
{
	struct event e = { .time = CLOCK_SEC, .pid = getpid(), .call = EVENT_ACCEPT, .phase = EVENT_ENTER };

	(void)state;
	for (e.tid = 1; e.tid < 3 * READY_CALLS; e.tid++)
		ready_event(&ready, &e);
	e.call = EVENT_LISTEN;
	e.phase = EVENT_RETURN;
	for (e.fd = 0; e.fd < 3 * READY_LISTENERS; e.fd++)
		ready_event(&ready, &e);
	assert_true(is_ready_after(10));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(who_has_said_nothing_does_not_wait, begin),
	cmocka_unit_test_setup(a_call_that_has_not_returned_for_a_moment_waits, begin),
	cmocka_unit_test_setup(a_call_that_sends_does_not, begin),
	cmocka_unit_test_setup(a_poll_waits_by_what_it_watches, begin),
	cmocka_unit_test_setup(asking_again_and_again_is_waiting_too, begin),
	cmocka_unit_test_setup(what_came_is_the_end_of_waiting, begin),
	cmocka_unit_test_setup(others_do_not_matter, begin),
	cmocka_unit_test_setup(many_threads_are_no_harm, begin),
};
CHECK_MAIN(tests)
