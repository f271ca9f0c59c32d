/* SPDX-License-Identifier: MIT */
/* Claims about upper: one answer however a stream is cut, a datagram's whole or not at all. */
#include "check.h"
#include "fake-conn.h"

enum { TEXT = 4096, LETTER = 6 };

/* Every class of characters there is, in the order in which they are mixed. */
static const char *const valid_pieces[] = {
	"plain ascii text, long enough to be a run of it, for the fast way wants one; ",
	"a", "straße ", "é", "ÿ", "µ ", "привет, ", "ё", "ΐ", "ΰ", "ı", "ſ", "ŉ", "ǰ", "ﬃ", "ᾷ",
	"ạ", "世界", "ა", "ꭰ", "ɐ", "ᲀ", "𐐨", "🙂", "𞤢",
	"\xf4\x8f\xbf\xbf", "\xef\xbf\xbd", "\xc2\x80", "\xe0\xa0\x80",
};

static const char *const wrong_pieces[] = {
	"\xff", "\x80", "\xbf\xbf", "\xc0\xaf", "\xc1", "\xc3", "\xc3z", "\xe2\x82", "\xe2\x82z",
	"\xe0\x80\x80", "\xed\xa0\x80", "\xf0", "\xf0\x90", "\xf0\x90\x90", "\xf0\x90\x90z",
	"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80", "\xf8\x88\x80", "\xe1\xc3\xa9",
	"\xd1\xd1\x8f", "\xf0\x90\xd1\x8f",
};

/* One text that is clean, one that is torn in many places, one that is torn once near its end. */
static char clean[TEXT], torn[TEXT], late[TEXT];
static const char *const texts[] = { clean, torn, late };

static uint64_t state_of_chance = 88172645463325252;

static size_t chance(size_t below)
{
	state_of_chance ^= state_of_chance << 13;
	state_of_chance ^= state_of_chance >> 7;
	state_of_chance ^= state_of_chance << 17;
	return (size_t)(state_of_chance >> 11) % below;
}

/* Fill a text with pieces; its end cuts the last one. */
static void mix(char *to, bool with_wrong)
{
	size_t valid = 0, wrong = 0, n = 0;

	for (size_t i = 0; n < TEXT; i++) {
		const char *piece = with_wrong && i % 3 == 2 ?
			wrong_pieces[wrong++ % (sizeof wrong_pieces / sizeof *wrong_pieces)] :
			valid_pieces[valid++ % (sizeof valid_pieces / sizeof *valid_pieces)];
		size_t size = strlen(piece);

		size = size < TEXT - n ? size : TEXT - n;
		memcpy(to + n, piece, size);
		n += size;
	}
}

static int make_texts(void **state)
{
	(void)state;
	mix(clean, false);
	mix(torn, true);
	memcpy(late, clean, TEXT);
	memcpy(late + TEXT * 3 / 4, "\xf0\x90", 2);
	return 0;
}

static struct conn stream(enum service_bad bad)
{
	return (struct conn){ .service = &service_upper, .bad = bad, .limit = 65536 };
}

static void whole(struct conn *c, const char *in, size_t n)
{
	fake_open(c);
	fake_bring(c, in, n);
	fake_end(c);
}

/* Is the conversation c, which is over, the same as another one? */
static void is_the_same(struct conn *c, const struct conn *want)
{
	assert_int_equal(c->n, want->n);
	assert_memory_equal(c->out, want->out, want->n);
	assert_int_equal(c->notes, want->notes);
	assert_string_equal(c->note, want->note);
}

static void becomes(enum service_bad bad, const char *in, const char *to)
{
	struct conn c = stream(bad);

	whole(&c, in, strlen(in));
	assert_int_equal(c.n, strlen(to));
	assert_memory_equal(c.out, to, c.n);
	fake_free(&c);
}

static void upper_has_the_full_mappings(void **state)
{
	(void)state;
	for (int bad = BAD_PASS; bad <= BAD_CLOSE; bad++) {
		becomes((enum service_bad)bad, "", "");
		becomes((enum service_bad)bad, "hello, world\n", "HELLO, WORLD\n");
		becomes((enum service_bad)bad, "straße ÿ", "STRASSE Ÿ");
		becomes((enum service_bad)bad, "ΐ", "\xce\x99\xcc\x88\xcc\x81");
	}
}

