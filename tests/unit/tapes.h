/* SPDX-License-Identifier: MIT */
/*
 * For the tests of the tape: one in a folder of its own, with both of its ends, and
 * records that say which they are.
 */
#ifndef TAPES_H
#define TAPES_H

#include "check.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "base/event.h"
#include "base/tape.h"

enum { PAGE = 4096, HEAD = 64 };        /* of the file: its counters, and where the head is in them */

static char folder[] = "/tmp/test-tape-XXXXXX";
static char path[64];
static struct tape *in, *out;

static inline int make_folder(void **state)
{
	(void)state;
	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/tape", folder);
	return 0;
}

static inline int remove_folder(void **state)
{
	(void)state;
	tape_close(in);
	tape_close(out);
	in = out = NULL;
	unlink(path);
	return rmdir(folder);
}

static inline void begin(void)
{
	in = tape_create(path, TAPE_LEAST);
	assert_non_null(in);
	out = tape_open(path);
	assert_non_null(out);
}

/* A record that says which it is in its index, with n bytes of payload. */
static inline struct event numbered(uint32_t i, struct iovec *iov, const char *bytes, size_t n)
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

static inline bool write_one(uint32_t i, const char *bytes, size_t n)
{
	struct iovec iov;
	struct event e = numbered(i, &iov, bytes, n);

	return tape_write(in, &e, SIZE_MAX);
}

static inline void reads(uint32_t i, const char *bytes, size_t n)
{
	struct event e;

	assert_true(tape_read(out, &e, false));
	assert_int_equal(e.index, i);
	assert_int_equal(e.moved, n);
	assert_int_equal(e.iovs, n ? 1 : 0);
	if (n)
		assert_memory_equal(e.iov->iov_base, bytes, n);
}

static inline void is_empty(void)
{
	struct event e;

	assert_false(tape_read(out, &e, false));
	assert_false(tape_read(out, &e, true));
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

#endif
