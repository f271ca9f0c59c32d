/* SPDX-License-Identifier: MIT */
/* Claims about sock/text: bytes and addresses as Python prints them, whatever the room. */
#include "check.h"

#include <arpa/inet.h>
#include <sockeye/addr.h>
#include <sockeye/text.h>
#include <sys/un.h>

#include "base/printable.h"

static char text[700];

static const char *repr(const char *bytes, size_t n)
{
	assert_ptr_equal(sock_repr(text, sizeof text, bytes, n), text);
	return text;
}

static const char *shown(const void *sa, size_t len)
{
	struct sock_addr addr = { .len = (socklen_t)len };

	memcpy(&addr.storage, sa, len);
	assert_ptr_equal(sock_repr_addr(text, sizeof text, &addr), text);
	return text;
}

static const char *unix_name(const char *name, size_t n)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	memcpy(a.sun_path, name, n);
	return shown(&a, offsetof(struct sockaddr_un, sun_path) + n);
}

static void upper_may_forget_how_much_it_read(void **state)
{
	size_t used;

	(void)state;
	assert_int_equal(sock_upper(text, sizeof text, "stra\xc3\x9f" "e\xc3", 8, &used), 7);
	assert_int_equal(used, 7);
	assert_memory_equal(text, "STRASSE", 7);
	assert_int_equal(sock_upper(text, sizeof text, "ok", 2, NULL), 2);
	assert_int_equal(sock_upper(NULL, 0, NULL, 0, NULL), 0);
}

static void repr_escapes_as_python_does(void **state)
{
	(void)state;
	assert_string_equal(repr("Hello, world", 12), "b'Hello, world'");
	assert_string_equal(repr("\t\n\r\\\0\x1f ~\x7f\x80\xff", 11),
	                    "b'\\t\\n\\r\\\\\\x00\\x1f ~\\x7f\\x80\\xff'");
	assert_string_equal(repr("\a\b\f\v", 4), "b'\\x07\\x08\\x0c\\x0b'");
	assert_string_equal(repr(NULL, 0), "b''");
}

static void repr_chooses_the_quote_that_needs_no_backslash(void **state)
{
	(void)state;
	assert_string_equal(repr("it's", 4), "b\"it's\"");
	assert_string_equal(repr("\"no\"", 4), "b'\"no\"'");
	assert_string_equal(repr("'\"'", 3), "b'\\'\"\\''");
}

static void repr_in_little_room_ends_after_a_whole_piece(void **state)
{
	static const char *const parts[] = { NULL, "", "", "b'", "b'a", "b'a", "b'a", "b'a",
		"b'a\\xff", "b'a\\xff'" };
	char small[16];

	(void)state;
	for (size_t room = 1; room < sizeof parts / sizeof *parts + 2; room++) {
		size_t last = sizeof parts / sizeof *parts - 1;

		memset(small, 'z', sizeof small);
		sock_repr(small, room, "a\xff", 2);
		assert_string_equal(small, parts[room < last ? room : last]);
		assert_int_equal(small[room], 'z');
	}
}

static void no_room_at_all_is_not_touched(void **state)
{
	struct sock_addr none = { .len = 0 };
	char small[2] = "z";

	(void)state;
	assert_ptr_equal(sock_repr(small, 0, "a", 1), small);
	assert_ptr_equal(sock_repr_addr(small, 0, &none), small);
	assert_int_equal(small[0], 'z');
	assert_null(sock_repr(NULL, 0, "a", 1));
	assert_null(sock_repr_addr(NULL, 0, NULL));
	assert_string_equal(sock_repr(small, 1, "a", 1), "");
	assert_string_equal(sock_repr_addr(small, 1, &none), "");
}

static void four_times_and_four_bytes_are_enough(void **state)
{
	char bytes[150], exact[sizeof bytes * 4 + 4];

	(void)state;
	memset(bytes, 0xff, sizeof bytes);
	sock_repr(exact, sizeof exact, bytes, sizeof bytes);
	assert_int_equal(strlen(exact), sizeof exact - 1);
}

