/* SPDX-License-Identifier: MIT */
/* Lines: however the stream is cut, and whatever fails between, no byte is lost or seen twice. */
#include "check.h"

#include <sockeye/line.h>

#include "base/clock.h"
#include "pairs.h"

static void line_comes_without_its_end(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[64];
	struct sock_lines in = sock_lines(&p[1], buf, sizeof buf);

	(void)state;
	pair_tcp(p);
	assert_int_equal(sock_sendall(&p[0], "one\ntwo\r\n\n\r\n\r\r\nlast\r", 20), 0);
	sock_shutdown(&p[0], SHUT_WR);
	assert_string_equal(sock_line(&in), "one");
	assert_int_equal(in.n, 3);
	assert_string_equal(sock_line(&in), "two");
	assert_string_equal(sock_line(&in), "");
	assert_int_equal(in.n, 0);
	assert_string_equal(sock_line(&in), "");
	assert_string_equal(sock_line(&in), "\r");
	assert_string_equal(sock_line(&in), "last\r");
	assert_int_equal(in.n, 5);
	for (int i = 0; i < 2; i++) {
		errno = EINVAL;
		assert_null(sock_line(&in));
		assert_int_equal(errno, 0);
		assert_int_equal(in.n, 0);
	}
	assert_true(in.ended);
	assert_int_equal(p[1].error, 0);
}

static void line_may_hold_nuls(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[16];
	struct sock_lines in = sock_lines(&p[1], buf, sizeof buf);

	(void)state;
	pair_unix(p, SOCK_STREAM);
	sock_sendall(&p[0], "a\0b\0\nx", 6);
	sock_close(&p[0]);
	char *line = sock_line(&in);
	assert_int_equal(in.n, 4);
	assert_memory_equal(line, "a\0b\0", 5);
	assert_string_equal(sock_line(&in), "x");
}

/* Wait until there is something to read. */
static void there(struct sock *s)
{
	struct sock_wait one = { .s = s, .want = SOCKEYE_READ };

	assert_int_equal(sock_wait(&one, 1, sock_sec(5)), 1);
}

/* One byte at a time under a limit of 0: each call but the last says so and keeps what came. */
static void line_loses_nothing_at_a_limit(void **state)
{
	PAIR_AUTO struct sock p[2];
	static const char text[] = "drop by drop\r\nand on";
	char buf[32];
	struct sock_lines in = sock_lines(&p[1], buf, sizeof buf);
	size_t i = 0;

	(void)state;
	pair_tcp(p);
	sock_limit(&p[1], 0);
	for (; text[i] != '\n'; i++) {
		assert_null(sock_line(&in));
		assert_int_equal(errno, EAGAIN);
		pair_why(&p[1], "line", "would block");
		assert_int_equal(in.seen, in.end - in.start);
		assert_int_equal(sock_send(&p[0], text + i, 1), 1);
		there(&p[1]);
	}
	sock_sendall(&p[0], text + i, sizeof text - 1 - i);
	there(&p[1]);
	assert_string_equal(sock_line(&in), "drop by drop");
	assert_int_equal(p[1].error, 0);
	assert_null(sock_line(&in));
	sock_close(&p[0]);
	sock_limit(&p[1], sock_sec(5));
	assert_string_equal(sock_line(&in), "and on");
}

/* -- A peer that gives one byte in 100 ms, on a clock in the test's hand ---------------- */

static int64_t hand;
static bool dry;

static int64_t hand_clock(void)
{
	return hand;
}

static ssize_t drip_recv(int fd, void *buf, size_t n, int flags)
{
	(void)fd, (void)flags;
	errno = EAGAIN;
	dry = !dry;
	if (dry || !n)
		return -1;
	*(char *)buf = 'x';
	return 1;
}

static int drip_poll(struct pollfd *list, nfds_t n, int ms)
{
	if (!n)
		return 0;
	hand += sock_ms(ms >= 0 && ms < 100 ? ms : 100);
	list->revents = ms >= 0 && ms < 100 ? 0 : POLLIN;
	return list->revents != 0;
}

