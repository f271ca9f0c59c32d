/* SPDX-License-Identifier: MIT */
/*
 * Claims about the ladder on a terminal: whatever strangers send and name
 * comes out as visible characters of one column, no line is longer than the
 * terminal, and what is written again live is replaced by what is final.
 */
#include "events.h"

#include "base/printable.h"
#include "base/utf8.h"
#include "eye/canvas.h"
#include "eye/draw.h"
#include "eye/fold.h"
#include "eye/quote.h"

static char *out;
static size_t out_n, out_room;

static int put_out(void *to, const char *bytes, size_t n)
{
	(void)to;
	if (out_n + n + 1 > out_room) {
		out_room = 2 * (out_n + n + 1);
		out = realloc(out, out_room);
		assert_non_null(out);
	}
	memcpy(out + out_n, bytes, n);
	out_n += n;
	out[out_n] = '\0';
	return 0;
}

static int begin(void **state)
{
	(void)state;
	out_n = 0;
	return put_out(NULL, "", 0);
}

static int end(void **state)
{
	(void)state;
	free(out);
	out = NULL;
	out_room = out_n = 0;
	return 0;
}

/* -- Looking at what was written ------------------------------------------------------------------ */

/* One character of one column each, nothing else; returns the columns of the line that begins at s. */
static int columns(const char *s, size_t n, bool ascii)
{
	int count = 0, len;
	uint32_t point;

	for (size_t i = 0; i < n; i += (size_t)len, count++) {
		len = utf8_next(s + i, n - i, &point);
		if (!len || !printable_narrow(point) || (ascii && point > 0x7e))
			fail_msg("no visible character of one column at %zu of: %.*s", i, (int)n, s);
	}
	return count;
}

static void assert_clean(int width, bool ascii)
{
	for (const char *s = out, *end; *s; s = end + 1) {
		end = strchr(s, '\n');
		assert_non_null(end);
		assert_true(columns(s, (size_t)(end - s), ascii) <= width);
		assert_true(end == s || end[-1] != ' ');
	}
	assert_int_equal(strlen(out), out_n);
}

static void contains(const char *words)
{
	if (!strstr(out, words))
		fail_msg("no \"%s\" in:\n%s", words, out);
}

static void lacks(const char *words)
{
	if (strstr(out, words))
		fail_msg("\"%s\" in:\n%s", words, out);
}

/* -- A stage whose rows are drawn ------------------------------------------------------------------- */

static struct draw_look look;
static struct draw *drawing;
static struct fold *folder;

static void to_drawing(void *to, const struct row *row)
{
	(void)to;
	fold_row(folder, row);
}

static void stage_draw(struct draw_look how, int lanes)
{
	struct story_options o = { .kernel = true, .lanes = lanes };

	look = how;
	stage.n = 0;
	stage.clock = CLOCK_SEC;
	stage.story = story_new(&o, to_drawing, NULL);
	drawing = text_draw(&look, stage.story, put_out, NULL);
	folder = fold_new(draw_row, drawing);
	assert_true(stage.story && drawing && folder);
}

static void idle(void)
{
	story_idle(stage.story);
	fold_idle(folder);
	draw_idle(drawing);
}

static void stage_done(void)
{
	story_end(stage.story);
	fold_end(folder);
	assert_int_equal(draw_end(drawing), 0);
	story_free(stage.story);
}

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

/* -- The ladder ------------------------------------------------------------------------------------------- */

static void a_talk(void)
{
	struct talk t = events_talk(1, 2);

	do_send(&t.client, "hello\033[2J\u202e\u6f22\xff");
	do_enter(&t.server, EVENT_RECV);
	do_simple(&t.client, EVENT_SEND, EPIPE);
	do_recv(&t.server, "hello\033[2J\u202e\u6f22\xff");
	do_close(&t.client);
	do_end_of_file(&t.server);
	do_close(&t.server);
	do_exit(1);
	do_exit(2);
}

static void a_talk_is_drawn_on_two_lifelines(void **state)
{
	(void)state;
	stage_draw((struct draw_look){ .width = 100, .payload = true }, 0);
	a_talk();
	stage_done();
	assert_clean(100, false);
	contains("p1 (1)");
	contains("p2 (2)");
	contains("SYN, ACK");
	contains("hello\\x1b[2J");
	contains("TIME_WAIT");
	lacks("\033");
}

static void ascii_is_ascii(void **state)
{
	(void)state;
	stage_draw((struct draw_look){ .width = 90, .ascii = true, .payload = true }, 0);
	a_talk();
	stage_done();
	assert_clean(90, true);
	contains(">|");
}

static void colour_comes_when_asked_for(void **state)
{
	(void)state;
	stage_draw((struct draw_look){ .width = 90, .colour = true }, 0);
	a_talk();
	stage_done();
	contains("\033[0m");
	lacks("\033[2J");
	lacks("\033[K");
}

static void names_of_strangers_are_as_harmless(void **state)
{
	struct end k = events_tcp(1, 3, "/tmp/\033[31m\u202e\u6f22", NULL);

	(void)state;
	stage_draw((struct draw_look){ .width = 100 }, 0);
	k.program = "ev\033[2Jil\u6f22";
	do_serve(&k, 1);
	stage_done();
	assert_clean(100, false);
	contains("ev?[2Jil");
}

