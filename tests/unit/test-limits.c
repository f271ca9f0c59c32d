/* SPDX-License-Identifier: MIT */
/* Limits and ends where nothing blocks: a call that always makes progress, a socket that is always ready. */
#include "net.h"

#include <fcntl.h>
#include <sockeye/many.h>
#include <sockeye/msg.h>
#include <sockeye/option.h>

#include "sock/sys.h"

/* A kernel that always has a byte. */
static ssize_t one_byte_sent(int fd, const void *buf, size_t n, int flags)
{
	(void)fd;
	(void)buf;
	(void)n;
	(void)flags;
	return 1;
}

static ssize_t one_byte_got(int fd, void *buf, size_t n, int flags)
{
	(void)fd;
	(void)n;
	(void)flags;
	memset(buf, 'x', 1);
	return 1;
}

/* 256 MiB in single bytes take far longer than the limit. */
enum { ENDLESS = 256 << 20 };

static void a_limit_ends_calls_that_never_block(void **state)
{
	struct sock pair[2];
	char *big = calloc(1, ENDLESS);
	int64_t before = sock_now();

	(void)state;
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	sys.send = one_byte_sent;
	sys.recv = one_byte_got;
	sock_limit(&pair[0], sock_ms(20));
	sock_limit(&pair[1], sock_ms(20));
	int sent = sock_sendall(&pair[0], big, ENDLESS), sent_errno = errno;
	ssize_t got = sock_recvall(&pair[1], big, ENDLESS);
	int got_errno = errno;
	sys = sys_real;
	assert_int_equal(sent, -1);
	assert_int_equal(sent_errno, ETIMEDOUT);
	assert_int_equal(got, -1);
	assert_int_equal(got_errno, ETIMEDOUT);
	assert_true(sock_got(&pair[1]) > 0);
	assert_true(sock_now() - before < sock_sec(5));
	free(big);
	net_close_pair(pair);
}

static void a_batch_stops_at_the_limit(void **state)
{
	enum { MANY = 400000 };
	sock_auto sink = sock_server("udp://127.0.0.1:0");
	sock_auto s = sock_dial(sock_name(&sink).s);
	struct sock_dgram *list = calloc(MANY, sizeof *list);
	struct sock_batch b = { .list = list, .room = MANY, .count = MANY };
	char c = 'x';
	int sent;

	(void)state;
	for (int i = 0; i < MANY; i++)
		list[i] = (struct sock_dgram){ .data = &c, .n = i % 2 };
	sock_limit(&s, sock_ms(5));
	sent = sock_sendmany(&s, &b);
	assert_true(sent > 0 && sent < MANY);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(s.error, ETIMEDOUT);
	free(list);
}

static void a_batch_ends_when_receiving_was_shut(void **state)
{
	static char arena[8 * 64];
	struct sock_dgram list[8];
	struct sock_batch b = { .list = list, .room = 8, .arena = arena, .size = sizeof arena };
	struct sock pair[2];

	(void)state;
	for (int way = 0; way < 4; way++) {
		assert_int_equal(sock_pair(pair, 0, way & 1 ? SOCK_SEQPACKET : SOCK_DGRAM), 0);
		sock_limit(&pair[0], way & 2 ? PATIENCE : SOCKEYE_FOREVER);
		assert_int_equal(sock_send(&pair[1], "ab", 2), 2);
		assert_int_equal(sock_recvmany(&pair[0], &b), 1);
		assert_int_equal(sock_shutdown(&pair[0], SHUT_RD), 0);
		assert_int_equal(sock_recvmany(&pair[0], &b), 0);
		net_close_pair(pair);
	}
}

static void empty_messages_cost_no_other(void **state)
{
	static char arena[8 * 64];
	struct sock_dgram list[8];
	struct sock_batch b = { .list = list, .room = 8, .arena = arena, .size = sizeof arena };
	struct sock pair[2];

	(void)state;
	assert_int_equal(sock_pair(pair, 0, SOCK_SEQPACKET), 0);
	sock_limit(&pair[0], PATIENCE);
	sock_send(&pair[1], "defg", 4);
	sock_send(&pair[1], "", 0);
	sock_send(&pair[1], "abc", 3);
	assert_int_equal(sock_recvmany(&pair[0], &b), 3);
	assert_int_equal(list[1].n, 0);
	assert_memory_equal(list[2].data, "abc", 3);
	net_close_pair(pair);
}

/* -- Connects that end in the background ------------------------------------------------ */

