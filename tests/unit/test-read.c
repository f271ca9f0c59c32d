/* SPDX-License-Identifier: MIT */
/* Claims about eye/read: what json.c wrote comes back, and nothing else is believed. */
#include "check.h"

#include <arpa/inet.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "eye/json.h"
#include "eye/order.h"
#include "eye/read.h"

enum { PAYLOAD = 300, ROUNDS = 200 };

static char line[JSON_ROOM(PAYLOAD)], again[JSON_ROOM(PAYLOAD)];
static struct read *reader;
static struct event got;
static size_t at;

static int make_reader(void **state)
{
	(void)state;
	reader = read_new();
	return reader ? 0 : -1;
}

static int free_reader(void **state)
{
	(void)state;
	read_free(reader);
	return 0;
}

static int take(const char *text)
{
	return read_event(reader, text, strlen(text), &got, &at);
}

static void assert_refused(const char *text, size_t place)
{
	if (take(text) != -EINVAL || at != place)
		fail_msg("%s: at %zu, not %zu", text, at, place);
}

static void assert_same_again(const struct event *e)
{
	size_t n = json_event(line, sizeof line, e, PAYLOAD, 0);

	assert_true(n > 0);
	assert_int_equal(read_times(reader, line, n, &got), 0);
	assert_int_equal(order_time(&got), order_time(e));
	assert_int_equal(read_event(reader, line, n, &got, &at), 0);
	json_event(again, sizeof again, &got, PAYLOAD, 0);
	assert_string_equal(again, line);
}

/* Numbers that look random and are the same in each run. */
static uint64_t any(void)
{
	static uint64_t state = 1;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> (state >> 60) * 4;
}

static struct event_addr any_path(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t n = any() % (sizeof un.sun_path + 1);
	bool abstract = any() % 2;
	struct event_addr a;

	for (size_t i = 0; i < n; i++)
		un.sun_path[i] = (char)(any() % 255 + 1);
	if (n && abstract)
		un.sun_path[0] = '\0';
	a.len = (uint16_t)(offsetof(struct sockaddr_un, sun_path) + n);
	memcpy(a.bytes, &un, a.len);
	return a;
}

static struct event_addr any_addr(int family)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = (in_port_t)any() };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = (in_port_t)any() };
	struct event_addr a = { .len = 0 };

	if (any() % 8 == 0)
		return a;
	if (family == AF_UNIX)
		return any_path();
	in.sin_addr.s_addr = (in_addr_t)any();
	for (int i = 0; i < 16; i++)
		in6.sin6_addr.s6_addr[i] = (uint8_t)(any() % 4 ? any() : 0);
	in6.sin6_scope_id = any() % 3 ? 0 : (uint32_t)any() % 1000;
	a.len = family == AF_INET ? sizeof in : sizeof in6;
	memcpy(a.bytes, family == AF_INET ? (void *)&in : (void *)&in6, a.len);
	return a;
}

static void fill(struct event *e, int call, const struct iovec *iov, const char *text)
{
	static const int families[] = { AF_INET, AF_INET6, AF_UNIX };
	int family = families[any() % 3];

	*e = (struct event){
		.time = (int64_t)any(), .took = -(int64_t)any(), .asked = any(),
		.moved = any() % 2 ? any() % PAYLOAD : any(), .whole = any(), .offset = any(),
		.hash = any(), .cookie = any(),
		.pid = (int32_t)any(), .tid = (int32_t)any(), .fd = (int32_t)any(),
		.other = any() % 2 ? -1 : (int32_t)(any() % 1000), .error = any() % 2 ? (int32_t)(any() % 134) : 0,
		.arg = { (int32_t)any(), (int32_t)any(), -(int32_t)(any() % 1000) },
		.index = (uint32_t)any(), .call = (uint16_t)call, .phase = any() % 2,
		.family = (uint16_t)(any() % 8 ? family : (int)(any() % 60000)),
		.type = (uint16_t)(any() % 12), .proto = (int32_t)any() % 300,
		.iov = any() % 2 ? iov : NULL, .iovs = 1, .text = any() % 3 ? NULL : text,
	};
	for (size_t i = 0; i < any() % sizeof e->program; i++)
		e->program[i] = (char)(1 + any() % 0x7f);
	e->local = any_addr(family);
	e->peer = any_addr(family);
}