static void bytes_that_are_not_utf8_are_passed_through(void **state)
{
	(void)state;
	becomes(BAD_PASS, "a\xff" "b\xc3z\xf0\x90\x90", "A\xff" "B\xc3Z\xf0\x90\x90");
	becomes(BAD_PASS, "\xed\xa0\x80\xc0\xaf", "\xed\xa0\x80\xc0\xaf");
}

static void bytes_that_are_not_utf8_are_replaced_as_python_does(void **state)
{
	(void)state;
	becomes(BAD_REPLACE, "a\xff" "b\xc3z\xf0\x90\x90", "A�B�Z�");
	becomes(BAD_REPLACE, "\xed\xa0\x80", "���");
	becomes(BAD_REPLACE, "\xe2\x82" "a\xe2", "�A�");
}

static void bytes_that_are_not_utf8_end_the_conversation(void **state)
{
	struct conn c = stream(BAD_CLOSE);

	(void)state;
	fake_open(&c);
	fake_bring(&c, "ab\xe2\x82", 4);
	assert_false(c.finished);
	assert_int_equal(c.notes, 0);
	fake_bring(&c, "cd", 2);
	assert_true(c.finished);
	assert_int_equal(c.in_n, 0);
	assert_int_equal(c.notes, 1);
	assert_string_equal(c.note, "('127.0.0.1', 54321) sent b'\\xe2\\x82', which is not UTF-8");
	fake_end(&c);
	assert_int_equal(c.n, 2);
	assert_memory_equal(c.out, "AB", 2);
	fake_free(&c);
}

static void a_character_cut_by_the_peers_end_is_treated_as_wrong(void **state)
{
	struct conn c = stream(BAD_CLOSE);

	(void)state;
	becomes(BAD_PASS, "ab\xf0\x90", "AB\xf0\x90");
	becomes(BAD_REPLACE, "ab\xf0\x90", "AB�");
	becomes(BAD_CLOSE, "ab\xf0\x90", "AB");
	whole(&c, "ab\xf0\x90", 4);
	assert_int_equal(c.notes, 1);
	assert_string_equal(c.note, "('127.0.0.1', 54321) sent b'\\xf0\\x90', which is not UTF-8");
	fake_free(&c);
}

static void upper_is_the_same_wherever_the_stream_is_cut(void **state)
{
	(void)state;
	for (int t = 0; t < 3; t++)
		for (int bad = BAD_PASS; bad <= BAD_CLOSE; bad++) {
			struct conn want = stream((enum service_bad)bad);

			whole(&want, texts[t], TEXT);
			for (size_t cut = 1; cut < TEXT; cut++) {
				struct conn c = stream((enum service_bad)bad);

				fake_open(&c);
				fake_bring(&c, texts[t], cut);
				fake_bring(&c, texts[t] + cut, TEXT - cut);
				fake_end(&c);
				is_the_same(&c, &want);
				fake_free(&c);
			}
			fake_free(&want);
		}
}

/* Bring a text in some pieces of up to most bytes, and then the rest. */
static void in_pieces(struct conn *c, const char *text, size_t most)
{
	size_t at = 0;

	fake_open(c);
	for (int i = 0; i < 10 && at < TEXT; i++) {
		size_t n = 1 + chance(most);

		n = n < TEXT - at ? n : TEXT - at;
		fake_bring(c, text + at, n);
		at += n;
	}
	fake_bring(c, text + at, TEXT - at);
	fake_end(c);
}