static void line_limit_covers_the_whole_line(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[64];
	struct sock_lines in = sock_lines(&p[1], buf, sizeof buf);

	(void)state;
	pair_unix(p, SOCK_STREAM);
	sock_limit(&p[1], sock_sec(1));
	hand = sock_sec(1000);
	clock_source = hand_clock;
	sys.recv = drip_recv;
	sys.poll = drip_poll;
	char *line = sock_line(&in);
	int err = errno;
	sys = sys_real;
	clock_source = NULL;
	assert_null(line);
	assert_int_equal(err, ETIMEDOUT);
	assert_int_equal(hand, sock_sec(1001));
	assert_int_equal(sock_got(&p[1]), 10);
	assert_int_equal(in.end - in.start, 10);
}

/* The peer acts whenever it is waited for: some bytes, and then the rest and the end together. */
static struct sock *actor;
static int acts;

static int acting_poll(struct pollfd *list, nfds_t n, int ms)
{
	if (acts++ == 0)
		sock_send(actor, "wh", 2);
	else if (acts == 2 && sock_send(actor, "ole\nlast", 8) == 8)
		sock_shutdown(actor, SHUT_WR);
	return sys_real.poll(list, n, ms);
}

static void line_is_whole_when_the_end_comes_with_it(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[64];
	struct sock_lines in = sock_lines(&p[1], buf, sizeof buf);

	(void)state;
	pair_tcp(p);
	sock_limit(&p[1], sock_sec(10));
	actor = &p[0];
	acts = 0;
	sys.poll = acting_poll;
	char *line = sock_line(&in);
	sys = sys_real;
	assert_non_null(line);
	assert_string_equal(line, "whole");
	assert_string_equal(sock_line(&in), "last");
	assert_null(sock_line(&in));
	assert_int_equal(errno, 0);
}

/* -- The buffer's size ------------------------------------------------------------------- */

static void line_may_fill_the_buffer_to_its_end_and_nul(void **state)
{
	(void)state;
	for (size_t room = 2; room < 40; room++) {
		PAIR_AUTO struct sock p[2];
		char *buf = malloc(room), text[40];
		struct sock_lines in = sock_lines(&p[1], buf, room);

		pair_unix(p, SOCK_STREAM);
		memset(text, 'x', sizeof text);
		text[room - 2] = '\n';
		for (int i = 0; i < 3; i++)
			sock_sendall(&p[0], text, room - 1);
		sock_sendall(&p[0], text, room - 2);
		sock_close(&p[0]);
		for (int i = 0; i < 3; i++) {
			char *line = sock_line(&in);

			assert_non_null(line);
			assert_int_equal(in.n, room - 2);
			assert_int_equal(strlen(line), room - 2);
		}
		if (room > 2)
			assert_int_equal(strlen(sock_line(&in)), room - 2);
		assert_null(sock_line(&in));
		assert_int_equal(errno, 0);
		free(buf);
	}
}

static void line_too_long_is_told_and_stays(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[8], rest[32];
	struct sock_lines in = sock_lines(&p[1], buf, sizeof buf);

	(void)state;
	pair_tcp(p);
	sock_sendall(&p[0], "ab\n0123456789\nok\n", 17);
	assert_string_equal(sock_line(&in), "ab");
	for (int i = 0; i < 3; i++) {
		assert_null(sock_line(&in));
		assert_int_equal(errno, EMSGSIZE);
		pair_why(&p[1], "line", "Message too long");
	}
	assert_int_equal(sock_lines_take(&in, rest, 3), 3);
	assert_memory_equal(rest, "012", 3);
	assert_int_equal(p[1].error, 0);
	/* Room again: what is left is a line that fits, with the newline just in. */
	assert_null(sock_line(&in));
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(sock_lines_take(&in, rest, sizeof rest), 7);
	assert_memory_equal(rest, "3456789", 7);
	assert_string_equal(sock_line(&in), "");
	assert_string_equal(sock_line(&in), "ok");
}

