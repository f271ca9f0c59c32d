/* SPDX-License-Identifier: MIT */
/* Bytes of strangers on a terminal: what is shown, and that it is the same however the text was cut. */
#include "check.h"

#include "base/printable.h"
#include "base/utf8.h"
#include "cmd/visible.h"

enum { TEXT = 256, SHOWN = 10 * (TEXT + VISIBLE_HELD) };

struct shown {
	char text[SHOWN];
	size_t n;
};

/* One more piece, from and to memory of exactly its size, so that a sanitizer sees a step beyond. */
static void show_piece(struct shown *shown, struct visible *v, const char *in, size_t n)
{
	char *piece = malloc(n + !n), *out = malloc(VISIBLE_ROOM(n));

	assert_true(piece && out);
	memcpy(piece, in, n);
	size_t used = visible_piece(v, out, piece, n);
	assert_true(used <= VISIBLE_ROOM(n) && shown->n + used <= SHOWN);
	memcpy(shown->text + shown->n, out, used);
	shown->n += used;
	free(piece);
	free(out);
}

static void show_end(struct shown *shown, struct visible *v)
{
	char out[VISIBLE_ROOM(0)];
	size_t used = visible_end(v, out);

	assert_true(used <= sizeof out && shown->n + used <= SHOWN);
	memcpy(shown->text + shown->n, out, used);
	shown->n += used;
}

/* Bit i of cuts: a piece ends behind byte i. */
static struct shown show_cut(const char *text, size_t n, uint64_t cuts)
{
	struct shown shown = { .n = 0 };
	struct visible v = { .n = 0 };
	size_t from = 0;

	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || (i < 64 && cuts >> i & 1)) {
			show_piece(&shown, &v, text + from, i + 1 - from);
			from = i + 1;
		}
	show_end(&shown, &v);
	return shown;
}

static void assert_shown(struct shown shown, const char *expected)
{
	shown.text[shown.n] = '\0';
	assert_string_equal(shown.text, expected);
}

/* -- What is shown ----------------------------------------------------------------------- */

static const struct {
	const char *text, *shown;
} samples[] = {
	{ "", "" },
	{ "plain text ~\n", "plain text ~\n" },
	{ "a\tb\nc", "a\tb\nc" },
	{ "line\r\nline\r\n", "line\nline\n" },
	{ "over\rwritten", "over\\rwritten" },
	{ "\r\r\n\r", "\\r\n\\r" },
	{ "\x1b[2J", "\\x1b[2J" },
	{ "\a\b\v\f\x7f\x01", "\\x07\\x08\\x0b\\x0c\\x7f\\x01" },
	{ "\x9b" "31m", "\\x9b31m" },                   /* C1 as a byte, and as a character */
	{ "\xc2\x9b" "31m\xc2\x85", "\\x9b31m\\x85" },
	{ "stra\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x90\x9f", "stra\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x90\x9f" },
	{ "\xe2\x80\xae" "txt", "\\u202etxt" },         /* marks of direction */
	{ "\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\x8b", "\\u2066\\u2069\\u200b" },
	{ "\xf3\xa0\x80\x81", "\\U000e0001" },          /* a tag that nobody sees */
	{ "\xc3", "\\xc3" },
	{ "\xc3(", "\\xc3(" },
	{ "\xe2\x82", "\\xe2\\x82" },
	{ "\xf0\x9f\x90", "\\xf0\\x9f\\x90" },
	{ "\xf0\x9f\xc3\xa9", "\\xf0\\x9f\xc3\xa9" },
	{ "\xc0\xaf\xed\xa0\x80\xff\xfe", "\\xc0\\xaf\\xed\\xa0\\x80\\xff\\xfe" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
	{ "\xe0\x80\x80", "\\xe0\\x80\\x80" },
	{ "\r\xc3\r\n\xc3\xa9", "\\r\\xc3\n\xc3\xa9" },
};

static void controls_are_shown_by_their_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
		assert_shown(show_cut(samples[i].text, strlen(samples[i].text), 0), samples[i].shown);
	assert_shown(show_cut("a\0b", 3, 0), "a\\x00b");
}

/* A whole character or byte that may be on a terminal; returns its length. */
static size_t harmless(const char *at, size_t n)
{
	uint32_t point;
	int len = utf8_next(at, n, &point);

	assert_true(*at == '\n' || *at == '\t' || (len > 0 && printable(point)));
	return len > 0 ? (size_t)len : 1;
}