static void upper_is_the_same_in_100000_random_pieces(void **state)
{
	static const size_t sizes[] = { 3, 40, 500, TEXT };

	(void)state;
	for (int bad = BAD_PASS; bad <= BAD_CLOSE; bad++) {
		struct conn want[3];

		for (int t = 0; t < 3; t++) {
			want[t] = stream((enum service_bad)bad);
			whole(&want[t], texts[t], TEXT);
		}
		for (int i = 0; i < 100000; i++) {
			struct conn c = stream((enum service_bad)bad);

			in_pieces(&c, texts[i % 3], sizes[chance(4)]);
			is_the_same(&c, &want[i % 3]);
			fake_free(&c);
		}
		for (int t = 0; t < 3; t++)
			fake_free(&want[t]);
	}
}

static void upper_is_the_same_byte_by_byte(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++) {
		struct conn want = stream((enum service_bad)(i % 3)), c = want;

		whole(&want, texts[i / 3], TEXT);
		fake_open(&c);
		for (size_t at = 0; at < TEXT; at++)
			fake_bring(&c, texts[i / 3] + at, 1);
		fake_end(&c);
		is_the_same(&c, &want);
		fake_free(&want);
		fake_free(&c);
	}
}

/* Six bytes is what the longest upper case of one character has. */
static void upper_is_the_same_however_little_room_there_is(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++) {
		struct conn want = stream((enum service_bad)(i % 3));

		whole(&want, texts[i / 3], TEXT);
		for (size_t room = LETTER; room < 200; room++) {
			struct conn c = stream((enum service_bad)(i % 3));

			if (room & 1)
				c.limit = room;
			else
				c.step = room;
			fake_open(&c);
			fake_bring(&c, texts[i / 3], TEXT / 2);
			fake_bring(&c, texts[i / 3] + TEXT / 2, TEXT / 2);
			fake_end(&c);
			is_the_same(&c, &want);
			fake_free(&c);
		}
		fake_free(&want);
	}
}

static void upper_uses_what_fits_and_leaves_the_rest(void **state)
{
	struct conn c = { .service = &service_upper, .limit = 8 };

	(void)state;
	assert_int_equal(service_upper.bytes(&c, "abcdefghij", 10), 8);
	assert_int_equal(service_upper.bytes(&c, "ij", 2), 0);
	c.sent = c.n;
	assert_int_equal(service_upper.bytes(&c, "ij", 2), 2);
	c.sent = 2;
	assert_int_equal(service_upper.bytes(&c, "\xce\x90", 2), 0);     /* 2 bytes become 6 */
	assert_int_equal(c.n, 10);
	assert_memory_equal(c.out, "ABCDEFGHIJ", 10);
	fake_free(&c);
}

static void upper_goes_on_while_there_is_room(void **state)
{
	(void)state;
	for (int bad = BAD_PASS; bad <= BAD_CLOSE; bad++) {
		struct conn c = stream((enum service_bad)bad);

		c.step = LETTER;
		assert_int_equal(service_upper.bytes(&c, "abcdefghijklmnopqrst", 20), 20);
		assert_memory_equal(c.out, "ABCDEFGHIJKLMNOPQRST", 20);
		fake_free(&c);
	}
}

static struct conn datagrams(enum service_bad bad)
{
	return (struct conn){ .service = &service_upper, .bad = bad, .limit = 65507 };
}

static void a_datagram_is(enum service_bad bad, const char *in, const char *to)
{
	struct conn c = datagrams(bad);

	assert_true(fake_datagram(&c, in, strlen(in)));
	assert_int_equal(c.n, strlen(to));
	if (c.n)
		assert_memory_equal(c.out, to, c.n);
	assert_int_equal(c.notes, 0);
	fake_free(&c);
}

static void a_datagram_is_answered_by_the_same_rules(void **state)
{
	(void)state;
	for (int bad = BAD_PASS; bad <= BAD_CLOSE; bad++) {
		a_datagram_is((enum service_bad)bad, "", "");
		a_datagram_is((enum service_bad)bad, "straße", "STRASSE");
	}
	a_datagram_is(BAD_PASS, "a\xff" "b\xf0\x90", "A\xff" "B\xf0\x90");
	a_datagram_is(BAD_REPLACE, "a\xff" "b\xf0\x90", "A�B�");
}

