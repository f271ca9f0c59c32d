/* SPDX-License-Identifier: MIT */
/* Claims about cmd/probe-ports: what lists and ranges of ports name, and what is none. */
#include "check.h"

#include "cmd/probe-ports.h"

static char why[SOCKEYE_WHY];

/* The ports of an address, as "22 80 81 "; "refused" for none. */
static const char *ports_of(const char *text)
{
	static char list[256];
	struct probe_place at = { .port = 0 };
	struct probe_ports p;
	size_t used = 0;
	uint64_t count = 0;

	list[0] = '\0';
	if (probe_ports_read(&p, text, why) < 0) {
		probe_ports_free(&p);
		assert_true(strlen(why) > 0);
		return "refused";
	}
	for (int port; (port = probe_ports_next(&p, &at)); count++)
		if (used < sizeof list - 8)
			used += (size_t)snprintf(list + used, sizeof list - used, "%d ", port);
	assert_true(count == p.count);
	probe_ports_free(&p);
	return list;
}

static void one_port_is_one(void **state)
{
	(void)state;
	assert_string_equal(ports_of("tcp://127.0.0.1:80"), "80 ");
	assert_string_equal(ports_of("udp://[::1]:65535"), "65535 ");
	assert_string_equal(ports_of("tcp://:1"), "1 ");
}

static void range_has_both_its_ends(void **state)
{
	(void)state;
	assert_string_equal(ports_of("tcp://h:20-25"), "20 21 22 23 24 25 ");
	assert_string_equal(ports_of("tcp://h:7-7"), "7 ");
	assert_string_equal(ports_of("tcp6://[fe80::1%1]:65534-65535"), "65534 65535 ");
}

static void list_keeps_its_order(void **state)
{
	(void)state;
	assert_string_equal(ports_of("tcp://h:80,22,8000-8002,22"), "80 22 8000 8001 8002 22 ");
}

static void whole_range_is_all_ports(void **state)
{
	struct probe_ports p;

	(void)state;
	assert_int_equal(probe_ports_read(&p, "tcp://h:1-65535", why), 0);
	assert_int_equal(p.count, 65535);
	assert_string_equal(p.place, "tcp://h:");
	probe_ports_free(&p);
}

static void services_have_their_protocols_ports(void **state)
{
	(void)state;
	assert_string_equal(ports_of("tcp://h:ssh"), "22 ");
	assert_string_equal(ports_of("tcp://h:http,https,8080"), "80 443 8080 ");
	assert_string_equal(ports_of("udp://h:domain,ntp"), "53 123 ");
	assert_string_equal(ports_of("tcp://h:http-alt"), "8080 ");
}

static void places_without_ports_are_one(void **state)
{
	(void)state;
	assert_string_equal(ports_of("unix:/tmp/a,b:1-2"), "-1 ");
	assert_string_equal(ports_of("unix:a://b"), "-1 ");
	assert_string_equal(ports_of("vsock:1:80"), "-1 ");
}

static void what_is_no_port_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", ",", "22,", ",22", "22,,80", "-", "20-", "-5", "25-20", "20-25-30", "0", "0-10", "65536", "1-65536",
		"99999", "4294967376", "4294967296", "18446744073709551696", "7x", "x7x!", " 7", "7 ", "+7", "0x50",
		"1e3", "7.0", "20 - 25", "20..25", "20:25", "http-https,", "nosuchservice", "*", "1/2", "\xd9\xa7",
		"\xef\xbc\x97", "22;80", "22, 80", "--", "22-http", "7\n", "\t7", "-0", "1-+2", "1-0x2",
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		snprintf(text, sizeof text, "tcp://127.0.0.1:%s", wrong[i]);
		if (strcmp(ports_of(text), "refused") != 0)
			fail_msg("taken: %s", text);
	}
}

static void host_is_judged_as_everywhere(void **state)
{
	(void)state;
	assert_string_equal(ports_of("tcp://127.1:1-2"), "refused");
	assert_string_equal(ports_of("tcp://::1:1-2"), "refused");
	assert_string_equal(ports_of("tcp://[::1"), "refused");
	assert_string_equal(ports_of("tcp://[::1]"), "refused");
	assert_string_equal(ports_of("tcp://host"), "refused");
	assert_string_equal(ports_of("tcpx://host:1-2"), "refused");
	assert_string_equal(ports_of("tcp4://[::1]:1-2"), "refused");
}

static void address_too_long_is_refused(void **state)
{
	static char text[2 * PROBE_PLACE];

	(void)state;
	memset(text, 'a', sizeof text - 1);
	memcpy(text, "tcp://", 6);
	assert_string_equal(ports_of(text), "refused");
	memcpy(text + sizeof text - 4, ":80", 4);
	assert_string_equal(ports_of(text), "refused");
}

static void ports_refused_are_shown_without_harm(void **state)
{
	(void)state;
	assert_string_equal(ports_of("tcp://h:\x1b[31m"), "refused");
	assert_null(strchr(why, '\x1b'));
	assert_non_null(strstr(why, "[31m"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(one_port_is_one),
	cmocka_unit_test(range_has_both_its_ends),
	cmocka_unit_test(list_keeps_its_order),
	cmocka_unit_test(whole_range_is_all_ports),
	cmocka_unit_test(services_have_their_protocols_ports),
	cmocka_unit_test(places_without_ports_are_one),
	cmocka_unit_test(what_is_no_port_is_refused),
	cmocka_unit_test(host_is_judged_as_everywhere),
	cmocka_unit_test(address_too_long_is_refused),
	cmocka_unit_test(ports_refused_are_shown_without_harm),
};
CHECK_MAIN(tests)