static void every_call_comes_back_as_it_was_written(void **state)
{
	char bytes[PAYLOAD], text[JSON_TEXT + 1];
	struct event e;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct iovec iov = { bytes, sizeof bytes };

		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = (char)any();
		for (size_t i = 0; i < sizeof text; i++)
			text[i] = (char)(1 + any() % 127);
		text[any() % sizeof text] = '\0';
		text[JSON_TEXT] = '\0';
		for (int call = 0; call < EVENT_CALLS; call++) {
			fill(&e, call, &iov, text);
			assert_same_again(&e);
		}
	}
}

static void assert_addr(const char *text, const void *want, size_t n)
{
	char object[300];

	snprintf(object, sizeof object, "{\"local\":\"%s\"}", text);
	assert_int_equal(take(object), 0);
	assert_int_equal(got.local.len, n);
	assert_memory_equal(got.local.bytes, want, n);
}

static void addresses_come_back_as_the_kernel_has_them(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(0x7f000001) };
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(7), .sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	struct sockaddr_un path = { .sun_family = AF_UNIX, .sun_path = "@a\n%b" };
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0n\0m" };
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK, .svm_cid = 2, .svm_port = 99 };

	(void)state;
	assert_addr("tcp://127.0.0.1:80", &in, sizeof in);
	assert_addr("127.0.0.1:80", &in, sizeof in);
	assert_addr("udp://[::1]:7", &in6, sizeof in6);
	in6.sin6_scope_id = if_nametoindex("lo");
	assert_addr("[::1%lo]:7", &in6, sizeof in6);
	in6.sin6_scope_id = 4711;
	assert_addr("tcp://[::1%4711]:7", &in6, sizeof in6);
	in.sin_port = 0;
	assert_addr("raw://127.0.0.1", &in, sizeof in);
	assert_addr("unix:%40a%0A%25b", &path, offsetof(struct sockaddr_un, sun_path) + 6);
	assert_addr("unix-dgram:@n%00m", &name, offsetof(struct sockaddr_un, sun_path) + 4);
	assert_addr("unix:", &name, offsetof(struct sockaddr_un, sun_path));
	assert_addr("vsock:2:99", &vm, sizeof vm);
}

