/* SPDX-License-Identifier: MIT */
/* Claims about eye/svg: what each row becomes, and where it is put. How it looks in a browser:
 * tests/cli/test_pages.py. */
#include "check.h"

#include "drawing.h"

/* The path of the n-th arrow of a kind, as numbers: from, then to. */
static void ends_of(const char *class, int n, int at[4])
{
	char piece[64];
	const char *path = drawn.text;

	snprintf(piece, sizeof piece, "<path class=\"arrow %s\"", class);
	for (int i = 0; i <= n; i++) assert_non_null(path = strstr(path + 1, piece));
	assert_int_equal(sscanf(strstr(path, " d=\""), " d=\"M%d %dL%d %d\"", &at[0], &at[1],
				 &at[2], &at[3]),
		4);
}

static void each_program_has_a_head_and_a_line(void **state)
{
	(void)state;
	drawing_of(svg_draw, "three");
	assert_int_equal(drawing_count("<g class=\"lane\">"), 3);
	assert_int_equal(drawing_count("<path class=\"line\""), 3);
	assert_true(drawing_has(">pid 200<"));
	drawing_of(svg_draw, "four");
	assert_int_equal(drawing_count("<g class=\"lane stranger\">"), 1);
	assert_true(drawing_has(">not watched<"));
}

static void long_name_is_cut_and_told_whole(void **state)
{
	(void)state;
	drawing_of(svg_draw, "three");
	assert_true(drawing_has("<title>a-proxy-with-a-rather-long-name</title>"));
	assert_true(drawing_has(">a-proxy-with-a-rath\xe2\x80\xa6</text>"));
}

static void long_call_is_cut_before_its_result(void **state)
{
	(void)state;
	drawing_of(svg_draw, "crowd");
	assert_true(drawing_has("<title>setsockopt(3, SOL_SOCKET, "
				"SO_SOMETHING_OF_A_VERY_LONG_NAME_INDEED, 1) = -1 ENOPROTOOPT"));
	assert_true(drawing_has(
		"\xe2\x80\xa6</tspan> <tspan class=\"result\">= -1 ENOPROTOOPT</tspan>"));
}

static void arrow_falls_from_the_send_to_the_receive(void **state)
{
	int at[4], back[4];

	(void)state;
	drawing_of(svg_draw, "echo");
	ends_of("bytes", 0, at);
	ends_of("bytes", 1, back);
	assert_true(at[0] < at[2] && at[1] < at[3]);
	assert_true(back[0] > back[2] && back[1] < back[3]);
	assert_int_equal(back[0] - at[2], 0);
	assert_true(drawing_has("data-from=\"c7\" data-to=\"c8\""));
	assert_int_equal(drawing_count("12 B [0,12)</text>"), 2);
}

static void arrow_underlines_words_in_its_way(void **state)
{
	(void)state;
	drawing_of(svg_draw, "three");

	const char *path = strstr(strstr(drawn.text, "data-from=\"c3\" data-to=\"c4\""), " d=\"");
	int x, y, knee, to_x, to_y;
	assert_int_equal(sscanf(path, " d=\"M%d %dH%dL%d %d\"", &x, &y, &knee, &to_x, &to_y), 5);
	assert_true(x < knee && knee < to_x && y < to_y);
}

static void inferred_segments_are_dashed_and_said_so(void **state)
{
	(void)state;
	drawing_of(svg_draw, "echo");
	assert_int_equal(
		drawing_count("<path class=\"arrow kernel\""), 5 + 1); /* and the legend's */
	assert_int_equal(drawing_count(">SYN</text>"), 1);
	assert_true(drawing_has(">inferred: the kernel&#39;s own<") ||
		    drawing_has(">inferred: the kernel's own<"));
	assert_false(drawing_has(">a datagram<"));
}

static void lost_datagram_ends_before_its_lane(void **state)
{
	int lost[4], whole[4];

	(void)state;
	drawing_of(svg_draw, "udp");
	ends_of("lost", 0, lost);
	ends_of("datagram", 0, whole);
	assert_true(lost[2] < whole[2] - 20);
	assert_true(drawing_has("class=\"arrow lost\" marker-end=\"url(#head-lost)\""));
	assert_true(drawing_has(">5 B lost</text>"));
	assert_true(drawing_has(">12 B again</text>"));
	assert_true(drawing_has(">8 of 12 B cut</text>"));
}

