/* SPDX-License-Identifier: MIT */
/* Claims about eye/mermaid: what each row becomes, and that no text becomes more than text. */
#include "check.h"

#include "drawing.h"

static void programs_are_participants_and_bytes_are_arrows(void **state)
{
	(void)state;
	drawing_of(mermaid_draw, "echo");
	assert_int_equal(strncmp(drawn.text, "sequenceDiagram\n    title a title\n", 34), 0);
	assert_true(drawing_has("    participant L0 as echo-client (4242)\n"));
	assert_true(drawing_has("    L0->>L1: 12 B [0,12)\n"));
	assert_true(drawing_has("    L0-->>L1: SYN\n"));
	assert_true(drawing_has("    Note right of L1: listen(3, 128) = 0\n"));
	assert_true(drawing_has("    Note over L0,L1: more rounds"));
}

static void each_bar_begins_before_it_ends(void **state)
{
	int depth[4] = { 0 };

	(void)state;
	drawing_of(mermaid_draw, "three");
	for (const char *at = drawn.text; (at = strstr(at, "activate L")); at++) {
		bool off = at - drawn.text >= 2 && !strncmp(at - 2, "de", 2);

		depth[at[10] - '0'] += off ? -1 : 1;
		assert_true(depth[at[10] - '0'] >= 0);
	}
	assert_true(drawing_count("    deactivate L2\n") > 0);
}

static void lost_cut_and_again_are_marked(void **state)
{
	(void)state;
	drawing_of(mermaid_draw, "udp");
	assert_true(drawing_has("    L0-)L1: 8 of 12 B (cut)\n"));
	assert_true(drawing_has("    L0-)L1: 12 B (again)\n"));
	assert_true(drawing_has("    L0-xL1: 5 B (lost)\n"));
}

/* What is behind the colon, or behind "as", has none of Mermaid's signs but whole entities. */
static void assert_is_text(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!strncmp(s + i, "<br/>", 5)) {
			i += 4;
		} else if (s[i] == '#') {
			size_t digits = strspn(s + i + 1, "0123456789");

			assert_true(digits > 0 && s[i + 1 + digits] == ';');
			i += digits + 1;
		} else {
			assert_null(strchr(";<>%{}\"\\`$@|&~*\r", s[i]));
		}
	}
}

static void strangers_write_text_and_nothing_else(void **state)
{
	static const char bytes[] = "end\n%%{init: {}}%%; <img src=x onerror=alert(1)> #60;b#62; end "
		"`$$x$$` \"a\": A->>B: x";
	const struct scene_attack attack = { bytes, sizeof bytes - 1 };
	struct draw_look look = { .payload = true };

	(void)state;
	drawing_forget();
	struct draw *d = mermaid_draw(&look, scene_story(), drawing_take, NULL);
	assert_non_null(d);
	assert_true(scene_play("attack", &attack, draw_row, d));
	assert_int_equal(draw_end(d), 0);
	for (const char *at = strchr(drawn.text, '\n') + 1, *next; *at; at = next) {
		const char *text = strstr(at, " as ");
		const char *colon = strstr(at, ": ");

		next = strchr(at, '\n') + 1;
		assert_int_equal(strncmp(at, "    ", 4), 0);
		if (!text || text > next)
			text = colon && colon < next ? colon : next - 1;
		assert_is_text(text, (size_t)(next - 1 - text));
	}
	assert_false(drawing_has("->>B"));
}

static void ascii_is_ascii(void **state)
{
	struct draw_look look = { .ascii = true, .title = "\xc3\xbc" };

	(void)state;
	drawing_forget();
	assert_int_equal(drawing_look(mermaid_draw, "echo", &look), 0);
	assert_true(drawing_has("title #252;"));
	for (size_t i = 0; i < drawn.n; i++)
		assert_true((unsigned char)drawn.text[i] < 0x80);
}

static void no_more_is_drawn_than_mermaid_takes(void **state)
{
	struct row row = { .kind = ROW_CALL, .text = "send(3, 5)", .result = "= 5", .who = "" };
	struct draw_look look = { .width = 80 };

	(void)state;
	drawing_of(mermaid_draw, "echo");
	drawing_forget();
	struct draw *d = mermaid_draw(&look, scene_story(), drawing_take, NULL);
	assert_non_null(d);
	for (int i = 0; i < 5000; i++)
		draw_row(d, &row);
	assert_int_equal(draw_end(d), 0);
	assert_in_range(drawn.n, 45000, 50000);
	assert_true(drawing_has(" rows more, which Mermaid would not take\n"));
}

static void nothing_is_a_diagram_too(void **state)
{
	(void)state;
	drawing_of(mermaid_draw, "nothing");
	assert_true(drawing_has("Note over L0: no calls on sockets\n"));
	drawing_forget();
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(programs_are_participants_and_bytes_are_arrows),
	cmocka_unit_test(each_bar_begins_before_it_ends),
	cmocka_unit_test(lost_cut_and_again_are_marked),
	cmocka_unit_test(strangers_write_text_and_nothing_else),
	cmocka_unit_test(ascii_is_ascii),
	cmocka_unit_test(no_more_is_drawn_than_mermaid_takes),
	cmocka_unit_test(nothing_is_a_diagram_too),
};

CHECK_MAIN(tests)