static void lines_take_gives_the_buffer_first_and_then_the_socket(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[64], got[64];
	struct sock_lines in = sock_lines(&p[1], buf, sizeof buf);

	(void)state;
	pair_unix(p, SOCK_STREAM);
	sock_sendall(&p[0], "length 9\nbody", 13);
	assert_string_equal(sock_line(&in), "length 9");
	assert_int_equal(sock_lines_take(&in, got, 0), 0);
	assert_int_equal(sock_lines_take(&in, got, 2), 2);
	assert_int_equal(sock_lines_take(&in, got + 2, 60), 2);
	assert_memory_equal(got, "body", 4);
	sock_sendall(&p[0], " more\nx", 7);
	assert_int_equal(sock_lines_take(&in, got, 5), 5);
	assert_memory_equal(got, " more", 5);
	assert_string_equal(sock_line(&in), "");
	sock_close(&p[0]);
	assert_string_equal(sock_line(&in), "x");
	assert_int_equal(sock_lines_take(&in, got, 5), 0);
	assert_null(sock_line(&in));
	assert_int_equal(errno, 0);
}

static void lines_take_of_the_end_ends_the_lines(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[64], got[64];
	struct sock_lines in = sock_lines(&p[1], buf, sizeof buf);

	(void)state;
	pair_unix(p, SOCK_STREAM);
	sock_close(&p[0]);
	assert_int_equal(sock_lines_take(&in, got, sizeof got), 0);
	assert_true(in.ended);
	sock_limit(&p[1], 0);
	assert_int_equal(sock_lines_take(&in, got, sizeof got), 0);
}

/* -- Failure ----------------------------------------------------------------------------- */

static void lines_that_came_are_handed_out_of_a_dead_socket(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[64], rest[8];
	struct sock_lines in = sock_lines(&p[1], buf, sizeof buf);

	(void)state;
	pair_tcp(p);
	sock_sendall(&p[0], "one\ntwo\nthr", 11);
	assert_string_equal(sock_line(&in), "one");
	setsockopt(p[0].fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
	sock_close(&p[0]);
	assert_int_equal(sock_recv(&p[1], rest, sizeof rest), -1);
	assert_int_equal(p[1].error, ECONNRESET);
	assert_string_equal(sock_line(&in), "two");
	assert_int_equal(p[1].error, ECONNRESET);
	for (int i = 0; i < 2; i++) {
		errno = 0;
		assert_null(sock_line(&in));
		assert_int_equal(errno, ECONNRESET);
		pair_why(&p[1], "recv", "Connection reset by peer");
	}
	assert_int_equal(sock_lines_take(&in, rest, sizeof rest), 3);
	assert_memory_equal(rest, "thr", 3);
	assert_int_equal(sock_lines_take(&in, rest, sizeof rest), -1);
	assert_int_equal(errno, ECONNRESET);
}

static void line_fails_on_a_bad_value(void **state)
{
	struct sock bad[3];
	char buf[8];

	(void)state;
	pair_bad(bad);
	for (int i = 0; i < 3; i++) {
		struct sock_lines in = sock_lines(&bad[i], buf, sizeof buf);

		errno = 0;
		assert_null(sock_line(&in));
		assert_int_equal(errno, bad[i].error);
		assert_true(errno && *bad[i].why);
		assert_int_equal(sock_lines_take(&in, buf, 1), -1);
		assert_int_equal(errno, bad[i].error);
	}
	errno = 0;
	assert_null(sock_line(NULL));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(sock_lines_take(NULL, buf, 1), -1);
	struct sock_lines none = sock_lines(NULL, buf, sizeof buf);
	assert_null(sock_line(&none));
	assert_int_equal(errno, EINVAL);
}

static void line_refuses_a_buffer_that_cannot_be(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[8];

	(void)state;
	pair_unix(p, SOCK_STREAM);
	struct sock_lines in = sock_lines(&p[0], NULL, 8);
	assert_null(sock_line(&in));
	assert_int_equal(errno, EINVAL);
	assert_string_equal(p[0].why, "line NULL: not a buffer");
	for (size_t room = 0; room < 2; room++) {
		in = sock_lines(&p[0], buf, room);
		assert_null(sock_line(&in));
		assert_int_equal(errno, EINVAL);
		assert_string_equal(p[0].why, "line buffer: a line needs room for 2 bytes or more");
	}
	in = sock_lines(&p[0], buf, sizeof buf);
	in.end = sizeof buf;
	assert_null(sock_line(&in));
	assert_string_equal(p[0].why, "line buffer: start and end are not within it");
	in.end = 2;
	in.start = 3;
	assert_int_equal(sock_lines_take(&in, buf, 1), -1);
	in.start = 0;
	assert_int_equal(sock_lines_take(&in, NULL, 1), -1);
	assert_string_equal(p[0].why, "lines_take NULL: not a buffer");
}

/* -- However it is cut ------------------------------------------------------------------- */

static uint64_t seed = 88172645463325252u;
static const char *feed;
static size_t fed, feed_end;

static uint32_t any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 20) % below;
}

