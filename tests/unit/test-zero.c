/* SPDX-License-Identifier: MIT */
/* Sends without a copy, and the notices that give the bytes back. */
#include "check.h"

#include <netinet/in.h>
#include <sockeye/msg.h>

#include "pairs.h"

/* One such send, which the kernel must have; skips where it has none. */
static uint32_t zero(struct sock *s, const char *buf, size_t n)
{
	uint32_t id = 77;

	assert_int_equal(sock_sendzero(s, buf, n, &id), n);
	if (id == UINT32_MAX)
		CHECK_SKIP("no MSG_ZEROCOPY here");
	return id;
}

static void zero_sends_arrive_and_are_told_in_order(void **state)
{
	PAIR_AUTO struct sock p[2];
	static char out[5][3000], in[15000];
	uint32_t next = 0, first, last;
	int copied = -1;

	(void)state;
	pair_tcp(p);
	sock_limit(&p[0], sock_sec(10));
	for (uint32_t i = 0; i < 5; i++) {
		pair_fill(out[i], sizeof out[i], i * sizeof out[i]);
		assert_int_equal(zero(&p[0], out[i], sizeof out[i]), i);
		assert_int_equal(sock_sent(&p[0]), sizeof out[i]);
	}
	assert_int_equal(sock_recvall(&p[1], in, sizeof in), sizeof in);
	assert_true(pair_same(in, sizeof in, 0));
	while (next < 5) {
		assert_int_equal(sock_zerodone(&p[0], &first, &last, &copied), 1);
		assert_int_equal(first, next);
		assert_true(last >= first && last < 5);
		assert_true(copied == 0 || copied == 1);
		next = last + 1;
	}
}

