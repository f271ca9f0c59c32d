/* SPDX-License-Identifier: MIT */
/* Claims about base/upper: Unicode's mappings, cut texts, little room, any place in a block. */
#include "check.h"

#include "base/upper.h"
#include "base/utf8.h"

enum { LONG = 400 };

static char out[3 * LONG + 1];

/*
 * Memory of the exact size, so that the sanitizer sees every step outside. It
 * is kept for the next text of that size: there are millions.
 */
static char *exactly(size_t n, char *kept[])
{
	if (!kept[n])
		kept[n] = malloc(n);
	return kept[n];
}

static size_t upper(const char *in, size_t n, size_t room, size_t *used)
{
	static char *texts[LONG + 1], *answers[sizeof out + 1];

	assert_true(n <= LONG && room <= sizeof out);
	char *text = exactly(n, texts), *answer = exactly(room, answers);
	memcpy(text, in, n);
	memset(answer, '?', room);
	size_t got = upper_bytes(answer, room, text, n, used);
	assert_true(got <= room && *used <= n);
	memcpy(out, answer, got);
	return got;
}

static void expect(const char *in, size_t n, const char *to, size_t to_n)
{
	size_t used, got = upper(in, n, sizeof out, &used);

	assert_int_equal(used, n);
	assert_int_equal(got, to_n);
	assert_memory_equal(out, to, to_n);
}

static void becomes(const char *in, const char *to)
{
	expect(in, strlen(in), to, strlen(to));
}

static size_t encode(uint32_t c, char *to)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		to[i] = (char)(0x80 | (c & 0x3f));
	to[0] = (char)(0xf00u >> n | c);
	return n;
}

static void letters_of_many_scripts_get_their_capitals(void **state)
{
	(void)state;
	becomes("Hello, world [`az{|}~@AZ] 123\n", "HELLO, WORLD [`AZ{|}~@AZ] 123\n");
	becomes("àáéîöøýþ ÷ × ÿ µ", "ÀÁÉÎÖØÝÞ ÷ × Ÿ Μ");
	becomes("привет, ёжик ѐђџ ѡҁӏԯ", "ПРИВЕТ, ЁЖИК ЀЂЏ ѠҀӀԮ");
	becomes("άέήίαςσωϊϋόύώϙ", "ΆΈΉΊΑΣΣΩΪΫΌΎΏϘ");
	becomes("zażółć žluťoučký ğşi", "ZAŻÓŁĆ ŽLUŤOUČKÝ ĞŞI");
	becomes("tất cả người", "TẤT CẢ NGƯỜI");
	becomes("აბგ ꭰꮿᏸ ⰰ ꙁ ａｂ ⓐ", "ᲐᲑᲒ ᎠᏯᏰ Ⰰ Ꙁ ＡＢ Ⓐ");
	becomes("𐐨 𐓘 𐖗 𐳀 𑣀 𖹠 𞤢 🙂 𝒶", "𐐀 𐒰 𐕰 𐲀 𑢠 𖹀 𞤀 🙂 𝒶");
	becomes("你好 مرحبا שלום 안녕 नमस्ते", "你好 مرحبا שלום 안녕 नमस्ते");
}

static void letters_may_grow_and_shrink(void **state)
{
	(void)state;
	becomes("straße", "STRASSE");
	becomes("ﬁ ﬃ ﬓ ᾳ և", "FI FFI ՄՆ ΑΙ ԵՒ");
	/* U+0149, 01F0, 0390, 03B0 and 1FB7 become a letter and marks that join it. */
	becomes("\xc5\x89", "\xca\xbc" "N");
	becomes("\xc7\xb0", "J" "\xcc\x8c");
	becomes("\xce\x90", "\xce\x99" "\xcc\x88" "\xcc\x81");
	becomes("\xce\xb0", "\xce\xa5" "\xcc\x88" "\xcc\x81");
	becomes("\xe1\xbe\xb7", "\xce\x91" "\xcd\x82" "\xce\x99");
	becomes("ı ſ ι ɐ ɫ ᲀ", "I S Ι Ɐ Ɫ В");
}

static void growth_is_threefold_at_most(void **state)
{
	char in[LONG];
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof in; i += 2)
		memcpy(in + i, "\xce\x90", 2);          /* U+0390: 2 bytes become 6 */
	assert_int_equal(upper(in, sizeof in, 3 * sizeof in, &used), 3 * sizeof in);
	assert_int_equal(used, sizeof in);
}