static void a_datagram_with_a_wrong_byte_may_get_no_reply(void **state)
{
	struct conn c = datagrams(BAD_CLOSE);

	(void)state;
	assert_false(fake_datagram(&c, "ab\xff" "c", 4));
	assert_string_equal(c.note, "('127.0.0.1', 54321) sent b'\\xff', which is not UTF-8");
	assert_false(fake_datagram(&c, "ab\xc3", 3));
	assert_string_equal(c.note, "('127.0.0.1', 54321) sent b'\\xc3', which is not UTF-8");
	assert_int_equal(c.notes, 2);
	assert_true(c.finished);
	assert_true(fake_datagram(&c, "abc", 3));
	assert_false(c.finished);
	fake_free(&c);
}

static void a_reply_is_whole_or_there_is_none(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++)
		for (size_t n = 1; n < 400; n += 3) {
			struct conn want = datagrams((enum service_bad)(i % 3)), c = want;
			bool answered = fake_datagram(&want, texts[i / 3], n);

			for (c.limit = 0; c.limit < want.n + 3; c.limit++) {
				bool again = fake_datagram(&c, texts[i / 3], n);

				assert_int_equal(again, answered && c.limit >= want.n);
				assert_int_equal(c.n, again ? want.n : 0);
				if (c.n)
					assert_memory_equal(c.out, want.out, want.n);
			}
			fake_free(&want);
			fake_free(&c);
		}
}

static void a_reply_may_fit_where_its_request_would_not(void **state)
{
	(void)state;
	for (int bad = BAD_PASS; bad <= BAD_CLOSE; bad++) {
		struct conn c = datagrams((enum service_bad)bad);

		c.limit = 10;
		assert_true(fake_datagram(&c, "ıııııſſſſſ", 20));
		assert_int_equal(c.n, 10);
		assert_memory_equal(c.out, "IIIIISSSSS", 10);
		fake_free(&c);
	}
}

static void a_reply_that_no_datagram_holds_is_not_sent(void **state)
{
	enum { LONGEST = 65506 };
	struct conn c = datagrams(BAD_PASS);
	char *in = malloc(LONGEST);

	(void)state;
	assert_non_null(in);
	for (size_t i = 0; i < LONGEST; i += 2)
		memcpy(in + i, "\xce\x90", 2);          /* its upper case would be 196,518 bytes */
	assert_false(fake_datagram(&c, in, LONGEST));
	assert_false(c.finished);
	assert_true(fake_datagram(&c, "next", 4));
	memset(in, 'a', LONGEST);
	assert_true(fake_datagram(&c, in, LONGEST));
	assert_int_equal(c.n, LONGEST);
	assert_int_equal(c.notes, 0);
	free(in);
	fake_free(&c);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(upper_has_the_full_mappings),
	cmocka_unit_test(bytes_that_are_not_utf8_are_passed_through),
	cmocka_unit_test(bytes_that_are_not_utf8_are_replaced_as_python_does),
	cmocka_unit_test(bytes_that_are_not_utf8_end_the_conversation),
	cmocka_unit_test(a_character_cut_by_the_peers_end_is_treated_as_wrong),
	cmocka_unit_test_setup(upper_is_the_same_wherever_the_stream_is_cut, make_texts),
	cmocka_unit_test_setup(upper_is_the_same_in_100000_random_pieces, make_texts),
	cmocka_unit_test_setup(upper_is_the_same_byte_by_byte, make_texts),
	cmocka_unit_test_setup(upper_is_the_same_however_little_room_there_is, make_texts),
	cmocka_unit_test(upper_uses_what_fits_and_leaves_the_rest),
	cmocka_unit_test(upper_goes_on_while_there_is_room),
	cmocka_unit_test(a_datagram_is_answered_by_the_same_rules),
	cmocka_unit_test(a_datagram_with_a_wrong_byte_may_get_no_reply),
	cmocka_unit_test_setup(a_reply_is_whole_or_there_is_none, make_texts),
	cmocka_unit_test(a_reply_may_fit_where_its_request_would_not),
	cmocka_unit_test(a_reply_that_no_datagram_holds_is_not_sent),
};
CHECK_MAIN(tests)
