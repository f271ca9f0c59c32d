/* SPDX-License-Identifier: MIT */
/* Bytes of streams and datagrams: whole, in order, counted, within limits, whatever the kernel cuts them into. */
#include "net.h"

#include <netinet/in.h>
#include <signal.h>
#include <sockeye/option.h>
#include <sys/time.h>
#include <time.h>

#include "sock/sys.h"

/* A reproducible stream of bytes; position i always holds the same one. */
static unsigned char byte_at(size_t i)
{
	return (i * 2654435761u) >> 13;
}

static void fill(unsigned char *buf, size_t n, size_t from)
{
	for (size_t i = 0; i < n; i++)
		buf[i] = byte_at(from + i);
}

static unsigned next_random(void)
{
	static unsigned x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	return x ^= x << 5;
}

struct reader {
	struct sock *s;
	size_t most;            /* bytes per receive: 1 to most */
	size_t total;
	bool same;
};

static void *read_all(void *arg)
{
	struct reader *r = arg;
	unsigned char buf[65536];
	ssize_t n;

	r->same = true;
	while ((n = sock_recv(r->s, buf, 1 + next_random() % r->most)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			r->same &= buf[i] == byte_at(r->total + i);
		r->total += n;
	}
	return NULL;
}

static void a_slow_reader_with_small_buffers_gets_every_byte(void **state)
{
	size_t size = getenv("SOCKEYE_SOAK") ? 64 << 20 : 2 << 20;
	unsigned char *all = malloc(size);
	struct sock pair[2];
	struct reader r = { .s = &pair[1], .most = 17 };
	pthread_t thread;

	(void)state;
	net_tcp_pair(pair);
	sock_limit(&pair[0], SOCKEYE_FOREVER);  /* 64 MiB in small bites take their time */
	sock_limit(&pair[1], SOCKEYE_FOREVER);
	sock_set(&pair[0], "sndbuf", 2304);
	fill(all, size, 0);
	assert_int_equal(pthread_create(&thread, NULL, read_all, &r), 0);
	assert_int_equal(sock_sendall(&pair[0], all, size), 0);
	assert_int_equal(sock_sent(&pair[0]), size);
	sock_close(&pair[0]);
	pthread_join(thread, NULL);
	assert_int_equal(r.total, size);
	assert_true(r.same);
	sock_close(&pair[1]);
	free(all);
}

/* -- A kernel that takes and gives what it likes -------------------------------------------- */

static ssize_t short_send(int fd, const void *buf, size_t n, int flags)
{
	unsigned dice = next_random() % 8;

	if (dice < 2) {
		errno = dice ? EINTR : EAGAIN;
		return -1;
	}
	return sys_real.send(fd, buf, n > 1 ? 1 + next_random() % n : n, flags);
}

static ssize_t short_recv(int fd, void *buf, size_t n, int flags)
{
	unsigned dice = next_random() % 8;

	if (dice < 2) {
		errno = dice ? EINTR : EAGAIN;
		return -1;
	}
	return sys_real.recv(fd, buf, n > 1 ? 1 + next_random() % n : n, flags);
}

static void random_short_counts_and_interruptions_do_not_show(void **state)
{
	unsigned char out[257], in[257];
	int rounds = getenv("SOCKEYE_SOAK") ? 100000 : 5000;
	struct sock pair[2];

	(void)state;
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	sys.send = short_send;
	sys.recv = short_recv;
	for (int i = 0; i < rounds; i++) {
		size_t n = 1 + next_random() % sizeof out;

		fill(out, n, i);
		assert_int_equal(sock_sendall(&pair[0], out, n), 0);
		assert_int_equal(sock_recvall(&pair[1], in, n), n);
		assert_memory_equal(in, out, n);
	}
	sys = sys_real;
	net_close_pair(pair);
}

/* -- Signals ----------------------------------------------------------------------------------- */

static void nothing(int signal)
{
	(void)signal;
}

/* A timer's signal every millisecond, at no call's restart. */
static void storm(int on)
{
	struct sigaction act = { .sa_handler = nothing };
	struct itimerval every = { { 0, on ? 1000 : 0 }, { 0, on ? 1000 : 0 } };

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

static void a_storm_of_signals_costs_no_byte(void **state)
{
	size_t size = 8 << 20, rounds = getenv("SOCKEYE_SOAK") ? 1000 : 8;
	unsigned char *all = malloc(size);
	struct sock pair[2];
	struct reader r = { .s = &pair[1], .most = 65536 };
	pthread_t thread;

	(void)state;
	net_tcp_pair(pair);
	sock_limit(&pair[0], SOCKEYE_FOREVER);
	sock_limit(&pair[1], SOCKEYE_FOREVER);
	assert_int_equal(pthread_create(&thread, NULL, read_all, &r), 0);
	storm(1);
	for (size_t i = 0; i < rounds; i++) {
		fill(all, size, i * size);
		assert_int_equal(sock_sendall(&pair[0], all, size), 0);
	}
	storm(0);
	sock_close(&pair[0]);
	pthread_join(thread, NULL);
	assert_int_equal(r.total, size * rounds);
	assert_true(r.same);
	sock_close(&pair[1]);
	free(all);
}

/* -- Limits --------------------------------------------------------------------------------------- */

static void *drip_feed(void *arg)
{
	struct sock *s = arg;
	char c;

	while (sock_send(s, "x", 1) == 1) {
		sock_limit(s, sock_ms(20));
		if (sock_recv(s, &c, 1) == 0)
			break;
		sock_limit(s, SOCKEYE_FOREVER);
	}
	return NULL;
}

static void a_peer_that_drips_cannot_stretch_a_limit(void **state)
{
	struct sock pair[2];
	char buf[4096];
	pthread_t thread;
	int64_t before;

	(void)state;
	net_tcp_pair(pair);
	sock_limit(&pair[1], SOCKEYE_FOREVER);
	assert_int_equal(pthread_create(&thread, NULL, drip_feed, &pair[1]), 0);
	sock_limit(&pair[0], sock_ms(200));
	before = sock_now();
	assert_int_equal(sock_recvall(&pair[0], buf, sizeof buf), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_true(sock_now() - before >= sock_ms(200));
	assert_true(sock_now() - before < sock_sec(2));
	assert_true(sock_got(&pair[0]) > 0 && sock_got(&pair[0]) < sizeof buf);
	sock_close(&pair[0]);
	pthread_join(thread, NULL);
	sock_close(&pair[1]);
}

static void until_bounds_the_whole_conversation(void **state)
{
	struct sock pair[2];
	int64_t end = sock_now() + sock_ms(150);
	char c;
	int calls = 0;

	(void)state;
	net_tcp_pair(pair);
	assert_int_equal(sock_limit(&pair[0], sock_ms(40)), 0);
	assert_int_equal(sock_until(&pair[0], end), 0);
	while (sock_now() < end && calls < 1000) {
		assert_int_equal(sock_recv(&pair[0], &c, 1), -1);
		assert_int_equal(errno, ETIMEDOUT);
		calls++;
	}
	assert_in_range(calls, 1, 8);
	assert_int_equal(sock_recv(&pair[0], &c, 1), -1);
	assert_int_equal(errno, ETIMEDOUT);
	sock_until(&pair[0], 0);
	assert_int_equal(sock_send(&pair[1], "x", 1), 1);
	assert_int_equal(sock_recv(&pair[0], &c, 1), 1);
	net_close_pair(pair);
}

static void times_do_not_overflow(void **state)
{
	struct sock pair[2];
	char c;

	(void)state;
	assert_int_equal(sock_ms(1), 1000000);
	assert_int_equal(sock_sec(1), sock_ms(1000));
	assert_true(sock_sec(INT64_MAX) == INT64_MAX);
	assert_true(sock_ms(INT64_MIN) == INT64_MIN);
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	sock_limit(&pair[0], INT64_MAX);
	assert_int_equal(sock_send(&pair[1], "x", 1), 1);
	assert_int_equal(sock_recv(&pair[0], &c, 1), 1);
	sock_limit(&pair[0], INT64_MIN);
	assert_int_equal(pair[0].limit, SOCKEYE_FOREVER);
	net_close_pair(pair);
}

/* -- Receiving ----------------------------------------------------------------------------------------- */

static void the_rest_of_a_stream_stays_and_that_of_a_datagram_is_counted(void **state)
{
	struct sock stream[2], packet[2];
	char buf[4];

	(void)state;
	net_tcp_pair(stream);
	assert_int_equal(sock_sendall(&stream[0], "abcdef", 6), 0);
	assert_int_equal(sock_recvall(&stream[1], buf, 4), 4);
	assert_int_equal(sock_cut(&stream[1]), 0);
	assert_int_equal(sock_recv(&stream[1], buf, 4), 2);
	net_close_pair(stream);
	assert_int_equal(sock_pair(packet, 0, SOCK_SEQPACKET), 0);
	assert_int_equal(sock_send(&packet[0], "abcdef", 6), 6);
	assert_int_equal(sock_recv(&packet[1], buf, 4), 4);
	assert_int_equal(sock_cut(&packet[1]), 2);
	net_close_pair(packet);
}

static void datagrams_of_every_length_arrive_whole(void **state)
{
	static const size_t lengths[] = { 0, 1, 1023, 1024, 1025, 1472, 1473, 2048, 9000, 65506, 65507 };
	static unsigned char out[65536], in[65536];
	sock_auto server = sock_server("udp://127.0.0.1:0");
	sock_auto client = sock_dial(sock_name(&server).s);
	struct sock_addr from;

	(void)state;
	sock_limit(&server, PATIENCE);
	sock_limit(&client, PATIENCE);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		size_t n = lengths[i];

		fill(out, n, i);
		assert_int_equal(sock_send(&client, out, n), n);
		assert_int_equal(sock_recvfrom(&server, in, sizeof in, &from), n);
		assert_memory_equal(in, out, n);
		assert_string_equal(sock_addr_text(&from).s, sock_name(&client).s);
		assert_int_equal(sock_sendto_addr(&server, in, n, &from), n);
		assert_int_equal(sock_recv(&client, in, sizeof in), n);
	}
	assert_int_equal(sock_send(&client, out, 65508), -1);
	assert_int_equal(errno, EMSGSIZE);
}

/* Every pair of lengths; sanitizers see a byte too many. */
static void no_receive_writes_past_its_room(void **state)
{
	sock_auto server = sock_server("udp://127.0.0.1:0");
	sock_auto client = sock_dial(sock_name(&server).s);
	static const size_t sizes[] = { 0, 1, 2, 3, 7, 8, 15, 16, 17, 63, 64, 65, 255, 256, 1023, 1024, 4095, 4096 };
	enum { SIZES = sizeof sizes / sizeof *sizes };
	char out[4096] = { 1 };

	(void)state;
	sock_limit(&server, PATIENCE);
	for (size_t i = 0; i < SIZES; i++)
		for (size_t k = 0; k < SIZES; k++) {
			size_t n = sizes[i], room = sizes[k], least = n < room ? n : room;
			char *buf = malloc(room ? room : 1);

			assert_int_equal(sock_send(&client, out, n), n);
			assert_int_equal(sock_recvfrom(&server, buf, room, NULL), least);
			assert_int_equal(sock_cut(&server), n - least);
			free(buf);
		}
}

static void peek_leaves_the_bytes(void **state)
{
	struct sock pair[2];
	char buf[8] = "";

	(void)state;
	net_tcp_pair(pair);
	assert_int_equal(sock_sendall(&pair[0], "peek", 4), 0);
	assert_int_equal(sock_peek(&pair[1], buf, 1), 1);
	assert_int_equal(sock_recvall(&pair[1], buf, 4), 4);
	assert_string_equal(buf, "peek");
	net_close_pair(pair);
}

static void recvall_stops_at_the_end(void **state)
{
	struct sock pair[2];
	char buf[8] = "";

	(void)state;
	net_tcp_pair(pair);
	sock_puts(&pair[0], "end");
	sock_shutdown(&pair[0], SHUT_WR);
	assert_int_equal(sock_recvall(&pair[1], buf, sizeof buf), 3);
	assert_int_equal(sock_recvall(&pair[1], buf, sizeof buf), 0);
	assert_int_equal(pair[1].error, 0);
	assert_int_equal(sock_puts(&pair[1], "still"), 0);
	assert_int_equal(sock_recv(&pair[0], buf, sizeof buf), 5);
	net_close_pair(pair);
}

/* Bytes and the end arrive together, after several waits: the bytes come first. */
static void *two_parts_and_the_end(void *arg)
{
	struct sock *s = arg;
	char ready;

	for (int i = 0; i < 3; i++) {
		if (sock_recv(s, &ready, 1) != 1 || sock_sendall(s, "ab", 2) < 0)
			return s;
	}
	sock_shutdown(s, SHUT_WR);
	return NULL;
}

static void an_end_that_comes_with_bytes_costs_none(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		struct sock pair[2];
		pthread_t thread;
		char buf[16] = "";

		net_tcp_pair(pair);
		assert_int_equal(pthread_create(&thread, NULL, two_parts_and_the_end, &pair[1]), 0);
		sock_send(&pair[0], "...", 3);
		assert_int_equal(sock_recvall(&pair[0], buf, sizeof buf), 6);
		assert_string_equal(buf, "ababab");
		pthread_join(thread, NULL);
		net_close_pair(pair);
	}
}

static void printf_sends_texts_of_any_length(void **state)
{
	struct sock pair[2];
	static char in[20000];

	(void)state;
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	assert_int_equal(sock_printf(&pair[0], "%s-%d", "a", 1), 0);
	assert_int_equal(sock_recvall(&pair[1], in, 3), 3);
	assert_memory_equal(in, "a-1", 3);
	for (int width = 1022; width <= 1026; width++) {
		assert_int_equal(sock_printf(&pair[0], "%*d", width, 7), 0);
		assert_int_equal(sock_sent(&pair[0]), width);
		assert_int_equal(sock_recvall(&pair[1], in, width), width);
		assert_int_equal(in[width - 1], '7');
	}
	assert_int_equal(sock_printf(&pair[0], "%s", ""), 0);
	assert_int_equal(sock_puts(&pair[0], ""), 0);
	net_close_pair(pair);
}

/* The kernel calls such a socket ready for ever, and has nothing. */
static void datagrams_end_when_receiving_was_shut_down(void **state)
{
	sock_auto s = sock_server("udp://127.0.0.1:0");
	sock_auto peer = sock_dial(sock_name(&s).s);
	char c;

	(void)state;
	assert_int_equal(sock_connect(&s, sock_name(&peer).s), 0);
	assert_int_equal(sock_shutdown(&s, SHUT_RD), 0);
	assert_int_equal(sock_recv(&s, &c, 1), 0);
	sock_limit(&s, PATIENCE);
	assert_int_equal(sock_recvfrom(&s, &c, 1, NULL), 0);
}

/* poll says that there is room, send says that there is none: the wait must end, and be a wait. */
static void a_full_unix_datagram_peer_costs_no_processor(void **state)
{
	sock_auto full = sock_server("unix-dgram:");
	sock_auto named = sock_server("unix-dgram:@sockeye-test-full");
	sock_auto s = sock_open(AF_UNIX, SOCK_DGRAM, 0);
	struct timespec before, after;
	int sent = 0;

	(void)state;
	sock_limit(&s, sock_ms(100));
	while (sent < 10000 && sock_sendto(&s, "x", 1, "@sockeye-test-full") == 1)
		sent++;
	assert_in_range(sent, 1, 9999);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	assert_int_equal(sock_sendto(&s, "x", 1, "@sockeye-test-full"), -1);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	assert_int_equal(errno, ETIMEDOUT);
	assert_true((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 < 60);
}

/* -- Waiting for several ------------------------------------------------------------------------------------- */

static void wait_tells_who_is_ready(void **state)
{
	struct sock pair[2], dead = { 0 };
	struct sock_wait list[4];
	char c;

	(void)state;
	net_tcp_pair(pair);
	list[0] = (struct sock_wait){ .s = &pair[0], .want = SOCKEYE_READ };
	list[1] = (struct sock_wait){ .s = &pair[1], .want = SOCKEYE_READ };
	list[2] = (struct sock_wait){ .s = NULL, .want = SOCKEYE_READ };
	assert_int_equal(sock_wait(list, 3, sock_ms(5)), 0);
	assert_int_equal(sock_wait(list, 3, 0), 0);
	sock_puts(&pair[0], "x");
	assert_int_equal(sock_wait(list, 3, PATIENCE), 1);
	assert_int_equal(list[0].ready, 0);
	assert_int_equal(list[1].ready, SOCKEYE_READ);
	assert_int_equal(sock_recv(&pair[1], &c, 1), 1);
	list[0].want = SOCKEYE_READ | SOCKEYE_WRITE;
	assert_int_equal(sock_wait(list, 2, PATIENCE), 1);
	assert_int_equal(list[0].ready, SOCKEYE_WRITE);
	list[3] = (struct sock_wait){ .s = &dead, .want = SOCKEYE_READ };
	assert_int_equal(sock_wait(&list[3], 1, PATIENCE), 1);
	assert_int_equal(sock_wait(NULL, 1, 0), -1);
	assert_int_equal(sock_wait(NULL, 0, 0), 0);
	net_close_pair(pair);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_slow_reader_with_small_buffers_gets_every_byte),
	cmocka_unit_test(random_short_counts_and_interruptions_do_not_show),
	cmocka_unit_test(a_storm_of_signals_costs_no_byte),
	cmocka_unit_test(a_peer_that_drips_cannot_stretch_a_limit),
	cmocka_unit_test(until_bounds_the_whole_conversation),
	cmocka_unit_test(times_do_not_overflow),
	cmocka_unit_test(the_rest_of_a_stream_stays_and_that_of_a_datagram_is_counted),
	cmocka_unit_test(datagrams_of_every_length_arrive_whole),
	cmocka_unit_test(no_receive_writes_past_its_room),
	cmocka_unit_test(peek_leaves_the_bytes),
	cmocka_unit_test(recvall_stops_at_the_end),
	cmocka_unit_test(an_end_that_comes_with_bytes_costs_none),
	cmocka_unit_test(printf_sends_texts_of_any_length),
	cmocka_unit_test(datagrams_end_when_receiving_was_shut_down),
	cmocka_unit_test(a_full_unix_datagram_peer_costs_no_processor),
	cmocka_unit_test(wait_tells_who_is_ready),
};

CHECK_MAIN(tests)
