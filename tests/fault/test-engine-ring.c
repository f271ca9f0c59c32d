/* SPDX-License-Identifier: MIT */
/*
 * The engine on io_uring while completions say what they seldom say, and while
 * there are far fewer buffers than clients. The seam changes the result of a
 * completion, not what has happened, so that only those lies are told that
 * could be true:
 *
 * - An accept failed: the caller whom it brought is closed first.
 * - A connection broke: whatever was moved, it counts no more.
 * - A receive that saw the end was interrupted, called off or without a buffer:
 *   the end is still there for the next one.
 *
 * That bytes moved which did not, or the other way round, is never true.
 */
#include "../unit/talks.h"

#include <sys/resource.h>

#include "engine/uring.h"

/* -- The seam ------------------------------------------------------------------------------ */

static struct {
	int of, at, says;               /* the at-th completion of this kind says so */
	bool (*could_be)(int res);
	_Atomic int count;
	_Atomic bool struck;
} lie;

static int tell(int of, int res)
{
	if (of != lie.of || !lie.could_be(res) || lie.count++ != lie.at)
		return res;
	lie.struck = true;
	if (of == OF_ACCEPT)
		close(res);
	return lie.says;
}

static bool brought_a_caller(int res)
{
	return res >= 0;
}

static bool anything(int res)
{
	(void)res;
	return true;
}

static bool saw_the_end(int res)
{
	return res == 0;
}

/* -- Lies ---------------------------------------------------------------------------------- */

/* Replies that do not fit at once, so that sends stall and drain. */
static bool talk_goes_well(const char *where)
{
	struct talk t = { .where = where, .shape = &shape_lines, .seed = 7, .n = 60000, .cut = 30000,
		.sip = 100000, .rcvbuf = 32768, .late = true, .room = SHAPES_ROOM };
	static char expected[SHAPES_ROOM];
	bool well;
	size_t n;

	t.reply = malloc(t.room);
	if (!t.reply)
		return false;
	talk_run(&t);
	n = shape_lines.expect(shapes_text, t.n, expected);
	well = t.well && t.got == n && memcmp(t.reply, expected, n) == 0;
	if (!well)
		print_message("sent %zu, got %zu of %zu bytes, %s\n", t.sent, t.got, n,
		              t.well ? "and the end" : strerrorname_np(t.error));
	free(t.reply);
	return well;
}

/* Serve while the seam tells one lie. False: there was no occasion. */
static bool serve(bool must_not_show)
{
	enum { TALKS = 3 };
	const char *where = "tcp://127.0.0.1:0";
	struct engine_group group = { .service = &shape_lines.service, .where = &where, .wheres = 1,
		.options = "sndbuf=16k", .backlog = 8 };
	struct running r = { .plan = { .groups = &group, .count = 1, .engine = ENGINE_URING, .drain = sock_sec(1) } };
	int64_t start = sock_now();
	int failed = 0;

	shapes_begin();
	lie.count = 0;
	lie.struck = false;
	ring_seam = tell;
	running_start(&r);
	for (int i = 0; i < TALKS; i++)
		failed += !talk_goes_well(r.at[0]);
	assert_int_equal(running_stop(&r), 0);
	ring_seam = NULL;
	if (failed > (lie.struck && !must_not_show))
		fail_msg("completion %d of kind %d says %s: %d talks failed", lie.at, lie.of,
		         strerrorname_np(-lie.says), failed);
	assert_true(sock_now() - start < sock_sec(2));
	assert_int_equal(shapes_opened, shapes_closed);
	assert_int_equal(r.stats.held, 0);
	return lie.struck;
}

static void each_time(int of, bool (*could_be)(int), const int *errors, bool must_not_show)
{
	enum { TIMES = 4 };
	bool struck = false;

	for (int at = 0; at < TIMES; at++) {
		for (const int *e = errors; *e; e++) {
			lie.of = of;
			lie.at = at;
			lie.says = -*e;
			lie.could_be = could_be;
			struck |= serve(must_not_show);
		}
	}
	if (!struck)
		CHECK_SKIP("no such completion came");
}

static void an_accept_that_fails_costs_one_caller(void **state)
{
	static const int errors[] = { EINTR, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTO, EPERM,
		ETIMEDOUT, EHOSTUNREACH, ENETDOWN, 0 };

	running_kind(state);
	each_time(OF_ACCEPT, brought_a_caller, errors, false);
}

static void a_receive_that_breaks_costs_one_client(void **state)
{
	static const int errors[] = { ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENOMEM, 0 };

	running_kind(state);
	each_time(OF_RECEIVE, anything, errors, false);
}

static void an_end_that_is_put_off_comes_all_the_same(void **state)
{
	static const int errors[] = { EINTR, EAGAIN, ECANCELED, ENOBUFS, 0 };

	running_kind(state);
	each_time(OF_RECEIVE, saw_the_end, errors, true);
}

static void a_send_that_breaks_costs_one_client(void **state)
{
	static const int errors[] = { ECONNRESET, EPIPE, ENOMEM, ETIMEDOUT, 0 };

	running_kind(state);
	each_time(OF_SEND, anything, errors, false);
}

static void a_send_that_waited_and_breaks_costs_one_client(void **state)
{
	static const int errors[] = { ECONNRESET, EPIPE, ENOMEM, 0 };

	running_kind(state);
	each_time(OF_DRAIN, anything, errors, false);
}