static void text_that_is_no_address_is_none(void **state)
{
	static const char *const bad[] = {
		"", "tcp://", "tcp://localhost:80", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:7x",
		"tcp://[::1:7", "tcp://[::g]:7", "tcp://1.2.3.4.5:7", "vsock:1", "vsock:4294967296:1",
		"family-65536", "packet:lo:3", "tcp://127.0.0.1:80 ", "[::1]7",
		("unix:0123456789012345678901234567890123456789012345678901234567890123456789"
		 "012345678901234567890123456789012345678"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_addr(bad[i], "", 0);
}

static void what_is_left_out_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(take(" { } \r\n"), 0);
	assert_int_equal(got.fd, -1);
	assert_int_equal(got.other, -1);
	assert_int_equal(got.phase, EVENT_RETURN);
	assert_int_equal(take("{\"moved\":7,\"lost\":3}"), 0);
	assert_int_equal(got.whole, 7);
	assert_null(got.iov);
	assert_null(got.text);
}

static void keys_of_later_versions_are_passed_over(void **state)
{
	(void)state;
	assert_int_equal(take("{\"new\":{\"a\":[1,-2.5e+3,true,false,null,{}],\"fd\":9,\"fd\":8},\"fd\":4,"
	                      "\"call\":\"later\",\"family\":\"AF_LATER\",\"new\":[]}"), 0);
	assert_int_equal(got.fd, 4);
	assert_int_equal(got.call, EVENT_NONE);
	assert_int_equal(got.family, 0);
}

static void escapes_are_undone(void **state)
{
	(void)state;
	assert_int_equal(take("{\"\\u0066d\":3,\"text\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00FC\\ud83d\\udc1f"
	                      "\\ud800x\\udc00\\ud800\\u0041\\u0000\xc3\xbc\","
	                      "\"data\":\"\\u0000\\u00ff\xc3\xbf\"}"), 0);
	assert_int_equal(got.fd, 3);
	assert_string_equal(got.text, "\"\\/\b\f\n\r\t\xc3\xbc\xf0\x9f\x90\x9f\xef\xbf\xbdx\xef\xbf\xbd"
	                    "\xef\xbf\xbd" "A\xef\xbf\xbd\xc3\xbc");
	assert_int_equal(got.iov->iov_len, 3);
	assert_memory_equal(got.iov->iov_base, "\0\xff\xff", 3);
}

static void numbers_keep_to_their_bounds(void **state)
{
	(void)state;
	assert_int_equal(take("{\"cookie\":18446744073709551615,\"time\":-9223372036854775808,\"took\":-0,"
	                      "\"pid\":-2147483648,\"index\":4294967295}"), 0);
	assert_true(got.cookie == UINT64_MAX && got.time == INT64_MIN && got.pid == INT32_MIN);
	assert_refused("{\"cookie\":18446744073709551616}", 10);
	assert_refused("{\"cookie\":-1}", 10);
	assert_refused("{\"time\":9223372036854775808}", 8);
	assert_refused("{\"time\":-9223372036854775809}", 8);
	assert_refused("{\"pid\":2147483648}", 7);
	assert_refused("{\"index\":4294967296}", 9);
	assert_refused("{\"family\":65536}", 10);
	assert_refused("{\"moved\":1.0}", 9);
	assert_refused("{\"moved\":1e3}", 9);
	assert_refused("{\"moved\":01}", 10);
	assert_refused("{\"moved\":+1}", 9);
	assert_refused("{\"moved\":\"1\"}", 9);
}

static void what_is_not_json_is_refused_at_its_place(void **state)
{
	(void)state;
	assert_refused("", 0);
	assert_refused("[]", 0);
	assert_refused("{", 1);
	assert_refused("{\"fd\":3,}", 8);
	assert_refused("{\"fd\":3}x", 8);
	assert_refused("{\"fd\":3 \"pid\":4}", 8);
	assert_refused("{\"fd\" 3}", 6);
	assert_refused("{fd:3}", 1);
	assert_refused("{\"x\":tru}", 5);
	assert_refused("{\"x\":.5}", 5);
	assert_refused("{\"x\":1.}", 7);
	assert_refused("{\"x\":NaN}", 5);
	assert_refused("{\"x\":[1,]}", 8);
	assert_refused("{\"x\":\"\n\"}", 6);
	assert_refused("{\"x\":\"\xff\"}", 6);
	assert_refused("{\"x\":\"\\x\"}", 7);
	assert_refused("{\"x\":\"\\u12g4\"}", 10);
	assert_refused("{\"x\":\"open", 10);
	assert_refused("{\"arg\":[1,2]}", 11);
}

static void values_that_fit_no_field_are_refused(void **state)
{
	(void)state;
	assert_refused("{\"data\":\"a\\u0100\"}", 10);
	assert_refused("{\"phase\":\"later\"}", 9);
	assert_refused("{\"error\":\"ENOTHING\"}", 9);
	assert_refused("{\"hash\":\"123\"}", 8);
	assert_refused("{\"fd\":3,\"fd\":3}", 8);
}

static void depth_has_an_end(void **state)
{
	char deep[5000];
	size_t n = 0;

	(void)state;
	n += (size_t)snprintf(deep, sizeof deep, "{\"x\":");
	memset(deep + n, '[', 4000);
	assert_int_equal(read_event(reader, deep, n + 4000, &got, &at), -EINVAL);
	assert_in_range(at, n + 60, n + 70);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, make_reader, free_reader)

static const struct CMUnitTest tests[] = {
	CLAIM(every_call_comes_back_as_it_was_written),
	CLAIM(addresses_come_back_as_the_kernel_has_them),
	CLAIM(text_that_is_no_address_is_none),
	CLAIM(what_is_left_out_says_nothing),
	CLAIM(keys_of_later_versions_are_passed_over),
	CLAIM(escapes_are_undone),
	CLAIM(numbers_keep_to_their_bounds),
	CLAIM(what_is_not_json_is_refused_at_its_place),
	CLAIM(values_that_fit_no_field_are_refused),
	CLAIM(depth_has_an_end),
};

CHECK_MAIN(tests)
