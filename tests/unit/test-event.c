/* SPDX-License-Identifier: MIT */
/* Claims about base/event: names, who made a call, the hash, the preview. */
#include "check.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/event.h"

static void every_call_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < EVENT_CALLS; i++) {
		assert_non_null(event_call_name(i));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(event_call_name(i), event_call_name(k));
	}
	assert_string_equal(event_call_name(EVENT_RECV), "recv");
	assert_string_equal(event_call_name(EVENT_FORK), "fork");
}

static void beyond_the_calls_is_unknown(void **state)
{
	(void)state;
	assert_string_equal(event_call_name(EVENT_CALLS), "unknown");
	assert_string_equal(event_call_name(-1), "unknown");
}

static int64_t noon(void)
{
	return 12345;
}

static void init_tells_who_and_when(void **state)
{
	struct event e;

	(void)state;
	memset(&e, 0x55, sizeof e);
	clock_source = noon;
	event_init(&e, EVENT_SEND, EVENT_ENTER);
	clock_source = NULL;
	assert_int_equal(e.time, 12345);
	assert_int_equal(e.pid, getpid());
	assert_int_equal(e.tid, gettid());
	assert_string_equal(e.program, "test-event");
	assert_int_equal(e.call, EVENT_SEND);
	assert_int_equal(e.phase, EVENT_ENTER);
	assert_int_equal(e.fd, -1);
	assert_int_equal(e.other, -1);
	assert_int_equal(e.moved + e.whole + e.hash + e.cookie + e.local.len + e.peer.len, 0);
	assert_null(e.iov);
	assert_null(e.text);
}

static void long_program_name_is_cut(void **state)
{
	char *was = program_invocation_short_name, name[] = "a-program-with-a-long-name";
	struct event e;

	(void)state;
	program_invocation_short_name = name;
	event_init(&e, EVENT_SEND, EVENT_ENTER);
	program_invocation_short_name = was;
	assert_string_equal(e.program, "a-program-with-");
}

static void *init_in_thread(void *arg)
{
	event_init(arg, EVENT_RECV, EVENT_RETURN);
	return (void *)(intptr_t)gettid();
}

static void thread_has_its_own_tid(void **state)
{
	struct event e, mine;
	pthread_t thread;
	void *tid;

	(void)state;
	event_init(&mine, EVENT_RECV, EVENT_RETURN);
	assert_int_equal(pthread_create(&thread, NULL, init_in_thread, &e), 0);
	pthread_join(thread, &tid);
	assert_int_equal(e.tid, (intptr_t)tid);
	assert_int_not_equal(e.tid, mine.tid);
	assert_int_equal(e.pid, mine.pid);
}