static void zero_none_yet_is_a_limit_reached(void **state)
{
	PAIR_AUTO struct sock p[2];
	uint32_t id;
	char in;

	(void)state;
	pair_tcp(p);
	/* Nothing was ever sent so: nothing to wait for. */
	assert_int_equal(sock_zerodone(&p[0], NULL, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	zero(&p[0], "x", 1);
	assert_int_equal(sock_recv(&p[1], &in, 1), 1);
	assert_int_equal(sock_zerodone(&p[0], &id, NULL, NULL), 1);
	assert_int_equal(id, 0);
	sock_limit(&p[0], 0);
	assert_int_equal(sock_zerodone(&p[0], NULL, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	sock_limit(&p[0], sock_ms(5));
	assert_int_equal(sock_zerodone(&p[0], NULL, NULL, NULL), -1);
	assert_int_equal(errno, ETIMEDOUT);
	pair_why(&p[0], "zerodone", "timed out after 5 ms");
}

/* What goes of n bytes; a send that had a number raises sends. */
static size_t zero_part(struct sock *s, const char *buf, size_t n, uint32_t *sends)
{
	uint32_t id;
	ssize_t r = sock_sendzero(s, buf, n, &id);

	if (r <= 0) {
		assert_true(r == 0 || errno == EAGAIN);
		assert_int_equal(id, UINT32_MAX);
		return 0;
	}
	if (id != UINT32_MAX)
		assert_int_equal(id, (*sends)++);
	return r;
}

/* Each send that moved bytes, also in part, has one number; each number has one notice. */
static void zero_numbers_are_the_kernels_own(void **state)
{
	PAIR_AUTO struct sock p[2];
	static char out[1 << 20], in[1 << 16];
	uint32_t sends = 0, told = 0, first, last;
	size_t sent = 0, got = 0;

	(void)state;
	pair_tcp(p);
	pair_small(p);
	pair_fill(out, sizeof out, 0);
	sock_limit(&p[0], 0);
	sock_limit(&p[1], sock_sec(10));
	while (got < sizeof out) {
		sent += zero_part(&p[0], out + sent, sizeof out - sent, &sends);
		if (got < sent) {
			ssize_t r = sock_recv(&p[1], in, sizeof in);

			assert_true(r > 0 && pair_same(in, r, got));
			got += r;
		}
		if (sock_zerodone(&p[0], &first, &last, NULL) == 1) {
			assert_int_equal(first, told);
			told = last + 1;
		}
	}
	if (!sends)
		CHECK_SKIP("no MSG_ZEROCOPY here");
	sock_limit(&p[0], sock_sec(10));
	while (told < sends) {
		assert_int_equal(sock_zerodone(&p[0], &first, &last, NULL), 1);
		assert_int_equal(first, told);
		told = last + 1;
	}
	assert_int_equal(told, sends);
}

static void zero_counts_no_empty_send(void **state)
{
	PAIR_AUTO struct sock p[2];
	uint32_t id;

	(void)state;
	pair_tcp(p);
	assert_int_equal(sock_sendzero(&p[0], NULL, 0, &id), 0);
	assert_int_equal(id, UINT32_MAX);
	assert_int_equal(zero(&p[0], "x", 1), 0);
}

static void zero_falls_back_to_a_copy(void **state)
{
	PAIR_AUTO struct sock p[2];
	uint32_t id = 5;
	char in[4];

	(void)state;
	pair_unix(p, SOCK_STREAM);
	assert_int_equal(sock_sendzero(&p[0], "abc", 3, &id), 3);
	assert_int_equal(id, UINT32_MAX);
	/* A read of a Unix socket's error queue would take these bytes, so none may be made. */
	assert_int_equal(sock_zerodone(&p[1], NULL, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(sock_recv(&p[1], in, sizeof in), 3);
	assert_memory_equal(in, "abc", 3);
}

static int no_memory;

static ssize_t send_without_memory(int fd, const void *buf, size_t n, int flags)
{
	if (flags & MSG_ZEROCOPY && no_memory++ < 2) {
		errno = ENOBUFS;
		return -1;
	}
	return sys_real.send(fd, buf, n, flags);
}

static void zero_copies_when_memory_for_notices_is_out(void **state)
{
	PAIR_AUTO struct sock p[2];
	uint32_t id[3];
	ssize_t sent = 0;
	char in[9];

	(void)state;
	pair_tcp(p);
	no_memory = 0;
	sys.send = send_without_memory;
	for (int i = 0; i < 3; i++)
		sent += sock_sendzero(&p[0], "abc", 3, &id[i]);
	sys = sys_real;
	assert_int_equal(sent, 9);
	assert_true(id[0] == UINT32_MAX && id[1] == UINT32_MAX);
	if (id[2] == UINT32_MAX)
		CHECK_SKIP("no MSG_ZEROCOPY here");
	assert_int_equal(id[2], 0);
	assert_int_equal(sock_recvall(&p[1], in, 9), 9);
	assert_memory_equal(in, "abcabcabc", 9);
}

/* A refused datagram stands in the same queue. */
static void zero_passes_over_other_errors(void **state)
{
	sock_auto gone = sock_server("udp://127.0.0.1:0");
	sock_auto s = sock_dial(sock_name(&gone).s);
	uint32_t first = 7, last = 7;

	(void)state;
	setsockopt(s.fd, IPPROTO_IP, IP_RECVERR, &(int){ 1 }, sizeof(int));
	sock_close(&gone);
	sock_limit(&s, sock_sec(10));
	assert_int_equal(sock_send(&s, "ask", 3), 3);
	assert_int_equal(sock_wait(&(struct sock_wait){ &s, SOCKEYE_READ, 0 }, 1, sock_sec(10)), 1);
	/* The pending error is told once, here or by the send. */
	getsockopt(s.fd, SOL_SOCKET, SO_ERROR, &(int){ 0 }, &(socklen_t){ sizeof(int) });
	zero(&s, "ask", 3);
	assert_int_equal(sock_zerodone(&s, &first, &last, NULL), 1);
	assert_true(first == 0 && last == 0);
}

static void zero_is_told_to_another_value_of_the_socket(void **state)
{
	PAIR_AUTO struct sock p[2];
	uint32_t last = 7;
	char in;

	(void)state;
	pair_tcp(p);
	sock_auto other = sock_dup(&p[0]);
	zero(&p[0], "x", 1);
	assert_int_equal(sock_recv(&p[1], &in, 1), 1);
	sock_limit(&other, sock_sec(10));
	assert_int_equal(sock_zerodone(&other, NULL, &last, NULL), 1);
	assert_int_equal(last, 0);
	/* And it goes on with the next number. */
	assert_int_equal(zero(&other, "y", 1), 1);
}

/* The socket is reset while somebody waits without a limit: an end, not a hang. */
static void zero_wait_ends_with_the_socket(void **state)
{
	PAIR_AUTO struct sock p[2];
	char in;

	(void)state;
	pair_tcp(p);
	zero(&p[0], "x", 1);
	assert_int_equal(sock_recv(&p[1], &in, 1), 1);
	assert_int_equal(sock_zerodone(&p[0], NULL, NULL, NULL), 1);
	setsockopt(p[1].fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
	sock_close(&p[1]);
	assert_int_equal(sock_zerodone(&p[0], NULL, NULL, NULL), -1);
	assert_int_equal(errno, ECONNRESET);
	pair_why(&p[0], "zerodone", "Connection reset by peer");
}

static void zero_fails_on_a_bad_value(void **state)
{
	PAIR_AUTO struct sock p[2];
	struct sock bad[3];
	uint32_t id = 5;

	(void)state;
	pair_bad(bad);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sock_sendzero(&bad[i], "x", 1, &id), -1);
		assert_int_equal(errno, bad[i].error);
		assert_int_equal(id, UINT32_MAX);
		assert_int_equal(sock_zerodone(&bad[i], &id, &id, NULL), -1);
		assert_int_equal(errno, bad[i].error);
	}
	assert_int_equal(sock_sendzero(NULL, "x", 1, &id), -1);
	assert_int_equal(sock_zerodone(NULL, &id, &id, NULL), -1);
	pair_unix(p, SOCK_STREAM);
	assert_int_equal(sock_sendzero(&p[0], NULL, 1, &id), -1);
	assert_string_equal(p[0].why, "sendzero NULL: not a buffer");
	assert_int_equal(sock_sendzero(&p[0], "x", 1, NULL), -1);
	assert_string_equal(p[0].why, "sendzero NULL: no place for the number");
	sock_close(&p[1]);
	assert_int_equal(sock_sendzero(&p[0], "x", 1, &id), -1);
	assert_int_equal(errno, EPIPE);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(zero_sends_arrive_and_are_told_in_order),
	cmocka_unit_test(zero_none_yet_is_a_limit_reached),
	cmocka_unit_test(zero_numbers_are_the_kernels_own),
	cmocka_unit_test(zero_counts_no_empty_send),
	cmocka_unit_test(zero_falls_back_to_a_copy),
	cmocka_unit_test(zero_copies_when_memory_for_notices_is_out),
	cmocka_unit_test(zero_passes_over_other_errors),
	cmocka_unit_test(zero_is_told_to_another_value_of_the_socket),
	cmocka_unit_test(zero_wait_ends_with_the_socket),
	cmocka_unit_test(zero_fails_on_a_bad_value),
};
CHECK_MAIN(tests)
