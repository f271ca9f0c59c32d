/* SPDX-License-Identifier: MIT */
/* Options by name: what sets what, and the whole sentence of each refusal. */
#include "options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "sock/option-table.h"

static void numbers_and_flags_go_both_ways(void **state)
{
	sock_auto s = option_tcp();
	int raw = 0;
	socklen_t n = sizeof raw;

	(void)state;
	assert_int_equal(sock_set(&s, "nodelay", 1), 0);
	assert_int_equal(getsockopt(s.fd, IPPROTO_TCP, TCP_NODELAY, &raw, &n), 0);
	assert_true(raw);
	assert_int_equal(value_of(&s, "nodelay"), 1);
	assert_int_equal(sock_set(&s, "ip-ttl", 17), 0);
	assert_int_equal(getsockopt(s.fd, IPPROTO_IP, IP_TTL, &raw, &n), 0);
	assert_int_equal(raw, 17);
	assert_text(&s, "ip-ttl", "17");
	assert_text(&s, "keepalive", "0");
}

static void a_constant_is_a_name_in_either_case(void **state)
{
	sock_auto s = option_tcp();

	(void)state;
	assert_int_equal(sock_set(&s, "TCP_NODELAY", 1), 0);
	assert_int_equal(value_of(&s, "tcp_nodelay"), 1);
	set_text(&s, "SO_KEEPALIVE,Tcp_Keepidle=7");
	assert_int_equal(value_of(&s, "keepalive"), 1);
	assert_int_equal(value_of(&s, "keepidle"), 7);
	assert_ptr_equal(sock_option("SO_RCVBUF"), sock_option("rcvbuf"));
	assert_null(sock_option("rcvbu"));
	assert_null(sock_option(""));
	assert_null(sock_option(NULL));
	assert_null(sock_option_at(-1));
}

static void a_list_is_set_in_one_call(void **state)
{
	sock_auto s = option_tcp();

	(void)state;
	set_text(&s, "nodelay,rcvbuf=64k,linger=5,keepalive=on,oobinline=off,"
	             "rcvtimeo=250ms,sndtimeo=2s");
	assert_int_equal(value_of(&s, "nodelay"), 1);
	assert_int_equal(value_of(&s, "rcvbuf"), 2 * 65536);
	assert_int_equal(value_of(&s, "linger"), 5);
	assert_int_equal(value_of(&s, "keepalive"), 1);
	assert_int_equal(value_of(&s, "oobinline"), 0);
	/* The kernel rounds up to its tick, which is 10 ms at most. */
	assert_in_range(value_of(&s, "rcvtimeo"), 250000, 260000);
	assert_int_equal(value_of(&s, "sndtimeo"), 2000000);
}

static void a_misspelt_option_at_the_end_sets_none(void **state)
{
	sock_auto s = option_tcp();

	(void)state;
	assert_told(&s, sock_set_text(&s, "nodelay,cork,nodelai"), EINVAL,
	            "set nodelai: no such option; did you mean nodelay?");
	assert_told(&s, sock_set_text(&s, "nodelay,rcvbuf=7x"), EINVAL,
	            "set rcvbuf=7x: not a number");
	assert_int_equal(value_of(&s, "nodelay"), 0);
	assert_int_equal(value_of(&s, "cork"), 0);
}

static void unknown_names_are_told_the_nearest(void **state)
{
	static const char *const slips[][2] = {
		{ "nodelai", "nodelay" }, { "TCP_NODELAI", "TCP_NODELAY" },
		{ "reuse-addr", "reuseaddr" }, { "reuse_addr", "reuseaddr" }, { "ttl", "ip-ttl" },
		{ "v6only", "ipv6-v6only" },
		{ "segment", "udp-segment" }, { "rcvbuff", "rcvbuf" },
		{ "congestoin", "congestion" }, { "keepalife", "keepalive" },
		{ "SO_REUSADDR", "SO_REUSEADDR" },
	};
	sock_auto s = option_tcp();
	char why[SOCKEYE_WHY];

	(void)state;
	for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
		snprintf(why, sizeof why, "set %s: no such option; did you mean %s?",
		         slips[i][0], slips[i][1]);
		assert_told(&s, sock_set(&s, slips[i][0], 1), EINVAL, why);
	}
	assert_told(&s, sock_set(&s, "zzzzzz", 1), EINVAL, "set zzzzzz: no such option");
	assert_told(&s, sock_get_text(&s, "nodelai", why, sizeof why), EINVAL,
	            "get nodelai: no such option; did you mean nodelay?");
	assert_string_equal(why, "");
}

