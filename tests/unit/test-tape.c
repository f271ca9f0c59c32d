/* SPDX-License-Identifier: MIT */
/*
 * Claims about the tape: nothing of a record is lost on it, a full one drops
 * and counts, writers of several threads and processes do not mix, and whatever
 * a writer leaves behind, half a record or noise, the reader lives on.
 */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/event.h"
#include "base/tape.h"

enum { PAGE = 4096, HEAD = 64 };        /* of the file: its counters, and where the head is in them */

static char folder[] = "/tmp/test-tape-XXXXXX";
static char path[64];
static struct tape *in, *out;

static int make_folder(void **state)
{
	(void)state;
	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/tape", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	tape_close(in);
	tape_close(out);
	in = out = NULL;
	unlink(path);
	return rmdir(folder);
}

static void begin(void)
{
	in = tape_create(path, TAPE_LEAST);
	assert_non_null(in);
	out = tape_open(path);
	assert_non_null(out);
}

/* A record that says which it is in its index, with n bytes of payload. */
static struct event numbered(uint32_t i, struct iovec *iov, const char *bytes, size_t n)
{
	struct event e;

	event_init(&e, EVENT_SEND, EVENT_RETURN);
	*iov = (struct iovec){ (void *)(uintptr_t)bytes, n };
	e.index = i;
	e.moved = e.whole = e.asked = n;
	e.iov = iov;
	e.iovs = 1;
	return e;
}

static bool write_one(uint32_t i, const char *bytes, size_t n)
{
	struct iovec iov;
	struct event e = numbered(i, &iov, bytes, n);

	return tape_write(in, &e, SIZE_MAX);
}

static void reads(uint32_t i, const char *bytes, size_t n)
{
	struct event e;

	assert_true(tape_read(out, &e, false));
	assert_int_equal(e.index, i);
	assert_int_equal(e.moved, n);
	assert_int_equal(e.iovs, n ? 1 : 0);
	if (n)
		assert_memory_equal(e.iov->iov_base, bytes, n);
}

static void is_empty(void)
{
	struct event e;

	assert_false(tape_read(out, &e, false));
	assert_false(tape_read(out, &e, true));
}

/* -- What a record holds ------------------------------------------------------------- */

static struct event full_record(void)
{
	return (struct event){
		.time = -1, .took = 2, .asked = 3, .moved = 9, .whole = UINT64_MAX, .offset = 6, .hash = 7,
		.cookie = 8, .pid = 9, .tid = 10, .fd = -11, .other = 12, .error = 13,
		.arg = { 14, INT32_MIN, 16 }, .index = 17, .call = EVENT_RECVFROM, .phase = EVENT_RETURN,
		.family = 18, .type = 19, .proto = -20, .program = "fifteen letters",
		.local = { 112, { 21 } }, .peer = { 3, { 22, 23, 24 } },
	};
}

static void every_field_comes_back(void **state)
{
	char name[TAPE_TEXT + 1], one[] = "four", two[] = "seven";
	struct iovec iov[] = { { one, 4 }, { two, 5 } };
	struct event e = full_record(), r;

	(void)state;
	begin();
	memset(name, 'n', TAPE_TEXT);
	name[TAPE_TEXT] = '\0';
	memset(e.local.bytes, 0xee, sizeof e.local.bytes);
	e.iov = iov;
	e.iovs = 2;
	e.text = name;
	assert_true(tape_write(in, &e, 64));
	memset(&r, 0x55, sizeof r);
	assert_true(tape_read(out, &r, false));
	assert_memory_equal(r.iov->iov_base, "fourseven", 9);
	assert_int_equal(r.iov->iov_len, 9);
	assert_int_equal(r.iovs, 1);
	assert_string_equal(r.text, name);
	assert_memory_equal(&r, &e, offsetof(struct event, peer) + sizeof e.peer);
	is_empty();
	assert_int_equal(tape_lost(out), 0);
}

static void a_bare_record_comes_back_bare(void **state)
{
	struct event e, r;

	(void)state;
	begin();
	event_init(&e, EVENT_CLOSE, EVENT_RETURN);
	e.moved = 100;                          /* unseen */
	assert_true(tape_write(in, &e, 64));
	e.text = "";
	assert_true(tape_write(in, &e, 64));
	assert_true(tape_read(out, &r, false));
	assert_true(!r.iov && !r.iovs && !r.text && !r.local.len && !r.peer.len && r.moved == 100);
	assert_true(tape_read(out, &r, false));
	assert_string_equal(r.text, "");
	is_empty();
}

