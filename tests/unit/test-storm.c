/* SPDX-License-Identifier: MIT */
/*
 * Claims about the whole way from records to a drawing: no record however
 * senseless does harm, and a million take seconds and little memory.
 */
#include "events.h"

#include <malloc.h>
#include <sys/resource.h>
#include <time.h>

#include "eye/causal.h"
#include "eye/draw.h"
#include "eye/explain.h"
#include "eye/fold.h"
#include "eye/order.h"
#include "eye/story-inner.h"

/* A sanitizer keeps what was freed: time and memory say nothing then. clang has a way of its own to tell of it. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
enum { RECORDS = 100000, RANDOM = 200000 };
#else
enum { RECORDS = 1000000, RANDOM = 200000 };
#endif

enum { SECONDS = 50, MOST_MB = 500, LAG_NS = 1000000000 };

/* -- The way ------------------------------------------------------------------------------------ */

static struct way {
	struct order *order;
	struct story *story;
	struct explain *explain;
	struct fold *fold;
	struct draw *draw;
	struct causal *causal;          /* instead of fold and draw; or NULL */
	size_t bytes, rows;
} way;

static const struct draw_look look = { .width = 100, .payload = true };

static int swallow(void *to, const char *bytes, size_t n)
{
	(void)to, (void)bytes;
	way.bytes += n;
	return 0;
}

static void count_row(void *to, const struct row *row)
{
	(void)to, (void)row;
	way.rows++;
}

static void to_explain(void *to, const struct row *row)
{
	(void)to;
	explain_row(way.explain, row);
}

static void to_last(void *to, const struct row *row)
{
	(void)to;
	if (way.causal)
		causal_row(way.causal, row);
	else
		fold_row(way.fold, row);
}

static void way_open(bool by_cause)
{
	way = (struct way){ .order = order_new() };
	way.story = story_new(&(struct story_options){ .kernel = true }, to_explain, NULL);
	way.explain = explain_new(way.story, to_last, NULL);
	if (by_cause) {
		way.causal = causal_new(way.story, count_row, NULL);
	} else {
		way.draw = text_draw(&look, way.story, swallow, NULL);
		way.fold = fold_new(draw_row, way.draw);
	}
	assert_true(way.order && way.story && way.explain && (way.causal || (way.draw && way.fold)));
}

static void way_take(int64_t now)
{
	const struct event *e;

	while ((e = order_take(way.order, now)) != NULL)
		story_event(way.story, e);
}

static void way_close(void)
{
	way_take(INT64_MAX);
	order_free(way.order);
	story_end(way.story);
	explain_end(way.explain);
	explain_free(way.explain);
	if (way.causal) {
		causal_end(way.causal);
	} else {
		fold_end(way.fold);
		assert_int_equal(draw_end(way.draw), 0);
	}
	story_free(way.story);
}

/* Of the processor: others may be busy. */
static int64_t used(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * CLOCK_SEC + t.tv_nsec;
}

/* -- Senseless records ------------------------------------------------------------------------------ */

static uint64_t seed;

