/* SPDX-License-Identifier: MIT */
/*
 * Claims about the ladder on a terminal: whatever strangers send and name
 * comes out as visible characters of one column, no line is longer than the
 * terminal, and what is written again live is replaced by what is final.
 */
#include "events.h"

#include "eye/canvas.h"
#include "eye/draw.h"
#include "eye/fold.h"
#include "terminal.h"

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
	look = how;
	stage_open_to((struct story_options){ .kernel = true, .lanes = lanes }, to_drawing);
	drawing = text_draw(&look, stage.story, put_out, NULL);
	folder = fold_new(draw_row, drawing);
	assert_true(drawing && folder);
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

static const struct CMUnitTest tests[] = {
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