static void internet_addresses_are_tuples(void **state)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = htons(65432), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(7), .sin6_addr = in6addr_loopback
	};

	(void)state;
	assert_string_equal(shown(&in, sizeof in), "('127.0.0.1', 65432)");
	assert_string_equal(shown(&in6, sizeof in6), "('::1', 7, 0, 0)");
	in6.sin6_flowinfo = htonl(5);
	in6.sin6_scope_id = 2;
	assert_string_equal(shown(&in6, sizeof in6), "('::1', 7, 5, 2)");
}

static void unix_paths_are_text_and_abstract_names_bytes(void **state)
{
	(void)state;
	assert_string_equal(unix_name("", 0), "''");
	assert_string_equal(unix_name("/tmp/s", 7), "'/tmp/s'");
	assert_string_equal(unix_name("/tmp/it's", 10), "\"/tmp/it's\"");
	assert_string_equal(unix_name("/ü-日\n\xff", 9), "'/ü-日\\n\\udcff'");
	assert_string_equal(unix_name("\xc2\xa0\xe2\x80\xae\xf3\xa0\x80\x81", 9),
	                    "'\\xa0\\u202e\\U000e0001'");
	assert_string_equal(unix_name("\0name", 5), "b'\\x00name'");
	assert_string_equal(unix_name("\0a\0\xff", 4), "b'\\x00a\\x00\\xff'");
}

static void no_address_is_none(void **state)
{
	static const char family[1] = { AF_INET };

	(void)state;
	assert_string_equal(sock_repr_addr(text, sizeof text, NULL), "None");
	assert_string_equal(shown("", 0), "None");
	assert_string_equal(shown(family, 1), "None");
}

static void a_length_beyond_the_storage_is_cut(void **state)
{
	struct sock_addr addr = { .len = 60000 };

	(void)state;
	addr.storage.ss_family = AF_UNIX;
	memset((char *)&addr.storage + 2, 'x', sizeof addr.storage - 2);
	assert_int_equal(strlen(sock_repr_addr(text, sizeof text, &addr)), 110);
}

static void the_longest_address_fits_660_bytes(void **state)
{
	char path[108];

	(void)state;
	memset(path, 0xff, sizeof path);
	assert_int_equal(strlen(unix_name(path, sizeof path)), 2 + 6 * sizeof path);
	assert_true(strlen(text) < 660);
}

static void what_is_printable_is_what_has_a_shape(void **state)
{
	static const uint32_t shown[] = { ' ', '~', 0xa1, 0x20ac, 0x4e00, 0x9fff, 0xac00, 0xd7a3, 0x1f642 };
	static const uint32_t hidden[] = { 0, 0x1f, 0x7f, 0xa0, 0xad, 0x2028, 0x3000, 0xd800, 0xe000,
		0x10ffff, 0x110000, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		assert_true(printable(shown[i]));
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		assert_false(printable(hidden[i]));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(upper_may_forget_how_much_it_read),
	cmocka_unit_test(repr_escapes_as_python_does),
	cmocka_unit_test(repr_chooses_the_quote_that_needs_no_backslash),
	cmocka_unit_test(repr_in_little_room_ends_after_a_whole_piece),
	cmocka_unit_test(no_room_at_all_is_not_touched),
	cmocka_unit_test(four_times_and_four_bytes_are_enough),
	cmocka_unit_test(internet_addresses_are_tuples),
	cmocka_unit_test(unix_paths_are_text_and_abstract_names_bytes),
	cmocka_unit_test(no_address_is_none),
	cmocka_unit_test(a_length_beyond_the_storage_is_cut),
	cmocka_unit_test(the_longest_address_fits_660_bytes),
	cmocka_unit_test(what_is_printable_is_what_has_a_shape),
};
CHECK_MAIN(tests)