static void talk_among(int lanes)
{
	char name[32];
	struct end listener = events_tcp(1, 3, "127.0.0.1:80", NULL);

	do_serve(&listener, 5);
	for (int i = 1; i < lanes; i++) {
		snprintf(name, sizeof name, "127.0.0.1:%d", 5000 + i);
		struct end client = events_tcp(1 + i, 3, name, "127.0.0.1:80");
		struct end server = events_tcp(1, 3 + i, "127.0.0.1:80", name);

		do_connect(&client, i % 3 ? 0 : ECONNREFUSED);
		do_accept(&listener, &server);
		do_enter(&server, EVENT_RECV);
		do_send(&client, "hello, \u6f22 world, this is a long text to be quoted");
		do_recv(&server, "hello, \u6f22 world, this is a long text to be quoted");
		do_sendto(&client, "x", "192.0.2.1:9");
		do_close(&server);
		do_close(&client);
	}
}

static void no_line_is_longer_than_the_terminal(void **state)
{
	(void)state;
	for (int width = 1; width <= 450; width += width < 120 ? 7 : 55)
		for (int lanes = 1; lanes <= 64; lanes += lanes < 5 ? 1 : 20) {
			int room = width < 40 ? 40 : width > CANVAS_WIDTH ? CANVAS_WIDTH : width;

			out_n = 0;
			stage_draw((struct draw_look){ .width = width, .payload = true, .lanes = lanes % 2 ? 0 : lanes,
			                               .untimed = lanes % 3 == 0 }, lanes);
			talk_among(lanes);
			stage_done();
			assert_clean(room, false);
		}
}

static void a_million_lanes_asked_for_are_64(void **state)
{
	(void)state;
	stage_draw((struct draw_look){ .width = 200, .lanes = 1000000 }, 1000000);
	talk_among(100);
	stage_done();
	assert_clean(200, false);
}

/* -- Live ----------------------------------------------------------------------------------------------------- */

static int count_of(const char *words)
{
	int n = 0;

	for (const char *s = out; (s = strstr(s, words)) != NULL; s++)
		n++;
	return n;
}

static void rounds(struct talk *t, int n)
{
	for (int i = 0; i < n; i++) {
		do_send(&t->client, "x");
		do_recv(&t->server, "x");
	}
}

static void the_count_so_far_is_written_again_in_its_place(void **state)
{
	(void)state;
	stage_draw((struct draw_look){ .width = 40, .live = true }, 0);
	struct talk t = events_talk(1, 2);
	rounds(&t, 50);
	idle();
	assert_int_equal(count_of("\033[A"), 1);
	size_t first = out_n;
	rounds(&t, 50);
	idle();
	assert_memory_equal(out + first, "\r\033[K", 4);
	assert_int_equal(count_of("\033[A"), 2);
	size_t second = out_n;
	do_shutdown(&t.client, SHUT_WR);
	idle();
	assert_memory_equal(out + second, "\r\033[K", 4);
	stage_done();
	assert_int_equal(count_of("\033[A"), 2);
	contains("shut");
}

static void nothing_is_written_again_into_a_file(void **state)
{
	(void)state;
	stage_draw((struct draw_look){ .width = 80 }, 0);
	struct talk t = events_talk(1, 2);
	rounds(&t, 50);
	idle();
	stage_done();
	assert_clean(80, false);
	assert_int_equal(count_of("more like these"), 1);
}

static void nobody_is_drawn_waiting_whose_end_was_counted(void **state)
{
	(void)state;
	stage_draw((struct draw_look){ .width = 100, .live = true }, 0);
	struct talk t = events_talk(1, 2);
	rounds(&t, 10);
	for (int i = 0; i < 30; i++) {
		do_enter(&t.server, EVENT_RECV);
		do_send(&t.client, "x");
		do_recv(&t.server, "x");
	}
	size_t at = out_n;
	do_shutdown(&t.client, SHUT_WR);
	do_end_of_file(&t.server);
	do_shutdown(&t.server, SHUT_WR);
	stage_done();
	assert_null(strstr(out + at, "\u250a"));
}

static void who_still_waits_is_drawn_so_behind_a_count(void **state)
{
	struct end other = events_tcp(1, 9, "127.0.0.1:81", NULL);

	(void)state;
	stage_draw((struct draw_look){ .width = 100 }, 0);
	struct talk t = events_talk(1, 2);
	do_listen(&other, 1);
	struct event e = events_record(&other, EVENT_ACCEPT);
	e.phase = EVENT_ENTER;
	e.tid = 77;
	give(&e);
	rounds(&t, 30);
	size_t at = out_n;
	do_shutdown(&t.client, SHUT_WR);
	do_shutdown(&t.server, SHUT_WR);
	stage_done();
	assert_non_null(strstr(out + at, "\u250a"));
}

#define CLAIM(f) cmocka_unit_test_setup_teardown(f, begin, end)

static const struct CMUnitTest tests[] = {
	CLAIM(what_is_no_visible_character_becomes_a_mark),
	CLAIM(nothing_is_laid_beyond_the_edges),
	CLAIM(a_text_that_is_too_long_ends_in_a_mark),
	CLAIM(colours_are_changed_as_often_as_they_must),
	CLAIM(every_drawn_character_has_one_in_ascii),
	CLAIM(payload_is_quoted_as_c_writes_it),
	CLAIM(the_worst_payload_fits_its_room),
	CLAIM(a_talk_is_drawn_on_two_lifelines),
	CLAIM(ascii_is_ascii),
	CLAIM(colour_comes_when_asked_for),
	CLAIM(names_of_strangers_are_as_harmless),
	CLAIM(no_line_is_longer_than_the_terminal),
	CLAIM(a_million_lanes_asked_for_are_64),
	CLAIM(the_count_so_far_is_written_again_in_its_place),
	CLAIM(nothing_is_written_again_into_a_file),
	CLAIM(nobody_is_drawn_waiting_whose_end_was_counted),
	CLAIM(who_still_waits_is_drawn_so_behind_a_count),
};

CHECK_MAIN(tests)
