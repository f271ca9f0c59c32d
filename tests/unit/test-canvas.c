/* SPDX-License-Identifier: MIT */
/*
 * Claims about what a ladder is put together from: a canvas, on which whatever is no
 * visible character of one column becomes a mark, and payload quoted as C writes it.
 */
#include "check.h"

#include "eye/canvas.h"
#include "eye/quote.h"
#include "terminal.h"

/* -- The canvas ---------------------------------------------------------------------------------------- */

static void lay(struct canvas *c, const char *text, size_t n)
{
	c->width = 40;
	canvas_text(c, 0, 0, 40, text, n, CANVAS_PLAIN);
}

static void flush_out(void *to, const char *bytes, size_t n)
{
	put_out(to, bytes, n);
}

static void becomes(const char *text, size_t n, const char *expected)
{
	static struct canvas c;

	out_n = 0;
	lay(&c, text, n);
	canvas_flush(&c, flush_out, NULL);
	assert_string_equal(out, expected);
}

static void what_is_no_visible_character_becomes_a_mark(void **state)
{
	(void)state;
	becomes("a\033[31mb", 7, "a?[31mb\n");
	becomes("a\0b\x7f\x1f", 5, "a?b??\n");
	becomes("\xff\xc3\xe2\x82z", 5, "????z\n");
	becomes("a\u200e\u202e\u2066b", 11, "a???b\n");
	becomes("e\u0301\u0e31\u20dd", 9, "e???\n");
	becomes("\u6f22\U0001f600\uff21", 10, "???\n");
	becomes("\u00e9\u0416\u00ad\ufeff", 9, "\u00e9\u0416??\n");
	becomes("\u1100\u1161", 6, "??\n");
}

static void nothing_is_laid_beyond_the_edges(void **state)
{
	static struct canvas c;

	(void)state;
	for (int width = 1; width <= CANVAS_WIDTH; width += 57) {
		c.width = width;
		for (int line = -2; line < CANVAS_LINES + 2; line++)
			for (int column = -5; column < CANVAS_WIDTH + 5; column++) {
				canvas_put(&c, line, column, 'x', CANVAS_LANE + 63);
				canvas_is_free(&c, line < 0 ? 0 : line, column, column + 3);
			}
		canvas_text(&c, CANVAS_LINES, 0, 50, "text", 4, CANVAS_PLAIN);
		canvas_text(&c, 0, CANVAS_WIDTH - 2, 50, "text", 4, CANVAS_PLAIN);
		out_n = 0;
		canvas_flush(&c, flush_out, NULL);
		assert_clean(width, true);
	}
}

static void a_text_that_is_too_long_ends_in_a_mark(void **state)
{
	static struct canvas c = { .width = 40 };

	(void)state;
	assert_int_equal(canvas_text(&c, 0, 0, 4, "abcdef", 6, CANVAS_PLAIN), 4);
	assert_int_equal(canvas_text(&c, 1, 0, 4, "abcd", 4, CANVAS_PLAIN), 4);
	canvas_flush(&c, flush_out, NULL);
	assert_string_equal(out, "abc\u2026\nabcd\n");
}

static void colours_are_changed_as_often_as_they_must(void **state)
{
	static struct canvas c = { .width = CANVAS_WIDTH, .colour = true };

	(void)state;
	for (int i = 0; i < CANVAS_WIDTH; i++)
		canvas_put(&c, 0, i, 0x10400, i % 2 ? CANVAS_WRONG : CANVAS_NOTE);
	canvas_flush(&c, flush_out, NULL);
	assert_true(out_n > 12 * CANVAS_WIDTH);
	assert_int_equal(out[out_n - 1], '\n');
	out_n = 0;
	canvas_put(&c, 0, 0, 'a', CANVAS_PLAIN);
	canvas_put(&c, 0, 1, 'b', CANVAS_WRONG);
	canvas_put(&c, 0, 2, 'c', CANVAS_WRONG);
	canvas_flush(&c, flush_out, NULL);
	assert_string_equal(out, "a\033[0;1;31mbc\033[0m\n");
}

static void every_drawn_character_has_one_in_ascii(void **state)
{
	static const uint32_t drawn[] = { 0x2502, 0x250a, 0x2500, 0x2504, 0x25b6, 0x25c0, 0x251c, 0x2524, 0x2575,
	                                  0x2573, 0x2026, 0x22ee, 0x00d7, 0x25b8, 0x21b3 };
	static struct canvas c = { .width = 40, .ascii = true };

	(void)state;
	for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++)
		canvas_put(&c, 0, (int)i, drawn[i], CANVAS_PLAIN);
	canvas_put(&c, 1, 0, 0xe9, CANVAS_PLAIN);
	canvas_flush(&c, flush_out, NULL);
	assert_clean(40, true);
	assert_string_equal(strchr(out, '\n'), "\n?\n");
	assert_null(memchr(out, '?', (size_t)(strchr(out, '\n') - out)));
}

/* -- Quoted payload ------------------------------------------------------------------------------------- */

static void quotes(const char *bytes, size_t n, size_t most, const char *expected)
{
	char text[QUOTE_ROOM(64)];
	struct iovec iov = { (void *)(uintptr_t)bytes, n };
	struct event e = { .moved = n, .iov = &iov, .iovs = 1 };

	assert_int_equal(quote_event(text, sizeof text, &e, most), strlen(expected));
	if (*expected)
		assert_string_equal(text, expected);
}

static void payload_is_quoted_as_c_writes_it(void **state)
{
	(void)state;
	quotes("hi\r\n", 4, 64, "\"hi\\r\\n\"");
	quotes("\0\033\x7f\"\\", 5, 64, "\"\\x00\\x1b\\x7f\\\"\\\\\"");
	quotes("\xff\xc3\xa9\xc3", 4, 64, "\"\\xff\u00e9\\xc3\"");
	quotes("\u202e", 3, 64, "\"\\xe2\\x80\\xae\"");
	quotes("abcdef", 6, 3, "\"abc\"...");
	quotes("", 0, 64, "");
}

static void the_worst_payload_fits_its_room(void **state)
{
	char bytes[64];
	char expected[QUOTE_ROOM(64)] = "\"";

	(void)state;
	memset(bytes, 0xff, sizeof bytes);
	for (int i = 0; i < 64; i++)
		memcpy(expected + 1 + 4 * i, "\\xff", 5);
	strncat(expected, "\"", 2);
	quotes(bytes, sizeof bytes, 64, expected);
}

static const struct CMUnitTest tests[] = {
	CLAIM(what_is_no_visible_character_becomes_a_mark),
	CLAIM(nothing_is_laid_beyond_the_edges),
	CLAIM(a_text_that_is_too_long_ends_in_a_mark),
	CLAIM(colours_are_changed_as_often_as_they_must),
	CLAIM(every_drawn_character_has_one_in_ascii),
	CLAIM(payload_is_quoted_as_c_writes_it),
	CLAIM(the_worst_payload_fits_its_room),
};

CHECK_MAIN(tests)
