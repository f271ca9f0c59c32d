/* SPDX-License-Identifier: MIT */
/*
 * Claims about the order of records: no effect comes before its cause, a short
 * call that causes is one record, a long one is seen to wait, ties keep their
 * order, and nothing is held for ever.
 */
#include "check.h"

#include "base/clock.h"
#include "eye/order.h"

enum { HOLD = ORDER_HOLD_MS };

static struct order *order;

static int begin(void **state)
{
	(void)state;
	order = order_new();
	return order ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	order_free(order);
	return 0;
}

static struct event record(int pid, int call, int64_t entered_ms, int64_t returned_ms)
{
	return (struct event){
		.time = returned_ms * CLOCK_MS, .took = (returned_ms - entered_ms) * CLOCK_MS, .pid = pid,
		.tid = pid, .fd = 3, .other = -1, .call = (uint16_t)call, .phase = EVENT_RETURN,
	};
}

static void put(struct event e)
{
	assert_true(order_put(order, &e));
}

/* Its record of entry, and its return. */
static void put_call(int pid, int call, int64_t entered_ms, int64_t returned_ms)
{
	struct event e = record(pid, call, entered_ms, entered_ms);

	e.phase = EVENT_ENTER;
	put(e);
	put(record(pid, call, entered_ms, returned_ms));
}

static void comes(int pid, int phase)
{
	const struct event *e = order_take(order, INT64_MAX);

	assert_non_null(e);
	assert_int_equal(e->pid, pid);
	assert_int_equal(e->phase, phase);
}

static void nothing_comes(int64_t now_ms)
{
	assert_null(order_take(order, now_ms == INT64_MAX ? now_ms : now_ms * CLOCK_MS));
}

static void a_receive_that_returns_before_its_send_comes_behind_it(void **state)
{
	(void)state;
	put_call(1, EVENT_SEND, 10, 14);
	put(record(2, EVENT_RECV, 5, 12));
	comes(1, EVENT_RETURN);
	comes(2, EVENT_RETURN);
	nothing_comes(INT64_MAX);
}

static void so_do_accept_behind_connect_and_an_end_behind_a_close(void **state)
{
	(void)state;
	put(record(2, EVENT_ACCEPT, 0, 11));
	put_call(1, EVENT_CONNECT, 10, 12);
	put(record(2, EVENT_READ, 11, 21));
	put_call(1, EVENT_CLOSE, 20, 22);
	comes(1, EVENT_RETURN);
	comes(2, EVENT_RETURN);
	comes(1, EVENT_RETURN);
	comes(2, EVENT_RETURN);
}

static void a_short_call_that_causes_is_one_record(void **state)
{
	(void)state;
	put_call(1, EVENT_SENDTO, 10, 10 + HOLD);
	comes(1, EVENT_RETURN);
	nothing_comes(INT64_MAX);
}

static void a_long_one_is_seen_to_wait(void **state)
{
	(void)state;
	put_call(1, EVENT_SEND, 10, 11 + HOLD);
	put(record(2, EVENT_RECV, 5, 20));
	comes(1, EVENT_ENTER);
	comes(2, EVENT_RETURN);
	comes(1, EVENT_RETURN);
	nothing_comes(INT64_MAX);
}

static void a_call_that_is_caused_keeps_its_entry(void **state)
{
	(void)state;
	put_call(1, EVENT_RECV, 10, 11);
	comes(1, EVENT_ENTER);
	comes(1, EVENT_RETURN);
}

static void another_thread_of_the_process_drops_no_entry(void **state)
{
	struct event other = record(1, EVENT_SEND, 11, 12), entry = record(1, EVENT_SEND, 10, 10);

	(void)state;
	entry.phase = EVENT_ENTER;
	other.tid = 2;
	put(entry);
	put(other);
	comes(1, EVENT_ENTER);
	comes(1, EVENT_RETURN);
}

