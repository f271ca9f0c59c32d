/* SPDX-License-Identifier: MIT */
/*
 * Claims about those who write on a tape: writers of several threads and processes do
 * not mix, and whatever one leaves behind, half a record or noise, the reader lives on.
 */
#include "tapes.h"

#include <pthread.h>

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

static const struct CMUnitTest tests[] = {
	CLAIM(writers_in_threads_and_processes_do_not_mix),
	CLAIM(half_a_record_is_waited_for_and_then_passed_over),
	CLAIM(noise_costs_records_only),
};

CHECK_MAIN(tests)
