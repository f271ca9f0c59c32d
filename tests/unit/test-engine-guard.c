/* SPDX-License-Identifier: MIT */
/*
 * Claims about the rules for datagrams: who is not answered, how long a reply
 * may be, how far it may travel, and how many a network gets. The clock is the
 * test's.
 */
#include "loops.h"

#include "engine/guard.h"
#include "engine/rate.h"

enum { HIGH = 40000 };

static const struct service quiet = { .name = "quiet" };
static const struct service paced = { .name = "paced", .nature = SERVICE_PACED };

static struct sock_dgram request(const char *from, int port)
{
	return (struct sock_dgram){ .addr = bare_addr(from, port, SOCK_DGRAM), .n = 10 };
}

static bool admits_this(struct bare *b, const struct sock_dgram *d)
{
	struct guard_sender who;

	guard_look(&who, b->conn.port, &d->addr);
	return guard_admits(b->loop, &who, d);
}

static bool admits(struct bare *b, const char *from, int port)
{
	struct sock_dgram d = request(from, port);

	return admits_this(b, &d);
}

/* The longest reply to a datagram. */
static size_t longest_to(const struct sock_dgram *d)
{
	struct guard_sender who;
	struct bare b;

	bare_begin(&b, &quiet);
	guard_look(&who, b.conn.port, &d->addr);
	bare_end(&b);
	return guard_longest(&who, d->n);
}

static void ports_of_services_are_never_answered(void **state)
{
	struct bare b;

	(void)state;
	bare_begin(&b, &quiet);
	for (int port = 0; port < 1024; port++)
		assert_false(admits(&b, "192.0.2.1", port));
	assert_int_equal(b.loop->count.datagrams_guarded, 1024);
	assert_true(admits(&b, "192.0.2.1", 1024));
	assert_true(admits(&b, "127.0.0.1", 65535));
	assert_false(admits(&b, "2001:db8::1", 7));
	assert_true(admits(&b, "2001:db8::1", 1024));
	assert_int_equal(b.loop->count.datagrams_guarded, 1025);
	bare_end(&b);
}

static void ports_served_here_are_never_answered_wherever_they_come_from(void **state)
{
	uint16_t own[] = { 12000, 65535 };
	struct bare b;

	(void)state;
	bare_begin(&b, &quiet);
	b.engine.own_ports = own;
	b.engine.own_port_count = 2;
	assert_false(admits(&b, "192.0.2.1", 12000));
	assert_false(admits(&b, "::1", 65535));
	assert_true(admits(&b, "192.0.2.1", 12001));
	assert_int_equal(b.loop->count.datagrams_guarded, 2);
	bare_end(&b);
}

static void what_was_sent_to_many_is_not_answered(void **state)
{
	struct bare b;
	struct sock_dgram d = request("192.0.2.1", HIGH);

	(void)state;
	bare_begin(&b, &quiet);
	assert_true(admits_this(&b, &d));
	d.group = 1;
	assert_false(admits_this(&b, &d));
	assert_int_equal(b.loop->count.datagrams_guarded, 1);
	bare_end(&b);
}

static void denied_networks_are_counted_apart(void **state)
{
	struct engine_net deny = { .bytes = { [10] = 0xff, [11] = 0xff, 192, 0, 2 }, .bits = 120 };
	struct bare b;

	(void)state;
	bare_begin(&b, &quiet);
	b.asked.deny = &deny;
	b.asked.denies = 1;
	assert_false(admits(&b, "192.0.2.77", HIGH));
	assert_false(admits(&b, "192.0.2.77", 7));
	assert_true(admits(&b, "192.0.3.77", HIGH));
	assert_int_equal(b.loop->count.datagrams_denied, 2);
	assert_int_equal(b.loop->count.datagrams_guarded, 0);
	bare_end(&b);
}

static void local_peers_have_no_port_to_mind(void **state)
{
	struct sock_dgram d = { .n = 1 };
	struct bare b;

	(void)state;
	bare_begin(&b, &quiet);
	assert_int_equal(sock_addr_parse(&d.addr, "unix-dgram:/tmp/x", NULL), 0);
	assert_true(admits_this(&b, &d));
	d.addr.len = 0;
	assert_true(admits_this(&b, &d));
	bare_end(&b);
}

/* -- Length -------------------------------------------------------------------------- */

static void longest_holds(const char *from, size_t headers, size_t most)
{
	struct sock_dgram d = request(from, HIGH);
	struct guard_sender who;
	struct bare b;

	bare_begin(&b, &quiet);
	guard_look(&who, b.conn.port, &d.addr);
	bare_end(&b);
	for (d.n = 0; d.n <= 65535; d.n += d.n < 3000 ? 1 : 997) {
		size_t longest = guard_longest(&who, d.n);

		assert_true(longest <= most);
		assert_true(longest >= d.n || d.n > most);
		assert_true(longest + headers <= 3 * (d.n + headers));
		/* and it is the longest there is */
		assert_true(longest == most || longest + 1 + headers > 3 * (d.n + headers));
	}
}

static void a_reply_is_at_most_three_times_its_request_on_the_wire(void **state)
{
	(void)state;
	longest_holds("192.0.2.1", 28, 65507);
	longest_holds("::ffff:192.0.2.1", 28, 65507);
	longest_holds("2001:db8::1", 48, 65527);
}

