/* SPDX-License-Identifier: MIT */
/*
 * Claims about a conn's output: whatever mixture of copies, input passed on and
 * replies written in place, and however little the kernel takes at a time, the
 * bytes that leave are those that were written, in their order; and the memory
 * of a round is never looked at after it. The kernel is played by the test.
 */
#include "loops.h"

#include "sock/sys.h"

enum { INPUT = 8192, STREAM = 4 * 1024 * 1024 };

static const struct service quiet = { .name = "quiet" };

/* What was written and what has left, of one conn. */
struct model {
	struct bare b;
	uint64_t seed;
	char *written, *left;
	size_t n, gone;
	char input[INPUT];
};

static void model_begin(struct model *m, uint64_t seed)
{
	bare_begin(&m->b, &quiet);
	m->seed = seed;
	m->n = m->gone = 0;
	m->written = malloc(STREAM);
	m->left = malloc(STREAM);
	assert_true(m->written && m->left);
}

static void model_end(struct model *m)
{
	assert_null(m->b.conn.out);
	assert_int_equal(m->n, m->gone);
	assert_int_equal(m->b.conn.sent, m->n);
	assert_memory_equal(m->written, m->left, m->n);
	free(m->written);
	free(m->left);
	bare_end(&m->b);
}

static uint32_t pick(struct model *m, uint32_t below)
{
	return bare_random(&m->seed, below);
}

static void fill(struct model *m, char *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (char)pick(m, 256);
}

static void wrote(struct model *m, const char *bytes, size_t n)
{
	assert_true(m->n + n <= STREAM);
	memcpy(m->written + m->n, bytes, n);
	m->n += n;
}

static size_t allowed(const struct model *m)
{
	size_t queued = m->n - m->gone, most = m->b.group.buffer;

	return queued < most ? most - queued : 0;
}

/* Bytes from elsewhere: as many are taken as the buffer allows. */
static void write_copy(struct model *m)
{
	static char bytes[100 * 1024];
	size_t n = pick(m, pick(m, 8) ? 300 : sizeof bytes), may = allowed(m);
	size_t taken;

	fill(m, bytes, n < 1000 ? n : 1000);
	taken = out_add(&m->b.conn, bytes, n);
	assert_int_equal(taken, n < may ? n : may);
	wrote(m, bytes, taken);
	memset(bytes, 'x', n);
}

/* A piece of the round's input is taken whole, whatever the buffer says. */
static void pass_on(struct model *m)
{
	size_t at = pick(m, INPUT), n = pick(m, INPUT - at + 1);

	assert_int_equal(out_add(&m->b.conn, m->input + at, n), n);
	wrote(m, m->input + at, n);
}

static void write_in_place(struct model *m)
{
	size_t want = 1 + pick(m, pick(m, 8) ? 300 : 100 * 1024), may = allowed(m), room;
	char *to = out_room(&m->b.conn, want, &room);

	assert_true(room <= want && room <= may && !to == !room);
	if (!room)
		return;
	room = pick(m, 4) ? room : pick(m, (uint32_t)room + 1);
	fill(m, to, room);
	wrote(m, to, room);
	out_commit(&m->b.conn, room);
}

/* The kernel takes some of the first pieces, or all. */
static void kernel_takes(struct model *m, bool all)
{
	struct iovec iov[128];
	size_t n, offered;
	int count = out_gather(&m->b.conn, iov, all ? 128 : 1 + (int)pick(m, 128), &offered);

	n = all ? offered : pick(m, (uint32_t)offered + 1);
	for (size_t i = 0, done = 0; done < n; i++) {
		size_t part = iov[i].iov_len < n - done ? iov[i].iov_len : n - done;

		assert_true((int)i < count);
		memcpy(m->left + m->gone, iov[i].iov_base, part);
		m->gone += part;
		done += part;
	}
	out_sent(&m->b.conn, n);
}

/* What is left must not lie in the round any more, so the round is spoilt. */
static void end_round(struct model *m)
{
	struct loop *l = m->b.loop;

	assert_true(out_settle(&m->b.conn));
	memset(l->round, 0xaa, l->round_used);
	memset(m->input, 0xaa, sizeof m->input);
	core_round_end(l);
	assert_true(m->b.engine.held >= m->n - m->gone);
}

