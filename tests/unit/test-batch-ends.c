/* SPDX-License-Identifier: MIT */
/* How a batch ends: limits, refusals, shutdown, other sockets, arguments that cannot be meant. */
#include "datagrams.h"

#include <sockeye/msg.h>

#include "sock/sys.h"

static void limit_ends_the_wait(void **state)
{
	sock_auto s = udp(AF_INET, "127.0.0.1:0");
	struct sock_batch b = batch(4, 4096);
	struct sock_addr a = own(&s);
	char why[512];

	(void)state;
	b.count = 3;
	sock_limit(&s, sock_ms(10));
	assert_int_equal(sock_recvmany(&s, &b), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(b.count, 0);
	snprintf(why, sizeof why, "recvmany %s: timed out after 10 ms", sock_addr_text(&a).s);
	assert_string_equal(s.why, why);
	sock_limit(&s, 0);
	assert_int_equal(sock_recvmany(&s, &b), -1);
	assert_int_equal(errno, EAGAIN);
	sock_until(&s, sock_now() - 1);
	assert_int_equal(sock_recvmany(&s, &b), -1);
	assert_int_equal(s.state != 0 && s.fd >= 0, 1);
	batch_free(&b);
}

static void what_arrived_is_taken_under_a_limit_of_0(void **state)
{
	sock_auto s = udp(AF_INET, "127.0.0.1:0");
	struct sock_batch out = batch(5, 500), in = batch(8, 800);
	struct sock_addr a = own(&s);

	(void)state;
	sock_limit(&s, 0);
	load(&out, 5, 10, 0);
	address(&out, &a);
	assert_int_equal(sock_sendmany(&s, &out), 5);
	expect(&s, &in, 5, 10, 0);
	batch_free(&out);
	batch_free(&in);
}

static void limit_ends_the_sending_of_a_batch(void **state)
{
	struct sock pair[2];
	struct sock_batch out = batch(64, 64 * 1000), in = batch(64, 64 * 1000);
	int sent = 0, r = 64;

	(void)state;
	assert_int_equal(sock_pair(pair, AF_UNIX, SOCK_DGRAM), 0);
	sock_limit(&pair[0], sock_ms(10));
	sock_limit(&pair[1], sock_sec(10));
	for (int i = 0; r == 64 && i < 1000; i++) {
		load(&out, 64, 1000, sent);
		r = sock_sendmany(&pair[0], &out);
		sent += r > 0 ? r : 0;
	}
	assert_true(r < 64);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(pair[0].error, ETIMEDOUT);
	assert_non_null(strstr(pair[0].why, "timed out after 10 ms"));
	expect(&pair[1], &in, sent, 1000, 0);
	sock_close(&pair[0]);
	sock_close(&pair[1]);
	batch_free(&out);
	batch_free(&in);
}

/* A kernel that takes one message a call, is often interrupted, and once is full. */
static int grudging;

static int grudging_sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
	grudging++;
	if (grudging % 2 || grudging == 6) {
		errno = grudging == 6 ? EAGAIN : EINTR;
		return -1;
	}
	return sys_real.sendmmsg(fd, m, n ? 1 : 0, flags);
}

static int grudging_recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *t)
{
	if (++grudging % 3) {
		errno = grudging % 3 == 1 ? EINTR : EAGAIN;
		return -1;
	}
	return sys_real.recvmmsg(fd, m, n ? 1 : 0, flags, t);
}

static void short_and_interrupted_calls_are_continued(void **state)
{
	sock_auto s = udp(AF_INET, "127.0.0.1:0");
	struct sock_batch out = batch(40, 40 * 100), in = batch(8, 800);
	struct sock_addr a = own(&s);

	(void)state;
	for (int i = 0; i < 2; i++) {
		sock_limit(&s, i ? SOCKEYE_FOREVER : sock_sec(10));
		load(&out, 40, 60, 0);
		address(&out, &a);
		for (int k = 0; k < 40; k++)
			out.list[k].n = k % 2 ? 60 : 50;
		grudging = 0;
		sys.sendmmsg = grudging_sendmmsg;
		assert_int_equal(sock_sendmany(&s, &out), 40);
		assert_true(out.messages >= 20);
		assert_int_equal(sock_sent(&s), 40 * 55);
		sys.recvmmsg = grudging_recvmmsg;
		for (int k = 0; k < 40; k++) {
			assert_int_equal(sock_recvmany(&s, &in), 1);
			assert_true(filled(in.list, k % 2 ? 60 : 50, k));
		}
		sys = sys_real;
	}
	batch_free(&out);
	batch_free(&in);
}

