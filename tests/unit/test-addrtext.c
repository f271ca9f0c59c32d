/* SPDX-License-Identifier: MIT */
/* Claims about base/addrtext: the canonical form of every kind of address. */
#include "check.h"

#include <arpa/inet.h>
#include <linux/can.h>
#include <linux/if_alg.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/un.h>

#include "base/addrtext.h"
#include "base/utf8.h"

static char text[ADDRTEXT_ROOM];

static const char *print(const void *sa, size_t len, int type, int proto)
{
	size_t n = addrtext_print(text, sizeof text, sa, len, type, proto);

	assert_int_equal(n, strlen(text));
	return text;
}

static const char *in4(const char *host, int port, int type, int proto)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	assert_int_equal(inet_pton(AF_INET, host, &a.sin_addr), 1);
	return print(&a, sizeof a, type, proto);
}

static const char *in6(const char *host, unsigned zone, int type)
{
	struct sockaddr_in6 a = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(5),
		.sin6_scope_id = zone,
	};

	assert_int_equal(inet_pton(AF_INET6, host, &a.sin6_addr), 1);
	return print(&a, sizeof a, type, 0);
}

static void inet_has_scheme_host_and_port(void **state)
{
	(void)state;
	assert_string_equal(in4("1.2.3.4", 5, SOCK_STREAM, 0), "tcp://1.2.3.4:5");
	assert_string_equal(in4("127.0.0.1", 65535, SOCK_DGRAM, 0), "udp://127.0.0.1:65535");
	assert_string_equal(in4("0.0.0.0", 0, SOCK_DGRAM, IPPROTO_UDP), "udp://0.0.0.0:0");
	assert_string_equal(in4("1.2.3.4", 5, SOCK_DGRAM, IPPROTO_UDPLITE), "udplite://1.2.3.4:5");
}

static void raw_has_no_port(void **state)
{
	(void)state;
	assert_string_equal(in4("1.2.3.4", 5, SOCK_RAW, IPPROTO_ICMP), "raw://1.2.3.4");
	assert_string_equal(in6("::1", 0, SOCK_RAW), "raw://[::1]");
}

static void unknown_type_has_no_scheme(void **state)
{
	(void)state;
	assert_string_equal(in4("1.2.3.4", 5, 0, 0), "1.2.3.4:5");
	assert_string_equal(in6("::1", 0, 0), "[::1]:5");
}

static void inet6_stands_in_brackets(void **state)
{
	(void)state;
	assert_string_equal(in6("::1", 0, SOCK_STREAM), "tcp://[::1]:5");
	assert_string_equal(in6("::", 0, SOCK_DGRAM), "udp://[::]:5");
	assert_string_equal(in6("2001:db8:0:0:1:0:0:1", 0, SOCK_STREAM),
	                    "tcp://[2001:db8::1:0:0:1]:5");
	assert_string_equal(in6("::ffff:1.2.3.4", 0, SOCK_STREAM), "tcp://[::ffff:1.2.3.4]:5");
}

static void zone_is_the_interface_name(void **state)
{
	char name[IF_NAMESIZE], want[64];

	(void)state;
	if (!if_indextoname(1, name))
		skip();
	snprintf(want, sizeof want, "tcp://[fe80::1%%%s]:5", name);
	assert_string_equal(in6("fe80::1", 1, SOCK_STREAM), want);
}

static void zone_without_a_name_is_a_number(void **state)
{
	(void)state;
	errno = 77;
	assert_string_equal(in6("fe80::1", 4000000000u, SOCK_STREAM),
	                    "tcp://[fe80::1%4000000000]:5");
	assert_int_equal(errno, 77);
}

/* An address from the years before the scope id. */
static void short_inet6_has_no_zone(void **state)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_scope_id = 7 };
	const size_t len = offsetof(struct sockaddr_in6, sin6_scope_id);

	(void)state;
	assert_string_equal(print(&a, len, SOCK_STREAM, 0), "tcp://[::]:0");
}

/* -- Unix ---------------------------------------------------------------------- */

