/* SPDX-License-Identifier: MIT */
/* Trains of datagrams: UDP GSO when sending, UDP GRO when receiving. */
#include "datagrams.h"

#include "sock/sys.h"

/* A server that takes trains, and a connected client. */
struct line {
	struct sock server, client;
};

static struct line line(int family, const char *where)
{
	struct line l = { .server = udp(family, where), .client = udp(family, NULL) };
	struct sock_addr to = own(&l.server);

	assert_int_equal(sock_connect_addr(&l.client, &to), 0);
	return l;
}

static void line_close(struct line *l)
{
	sys = sys_real;
	sock_close(&l->server);
	sock_close(&l->client);
}

static bool trains_here(void)
{
	sock_auto s = udp(AF_INET, NULL);
	int step;
	socklen_t n = sizeof step;

	return sock_batch_tell(&s, SOCKEYE_TRAINS) == SOCKEYE_TRAINS &&
	       getsockopt(s.fd, IPPROTO_UDP, UDP_SEGMENT, &step, &n) == 0;
}

#define NEED_TRAINS(state)                                                      \
	do {                                                                    \
		(void)state;                                                    \
		if (!trains_here())                                             \
			CHECK_SKIP("no UDP GSO and GRO here");                  \
	} while (0)

static int calls; /* of recvmmsg */

static int counted_recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *t)
{
	calls++;
	return sys_real.recvmmsg(fd, m, n, flags, t);
}

/* Send count datagrams of n bytes and one of rest bytes, all in one message. */
static void send_train(struct line *l, int count, size_t n, size_t rest, unsigned first)
{
	struct sock_batch out = batch(count + 1, (count + 1) * n);

	load(&out, count + 1, n, first);
	out.list[count].n = rest;
	assert_int_equal(sock_sendmany(&l->client, &out), count + 1);
	assert_int_equal(out.messages, 1);
	assert_int_equal(out.used, SOCKEYE_TRAINS);
	assert_int_equal(sock_sent(&l->client), count * n + rest);
	batch_free(&out);
}

static void train_at(int family, const char *where)
{
	struct line l = line(family, where);
	struct sock_batch in = batch(64, LARGEST);

	sock_batch_tell(&l.server, SOCKEYE_TRAINS | SOCKEYE_TELL_HERE | SOCKEYE_TELL_HOPS);
	send_train(&l, 40, 1000, 300, 5);
	assert_int_equal(sock_recvmany(&l.server, &in), 41);
	assert_int_equal(in.messages, 1);
	assert_int_equal(in.used, SOCKEYE_TRAINS | SOCKEYE_TELL_HERE | SOCKEYE_TELL_HOPS);
	for (int i = 0; i < 41; i++) {
		struct sock_addr from = own(&l.client), here = own(&l.server);

		assert_true(filled(&in.list[i], i < 40 ? 1000 : 300, 5 + i));
		assert_int_equal(sock_addr_cmp(&in.list[i].addr, &from), 0);
		assert_int_equal(sock_addr_cmp(&in.list[i].here, &here), 0);
		assert_true(in.list[i].hops > 0);
	}
	batch_free(&in);
	line_close(&l);
}

static void train_arrives_as_its_datagrams(void **state)
{
	NEED_TRAINS(state);

	train_at(AF_INET, "127.0.0.1:0");
	if (sock_has_dualstack())
		train_at(AF_INET6, "[::1]:0");
}

static void one_who_knows_no_trains_gets_the_datagrams(void **state)
{
	NEED_TRAINS(state);

	struct line l = line(AF_INET, "127.0.0.1:0");
	struct sock_batch in = batch(64, 64 * 1000);

	send_train(&l, 40, 1000, 1000, 0);
	expect(&l.server, &in, 41, 1000, 0);
	batch_free(&in);
	line_close(&l);
}

static void train_echoed_is_a_train_again(void **state)
{
	NEED_TRAINS(state);

	struct line l = line(AF_INET, "127.0.0.1:0");
	struct sock_batch b = batch(64, 2 * LARGEST);

	sock_batch_tell(&l.server, SOCKEYE_TRAINS);
	sock_batch_tell(&l.client, SOCKEYE_TRAINS);
	send_train(&l, 60, 64, 64, 0);
	assert_int_equal(sock_recvmany(&l.server, &b), 61);
	assert_int_equal(sock_sendmany(&l.server, &b), 61);
	assert_int_equal(b.messages, 1);
	assert_int_equal(b.used & SOCKEYE_TRAINS, SOCKEYE_TRAINS);
	expect(&l.client, &b, 61, 64, 0);
	assert_int_equal(b.messages, 1);
	batch_free(&b);
	line_close(&l);
}