static void one_round(struct model *m)
{
	fill(m, m->input, sizeof m->input);
	m->b.loop->in_from = m->input;
	m->b.loop->in_to = m->input + sizeof m->input;
	for (uint32_t i = pick(m, 12); i; i--) {
		switch (pick(m, 3)) {
		case 0:
			write_copy(m);
			break;
		case 1:
			pass_on(m);
			break;
		case 2:
			write_in_place(m);
			break;
		}
	}
	m->b.loop->in_from = m->b.loop->in_to = NULL;
	for (uint32_t i = pick(m, 3); i; i--)
		kernel_takes(m, false);
	end_round(m);
}

static void nothing_is_lost_or_moved_whatever_is_written_and_taken(void **state)
{
	static struct model m;

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		model_begin(&m, seed * 0x9e3779b97f4a7c15);
		m.b.group.buffer = 1024 << pick(&m, 8);
		for (int i = 0; i < 12 && m.n < STREAM - 1024 * 1024; i++)
			one_round(&m);
		for (int i = 0; i < 4096 && m.b.conn.out; i++)
			kernel_takes(&m, true);
		assert_int_equal(m.b.engine.held, 0);
		model_end(&m);
	}
}

static void a_settled_output_is_one_piece_of_its_exact_size(void **state)
{
	struct bare b;
	struct iovec iov[8];
	size_t n;

	(void)state;
	bare_begin(&b, &quiet);
	for (int i = 0; i < 5; i++)
		assert_int_equal(out_add(&b.conn, "abcdefg", 7), 7);
	assert_int_equal(b.engine.held, 0);
	assert_true(out_settle(&b.conn));
	core_round_end(b.loop);
	assert_int_equal(b.engine.held, 35);
	assert_int_equal(atomic_load(&b.engine.held_most), 35);
	assert_int_equal(out_gather(&b.conn, iov, 8, &n), 1);
	assert_int_equal(n, 35);
	out_sent(&b.conn, 34);
	assert_int_equal(b.engine.held, 35);
	out_sent(&b.conn, 1);
	assert_int_equal(b.engine.held, 0);
	assert_int_equal(atomic_load(&b.engine.held_most), 35);
	bare_end(&b);
}

static void neighbours_in_the_input_leave_as_one(void **state)
{
	struct bare b;
	struct iovec iov[8];
	char input[30];
	size_t n;

	(void)state;
	bare_begin(&b, &quiet);
	b.loop->in_from = input;
	b.loop->in_to = input + sizeof input;
	for (int i = 0; i < 3; i++)
		assert_int_equal(out_add(&b.conn, input + 10 * i, 10), 10);
	assert_int_equal(out_gather(&b.conn, iov, 8, &n), 1);
	assert_ptr_equal(iov[0].iov_base, input);
	assert_int_equal(n, 30);
	bare_end(&b);
}

static void the_buffer_bounds_what_is_queued_but_not_the_rounds_input(void **state)
{
	static char input[4096];
	struct bare b;
	size_t room;

	(void)state;
	bare_begin(&b, &quiet);
	b.group.buffer = 1000;
	assert_int_equal(out_add(&b.conn, input, 600), 600);
	assert_non_null(out_room(&b.conn, 5000, &room));
	assert_int_equal(room, 400);
	assert_int_equal(out_add(&b.conn, input, 600), 400);
	assert_int_equal(out_add(&b.conn, input, 1), 0);
	assert_null(out_room(&b.conn, 1, &room));
	assert_int_equal(room, 0);
	b.loop->in_from = input;
	b.loop->in_to = input + sizeof input;
	assert_int_equal(out_add(&b.conn, input, sizeof input), sizeof input);
	out_sent(&b.conn, 1000 + sizeof input - 10);
	assert_int_equal(out_add(&b.conn, "0123456789", 10), 10);
	bare_end(&b);
}

/* Use the round's memory up, but for less than left bytes. */
static void use_up(struct loop *l, size_t left)
{
	size_t at = (l->round_used + 15) & ~(size_t)15;

	assert_non_null(out_round(l, CORE_ROUND - at - left));
}