static const char *un(const char *path, size_t n, int type)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	memcpy(a.sun_path, path, n);
	return print(&a, offsetof(struct sockaddr_un, sun_path) + n, type, 0);
}

#define UN(path) un(path, sizeof(path) - 1, SOCK_STREAM)

static void unix_scheme_tells_the_type(void **state)
{
	(void)state;
	assert_string_equal(un("/tmp/x", 7, SOCK_STREAM), "unix:/tmp/x");
	assert_string_equal(un("/tmp/x", 6, 0), "unix:/tmp/x");
	assert_string_equal(un("x", 2, SOCK_DGRAM), "unix-dgram:x");
	assert_string_equal(un("x", 2, SOCK_SEQPACKET), "unix-seqpacket:x");
}

static void unnamed_unix_is_empty(void **state)
{
	(void)state;
	assert_string_equal(un("", 0, SOCK_STREAM), "unix:");
	assert_string_equal(un("", 0, SOCK_DGRAM), "unix-dgram:");
}

static void abstract_name_keeps_every_byte(void **state)
{
	(void)state;
	assert_string_equal(UN("\0name"), "unix:@name");
	assert_string_equal(UN("\0a\0b\0"), "unix:@a%00b%00");
	assert_string_equal(UN("\0@x"), "unix:@@x");
	assert_string_equal(UN("\0"), "unix:@");
}

static void path_with_at_is_no_abstract_name(void **state)
{
	(void)state;
	assert_string_equal(UN("@x"), "unix:%40x");
	assert_string_equal(UN("a@x"), "unix:a@x");
	assert_string_equal(UN("@"), "unix:%40");
}

static void path_ends_at_its_nul(void **state)
{
	(void)state;
	assert_string_equal(UN("/tmp/x\0rubbish"), "unix:/tmp/x");
}

static void readable_text_stays_as_it_is(void **state)
{
	(void)state;
	assert_string_equal(UN("/tmp/a b:c?d#e\"'\\"), "unix:/tmp/a b:c?d#e\"'\\");
	assert_string_equal(UN("/é/漢/\xf0\x9f\x90\x9f"), "unix:/é/漢/\xf0\x9f\x90\x9f");
}

static void tricky_bytes_are_escaped(void **state)
{
	(void)state;
	assert_string_equal(UN("a\n\r\t\x1b[0m\x7f%"), "unix:a%0A%0D%09%1B[0m%7F%25");
	assert_string_equal(UN("\xc2\x80\xc2\x85\xc2\x9f\xc2\xa0"),
	                    "unix:%C2%80%C2%85%C2%9F\xc2\xa0");
	assert_string_equal(UN("\xe2\x80\xa8\xe2\x80\xa9"), "unix:%E2%80%A8%E2%80%A9");
	assert_string_equal(UN("\xe2\x80\x8e\xe2\x80\x8f"), "unix:%E2%80%8E%E2%80%8F");
	assert_string_equal(UN("\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9"),
	                    "unix:%E2%80%AA%E2%80%AE%E2%81%A6%E2%81%A9");
	assert_string_equal(UN("\xef\xbb\xbf\xd8\x9c"), "unix:%EF%BB%BF%D8%9C");
}

static void broken_utf8_is_escaped(void **state)
{
	(void)state;
	assert_string_equal(UN("\xff\xc3"), "unix:%FF%C3");
	assert_string_equal(UN("\xc0\xaf"), "unix:%C0%AF");                 /* overlong */
	assert_string_equal(UN("\xe0\x80\xaf"), "unix:%E0%80%AF");
	assert_string_equal(UN("\xed\xa0\x80"), "unix:%ED%A0%80");          /* surrogate */
	assert_string_equal(UN("\xf4\x90\x80\x80"), "unix:%F4%90%80%80");   /* beyond the last */
	assert_string_equal(UN("\xe6\xbcx"), "unix:%E6%BCx");               /* cut short */
}