static void a_receive_between_entry_and_return_of_a_thread_confuses_nothing(void **state)
{
	struct event entry = record(1, EVENT_SEND, 10, 10);

	(void)state;
	entry.phase = EVENT_ENTER;
	put(entry);
	put(record(1, EVENT_RECV, 11, 12));
	put(record(1, EVENT_CLOSE, 13, 14));
	comes(1, EVENT_ENTER);
	comes(1, EVENT_RETURN);
	comes(1, EVENT_RETURN);
	nothing_comes(INT64_MAX);
}

static void ties_keep_their_order(void **state)
{
	(void)state;
	for (int pid = 1; pid <= 100; pid++)
		put(record(pid, EVENT_SOCKET, 5, 5));
	for (int pid = 1; pid <= 100; pid++)
		comes(pid, EVENT_RETURN);
}

static void a_record_is_held_until_nothing_earlier_can_come(void **state)
{
	(void)state;
	put(record(1, EVENT_RECV, 100, 100));
	nothing_comes(100);
	nothing_comes(99 + HOLD);
	assert_int_equal(order_held(order), 1);
	assert_non_null(order_take(order, (100 + HOLD) * CLOCK_MS));
	assert_int_equal(order_held(order), 0);
}

static void nothing_is_held_beyond_the_hold(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		put_call(1, i % 2 ? EVENT_SEND : EVENT_RECV, i, i + 1);
	while (order_take(order, (1001 + HOLD) * CLOCK_MS))
		;
	assert_int_equal(order_held(order), 0);
}

/* The effect's record is read long before the cause's: another tape was looked at first. */
static void records_may_be_put_in_any_order_within_the_hold(void **state)
{
	int64_t last = 0;
	const struct event *e;

	(void)state;
	for (int i = 0; i < 1000; i++)
		put(record(1, EVENT_RECV, 0, i * 7919 % 1000));
	while ((e = order_take(order, INT64_MAX)) != NULL) {
		assert_true(order_time(e) >= last);
		last = order_time(e);
	}
}

static void an_early_return_of_a_late_reader_keeps_its_payload(void **state)
{
	char bytes[] = "hello";
	struct iovec iov = { bytes, 5 };
	struct event e = record(1, EVENT_RECV, 1, 2);
	char seen[8];

	(void)state;
	e.moved = e.whole = 5;
	e.iov = &iov;
	e.iovs = 1;
	put(e);
	memset(bytes, 'x', 5);
	const struct event *out = order_take(order, INT64_MAX);
	assert_int_equal(event_preview(out, seen, sizeof seen), 5);
	assert_memory_equal(seen, "hello", 5);
}

static void who_is_patient_has_long_calls_count_from_their_entry(void **state)
{
	(void)state;
	order_hold(order, ORDER_PATIENT_MS);
	put(record(2, EVENT_ACCEPT, 0, 50));
	put_call(1, EVENT_CONNECT, 10, 10 + 10 * HOLD);
	assert_null(order_take(order, ORDER_PATIENT_MS * CLOCK_MS));
	comes(1, EVENT_RETURN);
	comes(2, EVENT_RETURN);
	assert_null(order_take(order, INT64_MAX));
}

#define CLAIM(f) cmocka_unit_test_setup_teardown(f, begin, end)

static const struct CMUnitTest tests[] = {
	CLAIM(a_receive_that_returns_before_its_send_comes_behind_it),
	CLAIM(who_is_patient_has_long_calls_count_from_their_entry),
	CLAIM(so_do_accept_behind_connect_and_an_end_behind_a_close),
	CLAIM(a_short_call_that_causes_is_one_record),
	CLAIM(a_long_one_is_seen_to_wait),
	CLAIM(a_call_that_is_caused_keeps_its_entry),
	CLAIM(another_thread_of_the_process_drops_no_entry),
	CLAIM(a_receive_between_entry_and_return_of_a_thread_confuses_nothing),
	CLAIM(ties_keep_their_order),
	CLAIM(a_record_is_held_until_nothing_earlier_can_come),
	CLAIM(nothing_is_held_beyond_the_hold),
	CLAIM(records_may_be_put_in_any_order_within_the_hold),
	CLAIM(an_early_return_of_a_late_reader_keeps_its_payload),
};

CHECK_MAIN(tests)