static void a_lost_letter_still_finds_a_row(void **state)
{
	const struct sock_option *o;

	(void)state;
	for (int i = 0; (o = sock_option_at(i)); i++) {
		char name[64];

		if (strlen(o->name) < 5)
			continue;
		snprintf(name, sizeof name, "%c%s", o->name[0], o->name + 2);
		if (sock_option(name))
			continue;
		const char *nearest = option_nearest(name);
		if (!nearest)
			fail_msg("nothing is near %s", name);
		assert_non_null(sock_option(nearest));
	}
}

static void bad_values_are_quoted(void **state)
{
	static const char *const bad[][2] = {
		{ "", "set \"\": no option named" },
		{ "rcvbuf=7x", "set rcvbuf=7x: not a number" },
		{ "rcvbuf= 7", "set rcvbuf= 7: not a number" },
		{ "rcvbuf=0x10", "set rcvbuf=0x10: not a number" },
		{ "rcvbuf=--1", "set rcvbuf=--1: not a number" },
		{ "rcvbuf=k", "set rcvbuf=k: not a number" },
		{ "rcvbuf=3g", "set rcvbuf=3g: out of range" },
		{ "rcvbuf=99999999999999999999", "set rcvbuf=99999999999999999999: out of range" },
		{ "rcvbuf=", "set rcvbuf=: nothing after the =" },
		{ "rcvbuf=1=2", "set rcvbuf=1=2: more than one =" },
		{ "a=b=c", "set a=b=c: no such option" },
		{ "nodelay=2", "set nodelay=2: must be 0 or 1" },
		{ "nodelay=yes", "set nodelay=yes: not a number" },
		{ "mark=-1", "set mark=-1: out of range" },
		{ "congestion", "set congestion: it needs a value: congestion=..." },
		{ "congestion=", "set congestion=: nothing after the =" },
		{ "congestion=abcdefghijklmnop",
		  "set congestion=abcdefghijklmnop: longer than 15 bytes" },
		{ "linger", "set linger: it needs a value: linger=..." },
		{ "linger=soon", "set linger=soon: not a number of seconds, nor off" },
		{ "linger=-1", "set linger=-1: not a number of seconds, nor off" },
		{ "rcvtimeo=5h", "set rcvtimeo=5h: not a time such as 250ms" },
		{ "rcvtimeo=-1", "set rcvtimeo=-1: not a time such as 250ms" },
		{ "rcvtimeo=9223372036854775807s",
		  "set rcvtimeo=9223372036854775807s: out of range" },
		{ "info", "set info: it takes a structure: use sock_setopt" },
		{ "info=00", "set info=00: it takes a structure: use sock_setopt" },
		{ "nodelay,,cork", "set nodelay,,cork: an option is missing beside a comma" },
		{ "nodelay,", "set nodelay,: an option is missing beside a comma" },
		{ ",nodelay", "set ,nodelay: an option is missing beside a comma" },
		{ "=1", "set =1: no such option" },
		{ "no\ndelay\x7f", "set no?delay?: no such option; did you mean nodelay?" },
		{ "ip-add-membership=300.1.1.1",
		  "set ip-add-membership=300.1.1.1: "
		  "not an IPv4 address such as 239.1.2.3 or 239.1.2.3@lo" },
		{ "ipv6-join-group=ff02::1::",
		  "set ipv6-join-group=ff02::1::: "
		  "not an IPv6 address such as ff02::1 or ff02::1%lo" },
	};
	sock_auto s = option_tcp();

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_told(&s, sock_set_text(&s, bad[i][0]), EINVAL, bad[i][1]);
	assert_told(&s, sock_set_text(&s, NULL), EINVAL, "set: no option named");
	assert_told(&s, sock_set(&s, "", 1), EINVAL, "set \"\": no option named");
	assert_told(&s, sock_set(&s, "nodelay", -1), EINVAL, "set nodelay=-1: must be 0 or 1");
	assert_told(&s, sock_set(&s, "rcvbuf", INT64_MAX), EINVAL,
	            "set rcvbuf=9223372036854775807: out of range");
}

static void an_endless_option_is_cut_in_its_middle(void **state)
{
	sock_auto s = option_tcp();
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	assert_int_equal(sock_set_text(&s, text), -1);
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(s.why, "xxx...xxx"));
	assert_non_null(strstr(s.why, ": too long for an option"));
	assert_int_equal(sock_set(&s, text, 1), -1);
	assert_non_null(strstr(s.why, "xxx: no such option"));
}

