/* SPDX-License-Identifier: MIT */
/*
 * Claims about the engine's limits and its end: full buffers, full houses,
 * idleness, rates, lists, drains and reports. What shapes of
 * service may do to a stream is the matter of test-engine-run.c.
 */
#include "talks.h"

static const char *const tcp = "tcp://127.0.0.1:0";

/* A service at one address, and an engine with one group; more of their members may follow. */
#define GROUP(...) { .where = &tcp, .wheres = 1, .service = &__VA_ARGS__ }
#define RUNNING(kind, ...) { .plan = { .count = 1, .engine = (kind), .groups = __VA_ARGS__ } }

/* -- Buffers ------------------------------------------------------------------------------ */

static sem_t full;
static _Atomic size_t most_seen;

static size_t never(struct conn *c, const char *in, size_t n)
{
	(void)c;
	if (*in == '?') {
		conn_write(c, "!", 1);
		return n;
	}
	if (n > most_seen)
		most_seen = n;
	if (n >= 4096)
		sem_post(&full);
	return 0;
}

static const struct service never_uses = { .name = "never", COUNTED, .bytes = never };

/* After the buffer is full the client sends on, and another's round trip shows that the loop had its turn. */
static void a_service_that_uses_nothing_stops_its_client_alone(void **state)
{
	enum { TRIPS = 50 };
	struct engine_group group = { .service = &never_uses, .where = &tcp, .wheres = 1, .buffer = 4096 };
	struct running r = RUNNING(running_kind(state), &group, .drain = -1);
	int fd, other;
	char reply;

	shapes_begin();
	sem_init(&full, 0, 0);
	most_seen = 0;
	running_start(&r);
	fd = client(r.at[0]);
	other = client(r.at[0]);
	assert_true(client_sends(fd, shapes_text, 4096));
	running_await(&full);
	for (int i = 0; i < TRIPS; i++) {
		while (send(fd, shapes_text, sizeof shapes_text, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
			;
		assert_true(client_sends(other, "?", 1));
		assert_int_equal(client_reads(other, &reply, 1), 1);
	}
	assert_int_equal(running_stop(&r), 128 + SIGTERM);
	assert_true(most_seen <= 4096 + 256 * 1024);
	assert_int_equal(r.stats.bytes_in, most_seen + TRIPS);
	assert_int_equal(r.stats.cut, 2);
	assert_int_equal(r.stats.held, 0);
	assert_int_equal(shapes_closed, 2);
	close(fd);
	close(other);
}

static void a_client_that_reads_nothing_costs_its_buffer_alone(void **state)
{
	struct engine_group group = GROUP(shape_filler.service, .buffer = 65536, .options = "sndbuf=16k");
	struct running r = RUNNING(running_kind(state), &group, .drain = -1);
	int fd[4];
	char byte;

	shapes_begin();
	running_start(&r);
	for (int i = 0; i < 4; i++) {
		fd[i] = client_with(r.at[0], 16384);
		assert_int_equal(client_reads(fd[i], &byte, 1), 1);
	}
	struct engine_stats s = running_stats(&r);
	assert_true(s.held <= 4 * 65536);
	assert_int_equal(running_stop(&r), 128 + SIGTERM);
	assert_true(r.stats.held_most <= 4 * 65536);
	assert_int_equal(r.stats.held, 0);
	assert_true(r.stats.stalls >= 4);
	for (int i = 0; i < 4; i++)
		close(fd[i]);
}

/* -- Places ------------------------------------------------------------------------------- */

static void callers_beyond_the_most_wait_for_a_place(void **state)
{
	struct engine_group group = GROUP(shape_echo.service);
	struct running r = RUNNING(running_kind(state), &group, .max_clients = 2);
	int fd[4];

	shapes_begin();
	running_start(&r);
	for (int i = 0; i < 4; i++)
		fd[i] = client(r.at[0]);
	for (int i = 0; i < 4; i++) {
		assert_true(client_echoes(fd[i], "my turn"));
		struct engine_stats s = running_stats(&r);
		assert_true(s.clients <= 2);
		close(fd[i]);
	}
	assert_int_equal(running_stop(&r), 0);
	assert_int_equal(r.stats.accepted, 4);
	assert_int_equal(r.stats.refused_full, 0);
	assert_int_equal(r.stats.clients_most, 2);
	shapes_end(&r, 4);
}

static void callers_beyond_the_most_are_closed_where_that_is_asked_for(void **state)
{
	struct engine_group group = GROUP(shape_echo.service);
	struct running r = RUNNING(running_kind(state), &group, .max_clients = 1, .refuse = true);
	int first, second;
	char byte;

	shapes_begin();
	running_start(&r);
	first = client(r.at[0]);
	assert_true(client_echoes(first, "in"));
	for (int i = 0; i < 10; i++) {
		second = client(r.at[0]);
		assert_true(client_reads(second, &byte, 1) <= 0);
		close(second);
	}
	assert_true(client_echoes(first, "still in"));
	close(first);
	assert_int_equal(running_stop(&r), 0);
	assert_int_equal(r.stats.accepted, 1);
	assert_int_equal(r.stats.refused_full, 10);
	shapes_end(&r, 1);
}

static void who_is_not_on_the_list_is_closed_before_a_byte(void **state)
{
	struct engine_net other = { .bytes = { [10] = 0xff, [11] = 0xff, 192, 0, 2 }, .bits = 120 };
	struct engine_group group = GROUP(shape_greeter.service, .allow = &other, .allows = 1);
	struct running r = RUNNING(running_kind(state), &group);
	char byte;

	shapes_begin();
	running_start(&r);
	for (int i = 0; i < 5; i++) {
		int fd = client(r.at[0]);

		assert_true(client_reads(fd, &byte, 1) <= 0);
		close(fd);
	}
	assert_int_equal(running_stop(&r), 0);
	assert_int_equal(r.stats.refused_denied, 5);
	assert_int_equal(r.stats.accepted, 0);
	assert_int_equal(shapes_opened, 0);
}

/* -- Time --------------------------------------------------------------------------------- */

static void who_moves_nothing_for_too_long_is_closed(void **state)
{
	struct engine_group group = GROUP(shape_echo.service, .idle = 100 * INT64_C(1000000));
	struct running r = RUNNING(running_kind(state), &group);
	int64_t start;
	int fd;
	char byte;

	shapes_begin();
	running_start(&r);
	fd = client(r.at[0]);
	assert_true(client_echoes(fd, "awake"));
	start = sock_now();
	assert_int_equal(client_reads(fd, &byte, 1), 0);
	assert_true(sock_now() - start >= sock_ms(80));
	close(fd);
	assert_int_equal(running_stop(&r), 0);
	assert_int_equal(r.stats.idled, 1);
	assert_int_equal(shapes_closed, 1);
}

/* Each piece waits for the echo of the one before, so that only one can be beyond the rate. */
static void a_rate_is_kept_and_loses_nothing(void **state)
{
	enum { RATE = 1600000, BURST = RATE / 10, PIECE = 80000, PIECES = 5 };
	struct engine_group group = GROUP(shape_echo.service, .rate = RATE);
	struct running r = RUNNING(running_kind(state), &group);
	static char reply[PIECE];
	int64_t start = sock_now();
	int fd;

	shapes_begin();
	running_start(&r);
	fd = client(r.at[0]);
	for (int i = 0; i < PIECES; i++) {
		assert_true(client_sends(fd, shapes_text, PIECE));
		assert_int_equal(client_reads(fd, reply, PIECE), PIECE);
		assert_memory_equal(reply, shapes_text, PIECE);
	}
	assert_true(sock_now() - start >= sock_sec(1) * (PIECES * PIECE - BURST - PIECE) / RATE);
	close(fd);
	assert_int_equal(running_stop(&r), 0);
	shapes_end(&r, 1);
}

/* -- The end ------------------------------------------------------------------------------ */

static void a_drain_lets_clients_finish(void **state)
{
	struct engine_group group = GROUP(shape_lines.service);
	struct running r = RUNNING(running_kind(state), &group);
	char reply[16];
	int fd, late;

	shapes_begin();
	running_start(&r);
	fd = client(r.at[0]);
	assert_true(client_sends(fd, "cba\nfed", 7));
	assert_int_equal(client_reads(fd, reply, 4), 4);
	pthread_kill(r.thread, SIGTERM);
	running_await(&r.draining);
	assert_true(client_sends(fd, "\n", 1));
	assert_int_equal(client_reads(fd, reply + 4, 4), 4);
	shutdown(fd, SHUT_WR);
	assert_int_equal(client_reads(fd, reply + 8, 8), 6);
	assert_memory_equal(reply, "abc\ndef\n0 left", 14);
	close(fd);
	assert_int_equal(running_end(&r), 0);
	late = client_with(r.at[0], 0);
	assert_int_equal(late, -1);
	shapes_end(&r, 1);
}

static void what_is_not_done_at_the_drains_end_is_cut(void **state)
{
	struct engine_group group = GROUP(shape_echo.service);
	struct running r = RUNNING(running_kind(state), &group, .drain = 50 * INT64_C(1000000));
	char byte;
	int fd;

	shapes_begin();
	running_start(&r);
	fd = client(r.at[0]);
	assert_true(client_echoes(fd, "here"));
	assert_int_equal(running_stop(&r), 128 + SIGTERM);
	assert_int_equal(r.stats.cut, 1);
	assert_true(client_reads(fd, &byte, 1) <= 0);
	assert_int_equal(shapes_closed, 1);
	close(fd);
}

static void a_second_signal_ends_the_drain(void **state)
{
	struct engine_group group = GROUP(shape_echo.service);
	struct running r = RUNNING(running_kind(state), &group, .drain = 3600 * INT64_C(1000000000));
	int fd;

	shapes_begin();
	running_start(&r);
	fd = client(r.at[0]);
	assert_true(client_echoes(fd, "here"));
	pthread_kill(r.thread, SIGTERM);
	running_await(&r.draining);
	pthread_kill(r.thread, SIGINT);
	assert_int_equal(running_end(&r), 128 + SIGINT);
	assert_int_equal(shapes_closed, 1);
	close(fd);
}

/* Whoever was let in by the kernel before the end is served, and no descriptor of his stays. */
static void callers_at_the_very_end_are_served_or_closed(void **state)
{
	enum { ROUNDS = 20, CALLERS = 8 };
	enum engine_kind kind = running_kind(state);

	for (int round = 0; round < ROUNDS; round++) {
		struct engine_group group = GROUP(shape_greeter.service);
		struct running r = RUNNING(kind, &group, .workers = 1 + round % 2);
		int fd[CALLERS];
		char reply[16];

		shapes_begin();
		running_start(&r);
		for (int i = 0; i < CALLERS; i++)
			fd[i] = client(r.at[0]);
		pthread_kill(r.thread, SIGTERM);
		for (int i = 0; i < CALLERS; i++) {
			ssize_t n = client_reads(fd[i], reply, sizeof reply);

			assert_true(n == 8 || n <= 0);
			close(fd[i]);
		}
		running_end(&r);
		assert_int_equal(shapes_opened, shapes_closed);
	}
}

static void an_engine_that_cannot_listen_says_why(void **state)
{
	static const char *const wheres[] = { "tcp://127.0.0.1:0", "tcp://192.0.2.1:1" };
	struct engine_group group = { .service = &shape_echo.service, .where = wheres, .wheres = 2 };
	struct running r = RUNNING(running_kind(state), &group, .workers = 2);

	shapes_begin();
	assert_false(running_begin(&r));
	assert_int_equal(running_end(&r), 1);
	assert_contains(r.why, "192.0.2.1");
}

/* -- Several ------------------------------------------------------------------------------ */

static void several_groups_and_workers_are_one_server(void **state)
{
	static const char *wheres[] = { "tcp://127.0.0.1:0", "tcp://[::1]:0", "" };
	struct engine_group groups[] = {
		{ .service = &shape_echo.service, .where = wheres, .wheres = 3 },
		{ .service = &shape_place.service, .where = wheres, .wheres = 2 },
	};
	struct running r = { .plan = { .groups = groups, .count = 2, .engine = running_kind(state), .workers = 3 } };
	struct talk t[12];

	shapes_begin();
	wheres[2] = running_unix();
	running_start(&r);
	assert_int_equal(r.count, 5);
	for (int i = 0; i < 12; i++)
		t[i] = (struct talk){ .where = r.at[i % 5], .shape = i % 5 < 3 ? &shape_echo : &shape_place,
			.seed = (uint64_t)i + 1, .n = 50000, .cut = 7000, .sip = 5000 };
	talk_all(t, 12);
	assert_int_equal(running_stats(&r).workers, 3);
	assert_int_equal(running_stop(&r), 0);
	shapes_end(&r, 12);
}

static const struct CMUnitTest tests[] = {
	ON_BOTH(a_service_that_uses_nothing_stops_its_client_alone),
	ON_BOTH(a_client_that_reads_nothing_costs_its_buffer_alone),
	ON_BOTH(callers_beyond_the_most_wait_for_a_place),
	ON_BOTH(callers_beyond_the_most_are_closed_where_that_is_asked_for),
	ON_BOTH(who_is_not_on_the_list_is_closed_before_a_byte),
	ON_BOTH(who_moves_nothing_for_too_long_is_closed),
	ON_BOTH(a_rate_is_kept_and_loses_nothing),
	ON_BOTH(a_drain_lets_clients_finish),
	ON_BOTH(what_is_not_done_at_the_drains_end_is_cut),
	ON_BOTH(a_second_signal_ends_the_drain),
	ON_BOTH(callers_at_the_very_end_are_served_or_closed),
	ON_BOTH(an_engine_that_cannot_listen_says_why),
	ON_BOTH(several_groups_and_workers_are_one_server),
};

CHECK_MAIN(tests)
