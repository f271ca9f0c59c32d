/* SPDX-License-Identifier: MIT */
/* Claims about where callers come from: networks of every size, and counts by address. */
#include "loops.h"

#include "engine/source.h"

static struct sock_addr from(const char *text)
{
	return bare_addr(text, 40000, SOCK_STREAM);
}

static struct engine_net net_of(const char *text, int bits)
{
	struct sock_addr a = from(text);
	struct engine_net net = { .bits = bits };

	assert_true(source_bytes(&a, net.bytes));
	return net;
}

static bool is_admitted(const char *text, const struct engine_net *allow, int allows,
                        const struct engine_net *deny, int denies)
{
	struct sock_addr a = from(text);

	return source_is_admitted(&a, allow, allows, deny, denies);
}

static void ipv4_is_written_as_mapped_whichever_socket_saw_it(void **state)
{
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 7 };
	struct sock_addr four = from("192.0.2.7"), six = from("::ffff:192.0.2.7"), other = { .len = 0 };
	uint8_t bytes[16];

	(void)state;
	assert_true(source_bytes(&four, bytes));
	assert_memory_equal(bytes, mapped, 16);
	memset(bytes, 1, sizeof bytes);
	assert_true(source_bytes(&six, bytes));
	assert_memory_equal(bytes, mapped, 16);
	assert_false(source_bytes(&other, bytes));
	assert_int_equal(sock_addr_parse(&other, "unix:/tmp/x", NULL), 0);
	assert_false(source_bytes(&other, bytes));
}

static void loopback_is_all_of_127_and_one_of_ipv6(void **state)
{
	static const char *const yes[] = { "127.0.0.1", "127.255.255.254", "::1", "::ffff:127.3.2.1" };
	static const char *const no[] = { "126.255.255.255", "128.0.0.0", "::", "::2", "0.0.0.0", "2001:db8::1",
		"::ffff:128.0.0.1", "::127.0.0.1" };
	struct sock_addr a = { .len = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		a = from(yes[i]);
		assert_true(source_is_loopback(&a));
	}
	for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
		a = from(no[i]);
		assert_false(source_is_loopback(&a));
	}
	assert_int_equal(sock_addr_parse(&a, "unix:/tmp/x", NULL), 0);
	assert_false(source_is_loopback(&a));
}

/* For each number of bits: every address that differs before it is out, every one that differs behind it is in. */
static void a_network_is_its_first_bits_and_no_others(void **state)
{
	struct sock_addr a = from("2001:db8:55aa:33cc:f00f:1234:5678:9abc");
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a.storage;

	(void)state;
	for (int bits = 0; bits <= 128; bits++) {
		struct engine_net net = { .bits = bits };

		memcpy(net.bytes, &in6->sin6_addr, 16);
		for (int bit = 0; bit < 128; bit++) {
			uint8_t mask = 0x80 >> bit % 8;

			in6->sin6_addr.s6_addr[bit / 8] ^= mask;
			assert_int_equal(source_is_admitted(&a, &net, 1, NULL, 0), bit >= bits);
			assert_int_equal(source_is_admitted(&a, NULL, 0, &net, 1), bit < bits);
			in6->sin6_addr.s6_addr[bit / 8] ^= mask;
		}
		assert_true(source_is_admitted(&a, &net, 1, NULL, 0));
	}
}

static void deny_wins_and_an_allow_list_shuts_all_others_out(void **state)
{
	const struct engine_net allow[] = { net_of("192.0.2.0", 96 + 24), net_of("2001:db8::", 32) };
	const struct engine_net deny[] = { net_of("192.0.2.128", 96 + 25), net_of("192.0.2.5", 128) };

	(void)state;
	assert_true(is_admitted("198.51.100.1", NULL, 0, NULL, 0));
	assert_true(is_admitted("192.0.2.4", allow, 2, deny, 2));
	assert_true(is_admitted("::ffff:192.0.2.4", allow, 2, deny, 2));
	assert_false(is_admitted("192.0.2.5", allow, 2, deny, 2));
	assert_true(is_admitted("192.0.2.127", allow, 2, deny, 2));
	assert_false(is_admitted("192.0.2.128", allow, 2, deny, 2));
	assert_false(is_admitted("192.0.3.4", allow, 2, deny, 2));
	assert_true(is_admitted("2001:db8:ffff::1", allow, 2, deny, 2));
	assert_false(is_admitted("2001:db9::1", allow, 2, deny, 2));
	assert_true(is_admitted("192.0.3.4", NULL, 0, deny, 2));
	assert_false(is_admitted("192.0.2.200", NULL, 0, deny, 2));
}

static void lists_say_nothing_about_callers_without_an_ip(void **state)
{
	const struct engine_net all = { .bits = 0 };
	struct sock_addr a;

	(void)state;
	assert_int_equal(sock_addr_parse(&a, "unix:/tmp/x", NULL), 0);
	assert_true(source_is_admitted(&a, NULL, 0, &all, 1));
}

/* -- Counts ------------------------------------------------------------------------ */

static struct sock_addr numbered(uint32_t n)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000000 + n) };

	return sock_addr_from((struct sockaddr *)&in, sizeof in, SOCK_STREAM);
}