static void the_kernels_refusal_has_its_errno_and_words(void **state)
{
	sock_auto s = option_tcp();
	int64_t before = value_of(&s, "ip-ttl"), value;

	(void)state;
	assert_told(&s, sock_set(&s, "ip-ttl", 999), EINVAL, "set ip-ttl=999: Invalid argument");
	assert_told(&s, sock_set_text(&s, "ip-ttl=999"), EINVAL,
	            "set ip-ttl=999: Invalid argument");
	assert_told(&s, sock_set(&s, "type", 1), ENOPROTOOPT, "set type=1: Protocol not available");
	assert_told(&s, sock_get(&s, "sndbufforce", &value), ENOPROTOOPT,
	            "get sndbufforce: Protocol not available");
	assert_int_equal(value_of(&s, "ip-ttl"), before);
	assert_int_equal(s.error, 0);
}

static void each_call_names_the_one_that_serves(void **state)
{
	sock_auto s = option_tcp();
	char out[8];
	int64_t value;

	(void)state;
	assert_told(&s, sock_set(&s, "congestion", 1), EINVAL,
	            "set congestion=1: it takes text: use sock_set_text");
	assert_told(&s, sock_set(&s, "ip-add-membership", 1), EINVAL,
	            "set ip-add-membership=1: it takes text: use sock_set_text");
	assert_told(&s, sock_set(&s, "info", 1), EINVAL,
	            "set info=1: it takes a structure: use sock_setopt");
	assert_told(&s, sock_get(&s, "congestion", &value), EINVAL,
	            "get congestion: it is text: use sock_get_text");
	assert_told(&s, sock_get(&s, "info", &value), EINVAL,
	            "get info: it is a structure: use sock_getopt");
	assert_told(&s, sock_get_text(&s, "get-filter", out, sizeof out), EINVAL,
	            "get get-filter: it is not read as it stands: use sock_getopt");
}

static void nowhere_to_put_a_value_is_an_error(void **state)
{
	sock_auto s = option_tcp();
	char out[4] = "abc";

	(void)state;
	assert_told(&s, sock_get(&s, "nodelay", NULL), EINVAL,
	            "get nodelay: no place for the value");
	assert_told(&s, sock_get_text(&s, "nodelay", NULL, 9), EINVAL,
	            "get nodelay: no place for the value");
	assert_told(&s, sock_get_text(&s, "nodelay", out, 0), EINVAL,
	            "get nodelay: no place for the value");
	assert_string_equal(out, "abc");
	assert_told(&s, sock_getopt(&s, IPPROTO_TCP, TCP_NODELAY, out, NULL), EINVAL,
	            "getopt TCP_NODELAY: no place for the size");
}

static void text_is_cut_to_room(void **state)
{
	sock_auto s = option_tcp();
	char out[8] = "???????";

	(void)state;
	assert_int_equal(sock_set(&s, "keepidle", 12345), 0);
	assert_int_equal(sock_get_text(&s, "keepidle", out, 4), 0);
	assert_memory_equal(out, "123\0???", 8);
	assert_int_equal(sock_get_text(&s, "ip-multicast-if", out, 4), 0);
	assert_memory_equal(out, "0.0\0???", 8);
	assert_int_equal(sock_get_text(&s, "info", out, 4), 0);
	assert_int_equal(strlen(out), 3);
	assert_int_equal(sock_get_text(&s, "linger", out, 1), 0);
	assert_string_equal(out, "");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(numbers_and_flags_go_both_ways),
	cmocka_unit_test(a_constant_is_a_name_in_either_case),
	cmocka_unit_test(a_list_is_set_in_one_call),
	cmocka_unit_test(a_misspelt_option_at_the_end_sets_none),
	cmocka_unit_test(unknown_names_are_told_the_nearest),
	cmocka_unit_test(a_lost_letter_still_finds_a_row),
	cmocka_unit_test(bad_values_are_quoted),
	cmocka_unit_test(an_endless_option_is_cut_in_its_middle),
	cmocka_unit_test(the_kernels_refusal_has_its_errno_and_words),
	cmocka_unit_test(each_call_names_the_one_that_serves),
	cmocka_unit_test(nowhere_to_put_a_value_is_an_error),
	cmocka_unit_test(text_is_cut_to_room),
};
CHECK_MAIN(tests)