static void bytes_that_are_no_text_pass_through(void **state)
{
	(void)state;
	expect("a\xff" "b\x80" "c\xc0\xaf" "d", 8, "A\xff" "B\x80" "C\xc0\xaf" "D", 8);
	becomes("\xe0\x80\x80 \xed\xa0\x80 \xf4\x90\x80\x80 \xf8z",
	        "\xe0\x80\x80 \xed\xa0\x80 \xf4\x90\x80\x80 \xf8Z");
	becomes("\xc3z \xe2\x82z \xf0\x90\x90z", "\xc3Z \xe2\x82Z \xf0\x90\x90Z");
	becomes("\xe1\xd1\x8f \xc3\xc3\xa9", "\xe1\xd0\xaf \xc3\xc3\x89");
	expect("\0a\0", 3, "\0A\0", 3);
}

static void a_character_cut_at_the_end_is_left(void **state)
{
	static const char *const characters[] = { "é", "\xc2\x80", "я", "߿", "\xe0\xa0\x80",
		"ﬃ", "\xed\x9f\xbf", "\xf0\x90\x90\xa8", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf" };
	char in[LONG];
	size_t used;

	(void)state;
	for (size_t c = 0; c < sizeof characters / sizeof *characters; c++)
		for (size_t front = 0; front < 140; front++)
			for (size_t n = 1; n < strlen(characters[c]); n++) {
				memset(in, 'a', front);
				memcpy(in + front, characters[c], n);
				assert_int_equal(upper(in, front + n, LONG, &used), front);
				assert_int_equal(used, front);
			}
}

static void what_can_be_no_character_any_more_is_not_left(void **state)
{
	static const char *const ends[] = { "\xc1", "\xf5", "\x80", "\xe0\x9f", "\xed\xa0",
		"\xf0\x8f", "\xf4\x90", "\xe2" "a", "\xf0\x90" "A", "\xf0\x90\x90\xc3\x89" };

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t used, n = strlen(ends[i]);

		assert_int_equal(upper(ends[i], n, LONG, &used), n);
		assert_int_equal(used, n);
	}
}

static void nothing_needs_no_buffers(void **state)
{
	size_t used = 7;

	(void)state;
	assert_int_equal(upper_bytes(NULL, 0, NULL, 0, &used), 0);
	assert_int_equal(used, 0);
	assert_int_equal(upper_bytes(NULL, 0, "abc", 3, &used), 0);
	assert_int_equal(used, 0);
	assert_int_equal(upper_bytes(NULL, 0, "\xc3", 1, &used), 0);
	assert_int_equal(used, 0);
	assert_int_equal(upper_bytes(out, 1, NULL, 0, &used), 0);
	assert_int_equal(used, 0);
}

static void one_byte_of_room_takes_one_byte(void **state)
{
	size_t used;

	(void)state;
	assert_int_equal(upper("abc", 3, 1, &used), 1);
	assert_int_equal(used, 1);
	assert_int_equal(upper("é", 2, 1, &used), 0);
	assert_int_equal(used, 0);
	assert_int_equal(upper("ı", 2, 1, &used), 1);
	assert_int_equal(used, 2);
	assert_int_equal(upper("\xff\xff", 2, 1, &used), 1);
	assert_int_equal(used, 1);
}

static const char mixed[] =
	"Straße naïve ÿ µ, привет ёѡ, άές ΐ, zażółć ŉ ı, tất cả, აბგ, 你好, ﬃ ꭰ 𐐨 🙂 "
	"\xff \xc3 \xe2\x82 \xf0\x90 plain ascii again, more of it than a block holds, "
	"then ещё немного русского текста и 世界 to the end.";

/* The result that one character at a time gives. */
static size_t slowly(char *to, const char *in, size_t n)
{
	size_t used = 1, total = 0;

	for (; n && used; in += used, n -= used) {
		uint32_t point;
		int size = utf8_next(in, n, &point);

		total += upper_bytes(to + total, 6, in, size ? (size_t)size : 1, &used);
		if (!used) {                            /* a lead without the rest of it */
			to[total++] = *in;
			used = 1;
		}
	}
	return total;
}