static void waiting_call_is_a_bar_to_its_end(void **state)
{
	(void)state;
	drawing_of(svg_draw, "echo");
	assert_int_equal(drawing_count("<rect class=\"bar\""), 4 + 1);
	drawing_of(svg_draw, "crowd");
	assert_int_equal(drawing_count("<rect class=\"bar open\""), 2);
	assert_int_not_equal(drawing_number("<rect class=\"bar open\" x=\"", 0),
		drawing_number("<rect class=\"bar open\" x=\"", 1));
}

static void receive_of_four_sends_has_four_arrows(void **state)
{
	(void)state;
	drawing_of(svg_draw, "crowd");
	for (int i = 1; i <= 4; i++) {
		char piece[64];

		snprintf(piece, sizeof piece, "data-from=\"c%d\" data-to=\"c5\"", i);
		assert_true(drawing_has(piece));
	}
}

static void note_is_broken_into_lines_of_its_box(void **state)
{
	(void)state;
	drawing_of(svg_draw, "echo");
	assert_int_equal(drawing_count("<g class=\"note\">"), 1);
	assert_int_equal(drawing_count("<g class=\"note warning\">"), 1);
	assert_true(drawing_has(">recv returned 0: the client has closed its </text>"));
}

static void fold_counts_in_groups_of_three(void **state)
{
	(void)state;
	drawing_of(svg_draw, "echo");
	assert_true(drawing_has("<tspan class=\"times\">\xc3\x97 12,408</tspan> more rounds"));
}

static void rows_beyond_the_room_are_counted(void **state)
{
	(void)state;
	drawing_of(svg_draw, "many");
	assert_true(drawing_has(">1 more rows are left out.<"));
	assert_int_equal(drawing_count("<g class=\"call\">"), DRAW_ROWS);
}

static void payload_is_shown_only_when_asked_for(void **state)
{
	struct draw_look look = { .title = NULL };

	(void)state;
	drawing_of(svg_draw, "echo");
	assert_true(drawing_has("&quot;Hello, world&quot;"));
	drawing_forget();
	assert_int_equal(drawing_look(svg_draw, "echo", &look), 0);
	assert_false(drawing_has("Hello"));
}

static void what_differs_between_runs_can_be_left_out(void **state)
{
	struct draw_look look = { .untimed = true };

	(void)state;
	drawing_forget();
	assert_int_equal(drawing_look(svg_draw, "echo", &look), 0);
	assert_false(drawing_has("class=\"time\""));
	assert_false(drawing_has(">pid "));
}

static void nothing_seen_is_a_picture_too(void **state)
{
	(void)state;
	drawing_of(svg_draw, "nothing");
	assert_true(drawing_has("</svg>\n"));
}

static void first_error_of_the_output_is_told(void **state)
{
	struct draw_look look = { .width = 0 };

	(void)state;
	drawing_forget();
	drawn.fails_at = 1;
	assert_int_equal(drawing_look(svg_draw, "echo", &look), -ENOSPC);
	assert_int_equal(drawn.calls, 1);
	drawing_forget();
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_program_has_a_head_and_a_line),
	cmocka_unit_test(long_name_is_cut_and_told_whole),
	cmocka_unit_test(long_call_is_cut_before_its_result),
	cmocka_unit_test(arrow_falls_from_the_send_to_the_receive),
	cmocka_unit_test(arrow_underlines_words_in_its_way),
	cmocka_unit_test(inferred_segments_are_dashed_and_said_so),
	cmocka_unit_test(lost_datagram_ends_before_its_lane),
	cmocka_unit_test(waiting_call_is_a_bar_to_its_end),
	cmocka_unit_test(receive_of_four_sends_has_four_arrows),
	cmocka_unit_test(note_is_broken_into_lines_of_its_box),
	cmocka_unit_test(fold_counts_in_groups_of_three),
	cmocka_unit_test(rows_beyond_the_room_are_counted),
	cmocka_unit_test(payload_is_shown_only_when_asked_for),
	cmocka_unit_test(what_differs_between_runs_can_be_left_out),
	cmocka_unit_test(nothing_seen_is_a_picture_too),
	cmocka_unit_test(first_error_of_the_output_is_told),
};
CHECK_MAIN(tests)
