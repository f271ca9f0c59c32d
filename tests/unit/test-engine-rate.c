/* SPDX-License-Identifier: MIT */
/* Claims about --rate: a conn's debt and a network's purse, by the test's clock. */
#include "loops.h"

#include "engine/rate.h"

static const struct service quiet = { .name = "quiet" };

static void at(struct bare *b, uint32_t tick)
{
	b->loop->tick = tick;
	b->loop->now = tick * CLOCK_MS;
}

static void limited(struct bare *b, uint64_t rate, uint64_t burst, uint32_t tick)
{
	bare_begin(b, &quiet);
	b->group.rate = rate;
	b->group.burst = burst;
	at(b, tick);
	b->conn.active = tick;
}

static void without_a_rate_bytes_only_show_that_a_conn_is_alive(void **state)
{
	struct bare b;

	(void)state;
	limited(&b, 0, 0, 1000);
	at(&b, 5000);
	rate_charge(&b.conn, UINT64_MAX);
	assert_int_equal(b.conn.active, 5000);
	assert_int_equal(b.conn.debt, 0);
	assert_false(b.conn.is & CONN_THROTTLED);
	assert_int_equal(bare_stops, 0);
	bare_end(&b);
}

static void reading_stops_once_beyond_the_burst_and_goes_on_at_half(void **state)
{
	struct bare b;

	(void)state;
	limited(&b, 1000, 500, 1000);
	rate_charge(&b.conn, 500);
	assert_false(b.conn.is & CONN_THROTTLED);
	rate_charge(&b.conn, 1);
	assert_true(b.conn.is & CONN_THROTTLED);
	rate_charge(&b.conn, 99);
	assert_int_equal(bare_stops, 1);
	assert_true(b.loop->period > 0);
	assert_int_equal(b.conn.debt, 600);
	at(&b, 1000 + 349);
	assert_false(rate_relax(&b.conn));
	at(&b, 1000 + 350);
	assert_true(rate_relax(&b.conn));
	assert_false(b.conn.is & CONN_THROTTLED);
	assert_int_equal(b.conn.debt, 250);
	bare_end(&b);
}

/* A conn that always brings a burst more than is paid moves at its rate in the end. */
static void over_a_while_the_rate_is_kept(void **state)
{
	struct bare b;
	uint64_t moved = 0;

	(void)state;
	limited(&b, 1000000, 100000, 1000);
	for (uint32_t ms = 0; ms < 60000; ms += 10) {
		at(&b, 1000 + ms);
		if (b.conn.is & CONN_THROTTLED && !rate_relax(&b.conn))
			continue;
		while (!(b.conn.is & CONN_THROTTLED)) {
			rate_charge(&b.conn, 16384);
			moved += 16384;
		}
	}
	assert_in_range(moved, 59 * 1000000, 61 * 1000000);
	bare_end(&b);
}

static void a_slow_rate_is_paid_although_no_byte_fits_a_tick(void **state)
{
	struct bare b;

	(void)state;
	limited(&b, 10, 16, 1000);
	rate_charge(&b.conn, 20);
	for (uint32_t ms = 1; ms <= 1200; ms++) {
		at(&b, 1000 + ms);
		if (rate_relax(&b.conn)) {
			assert_in_range(ms, 1190, 1200);
			bare_end(&b);
			return;
		}
	}
	fail_msg("%u of the debt are still there", b.conn.debt);
}

static void debts_beyond_32_bits_stay_at_the_edge(void **state)
{
	struct bare b;

	(void)state;
	limited(&b, 1, 16, 1000);
	rate_charge(&b.conn, UINT32_MAX - 1);
	rate_charge(&b.conn, UINT32_MAX - 1);
	assert_int_equal(b.conn.debt, UINT32_MAX);
	assert_false(rate_relax(&b.conn));
	bare_end(&b);
}

static void ticks_may_wrap_around(void **state)
{
	struct bare b;

	(void)state;
	limited(&b, 1000, 500, UINT32_MAX - 99);
	rate_charge(&b.conn, 600);
	at(&b, 250);
	assert_true(rate_relax(&b.conn));
	assert_int_equal(b.conn.debt, 250);
	bare_end(&b);
}

/* -- Networks ------------------------------------------------------------------------ */

static bool take(struct networks *t, const char *from, uint64_t tokens, int64_t now)
{
	struct sock_addr a = bare_addr(from, 40000, SOCK_DGRAM);

	return networks_take(t, &a, tokens, now);
}