static uint32_t any(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

static struct event_addr any_addr(void)
{
	static const char *const some[] = { NULL, "127.0.0.1:80", "127.0.0.1:5000", "0.0.0.0:80", "[::]:80",
	                                    "[::1]:80", "[::ffff:127.0.0.1]:80", "192.0.2.1:9", "/tmp/\033x", "@abc" };
	struct event_addr a = events_addr(some[any(sizeof some / sizeof *some)]);

	if (any(20) == 0) {
		a.len = (uint16_t)any(140);
		for (size_t i = 0; i < sizeof a.bytes; i++)
			a.bytes[i] = (uint8_t)any(256);
	}
	if (a.len == sizeof(struct sockaddr_in) && any(3) == 0)
		a.bytes[3] = (uint8_t)any(256);
	return a;
}

static uint64_t any_size(void)
{
	static const uint64_t some[] = { 0, 1, 5, 64, 1000, 65536, UINT64_C(5000000000), UINT64_MAX };

	return any(4) ? any(20) : some[any(8)];
}

/* Mostly of the calls that do most. */
static int any_call(void)
{
	static const uint8_t usual[] = { EVENT_SOCKET, EVENT_CONNECT, EVENT_ACCEPT, EVENT_SEND, EVENT_RECV,
	                                 EVENT_SENDTO, EVENT_RECVFROM, EVENT_CLOSE, EVENT_LISTEN,
	                                 EVENT_BIND, EVENT_DUP };

	return any(2) ? usual[any(sizeof usual)] : (int)any(EVENT_CALLS + 2);
}

static void any_record(int64_t *clock)
{
	static char bytes[64];
	struct iovec iov = { bytes, sizeof bytes };
	static const int errors[] = { EAGAIN, EINPROGRESS, ECONNREFUSED, ECONNRESET, EPIPE, EINTR, EBADF, 99999, -1 };
	static const uint16_t types[] = { SOCK_STREAM, SOCK_DGRAM, 0, 77 };
	static const uint16_t families[] = { AF_INET, AF_INET6, AF_UNIX, 0 };
	struct event e = {
		.time = *clock += any(3) ? any(1000) : any(10000000), .took = any(5) ? any(100000) : any(2000000000),
		.pid = 1 + (int)any(12), .fd = (int)any(14) - 1, .other = (int)any(16) - 1,
		.call = (uint16_t)any_call(), .phase = any(4) == 0 ? EVENT_ENTER : EVENT_RETURN,
		.family = families[any(4)], .type = types[any(4)], .cookie = any(4) ? any(60) : 0,
		.arg = { (int)any(4), (int)any(4), (int)any(4) }, .error = any(4) ? 0 : errors[any(9)],
		.asked = any_size(), .offset = any(3) ? any(100) : any_size(), .hash = any(5), .index = any(3),
		.local = any_addr(), .peer = any_addr(), .program = "any",
	};

	e.tid = e.pid + (int)any(3);
	e.whole = e.error ? 0 : any_size();
	e.moved = any(3) ? e.whole : e.error ? 0 : any_size();
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)any(256);
	if (any(2)) {
		e.moved = e.moved < sizeof bytes ? e.moved : sizeof bytes;
		e.iov = &iov;
		e.iovs = 1;
	}
	if (e.call == EVENT_FORK || e.call == EVENT_EXIT)
		e.error = any(8) ? ENOSYS : 0;
	if (any(10) == 0)
		e.text = "a.name\033[2J";
	assert_true(order_put(way.order, &e));
}

static void storm(uint64_t from, int n, bool by_cause)
{
	int64_t clock = CLOCK_SEC;

	seed = from;
	way_open(by_cause);
	for (int i = 0; i < n; i++) {
		any_record(&clock);
		way_take(clock);
		if (any(1000) == 0 && !by_cause) {
			story_idle(way.story);
			fold_idle(way.fold);
			draw_idle(way.draw);
		}
	}
	way_close();
}

static void senseless_records_do_no_harm(void **state)
{
	int64_t start = used();

	(void)state;
	for (uint64_t i = 1; i <= 10; i++)
		storm(i, RANDOM / 10, false);
	storm(99, RANDOM / 10, false);
	assert_true(used() - start < SECONDS * CLOCK_SEC);
}

static void nor_by_cause(void **state)
{
	int64_t start = used();

	(void)state;
	for (uint64_t i = 1; i <= 3; i++)
		storm(i, 20000, true);
	assert_true(used() - start < SECONDS * CLOCK_SEC);
}

/* -- Many records ------------------------------------------------------------------------------------- */

static void put_call(struct end *k, int call, size_t n, int64_t step)
{
	static const char bytes[64] = "hello";
	struct iovec iov;

	stage.clock += step - STAGE_STEP;
	struct event e = events_moved(k, call, bytes, n, &iov);
	struct event entry = e;
	entry.time -= entry.took;
	entry.took = 0;
	entry.moved = entry.whole = entry.hash = entry.offset = 0;
	entry.iov = NULL;
	entry.phase = EVENT_ENTER;
	assert_true(order_put(way.order, &entry) && order_put(way.order, &e));
	way_take(stage.clock - LAG_NS);
}