static void a_payload_is_cut_where_it_was_asked_to_be(void **state)
{
	static char many[TAPE_LEAST];
	struct iovec iov[2];
	struct event e = numbered(0, &iov[0], "abcdef", 6), r;

	(void)state;
	begin();
	assert_true(tape_write(in, &e, 0));
	assert_true(tape_read(out, &r, false) && !r.iov && r.moved == 6);
	assert_true(tape_write(in, &e, 4));
	assert_true(tape_read(out, &r, false) && r.iov->iov_len == 4 && r.moved == 6);
	iov[1] = (struct iovec){ NULL, 3 };     /* nobody has these */
	e.iovs = 2;
	e.moved = 9;
	assert_true(tape_write(in, &e, 64));
	assert_true(tape_read(out, &r, false) && r.iov->iov_len == 6 && r.moved == 9);
	e = numbered(0, &iov[0], many, sizeof many);
	assert_true(tape_write(in, &e, SIZE_MAX));
	assert_true(tape_read(out, &r, false) && r.iov->iov_len == TAPE_LEAST / 4 && r.moved == sizeof many);
	e.text = memset(many, 't', sizeof many - 1);
	assert_true(tape_write(in, &e, 0));
	assert_true(tape_read(out, &r, false) && strlen(r.text) == TAPE_TEXT);
}

/* -- The ring -------------------------------------------------------------------------- */

static void records_of_all_lengths_go_round_the_ring(void **state)
{
	static char bytes[700];

	(void)state;
	begin();
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 7);
	for (uint32_t i = 0, w = 0; i < 5000; i++) {
		for (; w < i + i % 60; w++)
			assert_true(write_one(w, bytes, w % sizeof bytes));
		if (w > i)
			reads(i, bytes, i % sizeof bytes);
		else
			w = i + 1;
	}
	assert_int_equal(tape_lost(out), 0);
}

static void a_full_tape_drops_and_counts(void **state)
{
	uint32_t kept = 0, lost = 0;

	(void)state;
	begin();
	while (write_one(kept, "abc", 3))
		kept++;
	assert_true(kept > 100);
	for (; lost < 10; lost++)
		assert_false(write_one(0, "abc", 3));
	assert_int_equal(tape_lost(out), 11);
	assert_int_equal(tape_lost(in), 11);
	for (uint32_t i = 0; i < kept; i++)
		reads(i, "abc", 3);
	is_empty();
	assert_true(write_one(7, "abc", 3));
	reads(7, "abc", 3);
}

static void a_write_keeps_errno(void **state)
{
	(void)state;
	begin();
	errno = 77;
	while (write_one(0, "abc", 3))
		;
	assert_int_equal(errno, 77);
}

/* -- Several writers ---------------------------------------------------------------------- */

enum { WRITERS = 4, EACH = 4000 };

/* Writer and number are in the index; a record that finds no room is tried again. */
static void *write_many(void *writer)
{
	uint32_t id = (uint32_t)(uintptr_t)writer;
	char text[64];

	for (uint32_t i = 0; i < EACH; i++) {
		memset(text, (char)(id + i), sizeof text);
		while (!write_one(id << 16 | i, text, i % sizeof text))
			sched_yield();
	}
	return NULL;
}

/* Each writer's records come in its order, and whole. */
static bool fits(const struct event *e, uint32_t next[])
{
	uint32_t id = e->index >> 16, i = e->index & 0xffff;

	if (id >= WRITERS || next[id]++ != i || e->moved != i % 64)
		return false;
	for (size_t k = 0; k < e->moved; k++)
		if (((char *)e->iov->iov_base)[k] != (char)(id + i))
			return false;
	return true;
}

static void *read_many(void *result)
{
	uint32_t next[WRITERS] = { 0 };
	struct event e;

	for (uint32_t n = 0; n < WRITERS * EACH;) {
		if (!tape_read(out, &e, false)) {
			sched_yield();
			continue;
		}
		if (!fits(&e, next))
			return NULL;
		n++;
	}
	return result;
}

static void two_processes_with_two_threads_each(uint32_t first)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, write_many, (void *)(uintptr_t)first), 0);
	write_many((void *)(uintptr_t)(first + 1));
	pthread_join(thread, NULL);
}

static void writers_in_threads_and_processes_do_not_mix(void **state)
{
	pthread_t reader;
	void *good = NULL;
	int status = -1;

	(void)state;
	begin();
	pid_t child = fork();
	if (child == 0) {
		alarm(100);
		two_processes_with_two_threads_each(2);
		_exit(0);
	}
	assert_int_equal(pthread_create(&reader, NULL, read_many, folder), 0);
	two_processes_with_two_threads_each(0);
	assert_int_equal(waitpid(child, &status, 0), child);
	pthread_join(reader, &good);
	assert_int_equal(status, 0);
	assert_ptr_equal(good, folder);
	is_empty();
}

/* -- Writers that die, and worse --------------------------------------------------------- */

static uint64_t *map_tape(void)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *file = mmap(NULL, PAGE + TAPE_LEAST, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	assert_true(fd >= 0 && file != MAP_FAILED);
	close(fd);
	return file;
}

