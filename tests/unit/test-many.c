/* SPDX-License-Identifier: MIT */
/* Batches of datagrams, one datagram a message. Trains are in test-trains.c. */
#include "datagrams.h"

#include <time.h>

static void batches_carry_a_thousand_datagrams_both_ways(void **state)
{
	sock_auto server = udp(AF_INET, "127.0.0.1:0"), client = udp(AF_INET, NULL);
	struct sock_batch out = batch(50, 50 * 900), in = batch(64, 64 * 1024);
	struct sock_batch echo = batch(64, 64 * 1024);
	struct sock_addr to = own(&server);

	(void)state;
	assert_int_equal(sock_connect_addr(&client, &to), 0);
	for (int round = 0; round < 20; round++) {
		load(&out, 50, 100 + round * 40, round * 50);
		assert_int_equal(sock_sendmany(&client, &out), 50);
		assert_int_equal(sock_sent(&client), 50 * (100 + round * 40));
		for (int got = 0; got < 50; got += echo.count) {
			assert_true(sock_recvmany(&server, &echo) > 0);
			assert_int_equal(sock_sendmany(&server, &echo), echo.count);
		}
		expect(&client, &in, 50, 100 + round * 40, round * 50);
		assert_int_equal(sock_addr_cmp(&in.list[0].addr, &to), 0);
	}
	batch_free(&out);
	batch_free(&in);
	batch_free(&echo);
}

static void one_system_call_takes_many_messages(void **state)
{
	sock_auto server = udp(AF_INET, "127.0.0.1:0"), client = udp(AF_INET, NULL);
	struct sock_batch out = batch(3, 300), in = batch(8, 8 * 100);
	struct sock_addr to = own(&server);

	(void)state;
	load(&out, 3, 10, 0);
	address(&out, &to);
	out.list[1].n = 20; /* so that no two make a train */
	out.list[2].n = 30;
	assert_int_equal(sock_sendmany(&client, &out), 3);
	assert_int_equal(out.messages, 3);
	assert_int_equal(out.used, SOCKEYE_BATCHED);
	assert_int_equal(sock_recvmany(&server, &in), 3);
	assert_int_equal(in.messages, 3);
	assert_int_equal(in.used, SOCKEYE_BATCHED);
	assert_int_equal(sock_got(&server), 60);
	assert_ptr_equal(in.list[2].data, (char *)in.arena + 200);
	out.count = 1;
	assert_int_equal(sock_sendmany(&client, &out), 1);
	assert_int_equal(out.used, 0);
	batch_free(&out);
	batch_free(&in);
}

static void whole_at(int family, const char *where, size_t n)
{
	sock_auto server = udp_or_none(family, where), client = sock_open(family, SOCK_DGRAM, 0);
	struct sock_batch out = batch(1, LARGEST), in = batch(2, 2 * LARGEST);
	struct sock_addr to;

	if (server.fd >= 0) {
		to = own(&server);
		load(&out, 1, n, n);
		address(&out, &to);
		assert_int_equal(sock_sendmany(&client, &out), 1);
		assert_int_equal(sock_recvmany(&server, &in), 1);
		assert_true(filled(in.list, n, n));
		assert_int_equal(in.list->cut, 0);
	}
	batch_free(&out);
	batch_free(&in);
}

static void datagrams_of_every_size_arrive_whole(void **state)
{
	static const size_t sizes[] = { 0, 1, 1023, 1472, 1473, 9000, 65506, 65507 };

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		whole_at(AF_INET, "127.0.0.1:0", sizes[i]);
		whole_at(AF_INET6, "[::1]:0", sizes[i]);
	}
	whole_at(AF_INET6, "[::1]:0", 65527);
}

