/* SPDX-License-Identifier: MIT */
/*
 * Claims about folding: three of a kind are shown, a few more too, many are
 * counted with their bytes; who waits meanwhile is told when it is still true;
 * and a run of a million takes no memory.
 */
#include "check.h"

#include <malloc.h>

#include "base/clock.h"
#include "eye/fold.h"

enum { KEPT = 4096 };

static struct fold *fold;
static struct row *kept[KEPT];
static int kept_n;
static int64_t now;

static void keep(void *to, const struct row *row)
{
	(void)to;
	if (kept_n < KEPT)
		kept[kept_n++] = row_copy(row);
}

static int begin(void **state)
{
	(void)state;
	kept_n = 0;
	now = 0;
	fold = fold_new(keep, NULL);
	return fold ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	fold_end(fold);
	for (int i = 0; i < kept_n; i++)
		row_free(kept[i]);
	return 0;
}

static struct event event_of(int call, uint64_t moved)
{
	return (struct event){ .call = (uint16_t)call, .phase = EVENT_RETURN, .moved = moved, .whole = moved, .fd = 3 };
}

static void give(int kind, int lane, int call, uint32_t number, uint64_t moved)
{
	struct event e = event_of(call, moved);

	fold_row(fold, &(struct row){ .kind = (uint8_t)kind, .lane = (int16_t)lane, .call = number, .event = &e,
	                              .time = now += CLOCK_MS, .who = "", .text = event_call_name(call),
	                              .result = "" });
}

static void give_kernel(const char *text)
{
	fold_row(fold, &(struct row){ .kind = ROW_KERNEL, .lane = -1, .time = now += CLOCK_MS,
	                              .who = "", .text = text, .result = "" });
}

static int told(int kind)
{
	int n = 0;

	for (int i = 0; i < kept_n; i++)
		n += kept[i]->kind == kind;
	return n;
}

static void rounds(int n)
{
	for (int i = 0; i < n; i++) {
		give(ROW_CALL, 0, EVENT_SEND, 0, 10);
		give(ROW_CALL, 1, EVENT_RECV, 0, 10);
	}
}

static const struct row *last(void)
{
	assert_true(kept_n > 0);
	return kept[kept_n - 1];
}

static void three_of_a_kind_are_shown_and_more_are_counted(void **state)
{
	(void)state;
	rounds(100);
	assert_int_equal(kept_n, 6);
	give(ROW_CALL, 0, EVENT_CLOSE, 0, 0);
	assert_int_equal(kept_n, 8);
	const struct row *r = kept[6];
	assert_int_equal(r->kind, ROW_FOLD);
	assert_int_equal(r->times, 194);
	assert_int_equal(r->period, 2);
	assert_int_equal(r->bytes_out, 970);
	assert_int_equal(r->bytes_in, 970);
	assert_string_equal(r->text, "194 more like these: 97 x send, 97 x recv; sent 970 B, received 970 B");
}

static void a_few_more_are_told_as_they_are(void **state)
{
	(void)state;
	rounds(5);
	assert_int_equal(kept_n, 6);
	give(ROW_CALL, 0, EVENT_CLOSE, 0, 0);
	assert_int_equal(told(ROW_FOLD), 0);
	assert_int_equal(kept_n, 11);
}

static void a_failure_is_another_kind_than_a_success(void **state)
{
	struct event e = event_of(EVENT_SEND, 0);

	(void)state;
	rounds(50);
	e.error = EPIPE;
	fold_row(fold, &(struct row){ .kind = ROW_CALL, .event = &e, .who = "", .text = "send", .result = "" });
	assert_int_equal(last()->event->error, EPIPE);
}

static void numbers_in_the_kernels_words_make_no_difference(void **state)
{
	char text[64];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "TIME_WAIT, 60 s: port %d, it ended first", 5000 + i);
		give_kernel(text);
	}
	assert_int_equal(kept_n, 3);
	give_kernel("SYN");
	assert_string_equal(kept[3]->text, "997 more like these: 997 x TIME_WAIT, 60 s");
}

static void minor_rows_are_left_out(void **state)
{
	(void)state;
	fold_row(fold, &(struct row){ .kind = ROW_CALL, .minor = true, .who = "", .text = "poll", .result = "" });
	assert_int_equal(kept_n, 0);
}

static void one_that_waits_is_told_unless_a_run_is_counted(void **state)
{
	(void)state;
	give(ROW_BEGIN, 1, EVENT_RECV, 7, 0);
	assert_int_equal(told(ROW_BEGIN), 1);
	rounds(50);
	for (uint32_t i = 100; i < 200; i++) {
		give(ROW_BEGIN, 1, EVENT_RECV, i, 0);
		give(ROW_CALL, 0, EVENT_SEND, 0, 10);
		give(ROW_END, 1, EVENT_RECV, i, 10);
	}
	assert_int_equal(told(ROW_BEGIN), 1);
	give(ROW_CALL, 0, EVENT_CLOSE, 0, 0);
	assert_int_equal(told(ROW_BEGIN), 1);
}