static void longest_path_fits(void **state)
{
	char path[108], want[ADDRTEXT_ROOM] = "unix-seqpacket:";

	(void)state;
	memset(path, 0xff, sizeof path);
	for (size_t i = 0; i < sizeof path; i++)
		strncat(want, "%FF", sizeof want - strlen(want) - 1);
	assert_string_equal(un(path, sizeof path, SOCK_SEQPACKET), want);
}

/* -- The rarer families ------------------------------------------------------------ */

static void vsock_is_cid_and_port(void **state)
{
	struct sockaddr_vm a = { .svm_family = AF_VSOCK, .svm_cid = 2, .svm_port = 4294967295u };

	(void)state;
	assert_string_equal(print(&a, sizeof a, SOCK_STREAM, 0), "vsock:2:4294967295");
}

static void netlink_is_pid_and_groups(void **state)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_pid = 4000000000u, .nl_groups = 5 };

	(void)state;
	assert_string_equal(print(&a, sizeof a, SOCK_RAW, 0), "netlink:4000000000:5");
}

static void packet_is_interface_and_protocol(void **state)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = htons(2048) };
	char name[IF_NAMESIZE], want[64];

	(void)state;
	assert_string_equal(print(&a, sizeof a, SOCK_RAW, 0), "packet::2048");
	a.sll_ifindex = 2000000000;
	assert_string_equal(print(&a, sizeof a, SOCK_RAW, 0), "packet:2000000000:2048");
	a.sll_ifindex = 1;
	if (!if_indextoname(1, name))
		skip();
	snprintf(want, sizeof want, "packet:%s:2048", name);
	assert_string_equal(print(&a, sizeof a, SOCK_RAW, 0), want);
}

static void can_is_its_interface_and_ids(void **state)
{
	struct sockaddr_can a = { .can_family = AF_CAN };
	const size_t least = offsetof(struct sockaddr_can, can_addr);

	(void)state;
	assert_string_equal(print(&a, sizeof a, SOCK_RAW, CAN_RAW), "can:");
	a.can_ifindex = 2000000000;
	assert_string_equal(print(&a, least, SOCK_RAW, CAN_RAW), "can:2000000000");
	a.can_addr.tp.rx_id = 0x123;
	assert_string_equal(print(&a, sizeof a, SOCK_DGRAM, CAN_ISOTP), "can:2000000000:123:0");
	a.can_addr.tp.tx_id = 0x9fffffff;
	assert_string_equal(print(&a, sizeof a, SOCK_DGRAM, CAN_ISOTP),
	                    "can:2000000000:123:9fffffff");
	assert_string_equal(print(&a, sizeof a, SOCK_DGRAM, CAN_J1939), "can:2000000000");
}

static void alg_is_type_and_name(void **state)
{
	struct sockaddr_alg a = {
		.salg_family = AF_ALG,
		.salg_type = "hash",
		.salg_name = "sha256",
	};

	(void)state;
	assert_string_equal(print(&a, sizeof a, SOCK_SEQPACKET, 0), "alg:hash:sha256");
	memset(a.salg_type, ':', sizeof a.salg_type);
	memset(a.salg_name, '\n', sizeof a.salg_name);
	assert_int_equal(strlen(print(&a, sizeof a, SOCK_SEQPACKET, 0)), 4 + 3 * 14 + 1 + 3 * 64);
}

static void no_address_is_unknown(void **state)
{
	struct sockaddr a = { .sa_family = AF_UNSPEC };

	(void)state;
	assert_string_equal(print(NULL, 0, SOCK_STREAM, 0), "unknown");
	assert_string_equal(print(NULL, 16, SOCK_STREAM, 0), "unknown");
	assert_string_equal(print(&a, 0, SOCK_STREAM, 0), "unknown");
	assert_string_equal(print(&a, 1, SOCK_STREAM, 0), "unknown");
	assert_string_equal(print(&a, sizeof a, SOCK_STREAM, 0), "unknown");
}

static void other_families_are_numbers(void **state)
{
	struct sockaddr a = { .sa_family = 65535 };

	(void)state;
	assert_string_equal(print(&a, sizeof a, SOCK_STREAM, 0), "family-65535");
	a.sa_family = AF_BLUETOOTH;
	assert_string_equal(print(&a, sizeof a, SOCK_STREAM, 0), "family-31");
}

