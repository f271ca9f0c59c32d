/* SPDX-License-Identifier: MIT */
/* Claims about eye/html: the details of calls, the sockets, and that what is linked to is there. */
#include "check.h"

#include "drawing.h"
#include "eye/page.h"
#include "eye/shown.h"

/* The section of a call, cut out of the page. */
static const char *section(const char *id)
{
	static char text[8192];
	char open[64];

	snprintf(open, sizeof open, "<section class=\"call\" id=\"%s\">", id);
	const char *from = strstr(drawn.text, open), *to = from ? strstr(from, "</section>") : NULL;
	assert_non_null(to);
	snprintf(text, sizeof text, "%.*s", (int)(to - from), from);
	return text;
}

static void says(const char *id, const char *piece)
{
	if (!strstr(section(id), piece))
		fail_msg("%s does not say %s but %s", id, piece, section(id));
}

static void call_says_what_it_moved_and_with_whom(void **state)
{
	(void)state;
	drawing_of(html_draw, "echo");
	says("c8", "<code>recv(4, 1024) <b>= 12</b></code>");
	says("c8", "<dt>Program</dt><dd>echo-server, pid 4240, thread 77</dd>");
	says("c8", "<dt>Took</dt><dd>2.35 ms</dd>");
	says("c8", "<dt>Own address</dt><dd>tcp://127.0.0.1:65432</dd>");
	says("c8", "12 of 1,024 there was room for, the stream's [0, 12)");
	says("c8", "[0, 12) <a class=\"pair\" href=\"#c7\">send(3, 12)</a> of echo-client");
	says("c7", "<dt>Received by</dt><dd><ul><li>[0, 12) <a class=\"pair\" href=\"#c8\">recv(4, "
		   "1024)</a> of echo-server");
	says("c8", "Manual page: <b>recv(2)</b>, <code>man 2 recv</code>");
	says("c8",
		"0000  48 65 6c 6c 6f 2c 20 77  Hello, w\n0008  6f 72 6c 64              orld\n");
}

static void begun_call_counts_from_its_begin(void **state)
{
	(void)state;
	drawing_of(html_draw, "echo");
	says("c4", "<dt>When</dt><dd>0.000548000 s</dd>");
	assert_int_equal(drawing_count("<section class=\"call\" id=\"c4\">"), 1);
	drawing_of(html_draw, "crowd");
	says("c6", "it waits until the end");
}

static void failed_call_has_its_note(void **state)
{
	(void)state;
	drawing_of(html_draw, "echo");
	says("c14", "<b class=\"wrong\">= -1 EINTR</b>");
	says("c14", "<p class=\"note warning\">A signal came");
}

static void datagram_says_what_became_of_it(void **state)
{
	(void)state;
	drawing_of(html_draw, "udp");
	says("c4", "the datagram had 12, the rest is gone");
	says("c4", "It did not fit the receiver's buffer");
	says("c5", "delivered it twice");
	says("c7", "It never came.");
}

static void sockets_say_who_closed_first(void **state)
{
	(void)state;
	drawing_of(html_draw, "echo");
	assert_true(drawing_has(
		"<tr id=\"s3\"><th scope=\"row\">#3</th><td>TCP</td><td>echo-client</td>"));
	assert_true(drawing_has("<td>this side</td><td>here</td>"));
	assert_true(drawing_has("<td>the other end</td><td>there</td>"));
	assert_true(drawing_has("<td>TCP, listens</td>"));
}

/* Every href="#x" has its id="x", and no id is there twice. */
static void every_link_leads_somewhere(void **state)
{
	static const char *const scenes[] = { "echo", "udp", "three", "four", "crowd" };

	(void)state;
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
		drawing_of(html_draw, scenes[i]);
		*strstr(drawn.text, "<script>") = '\0';
		for (const char *at = drawn.text; (at = strstr(at, "href=\"#"));) {
			char id[64];

			at += strlen("href=\"#");
			snprintf(id, sizeof id, " id=\"%.*s\"", (int)strcspn(at, "\""), at);
			if (drawing_count(id) != 1)
				fail_msg("%s: %d times%s", scenes[i], drawing_count(id), id);
		}
	}
}

