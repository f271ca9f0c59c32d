/* SPDX-License-Identifier: MIT */
/* What a person sees of a conversation beside its text: the dump of both ways, and how far a transfer is. */
#include "check.h"

#include <fcntl.h>

#include "base/clock.h"
#include "cmd/dump.h"
#include "cmd/progress.h"

/* -- The dump ---------------------------------------------------------------------------- */

struct heard {
	struct talk talk;
	int from;
};

static struct heard begin(void)
{
	struct heard h = { .talk = { .show = TALK_HEX } };
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	h.from = ends[0];
	h.talk.out = ends[1];
	pthread_mutex_init(&h.talk.lock, NULL);
	return h;
}

static void assert_dumped(struct heard *h, const char *expected)
{
	char text[4096];

	close(h->talk.out);
	ssize_t n = read(h->from, text, sizeof text - 1);
	close(h->from);
	pthread_mutex_destroy(&h->talk.lock);
	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void a_dump_has_sixteen_bytes_a_line_and_its_place(void **state)
{
	struct heard h = begin();

	(void)state;
	assert_int_equal(dump_piece(&h.talk, DUMP_SENT, "Hello\n", 6), 0);
	assert_int_equal(dump_piece(&h.talk, DUMP_CAME, "0123456789abcdefg\x1b\xff", 19), 0);
	assert_dumped(&h,
		"> 00000000  48 65 6c 6c 6f 0a                                 Hello.\n"
		"< 00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef\n"
		"< 00000010  67 1b ff                                          g..\n");
}

static void each_way_counts_its_own_place(void **state)
{
	struct heard h = begin();

	(void)state;
	assert_int_equal(dump_piece(&h.talk, DUMP_CAME, "abc", 3), 0);
	assert_int_equal(dump_piece(&h.talk, DUMP_SENT, "de", 2), 0);
	assert_int_equal(dump_piece(&h.talk, DUMP_CAME, "f", 1), 0);
	h.talk.dumped[DUMP_SENT] = UINT64_C(0x123456789);
	assert_int_equal(dump_piece(&h.talk, DUMP_SENT, "g", 1), 0);
	assert_int_equal(dump_piece(&h.talk, DUMP_SENT, "", 0), 0);
	assert_dumped(&h,
		"< 00000000  61 62 63                                          abc\n"
		"> 00000000  64 65                                             de\n"
		"< 00000003  66                                                f\n"
		"> 0000000123456789  67                                                g\n");
}

/* -- Progress ------------------------------------------------------------------------------ */

static void assert_line(uint64_t sent, uint64_t got, uint64_t size, int64_t ns, double rate, const char *expected)
{
	_Atomic uint64_t out = sent, in = got;
	struct progress p = { .sent = &out, .got = &in, .size = size };
	char line[PROGRESS_LINE];

	int n = progress_line(line, &p, ns, rate);

	assert_string_equal(line, expected);
	assert_int_equal(n, (int)strlen(line));
}

static void progress_is_told_in_units_that_people_read(void **state)
{
	const uint64_t mib = 1024 * 1024;

	(void)state;
	assert_line(0, 0, 0, CLOCK_SEC, 0, "0 B sent, 0 B received, 0 B/s, 0:01");
	assert_line(999, 1000, 0, 61 * CLOCK_SEC, 1536, "999 B sent, 1.0 KiB received, 1.5 KiB/s, 1:01");
	assert_line(5 * mib, 2048 * mib, 0, 3599 * CLOCK_SEC, 200.0 * (double)mib,
	            "5.0 MiB sent, 2.0 GiB received, 200 MiB/s, 59:59");
	assert_line(0, UINT64_MAX, 0, 36061 * CLOCK_SEC, 1, "0 B sent, 16384 PiB received, 1 B/s, 10:01:01");
}

static void what_is_left_is_told_where_the_size_is_known(void **state)
{
	const uint64_t mib = 1024 * 1024;

	(void)state;
	assert_line(25 * mib, 0, 100 * mib, 5 * CLOCK_SEC, 5.0 * (double)mib,
	            "25.0 MiB sent, 0 B received, 5.0 MiB/s, 0:05, 25 %, 0:15 left");
	assert_line(25 * mib, 0, 100 * mib, 5 * CLOCK_SEC, 0, "25.0 MiB sent, 0 B received, 0 B/s, 0:05");
	assert_line(100 * mib, 3, 100 * mib, 5 * CLOCK_SEC, 1, "100 MiB sent, 3 B received, 1 B/s, 0:05");
	assert_line(101 * mib, 3, 100 * mib, 5 * CLOCK_SEC, 1, "101 MiB sent, 3 B received, 1 B/s, 0:05");
	assert_line(1, 0, UINT64_C(1) << 60, CLOCK_SEC, 1,
	            "1 B sent, 0 B received, 1 B/s, 0:01, 0 %, 320255973501901:56:16 left");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_dump_has_sixteen_bytes_a_line_and_its_place),
	cmocka_unit_test(each_way_counts_its_own_place),
	cmocka_unit_test(progress_is_told_in_units_that_people_read),
	cmocka_unit_test(what_is_left_is_told_where_the_size_is_known),
};
CHECK_MAIN(tests)