/* -- Few buffers --------------------------------------------------------------------------- */

enum { CLIENTS = 1000, MESSAGE = 300 };

/* Each client has bytes of its own, in each round others. */
static const char *message(int number, int round)
{
	return shapes_text + (number * 131 + round * 977) % (SHAPES_TEXT - MESSAGE);
}

static bool gets_its_reply(int fd, int number, int round)
{
	char reply[MESSAGE], expected[MESSAGE];

	place_expect(message(number, round), MESSAGE, expected);
	return client_reads(fd, reply, MESSAGE) == MESSAGE && memcmp(reply, expected, MESSAGE) == 0;
}

static void raise_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 2 * CLIENTS + 200)
		CHECK_SKIP("%d descriptors are too few", (int)limit.rlim_cur);
}

/*
 * All ask at the same time and then are silent until each has his reply: so
 * nothing that a client does wakes the worker for another.
 */
static void eight_buffers_serve_a_thousand_clients(void **state)
{
	enum { ROUNDS = 10 };
	static int fd[CLIENTS];
	const char *where = "tcp://127.0.0.1:0";
	struct engine_group group = { .service = &shape_gate.service, .where = &where, .wheres = 1, .idle = -1 };
	struct running r = { .plan = { .groups = &group, .count = 1, .engine = running_kind(state) } };
	int gate;

	raise_descriptors();
	shapes_begin();
	ring_small_buffers = 8;
	running_start(&r);
	gate = client(r.at[0]);
	for (int i = 0; i < CLIENTS; i++)
		fd[i] = client(r.at[0]);
	for (int round = 0; round < ROUNDS; round++) {
		client_sends(gate, "|", 1);
		running_await(&shapes_gate.closed);
		for (int i = 0; i < CLIENTS; i++)
			assert_true(client_sends(fd[i], message(i, round), MESSAGE));
		sem_post(&shapes_gate.opened);
		for (int i = 0; i < CLIENTS; i++)
			assert_true(gets_its_reply(fd[i], i, round));
	}
	close(gate);
	for (int i = 0; i < CLIENTS; i++)
		close(fd[i]);
	assert_int_equal(running_stop(&r), 0);
	ring_small_buffers = 256;
	assert_true(r.stats.starved > 0);
	shapes_end(&r, CLIENTS + 1);
}

/* The same without replies: nothing leaves that could end a round. */
static void buffers_come_back_where_nothing_is_written(void **state)
{
	enum { HALVES = 100 };
	static int fd[HALVES];
	const char *where = "tcp://127.0.0.1:0";
	struct engine_group group = { .service = &shape_lines.service, .where = &where, .wheres = 1, .idle = -1 };
	struct running r = { .plan = { .groups = &group, .count = 1, .engine = running_kind(state) } };
	char reply[32];

	shapes_begin();
	ring_small_buffers = 2;
	running_start(&r);
	for (int i = 0; i < HALVES; i++)
		fd[i] = client(r.at[0]);
	for (int i = 0; i < HALVES; i++)
		assert_true(client_sends(fd[i], "half a", 6));
	for (int i = 0; i < HALVES; i++) {
		assert_true(client_sends(fd[i], " line\n", 6));
		assert_int_equal(client_reads(fd[i], reply, 12), 12);
		assert_memory_equal(reply, "enil a flah\n", 12);
	}
	for (int i = 0; i < HALVES; i++)
		close(fd[i]);
	assert_int_equal(running_stop(&r), 0);
	ring_small_buffers = 256;
	assert_int_equal(shapes_closed, HALVES);
}

/* In bulk, both ways, all at once. */
static void bulk_through_two_buffers_loses_nothing(void **state)
{
	enum { TALKS = 6 };
	const char *where = "tcp://127.0.0.1:0";
	struct engine_group group = { .service = &shape_echo.service, .where = &where, .wheres = 1, .idle = -1 };
	struct running r = { .plan = { .groups = &group, .count = 1, .engine = running_kind(state) } };
	struct talk t[TALKS];

	shapes_begin();
	ring_small_buffers = 2;
	running_start(&r);
	for (int i = 0; i < TALKS; i++)
		t[i] = (struct talk){ .where = r.at[0], .shape = &shape_echo, .seed = (uint64_t)i + 1,
			.n = SHAPES_TEXT - 1000 * i, .cut = 100000, .sip = 50000 };
	talk_all(t, TALKS);
	assert_int_equal(running_stop(&r), 0);
	ring_small_buffers = 256;
	shapes_end(&r, TALKS);
}

#define ON_RING(test) { #test, test, NULL, NULL, &running_kinds[1] }

static const struct CMUnitTest tests[] = {
	ON_RING(an_accept_that_fails_costs_one_caller),
	ON_RING(a_receive_that_breaks_costs_one_client),
	ON_RING(an_end_that_is_put_off_comes_all_the_same),
	ON_RING(a_send_that_breaks_costs_one_client),
	ON_RING(a_send_that_waited_and_breaks_costs_one_client),
	ON_RING(eight_buffers_serve_a_thousand_clients),
	ON_RING(buffers_come_back_where_nothing_is_written),
	ON_RING(bulk_through_two_buffers_loses_nothing),
};

CHECK_MAIN(tests)
