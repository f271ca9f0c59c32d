/* SPDX-License-Identifier: MIT */
/* Claims about chargen: the pattern of RFC 864 in any room, and short replies to datagrams. */
#include "check.h"
#include "fake-conn.h"

enum { LINE = 74, ROUND = 95 * LINE, MUCH = 3 * ROUND };

/* One character of the pattern, from the RFC's words alone. */
static char expected(size_t place)
{
	size_t line = place / LINE, column = place % LINE;

	return column == LINE - 2 ? '\r' : column == LINE - 1 ? '\n' :
	       (char)(' ' + (line + column) % 95);
}

static void is_the_pattern(const char *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (out[i] != expected(i))
			fail_msg("at %zu is %d, not %d", i, out[i], expected(i));
}

static void chargen_begins_as_the_classic_one(void **state)
{
	struct conn c = { .service = &service_chargen, .limit = 1000 };

	(void)state;
	fake_open(&c);
	assert_int_equal(c.n, 1000);
	assert_memory_equal(c.out,
		" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n"
		"!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh\r\n"
		"\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghi\r\n",
		3 * LINE);
	fake_free(&c);
}

static void chargen_goes_on_where_it_left(void **state)
{
	(void)state;
	for (size_t limit = 1; limit < 700; limit += limit < 160 ? 1 : 37) {
		struct conn c = { .service = &service_chargen, .limit = limit };

		fake_open(&c);
		while (c.n < ROUND + 2 * LINE)
			fake_drain(&c);
		is_the_pattern(c.out, c.n);
		fake_free(&c);
	}
}

static void chargen_is_the_same_in_any_rooms(void **state)
{
	unsigned random = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct conn c = { .service = &service_chargen, .limit = 1 + round * 31 };

		fake_open(&c);
		while (c.n < MUCH) {
			random = random * 1103515245 + 12345;
			c.limit = 1 + (random >> 16) % (round & 1 ? 200 : 9000);
			c.step = round & 2 ? 1 + (random >> 8) % 99 : 0;
			fake_drain(&c);
		}
		is_the_pattern(c.out, c.n);
		fake_free(&c);
	}
}

static void chargen_fills_all_the_room_and_minds_no_input(void **state)
{
	struct conn c = { .service = &service_chargen, .limit = 200000 };

	(void)state;
	fake_open(&c);
	assert_int_equal(c.n, 200000);
	fake_bring(&c, "anything", 8);
	assert_int_equal(c.in_n, 0);
	assert_int_equal(c.n, 200000);
	fake_drain(&c);
	assert_int_equal(c.n, 400000);
	is_the_pattern(c.out, c.n);
	fake_end(&c);
	fake_free(&c);
}

static void chargen_answers_a_datagram_with_whole_lines(void **state)
{
	struct conn c = { .service = &service_chargen, .limit = 65507 };

	(void)state;
	assert_true(fake_datagram(&c, "anything", 8));
	assert_int_equal(c.n, 6 * LINE);
	is_the_pattern(c.out, c.n);
	assert_true(fake_datagram(&c, "", 0));
	assert_int_equal(c.n, 6 * LINE);
	fake_free(&c);
}

static void chargen_keeps_within_what_a_reply_may_have(void **state)
{
	(void)state;
	for (size_t limit = 0; limit <= 600; limit++) {
		struct conn c = { .service = &service_chargen, .limit = limit };
		size_t most = limit < 512 ? limit : 512;

		assert_int_equal(fake_datagram(&c, "x", 1), limit > 0);
		assert_int_equal(c.n, most < LINE ? most : most - most % LINE);
		is_the_pattern(c.out, c.n);
		fake_free(&c);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(chargen_begins_as_the_classic_one),
	cmocka_unit_test(chargen_goes_on_where_it_left),
	cmocka_unit_test(chargen_is_the_same_in_any_rooms),
	cmocka_unit_test(chargen_fills_all_the_room_and_minds_no_input),
	cmocka_unit_test(chargen_answers_a_datagram_with_whole_lines),
	cmocka_unit_test(chargen_keeps_within_what_a_reply_may_have),
};
CHECK_MAIN(tests)