static void an_empty_datagram_earns_its_headers(void **state)
{
	struct sock_dgram four = request("192.0.2.1", HIGH), six = request("2001:db8::1", HIGH);
	struct sock_dgram local = { .n = 0 };

	(void)state;
	four.n = six.n = 0;
	assert_int_equal(longest_to(&four), 56);
	assert_int_equal(longest_to(&six), 96);
	assert_int_equal(sock_addr_parse(&local.addr, "unix-dgram:/tmp/x", NULL), 0);
	assert_int_equal(longest_to(&local), 65536);
}

/* -- Distance ------------------------------------------------------------------------ */

static void a_loop_of_replies_dies_out_within_its_first_hop_limit(void **state)
{
	(void)state;
	for (int first = 1; first <= 255; first++) {
		struct sock_dgram d = request("192.0.2.1", HIGH);
		int replies = 0;

		d.hops = first;
		while (replies <= 255 && guard_hops(&d)) {
			replies++;
			assert_int_equal(d.hops, first - replies);
		}
		assert_int_equal(replies, first - 1);
	}
}

static void an_unknown_hop_limit_is_left_alone(void **state)
{
	struct sock_dgram d = request("192.0.2.1", HIGH);

	(void)state;
	assert_true(guard_hops(&d));
	assert_int_equal(d.hops, 0);
}

/* -- Pace ---------------------------------------------------------------------------- */

static bool paces(struct bare *b, const char *from)
{
	struct sock_dgram d = request(from, HIGH);

	d.n = 26;
	return guard_paces(b->conn.port, &d);
}

static int replies_at(struct bare *b, const char *from, int64_t now)
{
	int n = 0;

	b->loop->now = now;
	while (n < 1000 && paces(b, from))
		n++;
	return n;
}

static void a_network_gets_forty_at_once_and_then_twenty_a_second(void **state)
{
	struct bare b;
	int64_t start = 1000 * CLOCK_SEC;
	int n = 0;

	(void)state;
	bare_begin(&b, &paced);
	b.engine.paced = networks_make(20, 40);
	assert_non_null(b.engine.paced);
	assert_int_equal(replies_at(&b, "192.0.2.1", start), 40);
	assert_int_equal(replies_at(&b, "192.0.2.254", start), 0);
	for (int ms = 1; ms <= 10000; ms++)
		n += replies_at(&b, ms % 2 ? "192.0.2.1" : "::ffff:192.0.2.2", start + ms * CLOCK_MS);
	assert_int_equal(n, 200);
	assert_int_equal(replies_at(&b, "192.0.2.1", start + 12 * CLOCK_SEC), 40);
	networks_free(b.engine.paced);
	bare_end(&b);
}

static void ipv6_is_paced_by_the_56_bits_that_a_site_has(void **state)
{
	struct bare b;
	int64_t start = 1000 * CLOCK_SEC;

	(void)state;
	bare_begin(&b, &paced);
	b.engine.paced = networks_make(20, 40);
	assert_int_equal(replies_at(&b, "2001:db8:0:1200::1", start), 40);
	assert_int_equal(replies_at(&b, "2001:db8:0:12ff:ffff::2", start), 0);
	networks_free(b.engine.paced);
	bare_end(&b);
}

static void only_the_services_that_ask_for_it_are_paced(void **state)
{
	struct bare b;

	(void)state;
	bare_begin(&b, &quiet);
	b.engine.paced = networks_make(20, 40);
	assert_int_equal(replies_at(&b, "192.0.2.1", CLOCK_SEC), 1000);
	networks_free(b.engine.paced);
	bare_end(&b);
}

static void a_rate_counts_the_bytes_of_requests(void **state)
{
	struct bare b;

	(void)state;
	bare_begin(&b, &quiet);
	b.group.networks = networks_make(2600, 2600);
	assert_int_equal(replies_at(&b, "192.0.2.1", CLOCK_SEC), 100);
	assert_int_equal(replies_at(&b, "192.0.2.1", CLOCK_SEC + 100 * CLOCK_MS), 10);
	networks_free(b.group.networks);
	bare_end(&b);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(ports_of_services_are_never_answered),
	cmocka_unit_test(ports_served_here_are_never_answered_wherever_they_come_from),
	cmocka_unit_test(what_was_sent_to_many_is_not_answered),
	cmocka_unit_test(denied_networks_are_counted_apart),
	cmocka_unit_test(local_peers_have_no_port_to_mind),
	cmocka_unit_test(a_reply_is_at_most_three_times_its_request_on_the_wire),
	cmocka_unit_test(an_empty_datagram_earns_its_headers),
	cmocka_unit_test(a_loop_of_replies_dies_out_within_its_first_hop_limit),
	cmocka_unit_test(an_unknown_hop_limit_is_left_alone),
	cmocka_unit_test(a_network_gets_forty_at_once_and_then_twenty_a_second),
	cmocka_unit_test(ipv6_is_paced_by_the_56_bits_that_a_site_has),
	cmocka_unit_test(only_the_services_that_ask_for_it_are_paced),
	cmocka_unit_test(a_rate_counts_the_bytes_of_requests),
};

CHECK_MAIN(tests)
