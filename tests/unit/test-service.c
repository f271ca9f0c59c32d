/* SPDX-License-Identifier: MIT */
/* Claims about the table of services, and about echo, hello, accept and discard. */
#include "check.h"
#include "fake-conn.h"

static const struct conn fresh = { .limit = 65536 };

static void every_service_is_found_by_its_name_alone(void **state)
{
	static const char *const names[] = { "echo", "upper", "hello", "accept", "discard",
		"chargen", "daytime", "time" };
	static const int ports[] = { 65432, 12000, 1337, 1234, 9, 19, 13, 37 };
	size_t n = 0;

	(void)state;
	for (; service_list[n]; n++) {
		assert_string_equal(service_list[n]->name, names[n]);
		assert_int_equal(service_list[n]->port, ports[n]);
		assert_ptr_equal(service_find(names[n]), service_list[n]);
	}
	assert_int_equal(n, sizeof names / sizeof *names);
	assert_null(service_find("ECHO"));
	assert_null(service_find("ech"));
	assert_null(service_find(""));
}

static void about_is_one_line_of_a_list(void **state)
{
	(void)state;
	for (size_t i = 0; service_list[i]; i++) {
		const char *about = service_list[i]->about;

		assert_true(strlen(about) >= 10 && strlen(about) <= 64);
		for (; *about; about++)
			assert_true(*about >= ' ' && *about <= '~');
	}
}

static void natures_are_what_the_engine_must_guard(void **state)
{
	(void)state;
	assert_int_equal(service_find("accept")->nature, SERVICE_STREAM_ONLY);
	assert_int_equal(service_find("chargen")->nature, SERVICE_LOUD);
	assert_int_equal(service_find("daytime")->nature, SERVICE_PACED);
	assert_int_equal(service_find("time")->nature, SERVICE_PACED);
	assert_int_equal(service_find("echo")->nature, 0);
	assert_int_equal(service_find("upper")->nature, 0);
	assert_int_equal(service_find("hello")->nature, 0);
	assert_int_equal(service_find("discard")->nature, 0);
}

static void echo_returns_every_byte_whatever_the_room(void **state)
{
	char all[5000];

	(void)state;
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (char)(i * 7);
	for (size_t limit = 1; limit < 2000; limit += limit < 9 ? 1 : 333) {
		struct conn c = { .service = &service_echo, .limit = limit };

		fake_open(&c);
		for (size_t i = 0; i < sizeof all; i += 1000)
			fake_bring(&c, all + i, 1000);
		fake_end(&c);
		assert_int_equal(c.n, sizeof all);
		assert_memory_equal(c.out, all, sizeof all);
		fake_free(&c);
	}
}

static void echo_answers_a_datagram_whole_or_not_at_all(void **state)
{
	struct conn c = { .service = &service_echo, .limit = 5 };

	(void)state;
	assert_true(fake_datagram(&c, "hello", 5));
	assert_int_equal(c.n, 5);
	assert_memory_equal(c.out, "hello", 5);
	assert_false(fake_datagram(&c, "hello!", 6));
	assert_true(fake_datagram(&c, "", 0));
	assert_int_equal(c.n, 0);
	fake_free(&c);
}

static void hello_speaks_first_and_shows_what_comes(void **state)
{
	struct conn c = fresh;

	(void)state;
	c.service = &service_hello;
	fake_open(&c);
	assert_int_equal(c.n, 12);
	assert_memory_equal(c.out, "Hello world!", 12);
	assert_int_equal(c.notes, 0);
	fake_bring(&c, "it's\n\xff", 6);
	assert_string_equal(c.note, "('127.0.0.1', 54321) says b\"it's\\n\\xff\"");
	fake_bring(&c, "x", 1);
	assert_string_equal(c.note, "('127.0.0.1', 54321) says b'x'");
	assert_false(c.finished);
	fake_end(&c);
	assert_int_equal(c.n, 12);
	assert_int_equal(c.notes, 2);
	fake_free(&c);
}

static void hello_waits_for_room_and_greets_once(void **state)
{
	struct conn c = { .service = &service_hello, .limit = 11 };

	(void)state;
	fake_open(&c);
	fake_bring(&c, "x", 1);
	assert_int_equal(c.n, 0);
	c.limit = 12;
	for (int i = 0; i < 3; i++)
		fake_drain(&c);
	assert_int_equal(c.n, 12);
	fake_free(&c);
}

static void hello_answers_datagrams_with_its_greeting(void **state)
{
	char much[300];
	struct conn c = fresh;

	(void)state;
	c.service = &service_hello;
	assert_true(fake_datagram(&c, "Hello world!", 12));
	assert_string_equal(c.note, "Message from: ('127.0.0.1', 54321): b'Hello world!'");
	assert_int_equal(c.n, 12);
	assert_memory_equal(c.out, "Hello world!", 12);
	assert_true(fake_datagram(&c, "", 0));
	assert_string_equal(c.note, "Message from: ('127.0.0.1', 54321): b''");
	memset(much, 0x80, sizeof much);
	assert_true(fake_datagram(&c, much, sizeof much));
	assert_string_equal(c.note + strlen(c.note) - 8, "\\x80'...");
	c.limit = 11;
	assert_false(fake_datagram(&c, "x", 1));
	fake_free(&c);
}

static void accept_says_who_came_and_holds_on(void **state)
{
	struct conn c = fresh;

	(void)state;
	c.service = &service_accept;
	fake_open(&c);
	assert_string_equal(c.note, "Connection from ('127.0.0.1', 54321) has been established.");
	fake_bring(&c, "anything", 8);
	fake_drain(&c);
	assert_false(c.finished);
	fake_end(&c);
	assert_int_equal(c.n, 0);
	assert_int_equal(c.notes, 1);
	fake_free(&c);
}

static void discard_never_says_anything(void **state)
{
	struct conn c = fresh;

	(void)state;
	c.service = &service_discard;
	assert_null(service_discard.bytes);
	fake_open(&c);
	fake_bring(&c, "anything", 8);
	fake_end(&c);
	assert_int_equal(c.n, 0);
	assert_int_equal(c.notes, 0);
	assert_false(fake_datagram(&c, "anything", 8));
	fake_free(&c);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_service_is_found_by_its_name_alone),
	cmocka_unit_test(about_is_one_line_of_a_list),
	cmocka_unit_test(natures_are_what_the_engine_must_guard),
	cmocka_unit_test(echo_returns_every_byte_whatever_the_room),
	cmocka_unit_test(echo_answers_a_datagram_whole_or_not_at_all),
	cmocka_unit_test(hello_speaks_first_and_shows_what_comes),
	cmocka_unit_test(hello_waits_for_room_and_greets_once),
	cmocka_unit_test(hello_answers_datagrams_with_its_greeting),
	cmocka_unit_test(accept_says_who_came_and_holds_on),
	cmocka_unit_test(discard_never_says_anything),
};
CHECK_MAIN(tests)