static void a_purse_holds_its_burst_and_no_more(void **state)
{
	struct networks *t = networks_make(100, 1000);

	(void)state;
	assert_non_null(t);
	assert_false(take(t, "192.0.2.1", 1001, CLOCK_SEC));
	assert_true(take(t, "192.0.2.1", 1000, CLOCK_SEC));
	assert_false(take(t, "192.0.2.200", 1, CLOCK_SEC));
	assert_true(take(t, "192.0.2.200", 100, 2 * CLOCK_SEC));
	assert_false(take(t, "192.0.2.1", 1, 2 * CLOCK_SEC));
	assert_true(take(t, "192.0.2.1", 1000, 1000000 * CLOCK_SEC));
	assert_false(take(t, "192.0.2.1", 1, 1000000 * CLOCK_SEC));
	networks_free(t);
}

/* Callers on nearly all other networks are not touched by one that has had its share. */
static void networks_are_apart_but_for_a_few_that_share_a_purse(void **state)
{
	struct networks *t = networks_make(1, 1);
	int served = 0;
	char text[32];

	(void)state;
	assert_true(take(t, "192.0.2.1", 1, CLOCK_SEC));
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof text, "10.0.%d.1", i);
		served += take(t, text, 1, CLOCK_SEC);
	}
	assert_in_range(served, 170, 200);
	networks_free(t);
}

static void the_last_byte_of_ipv4_and_the_last_nine_of_ipv6_do_not_count(void **state)
{
	struct networks *t = networks_make(1, 1);

	(void)state;
	assert_true(take(t, "10.1.2.3", 1, CLOCK_SEC));
	for (int i = 0; i < 256; i++) {
		char text[32];

		snprintf(text, sizeof text, "::ffff:10.1.2.%d", i);
		assert_false(take(t, text, 1, CLOCK_SEC));
	}
	networks_free(t);
	t = networks_make(1, 1);
	assert_true(take(t, "2001:db8:1:2300::", 1, CLOCK_SEC));
	assert_false(take(t, "2001:db8:1:23ff:ffff:ffff:ffff:ffff", 1, CLOCK_SEC));
	networks_free(t);
}

/* Each worker reads the clock once a round, so one may be behind another that came first. */
static void a_worker_with_an_older_clock_wins_nothing(void **state)
{
	struct networks *t = networks_make(1000000, 1000);
	int64_t now = 1000 * CLOCK_SEC;
	uint64_t taken = 0;

	(void)state;
	assert_true(take(t, "192.0.2.1", 1000, now));
	for (int i = 0; i < 1000; i++) {
		taken += take(t, "192.0.2.1", 1, now - CLOCK_MS);
		taken += take(t, "192.0.2.1", 1, now);
	}
	assert_int_equal(taken, 0);
	assert_true(take(t, "192.0.2.1", 900, now + CLOCK_MS));
	networks_free(t);
}

/* Time that pays part of a token is not lost when the next datagram comes. */
static void fractions_add_up(void **state)
{
	struct networks *t = networks_make(1000, 1000);
	int64_t now = 1000 * CLOCK_SEC;
	int taken = 0;

	(void)state;
	assert_true(take(t, "192.0.2.1", 1000, now));
	for (int i = 1; i <= 1000; i++)
		for (int j = 0; j < 3; j++)
			taken += take(t, "192.0.2.1", 1, now + i * 19 * CLOCK_MS / 10);
	assert_in_range(taken, 1890, 1900);
	networks_free(t);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(without_a_rate_bytes_only_show_that_a_conn_is_alive),
	cmocka_unit_test(reading_stops_once_beyond_the_burst_and_goes_on_at_half),
	cmocka_unit_test(over_a_while_the_rate_is_kept),
	cmocka_unit_test(a_slow_rate_is_paid_although_no_byte_fits_a_tick),
	cmocka_unit_test(debts_beyond_32_bits_stay_at_the_edge),
	cmocka_unit_test(ticks_may_wrap_around),
	cmocka_unit_test(a_purse_holds_its_burst_and_no_more),
	cmocka_unit_test(networks_are_apart_but_for_a_few_that_share_a_purse),
	cmocka_unit_test(the_last_byte_of_ipv4_and_the_last_nine_of_ipv6_do_not_count),
	cmocka_unit_test(a_worker_with_an_older_clock_wins_nothing),
	cmocka_unit_test(fractions_add_up),
};

CHECK_MAIN(tests)