static void who_still_waits_behind_a_run_is_told_then(void **state)
{
	(void)state;
	rounds(50);
	give(ROW_BEGIN, 2, EVENT_ACCEPT, 7, 0);
	give(ROW_BEGIN, 1, EVENT_RECV, 8, 0);
	give(ROW_CALL, 0, EVENT_SEND, 0, 10);
	give(ROW_END, 1, EVENT_RECV, 8, 10);
	give(ROW_CALL, 0, EVENT_CLOSE, 0, 0);
	assert_int_equal(told(ROW_BEGIN), 1);
	assert_int_equal(kept[kept_n - 2]->kind, ROW_BEGIN);
	assert_int_equal(kept[kept_n - 2]->call, 7);
	assert_true(kept[kept_n - 2]->time <= last()->time && kept[kept_n - 2]->time >= kept[kept_n - 3]->time);
}

static void nobody_waits_in_a_program_that_has_ended(void **state)
{
	(void)state;
	rounds(50);
	give(ROW_BEGIN, 2, EVENT_ACCEPT, 7, 0);
	give(ROW_EXIT, 2, EVENT_EXIT, 0, 0);
	assert_int_equal(last()->kind, ROW_EXIT);
	assert_int_equal(told(ROW_BEGIN), 0);
}

static void an_end_whose_beginning_was_not_told_is_told_whole(void **state)
{
	(void)state;
	rounds(50);
	give(ROW_BEGIN, 0, EVENT_CLOSE, 7, 0);
	give(ROW_END, 0, EVENT_CLOSE, 7, 0);
	assert_int_equal(last()->kind, ROW_CALL);
	give(ROW_BEGIN, 0, EVENT_SHUTDOWN, 8, 0);
	give(ROW_END, 0, EVENT_SHUTDOWN, 8, 0);
	assert_int_equal(last()->kind, ROW_END);
}

static void the_count_so_far_is_told_while_nothing_comes(void **state)
{
	(void)state;
	rounds(50);
	fold_idle(fold);
	assert_int_equal(last()->kind, ROW_FOLD);
	assert_true(last()->minor);
	assert_int_equal(last()->times, 94);
	fold_idle(fold);
	assert_int_equal(told(ROW_FOLD), 1);
	rounds(1);
	fold_idle(fold);
	assert_int_equal(last()->times, 96);
	fold_end(fold);
	fold = NULL;
	assert_false(last()->minor);
	assert_int_equal(last()->times, 96);
}

static void then_who_waits_is_told_too(void **state)
{
	(void)state;
	rounds(50);
	give(ROW_BEGIN, 1, EVENT_RECV, 7, 0);
	fold_idle(fold);
	assert_true(last()->minor);
	fold_idle(fold);
	assert_int_equal(last()->kind, ROW_BEGIN);
	assert_int_equal(kept[kept_n - 2]->times, 94);
	assert_false(kept[kept_n - 2]->minor);
	fold_idle(fold);
	assert_int_equal(told(ROW_BEGIN), 1);
}

static void a_short_run_is_told_while_nothing_comes(void **state)
{
	(void)state;
	rounds(4);
	assert_int_equal(kept_n, 6);
	fold_idle(fold);
	assert_int_equal(kept_n, 8);
	fold_idle(fold);
	assert_int_equal(kept_n, 8);
}

static void many_shapes_are_survived(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++)
		give(ROW_CALL, i % 1000, 1 + i % (EVENT_CALLS - 1), 0, (uint64_t)i % 3);
}

static void a_million_rows_take_no_memory(void **state)
{
	(void)state;
	rounds(100);
	size_t before = mallinfo2().uordblks;
	for (uint32_t i = 1; i < 500000; i++) {
		give(ROW_BEGIN, 1, EVENT_RECV, i, 0);
		give(ROW_CALL, 0, EVENT_SEND, 0, 10);
		give(ROW_END, 1, EVENT_RECV, i, 10);
	}
	assert_true(mallinfo2().uordblks <= before + 4096);
}

#define CLAIM(f) cmocka_unit_test_setup_teardown(f, begin, end)

static const struct CMUnitTest tests[] = {
	CLAIM(three_of_a_kind_are_shown_and_more_are_counted),
	CLAIM(a_few_more_are_told_as_they_are),
	CLAIM(a_failure_is_another_kind_than_a_success),
	CLAIM(numbers_in_the_kernels_words_make_no_difference),
	CLAIM(minor_rows_are_left_out),
	CLAIM(one_that_waits_is_told_unless_a_run_is_counted),
	CLAIM(who_still_waits_behind_a_run_is_told_then),
	CLAIM(nobody_waits_in_a_program_that_has_ended),
	CLAIM(an_end_whose_beginning_was_not_told_is_told_whole),
	CLAIM(the_count_so_far_is_told_while_nothing_comes),
	CLAIM(then_who_waits_is_told_too),
	CLAIM(a_short_run_is_told_while_nothing_comes),
	CLAIM(many_shapes_are_survived),
	CLAIM(a_million_rows_take_no_memory),
};

CHECK_MAIN(tests)