static void what_does_not_fit_is_counted(void **state)
{
	sock_auto server = udp(AF_INET, "127.0.0.1:0"), client = udp(AF_INET, NULL);
	struct sock_batch out = batch(3, 3000), in = batch(4, 400);
	struct sock_addr to = own(&server);

	(void)state;
	load(&out, 3, 250, 0);
	address(&out, &to);
	out.list[1].n = 100;
	out.list[2].n = 101;
	assert_int_equal(sock_sendmany(&client, &out), 3);
	assert_int_equal(sock_recvmany(&server, &in), 3);
	assert_true(filled(&in.list[0], 100, 0));
	assert_int_equal(in.list[0].cut, 150);
	assert_int_equal(in.list[1].cut, 0);
	assert_int_equal(in.list[2].cut, 1);
	assert_int_equal(sock_cut(&server), 151);
	assert_int_equal(sock_got(&server), 300);
	batch_free(&out);
	batch_free(&in);
}

/* Ask a server at one of our addresses: it is told which, and its reply leaves from there. */
static void asked_at(int family, const char *bind, const char *ask, const char *told)
{
	sock_auto server = udp_or_none(family, bind);
	sock_auto client = sock_open(strchr(ask, '[') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	struct sock_batch b = batch(4, 4096);
	struct sock_addr to, here;

	if (server.fd >= 0) {
		to = at(ask, &server);
		here = at(told, &server);
		assert_int_equal(sock_batch_tell(&server, SOCKEYE_TELL_HERE), SOCKEYE_TELL_HERE);
		sock_limit(&client, sock_sec(10));
		for (int i = 0; i < 10; i++) {
			load(&b, 1, 5, i);
			b.list->addr = to;
			assert_int_equal(sock_sendmany(&client, &b), 1);
			assert_int_equal(sock_recvmany(&server, &b), 1);
			assert_true(b.used & SOCKEYE_TELL_HERE);
			assert_int_equal(sock_addr_cmp(&b.list->here, &here), 0);
			assert_int_equal(sock_sendmany(&server, &b), 1);
			assert_true(b.used & SOCKEYE_TELL_HERE);
			assert_int_equal(sock_recvmany(&client, &b), 1);
			assert_int_equal(sock_addr_cmp(&b.list->addr, &to), 0);
			assert_true(filled(b.list, 5, i));
		}
	}
	batch_free(&b);
}

static void reply_leaves_from_the_address_that_was_asked(void **state)
{
	(void)state;
	asked_at(AF_INET, "0.0.0.0:0", "udp://127.0.0.1:1", "udp://127.0.0.1:1");
	asked_at(AF_INET, "0.0.0.0:0", "udp://127.0.0.2:1", "udp://127.0.0.2:1");
	asked_at(AF_INET, "0.0.0.0:0", "udp://127.255.3.4:1", "udp://127.255.3.4:1");
	asked_at(AF_INET6, "[::]:0", "udp://[::1]:1", "udp://[::1]:1");
	asked_at(AF_INET6, "[::]:0", "udp://127.0.0.2:1", "udp://[::ffff:127.0.0.2]:1");
}

static void reply_to_a_broadcast_leaves_from_an_own_address(void **state)
{
	sock_auto server = udp(AF_INET, "0.0.0.0:0"), client = udp(AF_INET, NULL);
	struct sock_batch b = batch(2, 4096);

	(void)state;
	switch_on(&client, SOL_SOCKET, SO_BROADCAST);
	sock_batch_tell(&server, SOCKEYE_TELL_HERE);
	load(&b, 1, 5, 0);
	b.list->addr = at("udp://127.255.255.255:1", &server);
	assert_int_equal(sock_sendmany(&client, &b), 1);
	assert_int_equal(sock_recvmany(&server, &b), 1);
	assert_memory_equal(sock_addr_text(&b.list->here).s, "udp://127.0.0.1:", 16);
	assert_int_equal(sock_sendmany(&server, &b), 1);
	assert_int_equal(sock_recvmany(&client, &b), 1);
	batch_free(&b);
}

/* One datagram to where, a broadcast address or one of ours: is it told apart, and can it be answered? */
static void group_of(int family, const char *bind, const char *where, int group)
{
	sock_auto server = udp_or_none(family, bind), client = udp(AF_INET, NULL);
	struct sock_batch b = batch(2, 4096);

	if (server.fd >= 0) {
		switch_on(&client, SOL_SOCKET, SO_BROADCAST);
		sock_batch_tell(&server, SOCKEYE_TELL_HERE);
		load(&b, 1, 5, 0);
		b.list->addr = at(where, &server);
		assert_int_equal(sock_sendmany(&client, &b), 1);
		assert_int_equal(sock_recvmany(&server, &b), 1);
		assert_int_equal(b.list->group, group);
		assert_int_equal(sock_sendmany(&server, &b), 1);
		assert_int_equal(sock_recvmany(&client, &b), 1);
	}
	batch_free(&b);
}

static void what_was_sent_to_many_is_told(void **state)
{
	(void)state;
	group_of(AF_INET, "0.0.0.0:0", "udp://127.255.255.255:1", 1);
	group_of(AF_INET, "0.0.0.0:0", "udp://127.0.0.3:1", 0);
	group_of(AF_INET6, "[::]:0", "udp://127.255.255.255:1", 1);
	group_of(AF_INET6, "[::]:0", "udp://127.0.0.3:1", 0);
}

static void here_may_be_given_in_either_form(void **state)
{
	sock_auto server = udp(AF_INET, "127.0.0.1:0");
	sock_auto both = udp_or_none(AF_INET6, "[::]:0"), four = udp(AF_INET, NULL);
	struct sock_batch b = batch(1, 100);
	struct sock_addr to = own(&server);

	(void)state;
	load(&b, 1, 4, 0);
	address(&b, &to);
	b.list->here = at("udp://[::ffff:127.0.0.9]:1", &server);
	assert_int_equal(sock_sendmany(&four, &b), 1);
	assert_int_equal(sock_recvmany(&server, &b), 1);
	assert_memory_equal(sock_addr_text(&b.list->addr).s, "udp://127.0.0.9:", 16);
	if (both.fd >= 0) {
		b.list->addr = at("udp://[::ffff:127.0.0.1]:1", &server);
		b.list->here = at("udp://127.0.0.8:1", &server);
		assert_int_equal(sock_sendmany(&both, &b), 1);
		assert_int_equal(sock_recvmany(&server, &b), 1);
		assert_memory_equal(sock_addr_text(&b.list->addr).s, "udp://127.0.0.8:", 16);
	}
	batch_free(&b);
}

static void hops_of(int family, const char *bind, int client_family, const char *ask)
{
	sock_auto server = udp_or_none(family, bind);
	sock_auto client = sock_open(client_family, SOCK_DGRAM, 0);
	struct sock_batch b = batch(2, 4096);

	if (server.fd >= 0) {
		assert_int_equal(sock_batch_tell(&server, SOCKEYE_TELL_HOPS), SOCKEYE_TELL_HOPS);
		assert_int_equal(sock_batch_tell(&client, SOCKEYE_TELL_HOPS), SOCKEYE_TELL_HOPS);
		sock_limit(&client, sock_sec(10));
		load(&b, 1, 5, 0);
		b.list->addr = at(ask, &server);
		b.list->hops = 7;
		assert_int_equal(sock_sendmany(&client, &b), 1);
		assert_int_equal(sock_recvmany(&server, &b), 1);
		assert_int_equal(b.list->hops, 7);
		assert_true(b.used & SOCKEYE_TELL_HOPS);
		b.list->hops--;
		assert_int_equal(sock_sendmany(&server, &b), 1);
		assert_int_equal(sock_recvmany(&client, &b), 1);
		assert_int_equal(b.list->hops, 6);
	}
	batch_free(&b);
}

static void hops_are_told_and_set(void **state)
{
	(void)state;
	hops_of(AF_INET, "127.0.0.1:0", AF_INET, "udp://127.0.0.1:1");
	hops_of(AF_INET6, "[::1]:0", AF_INET6, "udp://[::1]:1");
	hops_of(AF_INET6, "[::]:0", AF_INET, "udp://127.0.0.1:1");
	hops_of(AF_INET6, "[::]:0", AF_INET6, "udp://[::ffff:127.0.0.1]:1");
}

static int64_t wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void time_is_the_moment_of_arrival(void **state)
{
	sock_auto server = udp(AF_INET, "127.0.0.1:0"), client = udp(AF_INET, NULL);
	struct sock_batch b = batch(2, 4096);
	struct sock_addr to = own(&server);
	int64_t before = wall();

	(void)state;
	assert_int_equal(sock_batch_tell(&server, SOCKEYE_TELL_TIME), SOCKEYE_TELL_TIME);
	load(&b, 1, 5, 0);
	address(&b, &to);
	assert_int_equal(sock_sendmany(&client, &b), 1);
	assert_int_equal(sock_recvmany(&server, &b), 1);
	assert_true(b.used & SOCKEYE_TELL_TIME);
	assert_true(b.list->time >= before && b.list->time <= wall());
	batch_free(&b);
}

static void nothing_is_told_unasked_or_after_it_was_taken_back(void **state)
{
	sock_auto server = udp(AF_INET, "0.0.0.0:0"), client = udp(AF_INET, NULL);
	struct sock_batch b = batch(2, 4096);
	struct sock_addr to = at("udp://127.0.0.1:1", &server);

	(void)state;
	for (int i = 0; i < 3; i++) {
		unsigned all = SOCKEYE_TELL_HERE | SOCKEYE_TELL_HOPS | SOCKEYE_TELL_TIME;
		unsigned what = i == 1 ? all : 0;

		assert_int_equal(sock_batch_tell(&server, what), what);
		load(&b, 1, 5, 0);
		address(&b, &to);
		assert_int_equal(sock_sendmany(&client, &b), 1);
		assert_int_equal(sock_recvmany(&server, &b), 1);
		assert_int_equal(b.used, what);
		assert_int_equal(b.list->here.len != 0, i == 1);
		assert_int_equal(b.list->hops != 0, i == 1);
		assert_int_equal(b.list->time != 0, i == 1);
	}
	batch_free(&b);
}

static void each_peer_gets_its_datagrams_in_order(void **state)
{
	sock_auto client = udp(AF_INET, NULL);
	struct sock server[3];
	struct sock_batch out = batch(60, 60 * 500), in = batch(64, 64 * 1000);
	unsigned next[3] = { 0 };

	(void)state;
	for (int k = 0; k < 3; k++)
		server[k] = udp(AF_INET, "127.0.0.1:0");
	load(&out, 60, 500, 0);
	for (int i = 0; i < 60; i++) {
		int k = i % 7 % 3;

		out.list[i].addr = own(&server[k]);
		out.list[i].n = 16 + (i * 5 % 11 < 6 ? 100 : i);
		fill(out.list[i].data, out.list[i].n, next[k]++ * 3 + k);
	}
	assert_int_equal(sock_sendmany(&client, &out), 60);
	for (int k = 0; k < 3; k++) {
		for (unsigned got = 0; got < next[k]; got += in.count) {
			assert_true(sock_recvmany(&server[k], &in) > 0);
			for (int i = 0; i < in.count; i++)
				assert_true(filled(&in.list[i], in.list[i].n, (got + i) * 3 + k));
		}
		sock_close(&server[k]);
	}
	batch_free(&out);
	batch_free(&in);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(batches_carry_a_thousand_datagrams_both_ways),
	cmocka_unit_test(one_system_call_takes_many_messages),
	cmocka_unit_test(datagrams_of_every_size_arrive_whole),
	cmocka_unit_test(what_does_not_fit_is_counted),
	cmocka_unit_test(reply_leaves_from_the_address_that_was_asked),
	cmocka_unit_test(reply_to_a_broadcast_leaves_from_an_own_address),
	cmocka_unit_test(what_was_sent_to_many_is_told),
	cmocka_unit_test(here_may_be_given_in_either_form),
	cmocka_unit_test(hops_are_told_and_set),
	cmocka_unit_test(time_is_the_moment_of_arrival),
	cmocka_unit_test(nothing_is_told_unasked_or_after_it_was_taken_back),
	cmocka_unit_test(each_peer_gets_its_datagrams_in_order),
};
CHECK_MAIN(tests)