static void assert_harmless(const struct shown *shown)
{
	for (size_t i = 0; i < shown->n;)
		i += harmless(shown->text + i, shown->n - i);
}

static void nothing_else_than_text_comes_out(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 256; first++)
		for (unsigned second = 0; second < 256; second++) {
			char text[] = { (char)first, (char)second, '[', (char)second, (char)first };
			struct shown shown = show_cut(text, sizeof text, 0);

			assert_harmless(&shown);
		}
}

/* -- Cuts ---------------------------------------------------------------------------------- */

static void assert_cuts_do_not_matter(const char *text, size_t n)
{
	struct shown whole = show_cut(text, n, 0);

	for (uint64_t cuts = 1; n && cuts < UINT64_C(1) << (n - 1); cuts++) {
		struct shown shown = show_cut(text, n, cuts);

		assert_int_equal(shown.n, whole.n);
		assert_memory_equal(shown.text, whole.text, whole.n);
	}
}

static void every_cut_of_a_sample_gives_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
		assert_cuts_do_not_matter(samples[i].text, strlen(samples[i].text));
}

/* Bytes of each kind that begins, goes on with, or spoils a character. */
static const char kinds[] = { 'a', '\n', '\r', '\x1b', '\x80', '\x9f', '\xa9', '\xc2', '\xc3', '\xe2', '\xed', '\xf0',
			      '\xf4', '\xff' };

static void every_cut_of_every_few_bytes_gives_the_same(void **state)
{
	enum { FEW = 4, KINDS = sizeof kinds };
	char text[FEW];

	(void)state;
	for (int number = 0; number < KINDS * KINDS * KINDS * KINDS; number++) {
		int left = number;

		for (int i = 0; i < FEW; i++, left /= KINDS)
			text[i] = kinds[left % KINDS];
		assert_cuts_do_not_matter(text, FEW);
	}
}

static void many_cuts_of_long_texts_give_the_same(void **state)
{
	enum { ROUNDS = 4000, LONG = 64 };
	uint64_t random = 88172645463325252u;
	char text[LONG];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < LONG; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			text[i] = kinds[random % sizeof kinds];
		}
		struct shown whole = show_cut(text, LONG, 0), cut = show_cut(text, LONG, random);
		struct shown bytes = show_cut(text, LONG, UINT64_MAX);

		assert_int_equal(cut.n, whole.n);
		assert_memory_equal(cut.text, whole.text, whole.n);
		assert_int_equal(bytes.n, whole.n);
		assert_memory_equal(bytes.text, whole.text, whole.n);
	}
}

static void what_is_whole_is_shown_at_once(void **state)
{
	static const char *const prompts[] = { "login: ", "\xc3\xa9", "\xf0\x9f\x90\x9f", "\x1b", "\xff", "a\n", "\t" };

	(void)state;
	for (size_t i = 0; i < sizeof prompts / sizeof *prompts; i++) {
		struct shown shown = { .n = 0 };
		struct visible v = { .n = 0 };

		show_piece(&shown, &v, prompts[i], strlen(prompts[i]));
		size_t before = shown.n;
		show_end(&shown, &v);
		assert_true(before > 0 && shown.n == before);
	}
}

static void an_empty_piece_changes_nothing(void **state)
{
	struct shown shown = { .n = 0 };
	struct visible v = { .n = 0 };

	(void)state;
	show_piece(&shown, &v, "", 0);
	show_piece(&shown, &v, "\xc3", 1);
	show_piece(&shown, &v, "", 0);
	show_piece(&shown, &v, "\xa9\r", 2);
	show_piece(&shown, &v, "", 0);
	show_piece(&shown, &v, "\n", 1);
	show_end(&shown, &v);
	assert_shown(shown, "\xc3\xa9\n");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(controls_are_shown_by_their_number),
	cmocka_unit_test(nothing_else_than_text_comes_out),
	cmocka_unit_test(every_cut_of_a_sample_gives_the_same),
	cmocka_unit_test(every_cut_of_every_few_bytes_gives_the_same),
	cmocka_unit_test(many_cuts_of_long_texts_give_the_same),
	cmocka_unit_test(what_is_whole_is_shown_at_once),
	cmocka_unit_test(an_empty_piece_changes_nothing),
};
CHECK_MAIN(tests)
