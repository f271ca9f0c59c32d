/* SPDX-License-Identifier: MIT */
/* Claims about the variable that tells the shim what to watch. */
#include "check.h"

#include "base/eyenv.h"

static void what_is_printed_parses_back(void **state)
{
	static const struct eyenv some[] = {
		{ .payload = 64, .room = 65536, .dir = "/a" },
		{ .pid = INT32_MAX, .payload = SIZE_MAX, .room = SIZE_MAX, .dir = "/a,pid=7, b" },
		{ .pid = 1, .payload = 0, .room = 0, .dir = "/" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
		char text[128];
		struct eyenv e;
		size_t n = eyenv_print(text, sizeof text, &some[i]);

		assert_int_equal(n, strlen(text));
		assert_int_equal(eyenv_print(text, n, &some[i]), 0);
		assert_int_equal(eyenv_print(text, n + 1, &some[i]), n);
		assert_int_equal(eyenv_parse(&e, text), 0);
		assert_true(e.pid == some[i].pid && e.payload == some[i].payload && e.room == some[i].room);
		assert_string_equal(e.dir, some[i].dir);
	}
}

static void a_folder_alone_is_enough(void **state)
{
	struct eyenv e;

	(void)state;
	assert_int_equal(eyenv_parse(&e, "dir=/x"), 0);
	assert_int_equal(e.pid, 0);
	assert_int_equal(e.payload, 64);
	assert_int_equal(e.room, 8388608);
	assert_string_equal(e.dir, "/x");
}

static void what_is_unclear_is_refused(void **state)
{
	static const char *const bad[] = {
		"", ",", "dir=", "dir", "dir=relative", "pid=1", "pid=,dir=/x", "pid=x,dir=/x", "pid=-1,dir=/x",
		"pid=2147483648,dir=/x", "payload=al,dir=/x", "payload=64k,dir=/x", "room=,dir=/x",
		"room=99999999999999999999,dir=/x", "pids=1,dir=/x", " pid=1,dir=/x", "pid=1,,dir=/x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct eyenv e;

		assert_int_equal(eyenv_parse(&e, bad[i]), -EINVAL);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_is_printed_parses_back),
	cmocka_unit_test(a_folder_alone_is_enough),
	cmocka_unit_test(what_is_unclear_is_refused),
};
CHECK_MAIN(tests)