static void each_address_gets_its_most_and_no_more(void **state)
{
	struct sources *t = sources_make(10);
	struct sock_addr a = from("192.0.2.1"), mapped = from("::ffff:192.0.2.1"), b = from("192.0.2.2");
	uint32_t place[4];

	(void)state;
	assert_non_null(t);
	assert_true(source_enter(t, &a, 3, &place[0]));
	assert_true(source_enter(t, &mapped, 3, &place[1]));
	assert_true(source_enter(t, &a, 3, &place[2]));
	assert_true(place[0] && place[0] == place[1] && place[1] == place[2]);
	assert_false(source_enter(t, &a, 3, &place[3]));
	assert_false(source_enter(t, &mapped, 3, &place[3]));
	assert_int_equal(place[3], 0);
	assert_true(source_enter(t, &b, 3, &place[3]));
	source_leave(t, place[0]);
	assert_true(source_enter(t, &a, 3, &place[0]));
	assert_false(source_enter(t, &a, 3, &place[1]));
	sources_free(t);
}

static void a_caller_without_an_ip_is_never_counted(void **state)
{
	struct sources *t = sources_make(1);
	struct sock_addr a;
	uint32_t place = 7;

	(void)state;
	assert_int_equal(sock_addr_parse(&a, "unix:/tmp/x", NULL), 0);
	for (int i = 0; i < 5; i++) {
		assert_true(source_enter(t, &a, 1, &place));
		assert_int_equal(place, 0);
	}
	sources_free(t);
}

static void a_full_table_turns_new_addresses_away_until_one_leaves(void **state)
{
	enum { MOST = 50 };
	struct sources *t = sources_make(MOST);
	uint32_t place[MOST + 1];

	(void)state;
	for (uint32_t i = 0; i < MOST; i++) {
		struct sock_addr a = numbered(i);

		assert_true(source_enter(t, &a, 1, &place[i]));
	}
	struct sock_addr late = numbered(MOST);
	assert_false(source_enter(t, &late, 1, &place[MOST]));
	source_leave(t, place[7]);
	assert_true(source_enter(t, &late, 1, &place[MOST]));
	assert_int_equal(place[MOST], place[7]);
	sources_free(t);
}

/* Against a plain list, a hundred times through all places. */
static void counts_stay_right_while_places_are_used_again(void **state)
{
	enum { MOST = 64, ADDRESSES = 40, EACH = 3 };
	struct sources *t = sources_make(MOST);
	struct {
		uint32_t address, place;
	} in[MOST];
	int count[ADDRESSES] = { 0 }, n = 0;
	uint64_t seed = 42;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		if (n == MOST || (n && bare_random(&seed, 100) < 49)) {
			int out = (int)bare_random(&seed, n);

			source_leave(t, in[out].place);
			count[in[out].address]--;
			in[out] = in[--n];
			continue;
		}
		uint32_t address = bare_random(&seed, ADDRESSES), place;
		struct sock_addr a = numbered(address);

		bool may = source_enter(t, &a, EACH, &place);
		assert_int_equal(may, count[address] < EACH);
		if (!may)
			continue;
		in[n].address = address;
		in[n++].place = place;
		count[address]++;
	}
	while (n)
		source_leave(t, in[--n].place);
	sources_free(t);
}

/* -- From many threads ------------------------------------------------------------- */

static void *come_and_go(void *table)
{
	struct sock_addr a = from("192.0.2.9");
	long in = 0;

	/* Those who are in may not run for a while: let them. */
	for (int i = 0; i < 100000000 && in < 5000; i++) {
		uint32_t place;

		if (!source_enter(table, &a, 2, &place)) {
			sched_yield();
			continue;
		}
		in++;
		source_leave(table, place);
	}
	return (void *)in;
}

static void workers_may_count_at_the_same_time(void **state)
{
	enum { WORKERS = 4 };
	struct sources *t = sources_make(8);
	struct sock_addr a = from("192.0.2.9");
	pthread_t thread[WORKERS];
	uint32_t place[2];
	void *in;

	(void)state;
	for (int i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, come_and_go, t), 0);
	for (int i = 0; i < WORKERS; i++) {
		assert_int_equal(pthread_join(thread[i], &in), 0);
		assert_int_equal((long)in, 5000);
	}
	assert_true(source_enter(t, &a, 2, &place[0]));
	assert_true(source_enter(t, &a, 2, &place[1]));
	assert_false(source_enter(t, &a, 2, &place[1]));
	sources_free(t);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(ipv4_is_written_as_mapped_whichever_socket_saw_it),
	cmocka_unit_test(loopback_is_all_of_127_and_one_of_ipv6),
	cmocka_unit_test(a_network_is_its_first_bits_and_no_others),
	cmocka_unit_test(deny_wins_and_an_allow_list_shuts_all_others_out),
	cmocka_unit_test(lists_say_nothing_about_callers_without_an_ip),
	cmocka_unit_test(each_address_gets_its_most_and_no_more),
	cmocka_unit_test(a_caller_without_an_ip_is_never_counted),
	cmocka_unit_test(a_full_table_turns_new_addresses_away_until_one_leaves),
	cmocka_unit_test(counts_stay_right_while_places_are_used_again),
	cmocka_unit_test(workers_may_count_at_the_same_time),
};

CHECK_MAIN(tests)
