/* SPDX-License-Identifier: MIT */
/* Addresses: what is read, what is refused and in which words, and that what is printed parses back. */
#include "net.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

static void parses_to(const char *text, const char *printed)
{
	struct sock_addr a, again;
	char why[SOCKEYE_WHY] = "";

	if (sock_addr_parse(&a, text, why) < 0)
		fail_msg("%s: %s", text, why);
	assert_string_equal(sock_addr_text(&a).s, printed);
	assert_int_equal(sock_addr_parse(&again, printed, why), 0);
	assert_int_equal(sock_addr_cmp(&a, &again), 0);
}

static void refused(const char *text, const char *quoted)
{
	struct sock_addr a;
	char why[SOCKEYE_WHY] = "";

	errno = 0;
	if (sock_addr_parse(&a, text, why) != -1)
		fail_msg("%s was taken as %s", text, sock_addr_text(&a).s);
	assert_int_equal(errno, EINVAL);
	assert_contains(why, quoted);
}

static void what_is_printed_parses_back(void **state)
{
	(void)state;
	parses_to("tcp://127.0.0.1:65432", "tcp://127.0.0.1:65432");
	parses_to("tcp4://0.0.0.0:0", "tcp://0.0.0.0:0");
	parses_to("udp://[::1]:7", "udp://[::1]:7");
	parses_to("udp6://[2001:db8::0001]:65535", "udp://[2001:db8::1]:65535");
	parses_to("tcp://[::ffff:10.0.0.1]:1", "tcp://[::ffff:10.0.0.1]:1");
	parses_to("udplite://127.0.0.1:9", "udplite://127.0.0.1:9");
	parses_to("raw://127.0.0.1", "raw://127.0.0.1");
	parses_to("tcp://:80", "tcp://[::]:80");
	parses_to("tcp4://:80", "tcp://0.0.0.0:80");
	parses_to("udp://<broadcast>:9", "udp://255.255.255.255:9");
	parses_to("unix:/tmp/a b", "unix:/tmp/a b");
	parses_to("unix-dgram:rel", "unix-dgram:rel");
	parses_to("unix-seqpacket:/x", "unix-seqpacket:/x");
	parses_to("unix:@name", "unix:@name");
	parses_to("abstract:name", "unix:@name");
	parses_to("unix:@a%00b", "unix:@a%00b");
	parses_to("unix:%40file", "unix:%40file");
	parses_to("unix:50%25", "unix:50%25");
	parses_to("unix:new%0Aline", "unix:new%0Aline");
	parses_to("unix:", "unix:");
	parses_to("vsock:2:1234", "vsock:2:1234");
	parses_to("netlink:0:1", "netlink:0:1");
	parses_to("alg:hash:sha256", "alg:hash:sha256");
}

static void brackets_of_v6_are_kept(void **state)
{
	struct sock_addr a;

	(void)state;
	assert_int_equal(sock_addr_parse(&a, "tcp://[::1]:80", NULL), 0);
	assert_string_equal(sock_addr_text(&a).s, "tcp://[::1]:80");
	refused("tcp://::1:80", "brackets");
	refused("tcp://[::1:80", "in brackets");
	refused("tcp://[::g]:80", "\"::g\" is not an IPv6 address");
}

/* Ports as people mistype them; some of these are connected to by well-known tools. */
static void ports_are_strict(void **state)
{
	static const char *const bad[] = {
		"99999", "65536", "4294967376", "18446744073709551696", "7x", "x7x!", "-1", "+80", " 80",
		"80 ", "0x50", "8 0", "80.0", "1e3", "", "\xd9\xa7", "80\n", "00x", "--", "7-",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char text[80];

		snprintf(text, sizeof text, "tcp://127.0.0.1:%s", bad[i]);
		refused(text, "port");
		snprintf(text, sizeof text, "udp://[::1]:%s", bad[i]);
		refused(text, "port");
	}
	parses_to("tcp://127.0.0.1:00080", "tcp://127.0.0.1:80");
}