/* Short, interrupted, out of patience, at random. */
static ssize_t cut_recv(int fd, void *buf, size_t n, int flags)
{
	size_t some = 1 + any(17);

	(void)fd, (void)flags;
	errno = any(2) ? EINTR : EAGAIN;
	if (any(5) == 0)
		return -1;
	n = n < some ? n : some;
	n = n < feed_end - fed ? n : feed_end - fed;
	memcpy(buf, feed + fed, n);
	fed += n;
	return n;
}

/* Read feed as lines and give them back joined as they were; too long ones are taken in parts. */
static void join(struct sock_lines *in, char *out, size_t *n)
{
	for (int i = 0; i < 100000; i++) {
		char *line = sock_line(in);

		if (line) {
			memcpy(out + *n, line, in->n);
			*n += in->n;
			if (!in->ended || in->start != in->end || feed[feed_end - 1] == '\n')
				out[(*n)++] = '\n';
		} else if (errno == EMSGSIZE) {
			*n += sock_lines_take(in, out + *n, 1 + any(40));
		} else if (errno != EAGAIN) {
			assert_int_equal(errno, 0);
			return;
		}
	}
	fail_msg("no end");
}

static void line_is_the_same_however_the_stream_is_cut(void **state)
{
	PAIR_AUTO struct sock p[2];
	char text[300], out[600];

	(void)state;
	pair_unix(p, SOCK_STREAM);
	sock_limit(&p[1], 0);
	sys.recv = cut_recv;
	for (int run = 0; run < 20000; run++) {
		size_t room = 2 + any(100), n = 0;
		char *buf = malloc(room);
		struct sock_lines in = sock_lines(&p[1], buf, room);

		feed = text;
		fed = 0;
		feed_end = any(sizeof text);
		for (size_t i = 0; i < feed_end; i++)
			text[i] = any(12) ? 'a' + any(26) : any(3) ? '\n' : '\0';
		join(&in, out, &n);
		free(buf);
		if (n != feed_end || memcmp(out, text, n) != 0) {
			sys = sys_real;
			fail_msg("run %d: %zu bytes of %zu", run, n, feed_end);
		}
	}
	sys = sys_real;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(line_comes_without_its_end),
	cmocka_unit_test(line_may_hold_nuls),
	cmocka_unit_test(line_loses_nothing_at_a_limit),
	cmocka_unit_test(line_limit_covers_the_whole_line),
	cmocka_unit_test(line_is_whole_when_the_end_comes_with_it),
	cmocka_unit_test(line_may_fill_the_buffer_to_its_end_and_nul),
	cmocka_unit_test(line_too_long_is_told_and_stays),
	cmocka_unit_test(lines_take_gives_the_buffer_first_and_then_the_socket),
	cmocka_unit_test(lines_take_of_the_end_ends_the_lines),
	cmocka_unit_test(lines_that_came_are_handed_out_of_a_dead_socket),
	cmocka_unit_test(line_fails_on_a_bad_value),
	cmocka_unit_test(line_refuses_a_buffer_that_cannot_be),
	cmocka_unit_test(line_is_the_same_however_the_stream_is_cut),
};
CHECK_MAIN(tests)
