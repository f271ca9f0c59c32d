/* SPDX-License-Identifier: MIT */
/* Claims about eye/json: one record, one line of ASCII, whatever is in it. */
#include "check.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "eye/json.h"

static char line[8 * 4096];

static const char *print(const struct event *e, size_t payload)
{
	size_t n = json_event(line, JSON_ROOM(payload), e, payload, 0);

	assert_int_equal(n, strlen(line));
	assert_true(n > 0 && line[n - 1] == '\n');
	for (size_t i = 0; i < n - 1; i++)
		assert_in_range(line[i], 0x20, 0x7e);
	return line;
}

static bool has(const char *word)
{
	return strstr(line, word);
}

static struct iovec piece(const void *bytes, size_t n)
{
	return (struct iovec){ (void *)bytes, n };
}

static struct event_addr loopback(int port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct event_addr a = { .len = sizeof in };

	memcpy(a.bytes, &in, sizeof in);
	return a;
}

static struct event_addr unix_path(const char *path, size_t n)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct event_addr a = { .len = offsetof(struct sockaddr_un, sun_path) + n };

	memcpy(un.sun_path, path, n);
	memcpy(a.bytes, &un, a.len);
	return a;
}

static void full_record_has_every_key(void **state)
{
	struct iovec iov[] = { piece("Hel", 3), piece("lo", 2) };
	struct event e = {
		.time = 1234567890123, .took = 1500,
		.asked = 10, .moved = 5, .whole = 8, .offset = 100,
		.hash = 0xabc, .cookie = UINT64_MAX, .pid = 7, .tid = 8, .fd = 3, .other = 4,
		.error = ECONNREFUSED, .arg = { 1, -2, 3 }, .index = 6,
		.call = EVENT_RECVMMSG, .phase = EVENT_RETURN,
		.family = AF_INET, .type = SOCK_DGRAM,
		.program = "demo", .local = loopback(12000), .peer = loopback(53),
		.iov = iov, .iovs = 2, .text = "name",
	};

	(void)state;
	assert_true(json_event(line, sizeof line, &e, 64, 9) > 0);
	assert_string_equal(line,
		"{\"time\":1234567890123,\"pid\":7,\"tid\":8,\"program\":\"demo\","
		"\"call\":\"recvmmsg\","
		"\"phase\":\"return\",\"fd\":3,\"other\":4,"
		"\"family\":\"AF_INET\",\"type\":\"SOCK_DGRAM\","
		"\"local\":\"udp://127.0.0.1:12000\","
		"\"peer\":\"udp://127.0.0.1:53\",\"offset\":100,"
		"\"asked\":10,\"moved\":5,\"whole\":8,\"error\":\"ECONNREFUSED\",\"took\":1500,"
		"\"hash\":\"0000000000000abc\",\"data\":\"Hello\",\"text\":\"name\",\"index\":6,"
		"\"arg\":[1,-2,3],\"cookie\":18446744073709551615,\"lost\":9}\n");
}

static void empty_record_leaves_out_what_says_nothing(void **state)
{
	struct event e = { .fd = -1, .other = -1, .phase = EVENT_ENTER };

	(void)state;
	assert_string_equal(print(&e, 64),
		"{\"time\":0,\"pid\":0,\"tid\":0,\"program\":\"\","
		"\"call\":\"none\",\"phase\":\"enter\","
		"\"fd\":-1,\"offset\":0,\"asked\":0,\"moved\":0,\"took\":0,\"arg\":[0,0,0]}\n");
}

static void unknown_numbers_stay_numbers(void **state)
{
	struct event e = {
		.family = 4711, .type = 99, .error = 9999, .call = 60000, .time = INT64_MIN,
	};

	(void)state;
	print(&e, 64);
	assert_true(has("\"family\":4711,\"type\":99,"));
	assert_true(has("\"error\":9999,"));
	assert_true(has("\"call\":\"unknown\","));
	assert_true(has("{\"time\":-9223372036854775808,"));
}

static void batch_shows_its_index_from_zero(void **state)
{
	struct event e = { .call = EVENT_SENDMMSG };

	(void)state;
	print(&e, 64);
	assert_true(has("\"index\":0,"));
}

static void data_is_one_character_a_byte(void **state)
{
	const char bytes[] = "A\0\n\r\t\"\\\x1b\x7f\x80\xff/";
	struct iovec iov = piece(bytes, sizeof bytes - 1);
	struct event e = { .moved = sizeof bytes - 1, .iov = &iov, .iovs = 1 };

	(void)state;
	print(&e, 64);
	assert_true(has("\"data\":\"A\\u0000\\n\\r\\t\\\"\\\\\\u001b\\u007f\\u0080\\u00ff/\""));
}

static void data_is_what_moved_and_no_more(void **state)
{
	struct iovec iov[] = { piece("abc", 3), piece(NULL, 0), piece("defghi", 6) };
	struct event e = { .moved = 5, .iov = iov, .iovs = 3 };

	(void)state;
	print(&e, 64);
	assert_true(has("\"data\":\"abcde\""));
	print(&e, 4);
	assert_true(has("\"data\":\"abcd\""));
	print(&e, 0);
	assert_false(has("data"));
	e.iov = NULL;
	print(&e, 64);
	assert_false(has("data"));
}

