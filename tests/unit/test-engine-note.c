/* SPDX-License-Identifier: MIT */
/*
 * Claims about the lines for the operator: none is torn or out of turn, also
 * around the queue's end and from many threads; what finds no room is counted;
 * and no byte of a peer's reaches the terminal as more than a character.
 */
#include "loops.h"

enum { QUEUE = 256 * 1024, LINE = 500 };

static const struct service quiet = { .name = "quiet" };

/* What say() was given. */
static struct {
	char line[LINE + 1];
	enum engine_level level;
	long count, next;
	bool torn;
} said;

static void keep_last(void *context, enum engine_level level, const char *line)
{
	(void)context;
	assert_true(strlen(line) <= LINE);
	snprintf(said.line, sizeof said.line, "%s", line);
	said.level = level;
	said.count++;
}

static void queue_begin(struct bare *b, void (*say)(void *, enum engine_level, const char *))
{
	memset(&said, 0, sizeof said);
	bare_begin(b, &quiet);
	b->plan.level = ENGINE_NOTE;
	b->plan.say = say;
	b->engine.notes = notes_make();
	assert_non_null(b->engine.notes);
}

static void queue_end(struct bare *b)
{
	notes_free(b->engine.notes);
	bare_end(b);
}

static bool is_readable(const struct bare *b)
{
	struct pollfd p = { .fd = notes_fd(b->engine.notes), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void a_line_wakes_once_and_comes_out_as_it_went_in(void **state)
{
	struct bare b;

	(void)state;
	queue_begin(&b, keep_last);
	assert_false(is_readable(&b));
	note_line(&b.engine, ENGINE_WARN, "%d clients of %s", 7, "ours");
	assert_true(is_readable(&b));
	notes_say(&b.engine);
	assert_string_equal(said.line, "7 clients of ours");
	assert_int_equal(said.level, ENGINE_WARN);
	assert_int_equal(said.count, 1);
	assert_false(is_readable(&b));
	notes_wake(b.engine.notes);
	assert_true(is_readable(&b));
	notes_say(&b.engine);
	assert_int_equal(said.count, 1);
	queue_end(&b);
}

static void levels_that_are_not_wanted_are_not_made(void **state)
{
	struct bare b;

	(void)state;
	queue_begin(&b, keep_last);
	note_line(&b.engine, ENGINE_COME_AND_GO, "no");
	note_conn(&b.conn, ENGINE_DETAIL, "no");
	note_come(&b.conn);
	note_go(&b.conn);
	assert_false(is_readable(&b));
	notes_say(&b.engine);
	assert_int_equal(said.count, 0);
	b.plan.level = ENGINE_ERROR;
	note_line(&b.engine, ENGINE_WARN, "no");
	conn_note(&b.conn, "no");
	note_line(&b.engine, ENGINE_ERROR, "yes");
	notes_say(&b.engine);
	assert_string_equal(said.line, "yes");
	assert_int_equal(said.count, 1);
	queue_end(&b);
}

static void say(struct bare *b, const char *text, const char *shown)
{
	conn_note(&b->conn, "%s", text);
	notes_say(&b->engine);
	assert_string_equal(said.line, shown);
}

static void what_is_not_printable_becomes_a_question_mark(void **state)
{
	struct bare b;

	(void)state;
	queue_begin(&b, keep_last);
	say(&b, "tab\there", "tab?here");
	say(&b, "two\nlines\r", "two?lines?");
	say(&b, "\x1b[31mred\x1b[0m", "?[31mred?[0m");
	say(&b, "\x7f\x01", "??");
	say(&b, "\xc2\x9b" "31m", "?31m");              /* CSI as one character */
	say(&b, "a\xffz \xc3", "a?z ?");                /* not UTF-8; a character cut */
	say(&b, "\xed\xa0\x80", "???");                 /* a surrogate */
	say(&b, "x\xe2\x80\xaey", "x?y");               /* right to left from here on */
	say(&b, "\xe2\x80\xa8", "?");                   /* a line separator */
	say(&b, "Gr\xc3\xbc\xc3\x9f" "e \xe2\x82\xac", "Gr\xc3\xbc\xc3\x9f" "e \xe2\x82\xac");
	queue_end(&b);
}

static void every_byte_alone_is_harmless(void **state)
{
	struct bare b;

	(void)state;
	queue_begin(&b, keep_last);
	for (int byte = 1; byte < 256; byte++) {
		char text[2] = { (char)byte };

		say(&b, text, byte >= ' ' && byte <= '~' ? text : "?");
	}
	queue_end(&b);
}

static void a_long_line_is_cut_at_its_end(void **state)
{
	struct bare b;
	char text[2000];

	(void)state;
	queue_begin(&b, keep_last);
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (size_t n = LINE - 2; n <= LINE + 2; n++) {
		conn_note(&b.conn, "%.*s", (int)n, text);
		notes_say(&b.engine);
		assert_int_equal(strlen(said.line), n < LINE ? n : LINE);
	}
	conn_note(&b.conn, "%.*s\xe2\x82\xac", LINE - 1, text);
	notes_say(&b.engine);
	assert_int_equal(strlen(said.line), LINE);
	assert_string_equal(said.line + LINE - 2, "x?");
	queue_end(&b);
}

static void an_empty_line_disturbs_nobody(void **state)
{
	struct bare b;

	(void)state;
	queue_begin(&b, keep_last);
	conn_note(&b.conn, "%s", "");
	conn_note(&b.conn, "%s", "after");
	notes_say(&b.engine);
	assert_string_equal(said.line, "after");
	queue_end(&b);
}

/* -- Full, and around its end -------------------------------------------------------- */

static void in_turn(void *context, enum engine_level level, const char *line)
{
	char *end;

	(void)context;
	(void)level;
	if (strtol(line, &end, 10) != said.next++ || (size_t)(end - line) + strspn(end, "x") != strlen(line))
		said.torn = true;
	said.count++;
}

static void a_full_queue_drops_the_new_lines_and_counts_them(void **state)
{
	struct bare b;
	uint64_t dropped;

	(void)state;
	queue_begin(&b, in_turn);
	for (int i = 0; i < 10000; i++)
		note_line(&b.engine, ENGINE_NOTE, "%0100d", i);
	dropped = notes_dropped(b.engine.notes);
	assert_in_range(dropped, 1, 9999);
	notes_say(&b.engine);
	assert_false(said.torn);
	assert_int_equal(said.count + (long)dropped, 10000);
	assert_in_range(said.count, QUEUE / 110, QUEUE / 100);
	said.next = 7;
	note_line(&b.engine, ENGINE_NOTE, "7");
	notes_say(&b.engine);
	assert_false(said.torn);
	assert_int_equal(notes_dropped(b.engine.notes), dropped);
	queue_end(&b);
}

static void lines_of_any_length_pass_the_queues_end_whole(void **state)
{
	static const char xs[401] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	struct bare b;
	uint64_t seed = 3;
	long i = 0;

	(void)state;
	queue_begin(&b, in_turn);
	while (i < 40000) {
		for (uint32_t n = bare_random(&seed, 500); n; n--, i++)
			note_line(&b.engine, ENGINE_NOTE, "%ld%.*s", i, (int)bare_random(&seed, 72), xs);
		notes_say(&b.engine);
		assert_int_equal(said.count, i);
	}
	assert_false(said.torn);
	assert_int_equal(notes_dropped(b.engine.notes), 0);
	queue_end(&b);
}

/* -- Many threads -------------------------------------------------------------------- */

enum { THREADS = 3, EACH = 3000 };

static long seen[THREADS];

static void in_turn_of_each(void *context, enum engine_level level, const char *line)
{
	int thread = -1;
	long n = -1;

	(void)context;
	(void)level;
	if (sscanf(line, "thread %d line %ld.", &thread, &n) != 2 || thread < 0 || thread >= THREADS ||
	    n <= seen[thread] || line[strlen(line) - 1] != '.')
		said.torn = true;
	else
		seen[thread] = n;
	said.count++;
}

struct writer {
	struct bare *b;
	int number;
};

static void *write_lines(void *argument)
{
	struct writer *w = argument;

	for (long i = 0; i < EACH; i++)
		note_line(&w->b->engine, ENGINE_NOTE, "thread %d line %ld.", w->number, i);
	return NULL;
}

static void lines_of_many_threads_are_whole_and_none_goes_unheard(void **state)
{
	struct writer writer[THREADS];
	pthread_t thread[THREADS];
	struct bare b;

	(void)state;
	queue_begin(&b, in_turn_of_each);
	for (int i = 0; i < THREADS; i++) {
		seen[i] = -1;
		writer[i] = (struct writer){ .b = &b, .number = i };
		assert_int_equal(pthread_create(&thread[i], NULL, write_lines, &writer[i]), 0);
	}
	while (said.count + (long)notes_dropped(b.engine.notes) < THREADS * EACH) {
		struct pollfd p = { .fd = notes_fd(b.engine.notes), .events = POLLIN };

		assert_true(poll(&p, 1, CHECK_PATIENCE_MS) == 1 ||
		            said.count + (long)notes_dropped(b.engine.notes) == THREADS * EACH);
		notes_say(&b.engine);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_false(said.torn);
	queue_end(&b);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_line_wakes_once_and_comes_out_as_it_went_in),
	cmocka_unit_test(levels_that_are_not_wanted_are_not_made),
	cmocka_unit_test(what_is_not_printable_becomes_a_question_mark),
	cmocka_unit_test(every_byte_alone_is_harmless),
	cmocka_unit_test(a_long_line_is_cut_at_its_end),
	cmocka_unit_test(an_empty_line_disturbs_nobody),
	cmocka_unit_test(a_full_queue_drops_the_new_lines_and_counts_them),
	cmocka_unit_test(lines_of_any_length_pass_the_queues_end_whole),
	cmocka_unit_test(lines_of_many_threads_are_whole_and_none_goes_unheard),
};

CHECK_MAIN(tests)