static void a_connect_refused_in_the_background_is_final(void **state)
{
	struct sock holder;
	struct sock_text at = net_refusing(&holder);
	sock_auto s = sock_open(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sock_wait one = { .s = &s, .want = SOCKEYE_WRITE };
	char c;

	(void)state;
	if (sock_connect(&s, at.s) < 0 && errno == EAGAIN) {
		assert_int_equal(sock_wait(&one, 1, PATIENCE), 1);
		assert_int_equal(sock_sendall(&s, "x", 1), -1);
	}
	assert_int_equal(s.error, ECONNREFUSED);
	assert_int_equal(sock_recv(&s, &c, 1), -1);
	assert_int_equal(errno, ECONNREFUSED);
	sock_close(&holder);
}

/* -- The socket's own timeouts ------------------------------------------------------------- */

static void own_timeouts_are_kept_in_non_blocking_mode(void **state)
{
	struct sock pair[2];
	int64_t before;
	char c;

	(void)state;
	for (int way = 0; way < 3; way++) {
		assert_int_equal(sock_pair(pair, 0, way ? SOCK_NONBLOCK : 0), 0);
		sock_limit(&pair[0], way == 2 ? sock_sec(INT64_MAX) : SOCKEYE_FOREVER);
		assert_int_equal(sock_set_text(&pair[0], "rcvtimeo=30ms"), 0);
		before = sock_now();
		assert_int_equal(sock_recv(&pair[0], &c, 1), -1);
		assert_int_equal(errno, EAGAIN);
		assert_true(sock_now() - before >= sock_ms(25));
		net_close_pair(pair);
	}
}

static void an_own_timeout_ends_a_unix_connect(void **state)
{
	sock_auto server = sock_open(AF_UNIX, SOCK_STREAM, 0);
	sock_auto first = sock_open(AF_UNIX, SOCK_STREAM, 0);
	sock_auto s = sock_open(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(sock_bind(&server, ""), 0);
	assert_int_equal(sock_listen(&server, 0), 0);
	assert_int_equal(sock_connect(&first, sock_name(&server).s), 0);
	assert_int_equal(sock_set_text(&s, "sndtimeo=20ms"), 0);
	assert_int_equal(sock_connect(&s, sock_name(&server).s), -1);
	assert_int_equal(errno, ETIMEDOUT);
}

/* -- Nothing asked, nothing waited for ------------------------------------------------------- */

static void no_bytes_of_a_stream_need_no_wait(void **state)
{
	struct sock pair[2];
	struct sock_msg m = { .buf = NULL };
	char c;

	(void)state;
	for (int unix_pair = 0; unix_pair < 2; unix_pair++) {
		if (unix_pair)
			assert_int_equal(sock_pair(pair, 0, 0), 0);
		else
			net_tcp_pair(pair);
		assert_int_equal(sock_recv(&pair[0], &c, 0), 0);
		assert_int_equal(sock_recvfrom(&pair[0], &c, 0, NULL), 0);
		assert_int_equal(sock_recvmsg(&pair[0], &m), 0);
		assert_int_equal(sock_recvall(&pair[0], &c, 0), 0);
		net_close_pair(pair);
	}
}

static void a_call_that_did_well_forgets_the_one_before(void **state)
{
	struct sock pair[2];

	(void)state;
	assert_int_equal(sock_pair(pair, 0, SOCK_DGRAM), 0);
	assert_int_equal(sock_send(&pair[0], "12345", 5), 5);
	assert_int_equal(sock_sendto_addr(&pair[0], "x", 1, NULL), -1);
	assert_int_equal(sock_sent(&pair[0]), 0);
	assert_int_equal(sock_puts(&pair[0], ""), 0);
	assert_int_equal(pair[0].error, 0);
	net_close_pair(pair);
}

static void a_file_that_cannot_be_read_breaks_nothing(void **state)
{
	struct sock pair[2];
	int path = open("/dev/null", O_PATH);

	(void)state;
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	assert_int_equal(sock_sendfile(&pair[0], path, 0, 0), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(sock_send(&pair[0], "x", 1), 1);
	close(path);
	net_close_pair(pair);
}

/* -- Several addresses -------------------------------------------------------------------------- */

static int two_addresses(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	struct addrinfo numeric = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };

	(void)host;
	(void)hints;
	if (sys_real.getaddrinfo("127.0.0.1", service, &numeric, out))
		return EAI_FAIL;
	return sys_real.getaddrinfo("127.0.0.2", service, &numeric, &(*out)->ai_next);
}

static void connect_names_every_address_it_tried(void **state)
{
	struct sock holder;
	struct sock_addr own;
	char where[64], expect[512];

	(void)state;
	net_refusing(&holder);
	sock_name_addr(&holder, &own);
	int port = sock_addr_port(&own);
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);
	snprintf(where, sizeof where, "two.invalid:%d", port);
	sys.getaddrinfo = two_addresses;
	assert_int_equal(sock_connect(&s, where), -1);
	sys = sys_real;
	snprintf(expect, sizeof expect, "connect %s: tcp://127.0.0.1:%d: Connection refused; "
	         "tcp://127.0.0.2:%d: Connection refused", where, port, port);
	assert_string_equal(s.why, expect);
	sock_close(&holder);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_limit_ends_calls_that_never_block),
	cmocka_unit_test(a_batch_stops_at_the_limit),
	cmocka_unit_test(a_batch_ends_when_receiving_was_shut),
	cmocka_unit_test(empty_messages_cost_no_other),
	cmocka_unit_test(a_connect_refused_in_the_background_is_final),
	cmocka_unit_test(own_timeouts_are_kept_in_non_blocking_mode),
	cmocka_unit_test(an_own_timeout_ends_a_unix_connect),
	cmocka_unit_test(no_bytes_of_a_stream_need_no_wait),
	cmocka_unit_test(a_call_that_did_well_forgets_the_one_before),
	cmocka_unit_test(a_file_that_cannot_be_read_breaks_nothing),
	cmocka_unit_test(connect_names_every_address_it_tried),
};

CHECK_MAIN(tests)