/* The listener's side of it by hand, on the way instead of the stage. */
static struct talk connect_ends(void)
{
	struct talk t = {
		.listener = events_tcp(1, 3, "127.0.0.1:80", NULL),
		.client = events_tcp(2, 3, "127.0.0.1:5000", "127.0.0.1:80"),
		.server = events_tcp(1, 4, "127.0.0.1:80", "127.0.0.1:5000"),
	};
	struct event e = events_record(&t.listener, EVENT_LISTEN);

	order_put(way.order, &e);
	e = events_record(&t.client, EVENT_CONNECT);
	order_put(way.order, &e);
	e = events_record(&t.server, EVENT_ACCEPT);
	e.fd = 3;
	e.other = 4;
	order_put(way.order, &e);
	return t;
}

static void assert_cheap(const char *what, int64_t start)
{
	struct rusage use;
	int64_t took = used() - start;

	getrusage(RUSAGE_SELF, &use);
	print_message("# %s: %d records, %lld ms, at most %ld MB, %zu bytes drawn\n", what, RECORDS,
	              (long long)(took / CLOCK_MS), use.ru_maxrss / 1024, way.bytes);
	assert_true(took < SECONDS * CLOCK_SEC);
#if !defined(__SANITIZE_ADDRESS__)
	assert_true(use.ru_maxrss / 1024 < MOST_MB);
#endif
}

static void a_long_ping_pong_takes_little(void **state)
{
	int64_t start = used();

	(void)state;
	stage.clock = CLOCK_SEC;
	way_open(false);
	struct talk t = connect_ends();
	for (int i = 0; i < RECORDS / 8; i++) {
		put_call(&t.client, EVENT_SEND, 5, 10000);
		put_call(&t.server, EVENT_RECV, 5, 10000);
		put_call(&t.server, EVENT_SEND, 5, 10000);
		put_call(&t.client, EVENT_RECV, 5, 10000);
	}
	way_close();
	assert_true(way.bytes < 20000);
	assert_cheap("ping-pong", start);
}

/* The receiver is behind by a few thousand sends, as the buffers of a connection let it be. */
static void a_long_stream_takes_little(void **state)
{
	int64_t start = used();

	(void)state;
	stage.clock = CLOCK_SEC;
	way_open(false);
	struct talk t = connect_ends();
	for (int i = 0; i < RECORDS / 4; i++) {
		put_call(&t.client, EVENT_SEND, 64, 10000);
		if (i >= 4000)
			put_call(&t.server, EVENT_RECV, 64, 10000);
	}
	way_close();
	assert_true(way.bytes < 20000);
	assert_cheap("stream", start);
}

/* A tape that was full has lost the return of a send. */
static void a_stream_with_a_gap_takes_little(void **state)
{
	int64_t start = used();

	(void)state;
	stage.clock = CLOCK_SEC;
	way_open(false);
	struct talk t = connect_ends();
	struct event entry = events_record(&t.client, EVENT_SEND);
	entry.phase = EVENT_ENTER;
	entry.asked = 64;
	entry.took = 0;
	order_put(way.order, &entry);
	put_call(&t.server, EVENT_SEND, 64, 10000);
	put_call(&t.client, EVENT_RECV, 64, 10000);
	for (int i = 0; i < RECORDS / 4; i++) {
		put_call(&t.client, EVENT_SEND, 64, 10000);
		put_call(&t.server, EVENT_RECV, 64, 10000);
		for (uint32_t k = 0; k < way.story->sockets_n; k++)
			assert_true(way.story->sockets[k]->pieces_n < 1000);
	}
	way_close();
	assert_cheap("stream with a gap", start);
}

static void a_stream_that_nobody_is_seen_to_read_takes_little(void **state)
{
	int64_t start = used();

	(void)state;
	stage.clock = CLOCK_SEC;
	way_open(false);
	struct talk t = connect_ends();
	for (int i = 0; i < RECORDS / 2; i++)
		put_call(&t.client, EVENT_SEND, 64, 10000);
	way_close();
	assert_cheap("unread stream", start);
}