/* Letters of three and four bytes across the end of the last block there is. */
static void the_last_block_keeps_inside_the_text(void **state)
{
	static const char *const pieces[] = { "ạ", "𐐨", "я", "é", "ა", "ß", "\xe1",
		"\xf0\x90", "\xd1", "\xe1\xba" };
	char in[LONG], want[3 * LONG];
	size_t used;

	(void)state;
	for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++)
		for (size_t n = 60; n < 75; n++) {
			size_t size = strlen(pieces[p]);

			memcpy(in, "\xd0\xaf", 2);
			memset(in + 2, 'a', n - 2);
			memcpy(in + n - size, pieces[p], size);
			size_t got = upper(in, n, n + 1, &used), want_n = slowly(want, in, used);
			assert_int_equal(got, want_n);
			assert_memory_equal(out, want, got);
		}
}

static void a_cut_anywhere_changes_nothing(void **state)
{
	size_t n = sizeof mixed - 1, used;
	char want[3 * sizeof mixed], got[3 * sizeof mixed];
	size_t want_n = slowly(want, mixed, n);

	(void)state;
	for (size_t cut = 0; cut <= n; cut++) {
		size_t first = upper(mixed, cut, sizeof out, &used), from = used;
		memcpy(got, out, first);
		assert_true(cut - used < 4);
		size_t rest = upper(mixed + from, n - from, sizeof out, &used);
		memcpy(got + first, out, rest);
		assert_int_equal(from + used, n);
		assert_int_equal(first + rest, want_n);
		assert_memory_equal(got, want, want_n);
	}
}

static void little_room_stops_before_a_character(void **state)
{
	size_t n = sizeof mixed - 1, used;
	char want[3 * sizeof mixed], again[3 * sizeof mixed];
	size_t want_n = slowly(want, mixed, n);

	(void)state;
	for (size_t room = 0; room <= want_n; room++) {
		size_t got = upper(mixed, n, room, &used);

		assert_true(room - got < 6);
		assert_memory_equal(out, want, got);
		assert_int_equal(slowly(again, mixed, used), got);
	}
}

/* A text with this character between Russian ones, changed in blocks; and the character alone. */
static void compare_at(uint32_t point, size_t front, size_t back)
{
	char in[LONG], want[LONG];
	size_t used, size = encode(point, in + front), n = front + size + back;

	memset(in, 'x', front);
	memcpy(in + front - 2, "\xd1\x8f", 2);
	memset(in + front + size, 'x', back);
	memset(want, 'X', front);
	memcpy(want + front - 2, "\xd0\xaf", 2);
	size_t letter = upper_bytes(want + front, 6, in + front, size, &used);
	assert_int_equal(used, size);
	memcpy(in + front + size + 1, "\xd0\xb0", 2);
	memset(want + front + letter, 'X', back);
	memcpy(want + front + letter + 1, "\xd0\x90", 2);
	assert_int_equal(upper(in, n, 3 * n, &used), front + letter + back);
	assert_int_equal(used, n);
	assert_memory_equal(out, want, front + letter + back);
}

static void every_character_is_the_same_in_a_block_and_alone(void **state)
{
	(void)state;
	for (uint32_t point = 0; point < 0x110000; point++) {
		if (point >= 0xd800 && point <= 0xdfff)
			continue;
		compare_at(point, 2 + point % 80, 3 + point % 79);
		for (size_t i = 59; i < 67 && point < 0x20000; i++)
			compare_at(point, i, 66);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(letters_of_many_scripts_get_their_capitals),
	cmocka_unit_test(letters_may_grow_and_shrink),
	cmocka_unit_test(growth_is_threefold_at_most),
	cmocka_unit_test(bytes_that_are_no_text_pass_through),
	cmocka_unit_test(a_character_cut_at_the_end_is_left),
	cmocka_unit_test(what_can_be_no_character_any_more_is_not_left),
	cmocka_unit_test(nothing_needs_no_buffers),
	cmocka_unit_test(one_byte_of_room_takes_one_byte),
	cmocka_unit_test(the_last_block_keeps_inside_the_text),
	cmocka_unit_test(a_cut_anywhere_changes_nothing),
	cmocka_unit_test(little_room_stops_before_a_character),
	cmocka_unit_test(every_character_is_the_same_in_a_block_and_alone),
};
CHECK_MAIN(tests)
