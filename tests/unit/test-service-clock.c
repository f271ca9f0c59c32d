/* SPDX-License-Identifier: MIT */
/* Claims about the services that tell the time: daytime does it for people, time for machines. */
#include "check.h"
#include "fake-conn.h"

#include <locale.h>
#include <time.h>

static int64_t moment;

static int64_t stands_still(void)
{
	return moment;
}

static int at_utc(void **state)
{
	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	service_now_source = stands_still;
	return 0;
}

static int at_home(void **state)
{
	(void)state;
	service_now_source = NULL;
	unsetenv("TZ");
	tzset();
	return 0;
}

/* What a stream hears from the service at this moment, and then its end. */
static void says(const struct service *service, int64_t when, const void *bytes, size_t n)
{
	struct conn c = { .service = service, .limit = 1000 };

	moment = when;
	fake_open(&c);
	assert_true(c.finished);
	assert_int_equal(c.n, n);
	assert_memory_equal(c.out, bytes, n);
	fake_end(&c);
	assert_int_equal(c.n, n);
	fake_free(&c);
}

static void line_is(int64_t when, const char *line)
{
	says(&service_daytime, when, line, strlen(line));
}

static void number_is(int64_t when, const char *four)
{
	says(&service_time, when, four, 4);
}

static void daytime_is_the_first_form_of_its_rfc(void **state)
{
	(void)state;
	line_is(1795537231, "Tuesday, November 24, 2026 16:20:31-UTC\r\n");
	line_is(383247463, "Monday, February 22, 1982 17:37:43-UTC\r\n");
	line_is(0, "Thursday, January 1, 1970 00:00:00-UTC\r\n");
	line_is(-1, "Wednesday, December 31, 1969 23:59:59-UTC\r\n");
	line_is(4102444800, "Friday, January 1, 2100 00:00:00-UTC\r\n");
}

static void daytime_knows_every_day_and_month(void **state)
{
	char line[100];

	(void)state;
	for (int64_t when = 0; when < INT64_C(800) * 86400; when += 86400) {
		time_t t = (time_t)when;
		struct tm tm;

		gmtime_r(&t, &tm);
		size_t n = strftime(line, sizeof line, "%A, %B ", &tm);
		n += (size_t)snprintf(line + n, sizeof line - n, "%d, ", tm.tm_mday);
		strftime(line + n, sizeof line - n, "%Y 00:00:00-UTC\r\n", &tm);
		line_is(when, line);
	}
}

static void daytime_is_local_time(void **state)
{
	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	line_is(1795537231, "Tuesday, November 24, 2026 17:20:31-CET\r\n");
	line_is(1784050000, "Tuesday, July 14, 2026 19:26:40-CEST\r\n");
	setenv("TZ", "<+0545>-5:45", 1);
	tzset();
	line_is(1795537231, "Tuesday, November 24, 2026 22:05:31-+0545\r\n");
	at_utc(NULL);
}

static void daytime_speaks_english_in_any_locale(void **state)
{
	(void)state;
	if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "C.UTF-8"))
		CHECK_SKIP("no locale but C here");
	line_is(1795537231, "Tuesday, November 24, 2026 16:20:31-UTC\r\n");
	setlocale(LC_ALL, "C");
}

static void time_counts_from_1900(void **state)
{
	(void)state;
	/* The RFC's own examples: 1970, 1976, 1980, 1983, and 1858 as a negative number. */
	number_is(0, "\x83\xaa\x7e\x80");                       /* 2,208,988,800 */
	number_is(189302400, "\x8e\xf3\x05\x00");               /* 2,398,291,200 */
	number_is(315532800, "\x96\x79\x24\x80");               /* 2,524,521,600 */
	number_is(420595200, "\x9c\xbc\x44\x80");               /* 2,629,584,000 */
	number_is(-INT64_C(3506716800), "\xb2\xa6\x3e\x00");    /* -1,297,728,000 */
}

static void time_begins_anew_in_2036(void **state)
{
	(void)state;
	number_is(2085978495, "\xff\xff\xff\xff");
	number_is(2085978496, "\0\0\0\0");
}

static void any_datagram_hears_the_time_once(void **state)
{
	struct conn c = { .limit = 100 };

	(void)state;
	moment = 0;
	c.service = &service_daytime;
	assert_true(fake_datagram(&c, "", 0));
	assert_memory_equal(c.out, "Thursday, January 1, 1970 00:00:00-UTC\r\n", c.n);
	assert_true(fake_datagram(&c, "what is the time?", 17));
	assert_int_equal(c.n, 40);
	c.limit = 39;
	assert_false(fake_datagram(&c, "", 0));
	c.service = &service_time;
	assert_true(fake_datagram(&c, "", 0));
	assert_int_equal(c.n, 4);
	c.limit = 3;
	assert_false(fake_datagram(&c, "abc", 3));
	fake_free(&c);
}

static void the_time_is_told_whole_once_there_is_room(void **state)
{
	static const struct service *const both[] = { &service_daytime, &service_time };
	static const size_t sizes[] = { 40, 4 };

	(void)state;
	moment = 0;
	for (int i = 0; i < 2; i++) {
		struct conn c = { .service = both[i], .limit = sizes[i] - 1 };

		fake_open(&c);
		fake_bring(&c, "x", 1);
		assert_int_equal(c.n, 0);
		assert_false(c.finished);
		c.limit = sizes[i];
		for (int j = 0; j < 3; j++)
			fake_drain(&c);
		assert_true(c.finished);
		both[i]->more(&c);              /* told once, whatever an engine does */
		assert_int_equal(c.n, sizes[i]);
		fake_free(&c);
	}
}

static void the_time_is_the_systems(void **state)
{
	struct conn c = { .service = &service_time, .limit = 100 };

	at_home(state);
	int64_t before = (int64_t)time(NULL);
	assert_true(fake_datagram(&c, "", 0));
	uint32_t told = 0;
	for (int i = 0; i < 4; i++)
		told = told << 8 | (unsigned char)c.out[i];
	uint32_t since = told - 2208988800u - (uint32_t)before;
	assert_true(since <= time(NULL) - before);
	fake_free(&c);
	at_utc(state);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(daytime_is_the_first_form_of_its_rfc, at_utc, at_home),
	cmocka_unit_test_setup_teardown(daytime_knows_every_day_and_month, at_utc, at_home),
	cmocka_unit_test_setup_teardown(daytime_is_local_time, at_utc, at_home),
	cmocka_unit_test_setup_teardown(daytime_speaks_english_in_any_locale, at_utc, at_home),
	cmocka_unit_test_setup_teardown(time_counts_from_1900, at_utc, at_home),
	cmocka_unit_test_setup_teardown(time_begins_anew_in_2036, at_utc, at_home),
	cmocka_unit_test_setup_teardown(any_datagram_hears_the_time_once, at_utc, at_home),
	cmocka_unit_test_setup_teardown(the_time_is_told_whole_once_there_is_room, at_utc, at_home),
	cmocka_unit_test_setup_teardown(the_time_is_the_systems, at_utc, at_home),
};
CHECK_MAIN(tests)