static void incomplete_address_is_unknown(void **state)
{
	const int families[] = {
		AF_INET, AF_INET6, AF_VSOCK, AF_PACKET, AF_NETLINK, AF_CAN, AF_ALG,
	};

	(void)state;
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		struct sockaddr a = { .sa_family = families[i] };

		assert_string_equal(print(&a, sizeof a.sa_family, SOCK_STREAM, 0), "unknown");
	}
}

/* -- For any bytes ------------------------------------------------------------------- */

static void assert_clean(const char *s)
{
	size_t n = strlen(s);
	uint32_t c;

	while (n) {
		int len = utf8_next(s, n, &c);

		assert_true(len > 0);
		assert_true(c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0x2028 && c != 0x2029);
		s += len;
		n -= len;
	}
}

static unsigned next(unsigned *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void any_bytes_make_one_clean_line(void **state)
{
	const int families[] = {
		AF_INET, AF_INET6, AF_UNIX, AF_VSOCK, AF_PACKET, AF_NETLINK, AF_CAN, AF_ALG, 0, 99,
	};
	struct sockaddr_storage a;
	char wide[4 * ADDRTEXT_ROOM];
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		for (size_t k = 0; k < sizeof a; k++)
			((char *)&a)[k] = (char)(next(&seed) % 5 ? next(&seed) : 0xe2);
		a.ss_family = families[next(&seed) % 10];
		size_t len = next(&seed) % (sizeof a + 1);
		int type = next(&seed) % 6;

		assert_clean(print(&a, len, type, 0));
		addrtext_print(wide, sizeof wide, (struct sockaddr *)&a, len, type, 0);
		assert_string_equal(text, wide);
	}
}

static void short_room_ends_early_and_whole(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "/a\nb" };
	char out[20];

	(void)state;
	for (size_t room = 0; room < 13; room++) {
		memset(out, '#', sizeof out);
		size_t n = addrtext_print(out, room, (struct sockaddr *)&a, sizeof a,
		                          SOCK_STREAM, 0);

		assert_true(room ? n < room && out[n] == '\0' : n == 0);
		for (size_t i = room; i < sizeof out; i++)
			assert_int_equal(out[i], '#');
		assert_memory_equal(out, "unix:/a%0Ab", n);
		assert_true(n < 8 || n >= 10);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(inet_has_scheme_host_and_port),
	cmocka_unit_test(raw_has_no_port),
	cmocka_unit_test(unknown_type_has_no_scheme),
	cmocka_unit_test(inet6_stands_in_brackets),
	cmocka_unit_test(zone_is_the_interface_name),
	cmocka_unit_test(zone_without_a_name_is_a_number),
	cmocka_unit_test(short_inet6_has_no_zone),
	cmocka_unit_test(unix_scheme_tells_the_type),
	cmocka_unit_test(unnamed_unix_is_empty),
	cmocka_unit_test(abstract_name_keeps_every_byte),
	cmocka_unit_test(path_with_at_is_no_abstract_name),
	cmocka_unit_test(path_ends_at_its_nul),
	cmocka_unit_test(readable_text_stays_as_it_is),
	cmocka_unit_test(tricky_bytes_are_escaped),
	cmocka_unit_test(broken_utf8_is_escaped),
	cmocka_unit_test(longest_path_fits),
	cmocka_unit_test(vsock_is_cid_and_port),
	cmocka_unit_test(netlink_is_pid_and_groups),
	cmocka_unit_test(packet_is_interface_and_protocol),
	cmocka_unit_test(can_is_its_interface_and_ids),
	cmocka_unit_test(alg_is_type_and_name),
	cmocka_unit_test(no_address_is_unknown),
	cmocka_unit_test(other_families_are_numbers),
	cmocka_unit_test(incomplete_address_is_unknown),
	cmocka_unit_test(any_bytes_make_one_clean_line),
	cmocka_unit_test(short_room_ends_early_and_whole),
};

CHECK_MAIN(tests)
