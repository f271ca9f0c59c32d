/* SPDX-License-Identifier: MIT */
/* Claims about the flat list of eye/calls: a line for each call, and nothing of a stranger's that commands. */
#include "check.h"

#include "drawing.h"

static void each_call_is_a_line_behind_its_program(void **state)
{
	(void)state;
	drawing_of(calls_draw, "echo");
	assert_true(drawing_has("echo-client  send(4, \"Hello, world\", 12, 0) = 12 <0.000004>\n"));
	assert_true(drawing_has("echo-server  recv(4, \"Hello, world\", 1024, 0) = 12 <0.002345>\n"));
	assert_true(drawing_has("echo-server  killed by SIGTERM\n"));
	assert_false(drawing_has("SYN"));
}

static void a_call_that_waits_is_told_once(void **state)
{
	(void)state;
	drawing_of(calls_draw, "echo");
	assert_int_equal(drawing_count("echo-client  connect("), 1);
	assert_int_equal(drawing_count("recv(4, \"Hello, world\""), 2);
}

static void notes_and_folds_are_comments(void **state)
{
	(void)state;
	drawing_of(calls_draw, "echo");
	assert_true(drawing_has("\n# more rounds of the last 4 rows, 148,896 B each way\n"));
	assert_true(drawing_has("\n# recv returned 0: the client has closed its side,"));
}

static void what_never_returned_is_unfinished(void **state)
{
	struct row row = { .kind = ROW_BEGIN, .call = 9, .text = "recv(3, 5)", .result = "", .who = "" };
	struct draw_look look = { .untimed = true };

	(void)state;
	drawing_forget();
	struct draw *d = calls_draw(&look, scene_story(), drawing_take, NULL);
	assert_non_null(d);
	row.lane = -1;
	draw_row(d, &row);
	row.call = 10;
	draw_row(d, &row);
	row.kind = ROW_END;
	row.result = "= 5";
	draw_row(d, &row);
	assert_int_equal(draw_end(d), 0);
	assert_string_equal(drawn.text, "          recv(3, 5) = 5\n          recv(3, 5) <unfinished>\n");
}

static void a_long_name_keeps_its_distance(void **state)
{
	(void)state;
	drawing_of(calls_draw, "three");
	assert_true(drawing_has("a-proxy-with-a-rather-long-name  recv(4, "));
}

static void without_times_two_runs_are_alike(void **state)
{
	struct draw_look look = { .untimed = true };

	(void)state;
	drawing_forget();
	assert_int_equal(drawing_look(calls_draw, "udp", &look), 0);
	assert_false(drawing_has("<0."));
	assert_true(drawing_has("server    recvfrom(3, 8) = 8\n"));
}

static void what_failed_is_red(void **state)
{
	struct draw_look look = { .colour = true };

	(void)state;
	drawing_forget();
	assert_int_equal(drawing_look(calls_draw, "echo", &look), 0);
	assert_true(drawing_has("\033[1;31mecho-server  accept(3) = -1 EINTR\033[0m\n"));
}

static void strangers_command_nothing(void **state)
{
	static const char bytes[] = "\x1b[31m\r\n\x9b" "2J\xe2\x80\xae\x07\xff";
	const struct scene_attack attack = { bytes, sizeof bytes - 1 };
	struct draw_look look = { .ascii = true };

	(void)state;
	drawing_forget();
	struct draw *d = calls_draw(&look, scene_story(), drawing_take, NULL);
	assert_non_null(d);
	assert_true(scene_play("attack", &attack, draw_row, d));
	assert_int_equal(draw_end(d), 0);
	for (size_t i = 0; i < drawn.n; i++)
		assert_true(drawn.text[i] == '\n' || (drawn.text[i] >= ' ' && drawn.text[i] <= '~'));
}

static void a_full_disk_is_told(void **state)
{
	struct draw_look look = { .width = 80 };

	(void)state;
	drawing_forget();
	drawn.fails_at = 3;
	assert_int_equal(drawing_look(calls_draw, "echo", &look), -ENOSPC);
	assert_int_equal(drawn.calls, 3);
	drawing_forget();
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_call_is_a_line_behind_its_program),
	cmocka_unit_test(a_call_that_waits_is_told_once),
	cmocka_unit_test(notes_and_folds_are_comments),
	cmocka_unit_test(what_never_returned_is_unfinished),
	cmocka_unit_test(a_long_name_keeps_its_distance),
	cmocka_unit_test(without_times_two_runs_are_alike),
	cmocka_unit_test(what_failed_is_red),
	cmocka_unit_test(strangers_command_nothing),
	cmocka_unit_test(a_full_disk_is_told),
};

CHECK_MAIN(tests)