static void names_are_decoded(void **state)
{
	struct event e = { .text = "b\xc3\xbc" "cher.\xf0\x9f\x90\x9f.\xff\xc3" };

	(void)state;
	print(&e, 64);
	assert_true(has("\"text\":\"b\\u00fccher.\\ud83d\\udc1f.\\ufffd\\ufffd\""));
}

static void hostile_names_stay_one_line(void **state)
{
	struct event e = {
		.program = "a\n\"},{\\\x1b[31m\xff",
		.family = AF_UNIX, .type = SOCK_STREAM,
		.local = unix_path("/tmp/\"\n\xe2\x80\xa8\\", 11),
		.peer = unix_path("\0x\r\n{\"time\":1}", 14),
		.text = "host\n{\"time\":1}\xe2\x80\xa9\xc2\x85",
	};

	(void)state;
	print(&e, 64);
	assert_true(has("\"program\":\"a\\n\\\"},{\\\\\\u001b[31m\\ufffd\","));
	assert_true(has("\"local\":\"unix:/tmp/\\\"%0A%E2%80%A8\\\\\","));
	assert_true(has("\"peer\":\"unix:@x%0D%0A{\\\"time\\\":1}\","));
	assert_true(has("\"text\":\"host\\n{\\\"time\\\":1}\\u2029\\u0085\","));
}

static void long_text_is_cut(void **state)
{
	char name[2000];
	struct event e = { .text = name };

	(void)state;
	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = '\0';
	print(&e, 64);
	assert_int_equal(strspn(strstr(line, "\"text\":\"") + 8, "n"), JSON_TEXT);
}

static void program_without_end_is_bounded(void **state)
{
	struct event e = { .call = EVENT_SEND };

	(void)state;
	memset(e.program, 'p', sizeof e.program);
	print(&e, 64);
	assert_true(has("\"program\":\"pppppppppppppppp\","));
}

/* The longest record there can be. */
static struct event longest(struct iovec *iov)
{
	static char text[JSON_TEXT + 1], bytes[4096];
	struct event e;

	memset(&e, 0xff, sizeof e);
	memset(text, 0xff, JSON_TEXT);
	memset(bytes, 1, sizeof bytes);
	*iov = piece(bytes, sizeof bytes);
	e.time = e.took = INT64_MIN;
	e.whole--;
	e.pid = e.tid = e.fd = e.arg[0] = e.arg[1] = e.arg[2] = INT32_MIN;
	e.other = INT32_MAX;
	e.error = EPROTONOSUPPORT;
	e.call = EVENT_GETADDRINFO;
	e.family = AF_UNIX;
	e.type = SOCK_SEQPACKET;
	memset(e.program, 0xff, sizeof e.program);
	e.local = e.peer = unix_path((const char *)e.program, sizeof e.program);
	memset(e.local.bytes + 2, 0xff, sizeof e.local.bytes - 2);
	for (size_t i = 2; i < sizeof e.peer.bytes; i++)
		e.peer.bytes[i] = i % 2 ? 0xa9 : 0xc3;  /* two bytes, six characters */
	e.local.len = e.peer.len = 65535;
	e.text = text;
	e.iov = iov;
	e.iovs = 1;
	return e;
}

static void longest_record_fits_its_room(void **state)
{
	struct iovec iov;
	struct event e = longest(&iov);
	const size_t payloads[] = { 0, 1, 64, 4096 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		size_t n = json_event(line, JSON_ROOM(payloads[i]), &e, payloads[i], UINT64_MAX);

		assert_in_range(n, 2800 + 6 * payloads[i], JSON_ROOM(payloads[i]) - 1);
	}
}

static void line_without_room_is_refused(void **state)
{
	struct iovec iov;
	struct event e = longest(&iov);
	size_t need = json_event(line, sizeof line, &e, 64, 0) + 1;

	(void)state;
	for (size_t room = 0; room < need; room++) {
		memset(line, '#', need + 1);
		assert_int_equal(json_event(line, room, &e, 64, 0), 0);
		for (size_t i = room; i <= need; i++)
			assert_int_equal(line[i], '#');
	}
	assert_int_equal(json_event(line, need, &e, 64, 0), need - 1);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(full_record_has_every_key),
	cmocka_unit_test(empty_record_leaves_out_what_says_nothing),
	cmocka_unit_test(unknown_numbers_stay_numbers),
	cmocka_unit_test(batch_shows_its_index_from_zero),
	cmocka_unit_test(data_is_one_character_a_byte),
	cmocka_unit_test(data_is_what_moved_and_no_more),
	cmocka_unit_test(names_are_decoded),
	cmocka_unit_test(hostile_names_stay_one_line),
	cmocka_unit_test(long_text_is_cut),
	cmocka_unit_test(program_without_end_is_bounded),
	cmocka_unit_test(longest_record_fits_its_room),
	cmocka_unit_test(line_without_room_is_refused),
};

CHECK_MAIN(tests)