static void refused_datagram_ends_the_call_there(void **state)
{
	sock_auto s = udp(AF_INET, "127.0.0.1:0");
	struct sock_batch out = batch(5, 5 * 100), in = batch(8, 800);
	struct sock_addr a = own(&s);
	char why[512];

	(void)state;
	load(&out, 5, 100, 0);
	address(&out, &a);
	out.list[2].n = 70000;
	out.list[2].data = calloc(1, 70000);
	assert_non_null(out.list[2].data);
	assert_int_equal(sock_sendmany(&s, &out), 2);
	assert_int_equal(errno, EMSGSIZE);
	snprintf(why, sizeof why, "sendmany %s: Message too long", sock_addr_text(&a).s);
	assert_string_equal(s.why, why);
	assert_int_equal(sock_sent(&s), 200);
	expect(&s, &in, 2, 100, 0);
	free(out.list[2].data);
	out.list += 2;
	out.list->n = 70000;
	out.count = 1;
	assert_int_equal(sock_sendmany(&s, &out), -1);
	assert_int_equal(errno, EMSGSIZE);
	out.list++;
	out.count = 2;
	assert_int_equal(sock_sendmany(&s, &out), 2);
	assert_int_equal(s.error, 0);
	expect(&s, &in, 2, 100, 3);
	out.list -= 3;
	batch_free(&out);
	batch_free(&in);
}

/* A socket that sent to a port where nobody listens, and the notice is there. */
static struct sock unheard(struct sock_batch *out)
{
	struct sock gone = udp(AF_INET, "127.0.0.1:0"), s = udp(AF_INET, NULL);
	struct sock_addr a = own(&gone);

	assert_int_equal(sock_connect_addr(&s, &a), 0);
	sock_close(&gone);
	load(out, 1, 10, 0);
	assert_int_equal(sock_sendmany(&s, out), 1);
	assert_int_equal(poll(&(struct pollfd){ .fd = s.fd }, 1, 5000), 1);
	return s;
}

static void refusal_fails_one_call_and_not_the_socket(void **state)
{
	struct sock_batch b = batch(4, 4096);

	(void)state;
	for (int in = 0; in < 2; in++) {
		sock_auto s = unheard(&b);
		sock_auto again = sock_open(AF_INET, SOCK_DGRAM, 0);
		struct sock_addr to = s.peer, from = own(&s);

		load(&b, 1, 10, 1);
		assert_int_equal(in ? sock_recvmany(&s, &b) : sock_sendmany(&s, &b), -1);
		assert_int_equal(errno, ECONNREFUSED);
		assert_int_equal(sock_bind_addr(&again, &to), 0);
		load(&b, 1, 10, 2);
		assert_int_equal(sock_sendmany(&s, &b), 1);
		sock_limit(&again, sock_sec(10));
		assert_int_equal(sock_recvmany(&again, &b), 1);
		assert_true(filled(b.list, 10, 2));
		assert_int_equal(sock_addr_cmp(&b.list->addr, &from), 0);
	}
	batch_free(&b);
}

static void unix_datagrams_go_by_the_batch(void **state)
{
	struct sock pair[2];
	struct sock_batch out = batch(8, 8000), in = batch(16, 16000);

	(void)state;
	assert_int_equal(sock_pair(pair, AF_UNIX, SOCK_DGRAM), 0);
	assert_int_equal(sock_batch_tell(&pair[1], SOCKEYE_TELL_HERE | SOCKEYE_TRAINS), 0);
	for (int i = 0; i < 2; i++) {
		sock_limit(&pair[i], sock_sec(10));
		load(&out, 8, 1000, i);
		out.list[7].n = 0;
		out.list[3].hops = 9; /* nothing of the kind here */
		assert_int_equal(sock_sendmany(&pair[i], &out), 8);
		assert_int_equal(out.used & ~SOCKEYE_TELL_HOPS, SOCKEYE_BATCHED);
		assert_int_equal(sock_recvmany(&pair[!i], &in), 8);
		assert_int_equal(in.used, SOCKEYE_BATCHED);
		for (int k = 0; k < 8; k++)
			assert_true(filled(&in.list[k], k < 7 ? 1000 : 0, i + k));
	}
	sock_close(&pair[0]);
	sock_close(&pair[1]);
	batch_free(&out);
	batch_free(&in);
}

