/* SPDX-License-Identifier: MIT */
/*
 * Claims about the engine as a whole: services of different shapes meet clients
 * that cut, dawdle, half-close and break off, and each gets what a plain model
 * of the service says, on both back ends. Moments and limits are the matter of
 * test-engine-life.c.
 */
#include "talks.h"

/* Talk at random: cut anywhere, read at once or late, in gulps or in sips. */
static struct talk random_talk(const struct shape *shape, const char *where, uint64_t *seed)
{
	static const size_t sizes[] = { 0, 1, 17, 1000, 16384, 16385, 70000, 300000 };
	struct talk t = { .where = where, .shape = shape };

	t.seed = (uint64_t)random_below(seed, 1u << 31) << 16 | 1;
	t.n = sizes[random_below(seed, 8)] / shape->gain;
	t.n += random_below(seed, 40);
	t.cut = random_below(seed, 3) ? 1 + random_below(seed, 100000) : 1 + random_below(seed, 3000);
	t.late = random_below(seed, 2);
	t.rcvbuf = random_below(seed, 2) ? 32768 : 0;
	t.sip = 100000;
	if (t.n * shape->gain < 30000 && !shape->service.more && random_below(seed, 3))
		t.sip = 1 + random_below(seed, 40);
	t.cut = t.n / 400 > t.cut ? t.n / 400 : t.cut;
	return t;
}

/* Some talks at a time with one service. */
static void talks_agree(const struct shape *shape, enum engine_kind kind, const char *where, const char *options)
{
	enum { TALKS = 12, AT_ONCE = 4 };
	struct engine_group group = { .service = &shape->service, .where = &where, .wheres = 1, .options = options };
	struct running r = { .plan = { .groups = &group, .count = 1, .engine = kind } };
	struct talk talk[AT_ONCE];
	uint64_t seed = 12345;

	shapes_begin();
	running_start(&r);
	for (int i = 0; i < TALKS; i += AT_ONCE) {
		for (int j = 0; j < AT_ONCE; j++)
			talk[j] = random_talk(shape, r.at[0], &seed);
		talk_all(talk, AT_ONCE);
	}
	assert_int_equal(running_stop(&r), 0);
	shapes_end(&r, TALKS);
}

static void over_all_kinds_of_stream(const struct shape *shape, enum engine_kind kind)
{
	talks_agree(shape, kind, "tcp://127.0.0.1:0", NULL);
	talks_agree(shape, kind, "tcp://[::1]:0", "sndbuf=16k,rcvbuf=16k");
	talks_agree(shape, kind, running_unix(), "sndbuf=4096");
}

#define AGREES(claim, shape)                                                    \
	static void claim(void **state)                                         \
	{                                                                       \
		over_all_kinds_of_stream(&shape, running_kind(state));          \
	}

AGREES(an_echo_is_its_input_however_it_is_cut, shape_echo)
AGREES(a_service_of_whole_lines_waits_for_their_ends, shape_lines)
AGREES(a_service_that_uses_a_line_at_a_time_sees_all, shape_one_line)
AGREES(what_is_written_in_place_arrives, shape_place)
AGREES(a_service_may_write_ten_times_what_it_gets, shape_tenfold)
AGREES(an_answer_and_an_end_arrive_whatever_else_comes, shape_farewell)
AGREES(a_service_that_fills_gets_room_until_it_finishes, shape_filler)
AGREES(a_greeting_and_an_end_arrive_whatever_is_sent, shape_greeter)
AGREES(what_was_never_used_is_there_at_the_end, shape_hoarder)
AGREES(a_service_without_functions_swallows_all, shape_nothing)

/* -- Ends ---------------------------------------------------------------------------- */

/* The peer's end after each number of bytes; all that came before is answered. */
static void a_half_close_counts_after_the_last_byte(void **state)
{
	static const struct shape *const shapes[] = { &shape_echo, &shape_lines, &shape_tenfold, &shape_hoarder };
	enum engine_kind kind = running_kind(state);
	const char *where = "tcp://127.0.0.1:0";

	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		struct engine_group group = { .service = &shapes[i]->service, .where = &where, .wheres = 1 };
		struct running r = { .plan = { .groups = &group, .count = 1, .engine = kind } };
		struct talk t;

		shapes_begin();
		running_start(&r);
		for (size_t n = 0; n <= 60; n++) {
			t = (struct talk){ .where = r.at[0], .shape = shapes[i], .seed = 5, .n = n, .cut = 7,
				.sip = 1000 };
			talk_all(&t, 1);
		}
		assert_int_equal(running_stop(&r), 0);
		shapes_end(&r, 61);
	}
}

/* Everything is sent and our end too, before a byte of the reply is read. */
static void a_half_close_before_a_slow_read_loses_nothing(void **state)
{
	enum engine_kind kind = running_kind(state);
	const char *where = "tcp://127.0.0.1:0";
	struct engine_group group = { .service = &shape_tenfold.service, .where = &where, .wheres = 1,
		.options = "sndbuf=16k", .buffer = 4096 };
	struct running r = { .plan = { .groups = &group, .count = 1, .engine = kind } };
	struct talk t;

	shapes_begin();
	running_start(&r);
	for (int i = 0; i < 4; i++) {
		t = (struct talk){ .where = r.at[0], .shape = &shape_tenfold, .seed = 9, .n = 20000, .cut = 20000,
			.sip = 3000, .rcvbuf = 16384, .late = true };
		talk_all(&t, 1);
	}
	assert_int_equal(running_stop(&r), 0);
	shapes_end(&r, 4);
}