static void output_goes_on_where_the_rounds_memory_is_used_up(void **state)
{
	static char bytes[5000];
	struct bare b;
	size_t room;

	(void)state;
	for (size_t left = 0; left < 200; left += 8) {
		bare_begin(&b, &quiet);
		use_up(b.loop, left);
		assert_null(out_round(b.loop, left + 1));
		assert_int_equal(out_add(&b.conn, bytes, sizeof bytes), sizeof bytes);
		char *to = out_room(&b.conn, sizeof bytes, &room);
		uint64_t before = b.conn.sent;

		assert_non_null(to);
		assert_int_equal(room, sizeof bytes);
		memset(to, 'x', room);
		out_commit(&b.conn, left);
		assert_int_equal(b.conn.sent, before + left);
		assert_non_null(out_room(&b.conn, 100, &room));
		out_forget_room(b.loop);
		b.loop->in_from = bytes;
		b.loop->in_to = bytes + sizeof bytes;
		assert_int_equal(out_add(&b.conn, bytes, 100), 100);
		assert_true(out_settle(&b.conn));
		core_round_end(b.loop);
		bare_end(&b);
	}
}

static void more_than_a_round_is_refused_at_once(void **state)
{
	struct bare b;

	(void)state;
	bare_begin(&b, &quiet);
	assert_null(out_round(b.loop, CORE_ROUND + 1));
	assert_null(out_round(b.loop, SIZE_MAX));
	assert_non_null(out_round(b.loop, CORE_ROUND));
	assert_null(out_round(b.loop, 1));
	core_round_end(b.loop);
	assert_non_null(out_round(b.loop, 1));
	bare_end(&b);
}

static void *no_memory(size_t n)
{
	(void)n;
	return NULL;
}

static void without_memory_nothing_is_taken_and_nothing_lost(void **state)
{
	struct bare b;
	struct iovec iov[4];
	size_t n;

	(void)state;
	bare_begin(&b, &quiet);
	assert_int_equal(out_add(&b.conn, "whole", 5), 5);
	sys.malloc = no_memory;
	assert_false(out_settle(&b.conn));
	use_up(b.loop, 0);
	assert_true(b.loop->no_memory);
	assert_int_equal(out_add(&b.conn, "more", 4), 0);
	sys.malloc = sys_real.malloc;
	assert_int_equal(out_gather(&b.conn, iov, 4, &n), 1);
	assert_int_equal(n, 5);
	assert_memory_equal(iov[0].iov_base, "whole", 5);
	bare_end(&b);
}

static void too_much_held_by_all_makes_each_take_little(void **state)
{
	static char bytes[64 * 1024];
	struct bare b;

	(void)state;
	bare_begin(&b, &quiet);
	out_hold(b.loop, CORE_HELD);
	assert_false(b.loop->tight);
	out_hold(b.loop, 1);
	assert_true(b.loop->tight);
	assert_int_equal(out_add(&b.conn, bytes, sizeof bytes), CORE_INPUT);
	out_sent(&b.conn, CORE_INPUT);
	out_hold(b.loop, -1);
	assert_false(b.loop->tight);
	assert_int_equal(out_add(&b.conn, bytes, sizeof bytes), sizeof bytes);
	out_hold(b.loop, -CORE_HELD);
	assert_int_equal(atomic_load(&b.engine.held_most), CORE_HELD + 1);
	bare_end(&b);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(nothing_is_lost_or_moved_whatever_is_written_and_taken),
	cmocka_unit_test(a_settled_output_is_one_piece_of_its_exact_size),
	cmocka_unit_test(neighbours_in_the_input_leave_as_one),
	cmocka_unit_test(the_buffer_bounds_what_is_queued_but_not_the_rounds_input),
	cmocka_unit_test(output_goes_on_where_the_rounds_memory_is_used_up),
	cmocka_unit_test(more_than_a_round_is_refused_at_once),
	cmocka_unit_test(without_memory_nothing_is_taken_and_nothing_lost),
	cmocka_unit_test(too_much_held_by_all_makes_each_take_little),
};

CHECK_MAIN(tests)
