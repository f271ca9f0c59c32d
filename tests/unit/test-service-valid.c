/* SPDX-License-Identifier: MIT */
/* Claims about service/valid: blocks are judged as one character at a time would be. */
#include "check.h"

#include "base/utf8.h"
#include "service/valid.h"

enum { LONG = 300 };

/* Memory of the exact size; valid_run must not look outside. */
static size_t run(const char *in, size_t n)
{
	static char *kept[LONG + 1];

	if (!kept[n])
		kept[n] = malloc(n ? n : 1);
	memcpy(kept[n], in, n);
	return valid_run(kept[n], n);
}

static size_t slowly(const char *in, size_t n)
{
	uint32_t point;
	size_t at = 0;

	for (int size; at < n && (size = utf8_next(in + at, n - at, &point)) > 0;)
		at += (size_t)size;
	return at;
}

static void same(const char *in, size_t n)
{
	size_t got = run(in, n), want = slowly(in, n);

	if (got != want)
		fail_msg("%zu of %zu bytes are valid, not %zu", want, n, got);
}

/* Put a piece at every place of a text of some other characters, of lengths about a block's. */
static void everywhere(const char *piece, size_t size)
{
	static const char *const around[] = { "a", "я", "世", "🙂" };
	char text[LONG];

	for (int a = 0; a < 4; a++)
		for (size_t front = 0; front < 140; front += strlen(around[a])) {
			for (size_t i = 0; i < LONG; i++)
				text[i] = around[a][i % strlen(around[a])];
			memcpy(text + front, piece, size);
			for (size_t i = front + size; i < LONG; i++)
				text[i] = around[a][(i - front - size) % strlen(around[a])];
			same(text, front + size);
			same(text, front + size + 1);
			same(text, front + size + 67);
			same(text, LONG);
		}
}

static void any_three_bytes_are_judged_rightly(void **state)
{
	char text[LONG];

	(void)state;
	memset(text, 'a', sizeof text);
	for (unsigned i = 0; i < 1 << 24; i++) {
		char *at = text + 3 + i % 70;

		if ((i & 0x8080) == 0)          /* two of ASCII: the first alone matters */
			continue;
		memcpy(at, (char[]){ (char)(i >> 16), (char)(i >> 8), (char)i }, 3);
		if (valid_run(text, 160) != slowly(text, 160))
			fail_msg("%06x is judged otherwise in a block", i);
		memset(at, 'a', 3);
	}
}

static void any_four_bytes_of_a_long_lead_are_judged_rightly(void **state)
{
	static const char deciding[] = "\x7f\x80\x8f\x90\xbf\xc0\xff";
	char text[LONG];

	(void)state;
	memset(text, 'a', sizeof text);
	for (unsigned i = 0; i < 8 << 14; i++) {
		char *at = text + 3 + i % 70;

		/* Leads f0 to f7, all second bytes. */
		memcpy(at, (char[]){ (char)(0xf0 | i >> 14), (char)(i >> 6), deciding[i >> 3 & 7],
		                     deciding[i & 7] }, 4);
		if (valid_run(text, 160) != slowly(text, 160))
			fail_msg("%06x is judged otherwise in a block", i);
		memset(at, 'a', 4);
	}
}

static void edges_are_judged_rightly_at_any_place(void **state)
{
	static const char *const pieces[] = {
		"", "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2\x80", "\xc2", "\xdf\xbf",
		"\xe0\x9f\xbf", "\xe0\xa0\x80", "\xe0\xa0", "\xed\x9f\xbf", "\xed\xa0\x80",
		"\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf0\x90\x80", "\xf0\x90", "\xf0", "\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "é\x80", "世\x80",
		"\xf0\x9f\x99\x82\x80", "\xc3é", "\xe4\xb8é"
	};

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
		everywhere(pieces[i], strlen(pieces[i]));
}

static unsigned chance(unsigned below)
{
	static unsigned random = 7;

	random = random * 1103515245 + 12345;
	return (random >> 16) % below;
}

static void random_texts_are_judged_rightly(void **state)
{
	static const char *const letters[] = { "abc", "я", "世", "🙂" };
	static const char spoilt[] = "aaaaéé世🙂\xe0\xed\xf4\x90\xa0\x80\xff";
	char text[LONG];

	(void)state;
	for (int round = 0; round < 100000; round++) {
		size_t n = 0;

		while (n < LONG - 4) {
			const char *letter = letters[chance(4)];

			memcpy(text + n, letter, strlen(letter));
			n += strlen(letter);
		}
		text[chance((unsigned)n)] = spoilt[chance(sizeof spoilt - 1)];
		same(text, n);
		same(text, chance((unsigned)n));
	}
}

/* As CPython counts what it replaces by one U+FFFD. */
static void what_is_wrong_is_counted_as_python_does(void **state)
{
	static const struct { const char *text; size_t more, last; } rows[] = {
		{ "", 0, 0 }, { "a", 0, 0 }, { "é", 0, 0 }, { "🙂", 0, 0 },
		{ "\x80", 1, 1 }, { "\xbf\xbf", 1, 1 }, { "\xc0\x80", 1, 1 }, { "\xc1", 1, 1 },
		{ "\xff", 1, 1 }, { "\xf5", 1, 1 }, { "\xf5\x80\x80\x80", 1, 1 },
		{ "\xc3", 0, 1 }, { "\xc3" "a", 1, 1 }, { "\xc3é", 1, 1 },
		{ "\xe2", 0, 1 }, { "\xe2\x82", 0, 2 },
		{ "\xe2" "aa", 1, 1 }, { "\xe2\x82" "a", 2, 2 },
		{ "\xe0\x9f\xbf", 1, 1 }, { "\xe0\xa0", 0, 2 },
		{ "\xed\xa0\x80", 1, 1 }, { "\xed\x9f", 0, 2 },
		{ "\xf0", 0, 1 }, { "\xf0\x90", 0, 2 }, { "\xf0\x90\x90", 0, 3 },
		{ "\xf0\x90" "a", 2, 2 }, { "\xf0\x90\x90" "a", 3, 3 }, { "\xf0\x90\x90é", 3, 3 },
		{ "\xf0\x8f\x80\x80", 1, 1 },
		{ "\xf4\x8f\xbf", 0, 3 }, { "\xf4\x90\x80\x80", 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = strlen(rows[i].text);

		assert_int_equal(valid_wrong(rows[i].text, n, false), rows[i].more);
		assert_int_equal(valid_wrong(rows[i].text, n, true), rows[i].last);
	}
}

static void nothing_is_valid_and_not_wrong(void **state)
{
	(void)state;
	assert_int_equal(valid_run(NULL, 0), 0);
	assert_int_equal(valid_wrong(NULL, 0, true), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(any_three_bytes_are_judged_rightly),
	cmocka_unit_test(any_four_bytes_of_a_long_lead_are_judged_rightly),
	cmocka_unit_test(edges_are_judged_rightly_at_any_place),
	cmocka_unit_test(random_texts_are_judged_rightly),
	cmocka_unit_test(what_is_wrong_is_counted_as_python_does),
	cmocka_unit_test(nothing_is_valid_and_not_wrong),
};
CHECK_MAIN(tests)