static void train_longer_than_the_list_waits(void **state)
{
	NEED_TRAINS(state);

	struct line l = line(AF_INET, "127.0.0.1:0");
	struct sock_batch in = batch(4, LARGEST);

	sock_batch_tell(&l.server, SOCKEYE_TRAINS);
	sys.recvmmsg = counted_recvmmsg;
	calls = 0;
	send_train(&l, 9, 700, 1, 0);
	for (int got = 0; got < 10; got += in.count) {
		assert_int_equal(sock_recvmany(&l.server, &in), got < 8 ? 4 : 2);
		assert_int_equal(in.messages, got == 0);
		assert_int_equal(in.waiting, got + in.count < 10);
		assert_true(in.used & SOCKEYE_TRAINS);
		for (int i = 0; i < in.count; i++)
			assert_true(filled(&in.list[i], got + i < 9 ? 700 : 1, got + i));
	}
	assert_int_equal(calls, 1);
	sock_limit(&l.server, 0);
	assert_int_equal(sock_recvmany(&l.server, &in), -1);
	assert_int_equal(calls, 2);
	batch_free(&in);
	line_close(&l);
}

/* Far more than the list holds, in one system call. */
static void many_trains_wait_and_none_is_lost(void **state)
{
	NEED_TRAINS(state);

	struct line l = line(AF_INET, "127.0.0.1:0");
	struct sock_batch in = batch(7, 7 * LARGEST + 3000), one = batch(1, 100);
	unsigned next = 0;

	sock_batch_tell(&l.server, SOCKEYE_TRAINS);
	sys.recvmmsg = counted_recvmmsg;
	calls = 0;
	for (int i = 0; i < 3; i++) {
		send_train(&l, 29, 200, 200, i * 31);
		load(&one, 1, i == 1 ? 0 : 50, i * 31 + 30);
		assert_int_equal(sock_sendmany(&l.client, &one), 1);
	}
	while (next < 93) {
		assert_true(sock_recvmany(&l.server, &in) > 0);
		assert_int_equal(in.count, next < 91 ? 7 : 2);
		for (int i = 0; i < in.count; i++, next++) {
			size_t n = next % 31 < 30 ? 200 : next / 31 == 1 ? 0 : 50;

			assert_true(filled(&in.list[i], n, next));
		}
	}
	assert_int_equal(in.waiting, 0);
	assert_int_equal(calls, 1);
	batch_free(&in);
	batch_free(&one);
	line_close(&l);
}

static void arena_of_whole_messages_keeps_room_for_what_waits(void **state)
{
	NEED_TRAINS(state);

	struct line l = line(AF_INET, "127.0.0.1:0");
	struct sock_batch in = batch(3, 3 * LARGEST);

	sock_batch_tell(&l.server, SOCKEYE_TRAINS);
	/* The last one reaches to where the records of the others would lie. */
	send_train(&l, 4, 1300, 1300, 0);
	send_train(&l, 4, 1300, 1300, 5);
	send_train(&l, 49, 1300, 1300, 10);
	expect(&l.server, &in, 60, 1300, 0);
	batch_free(&in);
	line_close(&l);
}

static void train_in_a_small_arena_is_cut_and_counted(void **state)
{
	NEED_TRAINS(state);

	static const size_t cut[] = { 0, 0, 500, 1000, 10 };
	struct line l = line(AF_INET, "127.0.0.1:0");
	struct sock_batch in = batch(3, 2500);
	int got = 0;

	sock_batch_tell(&l.server, SOCKEYE_TRAINS);
	send_train(&l, 4, 1000, 10, 0);
	for (; got < 5; got += in.count) {
		uint64_t lost = 0;

		assert_true(sock_recvmany(&l.server, &in) > 0);
		for (int i = 0; i < in.count; i++) {
			size_t n = (got + i < 4 ? 1000 : 10) - cut[got + i];

			assert_int_equal(in.list[i].cut, cut[got + i]);
			assert_true(filled(&in.list[i], n, got + i));
			lost += cut[got + i];
		}
		assert_int_equal(sock_cut(&l.server), lost);
	}
	assert_int_equal(got, 5);
	batch_free(&in);
	line_close(&l);
}