/* Descriptors that nobody asked for must not stay; the test behind all tests looks for them. */
static void descriptors_sent_along_are_let_go(void **state)
{
	struct sock pair[2];
	struct sock_batch in = batch(4, 4096);
	int fds[2] = { 0, 1 };

	(void)state;
	assert_int_equal(sock_pair(pair, AF_UNIX, SOCK_DGRAM), 0);
	sock_batch_tell(&pair[1], SOCKEYE_TELL_TIME);
	assert_int_equal(sock_sendfds(&pair[0], "two", 3, fds, 2), 3);
	assert_int_equal(sock_recvmany(&pair[1], &in), 1);
	assert_int_equal(in.list->n, 3);
	sock_close(&pair[0]);
	sock_close(&pair[1]);
	batch_free(&in);
}

static void shutdown_and_the_end_of_a_conversation_are_0(void **state)
{
	sock_auto s = udp(AF_INET, "127.0.0.1:0");
	struct sock_addr a = own(&s);
	struct sock_batch b = batch(4, 4096);
	struct sock pair[2];

	(void)state;
	assert_int_equal(sock_connect_addr(&s, &a), 0);
	load(&b, 1, 0, 0);
	assert_int_equal(sock_sendmany(&s, &b), 1);
	assert_int_equal(sock_recvmany(&s, &b), 1); /* an empty datagram is none */
	assert_int_equal(sock_shutdown(&s, SHUT_RD), 0);
	sock_limit(&s, SOCKEYE_FOREVER);
	assert_int_equal(sock_recvmany(&s, &b), 0);
	assert_int_equal(sock_pair(pair, AF_UNIX, SOCK_SEQPACKET), 0);
	load(&b, 2, 5, 0);
	assert_int_equal(sock_sendmany(&pair[0], &b), 2);
	sock_close(&pair[0]);
	expect(&pair[1], &b, 2, 5, 0);
	assert_int_equal(sock_recvmany(&pair[1], &b), 0);
	sock_close(&pair[1]);
	batch_free(&b);
}

