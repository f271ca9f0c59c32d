/* SPDX-License-Identifier: MIT */
/*
 * What docs/from-python.md promises and no other test shows: names of hosts,
 * services and interfaces, the plain steps, and the families that Linux has.
 * Where the C library knows the answer too, it is the judge.
 */
#include "net.h"

#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sockeye/msg.h>
#include <sockeye/option.h>
#include <sys/stat.h>

static void a_name_gives_its_addresses(void **state)
{
	struct sock_addr list[8];
	char why[SOCKEYE_WHY];
	int n = sock_resolve(list, 8, "tcp://localhost:7", PATIENCE, why);

	(void)state;
	assert_int_equal(n, 2);
	assert_string_equal(sock_addr_text(&list[0]).s, "tcp://[::1]:7");
	assert_string_equal(sock_addr_text(&list[1]).s, "tcp://127.0.0.1:7");
	assert_int_equal(sock_resolve(list, 8, "udp4://localhost:7", PATIENCE, why), 1);
	assert_string_equal(sock_addr_text(&list[0]).s, "udp://127.0.0.1:7");
	assert_int_equal(sock_resolve_local(list, 8, "tcp4://:7", PATIENCE, why), 1);
	assert_string_equal(sock_addr_text(&list[0]).s, "tcp://0.0.0.0:7");
	assert_int_equal(sock_resolve(list, 8, "tcp://no-such-host.invalid:7", PATIENCE, why), -1);
	assert_true(errno == ENOENT || errno == ETIMEDOUT);
	assert_memory_equal(why, "resolve tcp://no-such-host.invalid:7: ", 38);
}

static void an_address_gives_its_names(void **state)
{
	struct sock_addr a;
	char host[NI_MAXHOST], expect[NI_MAXHOST], service[NI_MAXSERV], why[SOCKEYE_WHY];

	(void)state;
	if (access("/etc/hosts", R_OK) < 0)
		CHECK_SKIP("no /etc/hosts: every name would be asked of a server");
	assert_int_equal(sock_addr_parse(&a, "tcp://127.0.0.1:80", why), 0);
	assert_int_equal(getnameinfo((struct sockaddr *)&a.storage, a.len, expect, sizeof expect,
	                             NULL, 0, 0), 0);
	assert_int_equal(sock_addr_name(&a, host, sizeof host, service, sizeof service, 0,
	                                PATIENCE, why), 0);
	assert_string_equal(host, expect);
	assert_int_equal(sock_addr_name(&a, host, sizeof host, service, sizeof service,
	                                NI_NUMERICHOST | NI_NUMERICSERV, PATIENCE, why), 0);
	assert_string_equal(host, "127.0.0.1");
	assert_string_equal(service, "80");
	assert_int_equal(sock_addr_name(&a, host, 4, NULL, 0, NI_NUMERICHOST, PATIENCE, why), -1);
	assert_int_equal(errno, ENOBUFS);
}

static void services_and_protocols_have_names(void **state)
{
	struct servent *service = getservbyname("http", "tcp");
	struct protoent *icmp = getprotobyname("icmp");
	char name[32];

	(void)state;
	if (!service || !icmp)
		CHECK_SKIP("no /etc/services or /etc/protocols");
	assert_int_equal(sock_service_port("http", "tcp"), ntohs(service->s_port));
	assert_int_equal(sock_service_name(80, "tcp", name, sizeof name), 0);
	assert_string_equal(name, "http");
	assert_int_equal(sock_service_name(80, "tcp", name, 4), -1);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(sock_service_port("no-such-service", NULL), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(sock_protocol("icmp"), icmp->p_proto);
	assert_int_equal(sock_protocol("no-such-protocol"), -1);
}

static void the_machine_tells_its_name(void **state)
{
	char name[256], expect[256], full[256];

	(void)state;
	assert_int_equal(gethostname(expect, sizeof expect), 0);
	assert_int_equal(sock_hostname(name, sizeof name), 0);
	assert_string_equal(name, expect);
	assert_int_equal(sock_hostname(name, strlen(expect)), -1);
	assert_int_equal(errno, ENOBUFS);
	sock_default_limit(PATIENCE);
	assert_int_equal(sock_fqdn(full, sizeof full), 0);
	sock_default_limit(SOCKEYE_FOREVER);
	assert_true(*full);
}

static void interfaces_are_listed(void **state)
{
	struct sock_interface list[64];
	int n = sock_interfaces(list, 64);
	bool lo = false;

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n && i < 64; i++) {
		assert_int_equal(list[i].index, if_nametoindex(list[i].name));
		lo |= strcmp(list[i].name, "lo") == 0;
	}
	assert_true(lo);
	assert_int_equal(sock_interfaces(NULL, 0), n);
}

static void the_steps_make_a_conversation(void **state)
{
	sock_auto server = sock_open(0, 0, 0), client = sock_open(0, 0, 0);
	char buf[8];

	(void)state;
	assert_int_equal(sock_set(&server, "reuseaddr", 1), 0);
	assert_int_equal(sock_bind(&server, "127.0.0.1:0"), 0);
	assert_int_equal(sock_listen(&server, SOCKEYE_BACKLOG), 0);
	assert_int_equal(sock_connect(&client, sock_name(&server).s), 0);
	sock_auto conn = sock_accept(&server);
	sock_limit(&conn, PATIENCE);
	assert_string_equal(sock_peer(&conn).s, sock_name(&client).s);
	assert_string_equal(sock_peer(&client).s, sock_name(&server).s);
	assert_int_equal(sock_send(&client, "Hello!", 6), 6);
	assert_int_equal(sock_peek(&conn, buf, 2), 2);
	assert_int_equal(sock_recvall(&conn, buf, 6), 6);
	assert_memory_equal(buf, "Hello!", 6);
	assert_int_equal(sock_shutdown(&client, SHUT_WR), 0);
	assert_int_equal(sock_recv(&conn, buf, sizeof buf), 0);
	assert_int_equal(sock_send(&conn, "back", 4), 4);
	assert_int_equal(sock_recv(&client, buf, sizeof buf), 4);
}