/*
 * A request, and a reset before its reply can leave, among others that are
 * answered at the same time: what was written for the dead is not looked at
 * when the memory of its round has passed to others.
 */
static void resets_in_the_middle_of_a_reply_hurt_nobody_else(void **state)
{
	enum { ROUNDS = 60, DEAD = 6 };
	enum engine_kind kind = running_kind(state);
	const char *where = "tcp://127.0.0.1:0";
	struct engine_group group = { .service = &shape_place.service, .where = &where, .wheres = 1 };
	struct running r = { .plan = { .groups = &group, .count = 1, .engine = kind } };
	struct pump pump[2];

	shapes_begin();
	running_start(&r);
	for (int i = 0; i < 2; i++)
		pump_start(&pump[i], r.at[0], &shape_place);
	for (int i = 0; i < ROUNDS; i++) {
		int fd[DEAD];

		for (int j = 0; j < DEAD; j++)
			fd[j] = client(r.at[0]);
		for (int j = 0; j < DEAD; j++) {
			client_sends(fd[j], shapes_text, 100 + 900 * j);
			client_resets(fd[j]);
		}
	}
	for (int i = 0; i < 2; i++)
		assert_true(pump_stop(&pump[i]) > 0);
	assert_int_equal(running_stop(&r), 0);
	assert_int_equal(r.stats.accepted, r.stats.closed);
	assert_int_equal(shapes_opened, r.stats.accepted);
	assert_int_equal(shapes_closed, shapes_opened);
	assert_int_equal(r.stats.held, 0);
}

/* The same on purpose: the worker is held back until request and reset have both come, and others' requests. */
static void a_reset_that_came_with_its_request_is_one_clients_matter(void **state)
{
	enum { OTHERS = 8, LONG = 3000 };
	enum engine_kind kind = running_kind(state);
	const char *where = "tcp://127.0.0.1:0";
	struct engine_group group = { .service = &shape_gate.service, .where = &where, .wheres = 1 };
	struct running r = { .plan = { .groups = &group, .count = 1, .engine = kind } };
	static char reply[LONG], expected[LONG];
	int fd[OTHERS];

	shapes_begin();
	running_start(&r);
	shape_gate.expect(shapes_text, LONG, expected);
	for (int i = 0; i < OTHERS; i++)
		fd[i] = client(r.at[0]);
	for (int round = 0; round < 10; round++) {
		int gate = client(r.at[0]), dead = client(r.at[0]);

		client_sends(gate, "|", 1);
		running_await(&shapes_gate.closed);
		client_sends(dead, shapes_text, 100);
		client_resets(dead);
		for (int i = 0; i < OTHERS; i++)
			client_sends(fd[i], shapes_text, LONG);
		sem_post(&shapes_gate.opened);
		for (int i = 0; i < OTHERS; i++) {
			assert_int_equal(client_reads(fd[i], reply, LONG), LONG);
			assert_memory_equal(reply, expected, LONG);
		}
		close(gate);
	}
	for (int i = 0; i < OTHERS; i++)
		close(fd[i]);
	assert_int_equal(running_stop(&r), 0);
	shapes_end(&r, OTHERS + 20);
}

/* -- Out of band ----------------------------------------------------------------------- */

/* An urgent byte ends a read before the queue is empty; what lies behind it is not forgotten. */
static void bytes_behind_an_urgent_one_are_not_left_lying(void **state)
{
	enum engine_kind kind = running_kind(state);
	const char *where = "tcp://127.0.0.1:0";
	struct engine_group group = { .service = &shape_gate.service, .where = &where, .wheres = 1 };
	struct running r = { .plan = { .groups = &group, .count = 1, .engine = kind } };

	shapes_begin();
	running_start(&r);
	for (int round = 0; round < 10; round++) {
		int gate = client(r.at[0]), fd = client(r.at[0]);
		char reply[4];

		client_sends(gate, "|", 1);
		running_await(&shapes_gate.closed);
		client_sends(fd, "ab", 2);
		assert_int_equal(send(fd, "!", 1, MSG_OOB), 1);
		client_sends(fd, "cd", 2);
		sem_post(&shapes_gate.opened);
		assert_int_equal(client_reads(fd, reply, 4), 4);
		close(fd);
		close(gate);
	}
	assert_int_equal(running_stop(&r), 0);
	shapes_end(&r, 20);
}

static const struct CMUnitTest tests[] = {
	ON_BOTH(an_echo_is_its_input_however_it_is_cut),
	ON_BOTH(a_service_of_whole_lines_waits_for_their_ends),
	ON_BOTH(a_service_that_uses_a_line_at_a_time_sees_all),
	ON_BOTH(what_is_written_in_place_arrives),
	ON_BOTH(a_service_may_write_ten_times_what_it_gets),
	ON_BOTH(an_answer_and_an_end_arrive_whatever_else_comes),
	ON_BOTH(a_service_that_fills_gets_room_until_it_finishes),
	ON_BOTH(a_greeting_and_an_end_arrive_whatever_is_sent),
	ON_BOTH(what_was_never_used_is_there_at_the_end),
	ON_BOTH(a_service_without_functions_swallows_all),
	ON_BOTH(a_half_close_counts_after_the_last_byte),
	ON_BOTH(a_half_close_before_a_slow_read_loses_nothing),
	ON_BOTH(resets_in_the_middle_of_a_reply_hurt_nobody_else),
	ON_BOTH(a_reset_that_came_with_its_request_is_one_clients_matter),
	ON_BOTH(bytes_behind_an_urgent_one_are_not_left_lying),
};

CHECK_MAIN(tests)
