/* SPDX-License-Identifier: MIT */
/*
 * Claims about the tape: nothing of a record is lost on it, a full one drops and counts,
 * and its file is its owner's alone.
 */
#include "tapes.h"

#include <sys/resource.h>
#include <sys/stat.h>

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

static const struct CMUnitTest tests[] = {
	CLAIM(every_field_comes_back),
	CLAIM(a_bare_record_comes_back_bare),
	CLAIM(a_payload_is_cut_where_it_was_asked_to_be),
	CLAIM(records_of_all_lengths_go_round_the_ring),
	CLAIM(a_full_tape_drops_and_counts),
	CLAIM(a_write_keeps_errno),
	CLAIM(a_tape_is_private_and_new),
	CLAIM(where_there_is_no_room_no_file_is_left),
	CLAIM(what_is_no_tape_is_refused),
};

CHECK_MAIN(tests)