static void trains_are_known_however_they_were_asked_for(void **state)
{
	NEED_TRAINS(state);

	struct line l = line(AF_INET, "127.0.0.1:0");
	struct sock_batch in = batch(64, LARGEST);

	switch_on(&l.server, IPPROTO_UDP, UDP_GRO);
	send_train(&l, 10, 1000, 7, 0);
	assert_int_equal(sock_recvmany(&l.server, &in), 11);
	assert_true(filled(&in.list[10], 7, 10));
	batch_free(&in);
	line_close(&l);
}

/* Switched on behind the library's back: the first call may lose, but it counts. */
static void unexpected_trains_do_no_harm(void **state)
{
	NEED_TRAINS(state);

	struct line l = line(AF_INET, "127.0.0.1:0");
	struct sock_batch in = batch(4, 4 * 5000);
	size_t bytes = 0;

	load(&in, 1, 10, 0);
	assert_int_equal(sock_sendmany(&l.client, &in), 1);
	assert_int_equal(sock_recvmany(&l.server, &in), 1);
	switch_on(&l.server, IPPROTO_UDP, UDP_GRO);
	for (int i = 0; i < 4; i++)
		send_train(&l, 9, 1000, 500, 0);
	do {
		assert_true(sock_recvmany(&l.server, &in) > 0);
		bytes += sock_got(&l.server) + sock_cut(&l.server);
	} while (in.waiting);
	assert_int_equal(bytes, 4 * 9500);
	for (int i = 0; i < 4; i++)
		send_train(&l, 9, 1000, 1000, i * 10);
	batch_free(&in);
	in = batch(4, 4 * LARGEST);
	expect(&l.server, &in, 40, 1000, 0);
	batch_free(&in);
	line_close(&l);
}

static void only_like_datagrams_make_a_train(void **state)
{
	NEED_TRAINS(state);

	struct line l = line(AF_INET, "127.0.0.1:0");
	struct sock_batch out = batch(8, 800), in = batch(8, 800);

	load(&out, 8, 100, 0);
	out.list[2].hops = 9;
	out.list[3].hops = 9;
	out.list[4].here = at("udp://127.0.0.1:1", &l.client);
	out.list[6].addr = out.list[7].addr = own(&l.server);
	out.list[7].n = 0;
	assert_int_equal(sock_sendmany(&l.client, &out), 8);
	assert_int_equal(out.messages, 6); /* 0 1 | 2 3 | 4 | 5 | 6 | 7 */
	for (int got = 0; got < 8; got += in.count) {
		assert_true(sock_recvmany(&l.server, &in) > 0);
		for (int i = 0; i < in.count; i++)
			assert_true(filled(&in.list[i], got + i < 7 ? 100 : 0, got + i));
	}
	batch_free(&out);
	batch_free(&in);
	line_close(&l);
}

static void long_runs_become_trains_the_kernel_takes(void **state)
{
	NEED_TRAINS(state);

	static const struct { int count; size_t n; int messages; } runs[] = {
		{ 128, 10, 2 }, { 130, 10, 3 }, { 90, 1400, 2 }, { 3, 30000, 2 }, { 2, 65000, 2 },
	};

	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
		struct line l = line(AF_INET, "127.0.0.1:0");
		struct sock_batch out = batch(runs[i].count, runs[i].count * runs[i].n);
		struct sock_batch in = batch(8, 4 * LARGEST);

		sock_batch_tell(&l.server, SOCKEYE_TRAINS);
		load(&out, runs[i].count, runs[i].n, 0);
		assert_int_equal(sock_sendmany(&l.client, &out), runs[i].count);
		assert_int_equal(out.messages, runs[i].messages);
		expect(&l.server, &in, runs[i].count, runs[i].n, 0);
		batch_free(&out);
		batch_free(&in);
		line_close(&l);
	}
}