/* Every byte before, behind and inside a port, and every number just beyond the last one. */
static void no_byte_makes_a_port_of_what_is_none(void **state)
{
	char text[80];
	int tried = 0;

	(void)state;
	for (int c = 1; c < 256; c++) {
		if ((c >= '0' && c <= '9') || c == ':')
			continue;
		snprintf(text, sizeof text, "tcp://127.0.0.1:8%c0", c);
		refused(text, "");
		snprintf(text, sizeof text, "tcp://127.0.0.1:80%c", c);
		refused(text, "");
		tried += 2;
	}
	for (unsigned long n = 65536; n < 65636; n++, tried++) {
		snprintf(text, sizeof text, "udp://127.0.0.1:%lu", n);
		refused(text, "is not a port");
	}
	assert_true(tried > 500);
}

static void a_port_refused_is_quoted(void **state)
{
	(void)state;
	refused("tcp://127.0.0.1:99999", "\"99999\" is not a port: 0 to 65535");
	refused("tcp://127.0.0.1:7x", "\"7x\" is not a port");
}

static void old_spellings_of_v4_are_refused_by_default(void **state)
{
	static const char *const old[] = {
		"127.1", "0x7f.1", "2130706433", "0177.0.0.1", "127.0.0.01", "1.2.3.4.5", "0x7f000001",
	};
	struct sock_addr a;
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof old / sizeof *old; i++) {
		snprintf(text, sizeof text, "tcp://%s:80", old[i]);
		refused(text, "not an IPv4 address: write four decimal numbers");
	}
	for (size_t i = 0; i < 4; i++) {
		snprintf(text, sizeof text, "tcp://%s:80", old[i]);
		assert_int_equal(sock_addr_parse_old(&a, text, NULL), 0);
		assert_string_equal(sock_addr_text(&a).s, "tcp://127.0.0.1:80");
	}
}

static void host_names_are_whole_or_refused(void **state)
{
	char name[1024], text[1100];

	(void)state;
	for (size_t n = 254; n < sizeof name; n += n < 257 ? 1 : 500) {
		for (size_t i = 0; i < n; i++)
			name[i] = i % 50 == 49 ? '.' : 'a';
		name[n] = '\0';
		if (name[n - 1] == '.')
			name[n - 1] = 'b';
		snprintf(text, sizeof text, "tcp://%s:80", name);
		refused(text, "at most 253");
	}
	refused("tcp://a%b:80", "is not a host name");
	refused("tcp://a[b:80", "is not a host name");
	refused("tcp://a b:80", "is not a host name");
	refused("tcp://a..b:80", "empty part");
	refused("tcp://.a:80", "empty part");
	memset(name, 'a', 64);
	snprintf(text, sizeof text, "tcp://%.64s:80", name);
	refused(text, "over 63 bytes");
	refused("tcp://example.org:80", "look it up with sock_resolve");
}

static void zones_are_interfaces(void **state)
{
	struct sock_addr a;
	char text[80];
	unsigned lo = if_nametoindex("lo");

	(void)state;
	parses_to("tcp://[fe80::1%lo]:80", "tcp://[fe80::1%lo]:80");
	snprintf(text, sizeof text, "tcp://[fe80::1%%%u]:80", lo);
	parses_to(text, "tcp://[fe80::1%lo]:80");
	assert_int_equal(sock_addr_parse(&a, "tcp://[fe80::1%lo]:80", NULL), 0);
	assert_int_equal(((struct sockaddr_in6 *)&a.storage)->sin6_scope_id, lo);
	refused("tcp://[fe80::1%nosuch0]:80", "\"nosuch0\" is not an interface");
	refused("tcp://[fe80::1%]:80", "is not an interface");
}

static void unix_paths_have_limits(void **state)
{
	char text[160] = "unix:";
	struct sock_addr a;

	(void)state;
	memset(text + 5, 'p', 107);
	parses_to(text, text);
	text[5 + 107] = 'p';
	refused(text, "over 107 bytes");
	memcpy(text, "unix:@", 6);
	memset(text + 6, 'n', 107);
	text[6 + 107] = '\0';
	parses_to(text, text);
	text[6 + 107] = 'n';
	refused(text, "over 107 bytes");
	refused("unix:a%00b", "holds no zero byte");
	refused("unix:100%", "write %25");
	refused("unix:%4", "write %25");
	assert_int_equal(sock_addr_parse(&a, "unix:x", NULL), 0);
	assert_int_equal(a.len, offsetof(struct sockaddr_un, sun_path) + 2);
}