static void a_stream_from_a_stranger_takes_little(void **state)
{
	int64_t start = used();

	(void)state;
	stage.clock = CLOCK_SEC;
	way_open(false);
	struct end client = events_tcp(2, 3, "10.0.0.1:5000", "192.0.2.1:80");
	for (int i = 0; i < RECORDS / 2; i++)
		put_call(&client, EVENT_RECV, 64, 10000);
	way_close();
	assert_cheap("from a stranger", start);
}

static void many_datagrams_take_little(void **state)
{
	int64_t start = used();

	(void)state;
	stage.clock = CLOCK_SEC;
	way_open(false);
	struct end server = events_udp(1, 3, "127.0.0.1:53"), client = events_udp(2, 3, "127.0.0.1:5000");
	struct event e = events_record(&server, EVENT_BIND);
	order_put(way.order, &e);
	for (int i = 0; i < RECORDS / 8; i++) {
		struct iovec iov;
		char text[16];
		int n = snprintf(text, sizeof text, "%d", i);

		stage.clock += 10000 - STAGE_STEP;
		e = events_moved(&client, EVENT_SENDTO, text, (size_t)n, &iov);
		e.peer = server.local;
		order_put(way.order, &e);
		stage.clock += 10000 - STAGE_STEP;
		e = events_moved(&server, EVENT_RECVFROM, text, (size_t)n, &iov);
		e.peer = client.local;
		if (i % 16)
			order_put(way.order, &e);
		way_take(stage.clock - LAG_NS);
	}
	way_close();
	assert_cheap("datagrams (a quarter)", start);
}

static void datagrams_that_nobody_receives_take_little(void **state)
{
	int64_t start = used();

	(void)state;
	stage.clock = CLOCK_SEC;
	way_open(false);
	struct end server = events_udp(1, 3, "127.0.0.1:53"), client = events_udp(2, 3, "127.0.0.1:5000");
	struct event e = events_record(&server, EVENT_BIND);
	order_put(way.order, &e);
	for (int i = 0; i < RECORDS / 2; i++) {
		struct iovec iov;

		stage.clock += 10000 - STAGE_STEP;
		e = events_moved(&client, EVENT_SENDTO, "hello", 5, &iov);
		e.peer = server.local;
		order_put(way.order, &e);
		way_take(stage.clock - LAG_NS);
	}
	way_close();
	assert_cheap("unread datagrams (a half)", start);
}

static void many_short_connections_take_little(void **state)
{
	int64_t start = used();
	char name[32];

	(void)state;
	stage.clock = CLOCK_SEC;
	way_open(false);
	struct end listener = events_tcp(1, 3, "127.0.0.1:80", NULL);
	struct event e = events_record(&listener, EVENT_LISTEN);
	order_put(way.order, &e);
	for (int i = 0; i < RECORDS / 20; i++) {
		snprintf(name, sizeof name, "127.0.0.1:%d", 1024 + i % 60000);
		struct end client = events_tcp(2, 3, name, "127.0.0.1:80");
		struct end server = events_tcp(1, 4, "127.0.0.1:80", name);

		e = events_record(&client, EVENT_CONNECT);
		order_put(way.order, &e);
		e = events_record(&server, EVENT_ACCEPT);
		e.fd = 3;
		e.other = 4;
		order_put(way.order, &e);
		put_call(&client, EVENT_SEND, 5, 10000);
		put_call(&server, EVENT_RECV, 5, 10000);
		e = events_record(&client, EVENT_CLOSE);
		order_put(way.order, &e);
		e = events_record(&server, EVENT_CLOSE);
		order_put(way.order, &e);
	}
	way_close();
	assert_cheap("short connections (a twentieth)", start);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(senseless_records_do_no_harm),
	cmocka_unit_test(nor_by_cause),
	cmocka_unit_test(a_long_ping_pong_takes_little),
	cmocka_unit_test(a_long_stream_takes_little),
	cmocka_unit_test(a_stream_with_a_gap_takes_little),
	cmocka_unit_test(a_stream_that_nobody_is_seen_to_read_takes_little),
	cmocka_unit_test(a_stream_from_a_stranger_takes_little),
	cmocka_unit_test(many_datagrams_take_little),
	cmocka_unit_test(datagrams_that_nobody_receives_take_little),
	cmocka_unit_test(many_short_connections_take_little),
};

CHECK_MAIN(tests)