static void datagrams_go_to_an_address_and_tell_theirs(void **state)
{
	sock_auto server = sock_server("udp://127.0.0.1:0");
	sock_auto client = sock_open(AF_INET, SOCK_DGRAM, 0);
	struct sock_addr from;
	char buf[8];

	(void)state;
	sock_limit(&server, PATIENCE);
	assert_int_equal(sock_sendto(&client, "ask", 3, sock_name(&server).s), 3);
	assert_int_equal(sock_recvfrom(&server, buf, sizeof buf, &from), 3);
	assert_string_equal(strrchr(sock_addr_text(&from).s, ':'),
	                    strrchr(sock_name(&client).s, ':'));
	assert_int_equal(sock_sendto_addr(&server, "answer", 6, &from), 6);
	assert_int_equal(sock_recvfrom(&client, buf, sizeof buf, &from), 6);
	assert_string_equal(sock_addr_text(&from).s, sock_name(&server).s);
}

/* 0 for a family that opens here, else the errno. */
static int opens(int family, int type, int proto)
{
	sock_auto s = sock_open(family, type, proto);

	if (s.fd >= 0)
		assert_int_equal(s.family, family);
	return s.error;
}

/* Everything in Python's list whose kernel part still exists, and how it may be missing. */
static void families_open_or_are_not_in_this_kernel(void **state)
{
	static const struct {
		int family, type, proto;
	} kinds[] = {
		{ AF_UNIX, SOCK_SEQPACKET, 0 }, { AF_INET, SOCK_RAW, IPPROTO_ICMP },
		{ AF_INET6, SOCK_RAW, IPPROTO_ICMPV6 }, { AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE },
		{ AF_PACKET, SOCK_RAW, 0 }, { AF_NETLINK, SOCK_RAW, 0 },
		{ AF_CAN, SOCK_RAW, 1 }, { AF_ALG, SOCK_SEQPACKET, 0 },
		{ AF_VSOCK, SOCK_STREAM, 0 }, { AF_TIPC, SOCK_RDM, 0 },
		{ AF_RDS, SOCK_SEQPACKET, 0 }, { AF_QIPCRTR, SOCK_DGRAM, 0 },
		{ AF_BLUETOOTH, SOCK_STREAM, 3 }, { AF_KEY, SOCK_RAW, 2 },
		{ AF_PPPOX, SOCK_STREAM, 0 }, { AF_X25, SOCK_SEQPACKET, 0 },
		{ AF_LLC, SOCK_STREAM, 0 }, { AF_APPLETALK, SOCK_DGRAM, 0 },
		{ AF_AX25, SOCK_DGRAM, 0 },
	};

	(void)state;
	assert_int_equal(opens(AF_INET, SOCK_STREAM, 0), 0);
	assert_int_equal(opens(AF_UNIX, SOCK_DGRAM, 0), 0);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		switch (opens(kinds[i].family, kinds[i].type, kinds[i].proto)) {
		case 0:
		case EAFNOSUPPORT:
		case EPROTONOSUPPORT:
		case ESOCKTNOSUPPORT:
		case EPERM:
		case EACCES:
			break;
		default:
			fail_msg("family %d: %s", kinds[i].family, strerror(errno));
		}
}

static void the_kernels_cryptography_is_reached(void **state)
{
	static const uint8_t abc[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea };
	sock_auto kind = sock_open(AF_ALG, SOCK_SEQPACKET, 0);
	struct sock_msg m = { .buf = "abc", .n = 3 };
	uint8_t hash[32];

	(void)state;
	if (kind.fd < 0 || sock_bind(&kind, "alg:hash:sha256") < 0)
		CHECK_SKIP("no AF_ALG here");
	sock_auto one = sock_accept(&kind);
	assert_int_equal(sock_sendmsg(&one, &m), 3);
	assert_int_equal(sock_recv(&one, hash, sizeof hash), 32);
	assert_memory_equal(hash, abc, sizeof abc);
}

/* Python's repr of a socket has family, type and both ends; here they are to be read. */
static void a_value_can_be_read(void **state)
{
	struct sock pair[2];
	struct stat st;

	(void)state;
	net_tcp_pair(pair);
	assert_int_equal(pair[0].family, AF_INET);
	assert_int_equal(pair[0].type, SOCK_STREAM);
	assert_int_equal(pair[0].limit, PATIENCE);
	assert_int_equal(fstat(pair[0].fd, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_memory_equal(sock_name(&pair[0]).s, "tcp://127.0.0.1:", 16);
	net_close_pair(pair);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_name_gives_its_addresses),
	cmocka_unit_test(an_address_gives_its_names),
	cmocka_unit_test(services_and_protocols_have_names),
	cmocka_unit_test(the_machine_tells_its_name),
	cmocka_unit_test(interfaces_are_listed),
	cmocka_unit_test(the_steps_make_a_conversation),
	cmocka_unit_test(datagrams_go_to_an_address_and_tell_theirs),
	cmocka_unit_test(families_open_or_are_not_in_this_kernel),
	cmocka_unit_test(the_kernels_cryptography_is_reached),
	cmocka_unit_test(a_value_can_be_read),
};

CHECK_MAIN(tests)