static void what_is_no_address_is_told(void **state)
{
	(void)state;
	refused("", "no scheme");
	refused("127.0.0.1:80", "no scheme");
	refused("http://x:80", "no such scheme");
	refused("tcp://1.2.3.4", "no port");
	refused("fd:3", "a descriptor is not an address");
	refused("fd:x", "is not a descriptor");
	refused("vsock:2", "vsock:CID:PORT");
	refused("netlink:a:b", "netlink:PID:GROUPS");
	refused("alg:hash", "alg:TYPE:NAME");
	refused("packet:nosuch0", "is not an interface");
	assert_int_equal(sock_addr_parse(&(struct sock_addr){ 0 }, NULL, NULL), -1);
	assert_int_equal(sock_addr_parse(NULL, "tcp://1.2.3.4:5", NULL), -1);
}

static void service_names_are_ports(void **state)
{
	struct sock_addr a;

	(void)state;
	if (sock_service_port("http", "tcp") != 80)
		CHECK_SKIP("this machine has no /etc/services");
	assert_int_equal(sock_addr_parse(&a, "tcp://127.0.0.1:http", NULL), 0);
	assert_int_equal(sock_addr_port(&a), 80);
	refused("tcp://127.0.0.1:nosuchservice", "is not a service");
}

static void addresses_compare_by_place(void **state)
{
	struct sock_addr a, b;

	(void)state;
	sock_addr_parse(&a, "tcp://[fe80::1%lo]:80", NULL);
	b = a;
	((struct sockaddr_in6 *)&b.storage)->sin6_flowinfo = 7;
	assert_int_equal(sock_addr_cmp(&a, &b), 0);
	sock_addr_set_port(&b, 81);
	assert_true(sock_addr_cmp(&a, &b) < 0);
	assert_true(sock_addr_cmp(&b, &a) > 0);
	sock_addr_parse(&b, "udp://[fe80::1%lo]:80", NULL);
	assert_int_not_equal(sock_addr_cmp(&a, &b), 0);
	sock_addr_parse(&a, "unix:/a", NULL);
	sock_addr_parse(&b, "unix:/ab", NULL);
	assert_true(sock_addr_cmp(&a, &b) < 0);
	assert_int_equal(sock_addr_cmp(NULL, NULL), 0);
}

static void binary_addresses_are_checked(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(7) };
	struct sock_addr a = sock_addr_from((struct sockaddr *)&in, sizeof in, SOCK_DGRAM);

	(void)state;
	assert_string_equal(sock_addr_text(&a).s, "udp://0.0.0.0:7");
	assert_int_equal(sock_addr_family(&a), AF_INET);
	assert_int_equal(sock_addr_from(NULL, 5, 0).len, 0);
	assert_int_equal(sock_addr_from((struct sockaddr *)&in, 1, 0).len, 0);
	assert_int_equal(sock_addr_from((struct sockaddr *)&in, 4096, 0).len, 0);
	assert_int_equal(sock_addr_set_port(&a, 65536), -1);
	assert_int_equal(sock_addr_set_port(&a, -1), -1);
	assert_int_equal(sock_addr_set_port(NULL, 1), -1);
	assert_int_equal(sock_addr_port(NULL), -1);
	assert_string_equal(sock_addr_text(NULL).s, "unknown");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_is_printed_parses_back),
	cmocka_unit_test(brackets_of_v6_are_kept),
	cmocka_unit_test(ports_are_strict),
	cmocka_unit_test(no_byte_makes_a_port_of_what_is_none),
	cmocka_unit_test(a_port_refused_is_quoted),
	cmocka_unit_test(old_spellings_of_v4_are_refused_by_default),
	cmocka_unit_test(host_names_are_whole_or_refused),
	cmocka_unit_test(zones_are_interfaces),
	cmocka_unit_test(unix_paths_have_limits),
	cmocka_unit_test(what_is_no_address_is_told),
	cmocka_unit_test(service_names_are_ports),
	cmocka_unit_test(addresses_compare_by_place),
	cmocka_unit_test(binary_addresses_are_checked),
};

CHECK_MAIN(tests)