static void check_in_child(pid_t child)
{
	int status;

	if (child == 0) {
		struct event e;

		event_init(&e, EVENT_RECV, EVENT_RETURN);
		_exit(e.pid == getpid() && e.tid == gettid() ? 0 : 1);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Also where no fork handler runs. */
static void child_has_its_own_pid(void **state)
{
	struct event e;

	(void)state;
	event_init(&e, EVENT_RECV, EVENT_RETURN);
	check_in_child(fork());
	check_in_child(_Fork());
}

/* -- The hash --------------------------------------------------------------- */

static struct iovec piece(const char *bytes)
{
	return (struct iovec){ (char *)bytes, strlen(bytes) };
}

static uint64_t hash(const void *bytes, size_t n)
{
	struct iovec iov = { (void *)bytes, n };

	return event_hash(&iov, 1, n);
}

static void fill(unsigned char *bytes, size_t n)
{
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = x >> 24;
	}
}

/* Cuts n bytes into pieces whose lengths come from seed; some are empty, one has no address. */
static int cut(struct iovec *iov, int most, unsigned char *bytes, size_t n, unsigned seed)
{
	size_t at = 0;
	int used = 0;

	iov[used++] = (struct iovec){ NULL, 0 };
	while (at < n && used < most - 1) {
		seed = seed * 1664525 + 1013904223;
		size_t part = (seed >> 24) % 41;

		if (part > n - at)
			part = n - at;
		iov[used++] = (struct iovec){ bytes + at, part };
		at += part;
	}
	iov[used++] = (struct iovec){ bytes + at, n - at };
	return used;
}

static void hash_does_not_see_the_cuts(void **state)
{
	unsigned char bytes[300];
	struct iovec iov[16];

	(void)state;
	fill(bytes, sizeof bytes);
	for (size_t n = 0; n <= sizeof bytes; n++)
		for (unsigned seed = 0; seed < 20; seed++) {
			int iovs = cut(iov, 16, bytes, n, seed);

			assert_int_equal(event_hash(iov, iovs, n), hash(bytes, n));
		}
}

static void hash_reads_no_more_than_asked(void **state)
{
	unsigned char bytes[300];
	struct iovec iov[16];

	(void)state;
	fill(bytes, sizeof bytes);
	int iovs = cut(iov, 16, bytes, sizeof bytes, 7);
	for (size_t n = 0; n <= sizeof bytes; n++)
		assert_int_equal(event_hash(iov, iovs, n), hash(bytes, n));
}

static void hash_ends_with_the_buffers(void **state)
{
	struct iovec iov = piece("abc");

	(void)state;
	assert_int_equal(event_hash(&iov, 1, 1000), hash("abc", 3));
	assert_int_equal(event_hash(&iov, 0, 3), 0);
	assert_int_equal(event_hash(NULL, 1, 3), 0);
}

static void hash_of_nothing_is_zero(void **state)
{
	(void)state;
	assert_int_equal(hash("", 0), 0);
	assert_int_not_equal(hash("", 1), 0);
}

static int order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Zeros of every length, and every bit of every length turned over: all differ. */
static void hash_tells_bytes_apart(void **state)
{
	enum { MOST = 100 };
	static uint64_t seen[MOST + MOST * (MOST + 1) * 4 + 1];
	unsigned char bytes[MOST] = { 0 };
	size_t used = 0;

	(void)state;
	for (size_t n = 1; n <= MOST; n++) {
		seen[used++] = hash(bytes, n);
		for (size_t bit = 0; bit < 8 * n; bit++) {
			bytes[bit / 8] ^= 1u << bit % 8;
			seen[used++] = hash(bytes, n);
			bytes[bit / 8] = 0;
		}
	}
	qsort(seen, used, sizeof *seen, order);
	for (size_t i = 1; i < used; i++)
		assert_true(seen[i] != seen[i - 1]);
}

/* One bit of input turns half of the hash, within what chance allows. */
static void hash_spreads_each_bit(void **state)
{
	unsigned char bytes[96];

	(void)state;
	fill(bytes, sizeof bytes);
	for (size_t n = 1; n <= sizeof bytes; n++) {
		uint64_t before = hash(bytes, n);
		int turned = 0;

		for (size_t bit = 0; bit < 8 * n; bit++) {
			bytes[bit / 8] ^= 1u << bit % 8;
			int one = __builtin_popcountll(before ^ hash(bytes, n));
			bytes[bit / 8] ^= 1u << bit % 8;
			assert_in_range(one, 10, 54);
			turned += one;
		}
		assert_in_range(turned / (8 * n), 28, 36);
	}
}

/* Traces are compared between machines and with older ones. */
static void hash_stays_what_it_is(void **state)
{
	unsigned char bytes[1000];

	(void)state;
	fill(bytes, sizeof bytes);
	assert_int_equal(hash("Hello, world", 12), UINT64_C(0xe18b3d9839069cbd));
	assert_int_equal(hash(bytes, sizeof bytes), UINT64_C(0x295de03cb8f306a3));
}

/* -- The preview -------------------------------------------------------------- */

static void preview_gathers_what_moved(void **state)
{
	struct iovec iov[] = { piece("Hel"), { NULL, 0 }, piece("lo, "), piece("world!!!") };
	struct event e = { .moved = 12, .iov = iov, .iovs = 4 };
	char out[16] = "";

	(void)state;
	assert_int_equal(event_preview(&e, out, sizeof out), 12);
	assert_string_equal(out, "Hello, world");
}

static void preview_stops_at_the_room(void **state)
{
	struct iovec iov[] = { piece("Hel"), piece("lo") };
	struct event e = { .moved = 5, .iov = iov, .iovs = 2 };
	char out[5] = "----";

	(void)state;
	assert_int_equal(event_preview(&e, out, 4), 4);
	assert_string_equal(out, "Hell");
	assert_int_equal(event_preview(&e, NULL, 0), 0);
}

static void preview_of_the_unseen_is_empty(void **state)
{
	struct event e = { .moved = 5 };
	char out[5];

	(void)state;
	assert_int_equal(event_preview(&e, out, sizeof out), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_call_has_a_name),
	cmocka_unit_test(beyond_the_calls_is_unknown),
	cmocka_unit_test(init_tells_who_and_when),
	cmocka_unit_test(long_program_name_is_cut),
	cmocka_unit_test(thread_has_its_own_tid),
	cmocka_unit_test(child_has_its_own_pid),
	cmocka_unit_test(hash_does_not_see_the_cuts),
	cmocka_unit_test(hash_reads_no_more_than_asked),
	cmocka_unit_test(hash_ends_with_the_buffers),
	cmocka_unit_test(hash_of_nothing_is_zero),
	cmocka_unit_test(hash_tells_bytes_apart),
	cmocka_unit_test(hash_spreads_each_bit),
	cmocka_unit_test(hash_stays_what_it_is),
	cmocka_unit_test(preview_gathers_what_moved),
	cmocka_unit_test(preview_stops_at_the_room),
	cmocka_unit_test(preview_of_the_unseen_is_empty),
};

CHECK_MAIN(tests)