/* As a writer leaves it that dies before it has said how long its record is, or before it is done. */
static void leave_half(bool said)
{
	uint64_t *file = map_tape(), *head = file + HEAD / 8;

	if (said)
		file[(PAGE + *head) / 8] = 240 | 1;
	*head += 240;
	munmap(file, PAGE + TAPE_LEAST);
}

static void half_a_record_is_waited_for_and_then_passed_over(void **state)
{
	(void)state;
	for (int said = 0; said < 2; said++) {
		struct event e;

		begin();
		assert_true(write_one(1, "abc", 3));
		leave_half(said);
		assert_true(write_one(2, "abc", 3));
		leave_half(said);
		reads(1, "abc", 3);
		assert_false(tape_read(out, &e, false));
		assert_int_equal(tape_lost(out), 0);
		assert_true(tape_read(out, &e, true));
		assert_int_equal(e.index, 2);
		is_empty();
		assert_int_equal(tape_lost(out), 2);
		assert_true(write_one(3, "abc", 3));
		reads(3, "abc", 3);
		tape_close(in);
		tape_close(out);
		in = out = NULL;
		assert_int_equal(unlink(path), 0);
	}
}

static uint64_t noise(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* The counters keep what makes it a tape. */
static void scribble(uint64_t *file, uint64_t *seed)
{
	for (int i = 0; i < 50; i++)
		file[2 + noise(seed) % ((PAGE + TAPE_LEAST) / 8 - 2)] = noise(seed) >> noise(seed) % 64;
	file[HEAD / 8] = noise(seed) >> noise(seed) % 64;
}

static void noise_costs_records_only(void **state)
{
	uint64_t seed = 88172645463325252;
	struct event e;

	(void)state;
	begin();
	uint64_t *file = map_tape();
	for (int round = 0; round < 300; round++) {
		for (uint32_t i = 0; i < 50; i++)
			write_one(i, "abc", 3);
		scribble(file, &seed);
		for (int n = 0; n < 2000 && tape_read(out, &e, round & 1); n++)
			assert_true(e.call < EVENT_CALLS && e.moved + 1 > 0);
		tape_read(out, &e, true);
	}
	/* And then it is a tape again. */
	while (tape_read(out, &e, true))
		;
	memset((char *)file + PAGE, 0, TAPE_LEAST);
	assert_true(write_one(5, "abc", 3));
	reads(5, "abc", 3);
	assert_true(tape_lost(out) > 0);
	munmap(file, PAGE + TAPE_LEAST);
}

/* -- Files --------------------------------------------------------------------------------- */

static void a_tape_is_private_and_new(void **state)
{
	struct stat st;

	(void)state;
	begin();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_size, PAGE + TAPE_LEAST);
	assert_null(tape_create(path, TAPE_LEAST));
	assert_int_equal(errno, EEXIST);
	assert_int_equal(access(path, F_OK), 0);
}

static void where_there_is_no_room_no_file_is_left(void **state)
{
	struct rlimit was, small;

	(void)state;
	assert_null(tape_create("/nowhere/at/all", TAPE_LEAST));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = (struct rlimit){ TAPE_LEAST, was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_null(tape_create(path, TAPE_LEAST));
	assert_int_equal(errno, EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(access(path, F_OK), -1);
}

static void what_is_no_tape_is_refused(void **state)
{
	static const char *const none[] = { "/dev/null", "/dev/zero", "/proc/self/status" };

	(void)state;
	assert_null(tape_open(path));
	assert_int_equal(errno, ENOENT);
	for (size_t i = 0; i < 2; i++) {
		assert_null(tape_open(none[i]));
		assert_int_equal(errno, EPROTO);
	}
	assert_null(tape_open(none[2]));
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	for (off_t size = 0; size <= PAGE + TAPE_LEAST; size += PAGE) {
		assert_int_equal(ftruncate(fd, size), 0);
		assert_null(tape_open(path));
		assert_int_equal(errno, EPROTO);
	}
	close(fd);
	tape_close(NULL);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

static const struct CMUnitTest tests[] = {
	CLAIM(every_field_comes_back),
	CLAIM(a_bare_record_comes_back_bare),
	CLAIM(a_payload_is_cut_where_it_was_asked_to_be),
	CLAIM(records_of_all_lengths_go_round_the_ring),
	CLAIM(a_full_tape_drops_and_counts),
	CLAIM(a_write_keeps_errno),
	CLAIM(writers_in_threads_and_processes_do_not_mix),
	CLAIM(half_a_record_is_waited_for_and_then_passed_over),
	CLAIM(noise_costs_records_only),
	CLAIM(a_tape_is_private_and_new),
	CLAIM(where_there_is_no_room_no_file_is_left),
	CLAIM(what_is_no_tape_is_refused),
};
CHECK_MAIN(tests)