static void train_may_be_gathered_from_anywhere(void **state)
{
	NEED_TRAINS(state);

	struct line l = line(AF_INET, "127.0.0.1:0");
	struct sock_batch out = batch(1200, 1200 * 20), in = batch(64, 4 * LARGEST);

	sock_batch_tell(&l.server, SOCKEYE_TRAINS);
	load(&out, 1200, 20, 0);
	for (int i = 0; i < 600; i++) {
		struct sock_dgram swap = out.list[i];

		out.list[i] = out.list[1199 - i];
		out.list[1199 - i] = swap;
		fill(out.list[i].data, 20, i);
		fill(out.list[1199 - i].data, 20, 1199 - i);
	}
	assert_int_equal(sock_sendmany(&l.client, &out), 1200);
	assert_int_equal(out.messages, 19);
	expect(&l.server, &in, 1200, 20, 0);
	batch_free(&out);
	batch_free(&in);
	line_close(&l);
}

static int refusal, refused;

static bool is_train(const struct msghdr *h)
{
	struct msghdr copy = *h;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&copy); c; c = CMSG_NXTHDR(&copy, c))
		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_SEGMENT)
			return true;
	return false;
}

/* A kernel that refuses trains: sends up to the first, then says no. */
static int trainless_sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
	unsigned k = 0;

	while (k < n && !is_train(&m[k].msg_hdr))
		k++;
	if (k)
		return sys_real.sendmmsg(fd, m, k, flags);
	refused++;
	errno = refusal;
	return -1;
}

static void refused_trains_go_one_by_one(void **state)
{
	NEED_TRAINS(state);

	static const int errors[] = { EIO, EINVAL, EMSGSIZE, ENOPROTOOPT };
	for (int i = 0; i < 4; i++) {
		struct line l = line(AF_INET, "127.0.0.1:0");
		struct sock_batch out = batch(30, 30 * 100), in = batch(64, 64 * 100);

		sys.sendmmsg = trainless_sendmmsg;
		refusal = errors[i];
		refused = 0;
		for (int again = 1; again <= 2; again++) {
			load(&out, 30, 100, 0);
			assert_int_equal(sock_sendmany(&l.client, &out), 30);
			assert_int_equal(out.used, SOCKEYE_BATCHED);
			/* What is wrong with the device stays wrong; a length is tried anew. */
			assert_int_equal(refused, i == 1 || i == 2 ? again : 1);
			expect(&l.server, &in, 30, 100, 0);
		}
		batch_free(&out);
		batch_free(&in);
		line_close(&l);
	}
}

/* A kernel from before trains: it would ignore the segment size and send all as one datagram. */
static int old_getsockopt(int fd, int level, int option, void *value, socklen_t *n)
{
	if (level == IPPROTO_UDP) {
		errno = ENOPROTOOPT;
		return -1;
	}
	return sys_real.getsockopt(fd, level, option, value, n);
}

static void kernel_that_knows_no_trains_is_given_none(void **state)
{
	struct line l = line(AF_INET, "127.0.0.1:0");
	struct sock_batch out = batch(5, 500), in = batch(8, 800);

	(void)state;
	sys.getsockopt = old_getsockopt;
	sys.sendmmsg = trainless_sendmmsg;
	refused = 0;
	load(&out, 5, 100, 0);
	assert_int_equal(sock_sendmany(&l.client, &out), 5);
	assert_int_equal(refused, 0);
	expect(&l.server, &in, 5, 100, 0);
	batch_free(&out);
	batch_free(&in);
	line_close(&l);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(train_arrives_as_its_datagrams),
	cmocka_unit_test(one_who_knows_no_trains_gets_the_datagrams),
	cmocka_unit_test(train_echoed_is_a_train_again),
	cmocka_unit_test(train_longer_than_the_list_waits),
	cmocka_unit_test(many_trains_wait_and_none_is_lost),
	cmocka_unit_test(arena_of_whole_messages_keeps_room_for_what_waits),
	cmocka_unit_test(train_in_a_small_arena_is_cut_and_counted),
	cmocka_unit_test(trains_are_known_however_they_were_asked_for),
	cmocka_unit_test(unexpected_trains_do_no_harm),
	cmocka_unit_test(only_like_datagrams_make_a_train),
	cmocka_unit_test(long_runs_become_trains_the_kernel_takes),
	cmocka_unit_test(train_may_be_gathered_from_anywhere),
	cmocka_unit_test(refused_trains_go_one_by_one),
	cmocka_unit_test(kernel_that_knows_no_trains_is_given_none),
};
CHECK_MAIN(tests)
