/* SPDX-License-Identifier: MIT */
/* Values of options in both directions: linger, wide numbers, text, groups, interfaces. */
#include "options.h"

#include <sys/socket.h>

static void linger_counts_seconds_or_is_off(void **state)
{
	sock_auto s = option_tcp();
	struct linger l;
	socklen_t n = sizeof l;

	(void)state;
	assert_text(&s, "linger", "off");
	assert_int_equal(value_of(&s, "linger"), -1);
	set_text(&s, "linger=5");
	assert_int_equal(sock_getopt(&s, SOL_SOCKET, SO_LINGER, &l, &n), 0);
	assert_true(l.l_onoff == 1 && l.l_linger == 5);
	assert_text(&s, "linger", "5");
	assert_int_equal(sock_set(&s, "linger", 0), 0);
	assert_text(&s, "linger", "0");
	set_text(&s, "linger=off");
	assert_text(&s, "linger", "off");
	assert_int_equal(sock_set(&s, "linger", 7), 0);
	assert_int_equal(sock_set(&s, "linger", -5), 0);
	assert_int_equal(value_of(&s, "linger"), -1);
}

static void wide_numbers_keep_all_their_bits(void **state)
{
	sock_auto s = option_tcp();
	uint64_t cookie = 0;
	socklen_t n = sizeof cookie;

	(void)state;
	assert_int_equal(value_of(&s, "max-pacing-rate"), -1);
	set_text(&s, "max-pacing-rate=5g");
	assert_int_equal(value_of(&s, "max-pacing-rate"), INT64_C(5) << 30);
	set_text(&s, "max-pacing-rate=-1");
	assert_text(&s, "max-pacing-rate", "-1");
	assert_int_equal(sock_getopt(&s, SOL_SOCKET, SO_COOKIE, &cookie, &n), 0);
	assert_int_equal(value_of(&s, "cookie"), cookie);
	assert_int_equal(sock_set(&s, "notsent-lowat", UINT32_MAX), 0);
	assert_int_equal(value_of(&s, "notsent-lowat"), UINT32_MAX);
	assert_int_equal(sock_set(&s, "ip-multicast-loop", 0), 0);
	assert_int_equal(value_of(&s, "ip-multicast-loop"), 0);
}

static void text_options_are_text(void **state)
{
	sock_auto s = option_tcp();
	char text[32], set[64];

	(void)state;
	assert_int_equal(sock_get_text(&s, "congestion", text, sizeof text), 0);
	assert_true(strlen(text) > 0);
	snprintf(set, sizeof set, "congestion=%s", text);
	set_text(&s, set);
	assert_text(&s, "congestion", text);
	assert_told(&s, sock_set_text(&s, "congestion=nosuch"), ENOENT,
	            "set congestion=nosuch: No such file or directory");
	assert_text(&s, "bindtodevice", "");
}

/* Without privilege a socket may be bound to a device, once. */
static void a_device_is_bound_and_let_go(void **state)
{
	sock_auto s = option_tcp();

	(void)state;
	set_text(&s, "bindtodevice=lo");
	assert_text(&s, "bindtodevice", "lo");
	assert_int_equal(value_of(&s, "bindtoifindex"), 1);
	if (sock_set_text(&s, "bindtodevice=") == 0)
		assert_text(&s, "bindtodevice", "");
	else
		assert_told(&s, -1, EPERM, "set bindtodevice=: Operation not permitted");
}

static void groups_are_joined_and_left_by_their_address(void **state)
{
	sock_auto s = option_udp();
	sock_auto s6 = sock_open(AF_INET6, SOCK_DGRAM, 0);

	(void)state;
	set_text(&s, "ip-add-membership=239.1.2.3@lo");
	assert_told(&s, sock_set_text(&s, "ip-add-membership=239.1.2.3@127.0.0.1"), EADDRINUSE,
	            "set ip-add-membership=239.1.2.3@127.0.0.1: Address already in use");
	set_text(&s, "ip-drop-membership=239.1.2.3@127.0.0.1");
	assert_told(&s, sock_set_text(&s, "ip-drop-membership=239.1.2.3@lo"), EADDRNOTAVAIL,
	            "set ip-drop-membership=239.1.2.3@lo: Cannot assign requested address");
	assert_told(&s, sock_set_text(&s, "ip-add-membership=239.1.2.3@nosuch0"), ENODEV,
	            "set ip-add-membership=239.1.2.3@nosuch0: no such interface");
	if (s6.fd < 0)
		return;
	set_text(&s6, "ipv6-join-group=ff02::1:99%lo");
	set_text(&s6, "ipv6-leave-group=ff02::1:99%1");
	assert_told(&s6, sock_set_text(&s6, "ipv6-drop-membership=ff02::1:99%lo"), EADDRNOTAVAIL,
	            "set ipv6-drop-membership=ff02::1:99%lo: Cannot assign requested address");
	assert_told(&s6, sock_set_text(&s6, "ipv6-join-group=ff02::1%nosuch0"), ENODEV,
	            "set ipv6-join-group=ff02::1%nosuch0: no such interface");
}

static void a_joined_group_is_heard(void **state)
{
	sock_auto ear = option_udp(), out = option_udp();
	char to[64], buf[8];

	(void)state;
	sock_limit(&ear, sock_sec(20));
	assert_int_equal(sock_bind(&ear, "udp://239.7.7.7:0"), 0);
	set_text(&ear, "ip-add-membership=239.7.7.7@lo");
	set_text(&out, "ip-multicast-if=lo,ip-multicast-ttl=1");
	snprintf(to, sizeof to, "udp://239.7.7.7%s", strrchr(sock_name(&ear).s, ':'));
	assert_int_equal(sock_sendto(&out, "hear", 4, to), 4);
	assert_int_equal(sock_recv(&ear, buf, sizeof buf), 4);
	assert_memory_equal(buf, "hear", 4);
}

static void interfaces_go_by_name_or_number(void **state)
{
	sock_auto s = option_udp();
	sock_auto s6 = sock_open(AF_INET6, SOCK_DGRAM, 0);

	(void)state;
	set_text(&s, "ip-multicast-if=127.0.0.1");
	assert_text(&s, "ip-multicast-if", "127.0.0.1");
	set_text(&s, "ip-unicast-if=lo");
	assert_int_equal(value_of(&s, "ip-unicast-if"), 1);
	assert_int_equal(sock_set(&s, "ip-unicast-if", 0), 0);
	assert_told(&s, sock_set_text(&s, "ip-multicast-if=nosuch0"), ENODEV,
	            "set ip-multicast-if=nosuch0: no such interface");
	if (s6.fd < 0)
		return;
	set_text(&s6, "ipv6-multicast-if=lo");
	assert_int_equal(value_of(&s6, "ipv6-multicast-if"), 1);
	set_text(&s6, "ipv6-multicast-if=0");
	assert_int_equal(value_of(&s6, "ipv6-multicast-if"), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(linger_counts_seconds_or_is_off),
	cmocka_unit_test(wide_numbers_keep_all_their_bits),
	cmocka_unit_test(text_options_are_text),
	cmocka_unit_test(a_device_is_bound_and_let_go),
	cmocka_unit_test(groups_are_joined_and_left_by_their_address),
	cmocka_unit_test(a_joined_group_is_heard),
	cmocka_unit_test(interfaces_go_by_name_or_number),
};
CHECK_MAIN(tests)