static void stream_has_no_datagrams(void **state)
{
	struct sock pair[2];
	struct sock_batch b = batch(4, 4096);

	(void)state;
	assert_int_equal(sock_pair(pair, AF_UNIX, SOCK_STREAM), 0);
	load(&b, 2, 5, 0);
	assert_int_equal(sock_sendmany(&pair[0], &b), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(sock_recvmany(&pair[0], &b), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_string_equal(pair[0].why, "recvmany batch: a stream has no datagrams");
	assert_int_equal(sock_batch_tell(&pair[0], 0), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(sock_puts(&pair[0], "alive"), 0);
	sock_close(&pair[0]);
	sock_close(&pair[1]);
	batch_free(&b);
}

static void empty_batch_sends_nothing(void **state)
{
	sock_auto s = udp(AF_INET, NULL);
	struct sock_batch b = { .used = 77, .messages = 7 };

	(void)state;
	assert_int_equal(sock_sendmany(&s, &b), 0);
	assert_int_equal(b.used, 0);
	assert_int_equal(b.messages, 0);
	assert_int_equal(s.error, 0);
}

static void batch_that_cannot_be_meant_is_refused(void **state)
{
	sock_auto s = udp(AF_INET, "127.0.0.1:0");
	struct sock_dgram d = { .data = "x", .n = 1, .addr = own(&s) };
	char arena[100];
	struct sock_batch bad[] = {
		{ .room = 1, .arena = arena, .size = 100 },
		{ .list = &d, .arena = arena, .size = 100 },
		{ .list = &d, .room = -1, .arena = arena, .size = 100 },
		{ .list = &d, .room = 1, .size = 100 },
		{ .list = &d, .room = 101, .arena = arena, .size = 100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(sock_recvmany(&s, &bad[i]), -1);
		assert_int_equal(errno, EINVAL);
	}
	assert_string_equal(s.why, "recvmany batch: needs a list, and an arena of its size");
	assert_int_equal(sock_recvmany(&s, NULL), -1);
	assert_int_equal(sock_sendmany(&s, NULL), -1);
	assert_int_equal(sock_sendmany(&s, &(struct sock_batch){ .count = 1 }), -1);
	assert_int_equal(sock_sendmany(&s, &(struct sock_batch){ .list = &d, .count = -1 }), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(sock_batch_tell(&s, 1024), -1);
	assert_string_equal(s.why, "batch_tell batch: unknown bits");
}

static int sent_as(struct sock *s, struct sock_dgram d)
{
	struct sock_batch b = { .list = &d, .count = 1 };

	return sock_sendmany(s, &b) == 1 ? 0 : errno;
}

static void datagram_that_cannot_be_meant_is_refused(void **state)
{
	sock_auto s = udp(AF_INET, "127.0.0.1:0");
	struct sock_dgram d = { .data = "x", .n = 1, .addr = own(&s) };
	struct sock_dgram hops = d, negative = d, six = d, foreign = d, longer = d, local = d;

	(void)state;
	hops.hops = 256;
	negative.hops = -1;
	longer.addr.len = sizeof d.addr.storage + 1;
	assert_int_equal(sock_addr_parse(&six.here, "udp://[::1]:1", NULL), 0);
	assert_int_equal(sock_addr_parse(&foreign.here, "udp://192.0.2.1:1", NULL), 0);
	assert_int_equal(sock_addr_parse(&local.here, "unix:/x", NULL), 0);
	assert_int_equal(sent_as(&s, hops), EINVAL);
	assert_int_equal(sent_as(&s, negative), EINVAL);
	assert_int_equal(sent_as(&s, longer), EINVAL);
	assert_int_equal(sent_as(&s, six), EAFNOSUPPORT);
	assert_int_equal(sent_as(&s, local), EAFNOSUPPORT);
	assert_int_not_equal(sent_as(&s, foreign), 0);
	assert_int_equal(sent_as(&s, d), 0);
}

static void dead_and_blank_sockets_fail_cleanly(void **state)
{
	struct sock blank = { 0 }, closed = udp(AF_INET, NULL);
	struct sock_batch b = batch(2, 100);

	(void)state;
	sock_close(&closed);
	struct sock *list[] = { &blank, &closed, NULL };
	for (int i = 0; i < 3; i++) {
		load(&b, 1, 1, 0);
		assert_int_equal(sock_sendmany(list[i], &b), -1);
		assert_int_equal(errno, list[i] ? EBADF : EINVAL);
		assert_int_equal(sock_recvmany(list[i], &b), -1);
		assert_int_equal(b.count, 0);
		assert_int_equal(sock_batch_tell(list[i], SOCKEYE_TELL_HERE), -1);
	}
	assert_string_equal(closed.why, "sendmany: the socket is closed");
	batch_free(&b);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(limit_ends_the_wait),
	cmocka_unit_test(what_arrived_is_taken_under_a_limit_of_0),
	cmocka_unit_test(limit_ends_the_sending_of_a_batch),
	cmocka_unit_test(short_and_interrupted_calls_are_continued),
	cmocka_unit_test(refused_datagram_ends_the_call_there),
	cmocka_unit_test(refusal_fails_one_call_and_not_the_socket),
	cmocka_unit_test(unix_datagrams_go_by_the_batch),
	cmocka_unit_test(descriptors_sent_along_are_let_go),
	cmocka_unit_test(shutdown_and_the_end_of_a_conversation_are_0),
	cmocka_unit_test(stream_has_no_datagrams),
	cmocka_unit_test(empty_batch_sends_nothing),
	cmocka_unit_test(batch_that_cannot_be_meant_is_refused),
	cmocka_unit_test(datagram_that_cannot_be_meant_is_refused),
	cmocka_unit_test(dead_and_blank_sockets_fail_cleanly),
};
CHECK_MAIN(tests)
