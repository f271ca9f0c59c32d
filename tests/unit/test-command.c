/* SPDX-License-Identifier: MIT */
/* The command's small parts: values, networks, lines of JSON and of the log. */
#include "check.h"

#include "base/clock.h"
#include "cmd/json.h"
#include "cmd/network.h"
#include "cmd/out.h"
#include "cmd/value.h"

/* -- Values --------------------------------------------------------------------------- */

static void times_are_strict(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{ "0", 0 }, { "7", 7 * CLOCK_SEC }, { "250ms", 250 * CLOCK_MS }, { "30s", 30 * CLOCK_SEC },
		{ "2m", 120 * CLOCK_SEC }, { "1h", 3600 * CLOCK_SEC }, { "1d", 86400 * CLOCK_SEC },
		{ "50us", 50000 }, { "9ns", 9 }, { "9223372036854775807ns", INT64_MAX },
	};
	static const char *const bad[] = {
		"", "s", "ms", "-1", "+1", " 1", "1 ", "1 s", "1.5s", "0x1", "1S", "1sec", "1s1", "1e3", "\xd9\xa1",
	};
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(value_time(good[i].text, &ns), 0);
		assert_true(ns == good[i].ns);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(value_time(bad[i], &ns), -EINVAL);
	assert_int_equal(value_time("9223372036854775808ns", &ns), -ERANGE);
	assert_int_equal(value_time("200000000d", &ns), -ERANGE);
	assert_int_equal(value_time("99999999999999999999999", &ns), -ERANGE);
}

static void values_are_printed_as_they_are_read(void **state)
{
	static const int64_t ns[] = {
		1, 1500, CLOCK_MS, 1500 * CLOCK_MS, CLOCK_SEC, 90 * CLOCK_SEC, 30 * 86400 * CLOCK_SEC,
	};
	char text[VALUE_TEXT];
	int64_t back;

	(void)state;
	for (size_t i = 0; i < sizeof ns / sizeof *ns; i++) {
		assert_int_equal(value_time(value_time_text(text, ns[i]), &back), 0);
		assert_true(back == ns[i]);
	}
	assert_string_equal(value_time_text(text, 0), "0s");
	assert_string_equal(value_time_text(text, 90 * CLOCK_SEC), "90s");
	assert_string_equal(value_size_text(text, 65536), "64k");
	assert_string_equal(value_size_text(text, 1000), "1000");
	assert_string_equal(value_size_text(text, 0), "0");
	assert_string_equal(value_size_text(text, INT64_C(1) << 40), "1024g");
}

static void network_is_read_bit_by_bit(void **state)
{
	static const uint8_t ten[16] = { [10] = 0xff, [11] = 0xff, [12] = 10 };
	static const uint8_t doc[16] = { 0x20, 1, 0xd, 0xb8 };
	struct engine_net net;
	char why[NETWORK_WHY];

	(void)state;
	assert_null(network_read(&net, "10.0.0.0/8", why));
	assert_int_equal(net.bits, 104);
	assert_memory_equal(net.bytes, ten, 16);
	assert_null(network_read(&net, "2001:db8::/32", why));
	assert_int_equal(net.bits, 32);
	assert_memory_equal(net.bytes, doc, 16);
	assert_null(network_read(&net, "0.0.0.0/0", why));
	assert_int_equal(net.bits, 96);
	assert_null(network_read(&net, "::/0", why));
	assert_int_equal(net.bits, 0);
	assert_null(network_read(&net, "127.0.0.1", why));
	assert_int_equal(net.bits, 128);
	assert_int_equal(net.bytes[15], 1);
	assert_null(network_read(&net, "10.1.2.128/25", why));
	assert_int_equal(net.bits, 121);
}

static void network_with_a_slip_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "/8", "10/8", "10.0.0/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.0/ 8",
		"::1/129", "[::1]/128", "fe80::1%lo", "localhost", "010.0.0.0/8", "10.0.0.0/8/8", "1.2.3.4.5",
		"00000000000000000000000000000000000000000000000000000000000000000001",
	};
	struct engine_net net;
	char why[NETWORK_WHY];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_non_null(network_read(&net, bad[i], why));
	assert_non_null(strstr(network_read(&net, "10.1.2.3/8", why), "write 10.0.0.0/8, or 10.1.2.3 for"));
	assert_non_null(strstr(network_read(&net, "2001:db8::1/32", why), "write 2001:db8::/32"));
	assert_non_null(network_read(&net, "255.255.255.255/31", why));
}

/* -- JSON ------------------------------------------------------------------------------ */

static void json_object_is_one_line_of_ascii(void **state)
{
	char line[JSON_LINE];
	struct json j = json_begin(line, sizeof line);

	(void)state;
	json_text(&j, "text", "a\"b\\c\n\r\t\x1b[31m\x7f\xff\xc3\xa9\xf0\x9f\x90\x9f\xe2\x80\xa8");
	json_number(&j, "most", UINT64_MAX);
	json_signed(&j, "least", INT64_MIN);
	json_bool(&j, "yes", true);
	json_seconds(&j, "took", 12 * CLOCK_SEC + 5 * CLOCK_MS);
	size_t n = json_end(&j);
	assert_int_equal(n, strlen(line));
	assert_string_equal(line,
		"{\"text\":\"a\\\"b\\\\c\\n\\r\\t\\u001b[31m\\u007f\\ufffd\\u00e9\\ud83d\\udc1f\\u2028\","
		"\"most\":18446744073709551615,\"least\":-9223372036854775808,\"yes\":true,\"took\":12.005}\n");
}

static void json_without_room_is_no_line(void **state)
{
	char line[64], text[2 * JSON_TEXT_MOST];

	(void)state;
	for (size_t room = 0; room < sizeof "{\"key\":\"value\"}\n"; room++) {
		struct json j = json_begin(line, room);

		json_text(&j, "key", "value");
		assert_int_equal(json_end(&j), 0);
	}
	memset(text, 1, sizeof text - 1);
	text[sizeof text - 1] = '\0';
	char whole[JSON_LINE];
	struct json j = json_begin(whole, sizeof whole);
	json_text(&j, "text", text);
	assert_true(json_end(&j) > 6 * JSON_TEXT_MOST);
}

static void shown_text_stays_on_its_line(void **state)
{
	char buf[OUT_SHOWN], text[300];

	(void)state;
	assert_string_equal(out_shown(buf, "a\nb\x1b\xff\xc2\x85\xc3\xa9"), "a?b???\xc3\xa9");
	for (size_t n = 0; n < sizeof text; n++) {
		for (size_t i = 0; i < n; i++)
			text[i] = i % 2 ? '\xa9' : '\xc3';
		text[n] = '\0';
		assert_true(strlen(out_shown(buf, text)) < OUT_SHOWN);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(times_are_strict),
	cmocka_unit_test(values_are_printed_as_they_are_read),
	cmocka_unit_test(network_is_read_bit_by_bit),
	cmocka_unit_test(network_with_a_slip_is_refused),
	cmocka_unit_test(json_object_is_one_line_of_ascii),
	cmocka_unit_test(json_without_room_is_no_line),
	cmocka_unit_test(shown_text_stays_on_its_line),
};
CHECK_MAIN(tests)