static void page_of_many_rows_has_all_that_are_kept(void **state)
{
	(void)state;
	drawing_of(html_draw, "many");
	assert_int_equal(drawing_count("<section class=\"call\""), DRAW_ROWS);
	assert_true(drawing_has("20,000 calls shown"));
	drawing_forget();
}

static void payload_stays_away_unless_asked_for(void **state)
{
	struct draw_look look = { .title = "a title" };

	(void)state;
	drawing_forget();
	assert_int_equal(drawing_look(html_draw, "echo", &look), 0);
	assert_false(drawing_has("Hello"));
	drawing_forget();
}

static const char *shown(const char *in, size_t n)
{
	static char out[128];

	shown_bytes(out, sizeof out, in, n);
	return out;
}

static void what_has_no_picture_is_shown_by_its_number(void **state)
{
	(void)state;
	assert_string_equal(shown("a\x1b[0m\0b", 7), "a\\x1b[0m\\x00b");
	assert_string_equal(shown("\xe2\x80\xae\xff\xc3", 5), "\\u202e\\xff\\xc3");
	assert_string_equal(shown("\r\n\t", 3), "\\r\\n\\t");
	assert_string_equal(shown("\xc3\xa9 \xf3\xb0\x80\x80", 7), "\xc3\xa9 \\U000f0000");
}

static void cut_text_ends_in_an_ellipsis(void **state)
{
	char text[64] = "na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac";

	(void)state;
	assert_int_equal(shown_columns(text), 10);
	assert_int_equal(shown_cut(text, 10), 10);
	assert_int_equal(shown_cut(text, 9), 9);
	assert_string_equal(text, "na\xc3\xafve \xe6\x97\xa5\xe2\x80\xa6");
	assert_int_equal(shown_cut(text, 1), 1);
	assert_string_equal(text, "\xe2\x80\xa6");
}

static void copied_row_has_all_but_its_socket(void **state)
{
	struct iovec iov = { "payload", 7 };
	struct event e = { .moved = 7, .iov = &iov, .iovs = 1, .text = "name" };
	struct story_socket s = { .number = 1 };
	struct row row = { .kind = ROW_CALL,
		.call = 3,
		.who = "#1",
		.text = "recv(3)",
		.result = "= 7",
		.event = &e,
		.socket = &s };
	struct row *copy = row_copy(&row);
	char bytes[8] = "";

	(void)state;
	assert_non_null(copy);
	assert_true(copy->text != row.text && copy->event != &e && !copy->socket && !copy->note);
	assert_string_equal(copy->text, "recv(3)");
	assert_string_equal(copy->result, "= 7");
	assert_string_equal(copy->who, "#1");
	assert_string_equal(copy->event->text, "name");
	assert_int_equal(event_preview(copy->event, bytes, sizeof bytes), 7);
	assert_string_equal(bytes, "payload");
	row_free(copy);
	row_free(NULL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(call_says_what_it_moved_and_with_whom),
	cmocka_unit_test(begun_call_counts_from_its_begin),
	cmocka_unit_test(failed_call_has_its_note),
	cmocka_unit_test(datagram_says_what_became_of_it),
	cmocka_unit_test(sockets_say_who_closed_first),
	cmocka_unit_test(every_link_leads_somewhere),
	cmocka_unit_test(page_of_many_rows_has_all_that_are_kept),
	cmocka_unit_test(payload_stays_away_unless_asked_for),
	cmocka_unit_test(what_has_no_picture_is_shown_by_its_number),
	cmocka_unit_test(cut_text_ends_in_an_ellipsis),
	cmocka_unit_test(copied_row_has_all_but_its_socket),
};
CHECK_MAIN(tests)
