/* SPDX-License-Identifier: MIT */
/*
 * Each row of the option table, tried on real sockets: every option is read,
 * and every number is set to what it was. What this kernel or this machine may
 * refuse is listed with its reason; anything else must work on one socket.
 */
#include "check.h"

#include <ctype.h>
#include <linux/can.h>
#include <linux/can/j1939.h>
#include <netinet/in.h>
#include <sockeye/option.h>

#include "sock/option-table.h"

/* A protocol number for experiments: nothing ever arrives for it. */
enum { EXPERIMENT = 253 };

enum {
	TCP4, TCP6, UDP4, UDP6, UNIX, UNIX_PEER, TCP4_NEW, UDP6_NEW, RAW4, RAW6, LITE, VSOCK, CAN,
	SOCKETS
};

static void open_all(struct sock s[SOCKETS])
{
	sock_auto tcp4 = sock_server("tcp4://127.0.0.1:0");
	sock_auto tcp6 = sock_server("tcp6://[::1]:0");
	sock_auto udp4 = sock_server("udp4://127.0.0.1:0");
	sock_auto udp6 = sock_server("udp6://[::1]:0");

	s[TCP4] = sock_dial(sock_name(&tcp4).s);
	s[TCP6] = sock_dial(sock_name(&tcp6).s);
	s[UDP4] = sock_dial(sock_name(&udp4).s);
	s[UDP6] = sock_dial(sock_name(&udp6).s);
	assert_int_equal(sock_pair(s + UNIX, AF_UNIX, SOCK_STREAM), 0);
	s[TCP4_NEW] = sock_open(AF_INET, SOCK_STREAM, 0);
	s[UDP6_NEW] = sock_open(AF_INET6, SOCK_DGRAM, 0);
	s[RAW4] = sock_open(AF_INET, SOCK_RAW, EXPERIMENT);
	s[RAW6] = sock_open(AF_INET6, SOCK_RAW, EXPERIMENT);
	s[LITE] = sock_open(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
	s[VSOCK] = sock_open(AF_VSOCK, SOCK_STREAM, 0);
	s[CAN] = sock_open(AF_CAN, SOCK_DGRAM, CAN_J1939);
	assert_true(s[TCP4].fd >= 0 && s[UDP4].fd >= 0 && s[TCP4_NEW].fd >= 0);
}

static void close_all(struct sock s[SOCKETS])
{
	for (int i = 0; i < SOCKETS; i++)
		sock_close(&s[i]);
}

/* This machine has no socket that knows the row's level. */
static bool lacking(const struct sock s[SOCKETS], const struct option_row *row)
{
	switch (row->is.level) {
	case IPPROTO_IPV6:
		return s[TCP6].fd < 0;
	case IPPROTO_UDPLITE:
		return s[LITE].fd < 0;
	case AF_VSOCK:
		return s[VSOCK].fd < 0;
	case SOL_CAN_J1939:
		return s[CAN].fd < 0;
	default:
		return false;
	}
}

struct excuse {
	const char *name, *reason;
};

/* May not be readable on any of the sockets. */
static const struct excuse unread[] = {
	{ "peersec", "needs a security module" },
	{ "ip-ipsec-policy", "needs IPsec" },
	{ "ipv6-ipsec-policy", "needs IPsec" },
	{ "original-dst", "no firewall redirected this socket" },
	{ "ip6t-so-original-dst", "no firewall redirected this socket" },
	{ "ipv6-nexthop", "goes along with a message only" },
	{ "ipv6-hoplimit", "goes along with a message only" },
	{ "ipv6-checksum", "raw sockets, which need privilege" },
	{ "ipv6-hdrincl", "raw sockets, which need privilege" },
	{ "repair-queue", "only while the connection is repaired" },
	{ "queue-seq", "only while the connection is repaired" },
	{ "repair-window", "only while the connection is repaired" },
	{ "ip-local-port-range", "Linux 6.3" },
	{ "ip-protocol", "Linux 6.4" },
	{ "passpidfd", "Linux 6.5" },
	{ "is-mptcp", "newer than Linux 6.1" },
	{ "rcvpriority", "newer than Linux 6.1" },
	{ "rto-max-ms", "newer than Linux 6.1" },
	{ "rto-min-us", "newer than Linux 6.1" },
	{ "delack-max-us", "newer than Linux 6.1" },
	{ "passrights", "newer than Linux 6.1" },
};

/* May not be settable to the value just read on any of the sockets. */
static const struct excuse unset[] = {
	{ "ip-router-alert", "only to leave what was joined" },
	{ "ipv6-router-alert", "only to leave what was joined" },
	{ "ipv6-addrform", "only where the peer is an IPv4 one" },
	{ "ip-hdrincl", "raw sockets, which need privilege" },
	{ "ip-nodefrag", "raw sockets, which need privilege" },
	{ "tcp-timestamp", "only while the connection is repaired" },
	{ "reserve-mem", "needs a memory control group" },
};

static bool listed(const char *name, const struct excuse *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, list[i].name) == 0)
			return true;
	return false;
}

static bool says(const struct option_row *row, const char *words)
{
	return strstr(row->is.about, words) != NULL;
}

static bool write_only(const struct option_row *row)
{
	return row->shape == OPTION_GROUP4 || row->shape == OPTION_GROUP6 ||
	       row->shape == OPTION_ODD || says(row, "write only");
}

static bool is_number(const struct option_row *row)
{
	return strcmp(row->is.kind, "raw") != 0 && strcmp(row->is.kind, "text") != 0;
}

static void assert_mere_refusal(const struct sock *s)
{
	int err = errno;

	if (err != ENOPROTOOPT && err != EOPNOTSUPP && err != EINVAL && err != EPERM &&
	    err != ENOTCONN && err != ENOENT && err != ENOBUFS && err != ENODATA)
		fail_msg("%s", s->why);
	assert_true(s->fd >= 0);
}

/* On how many of the sockets a row can be read. */
static int readers(struct sock s[SOCKETS], const struct option_row *row)
{
	char out[128];
	int n = 0;

	for (int i = 0; i < SOCKETS; i++) {
		if (s[i].fd < 0)
			continue;
		if (sock_get_text(&s[i], row->is.name, out, sizeof out) == 0)
			n++;
		else
			assert_mere_refusal(&s[i]);
	}
	return n;
}

static void every_row_can_be_read(void **state)
{
	const struct option_row *row;
	struct sock s[SOCKETS];
	int wrong = 0;

	(void)state;
	open_all(s);
	for (int i = 0; (row = option_row_at(i)); i++) {
		bool may_fail = lacking(s, row) ||
		                listed(row->is.name, unread, sizeof unread / sizeof *unread);
		int n = readers(s, row);

		if (write_only(row) ? n == 0 : n > 0 || may_fail)
			continue;
		print_error("%s: read on %d sockets\n", row->is.name, n);
		wrong++;
	}
	close_all(s);
	assert_int_equal(wrong, 0);
}

/* Set a row to the value it has: on how many sockets it was read, set, and forbidden. */
static void set_back(struct sock s[SOCKETS], const struct option_row *row, int *read, int *set,
                     int *forbidden)
{
	*read = *set = *forbidden = 0;
	for (int i = 0; i < SOCKETS; i++) {
		int64_t value;

		if (s[i].fd < 0 || sock_get(&s[i], row->is.name, &value) < 0)
			continue;
		++*read;
		if (sock_set(&s[i], row->is.name, value) == 0) {
			++*set;
			continue;
		}
		*forbidden += errno == EPERM;
		assert_mere_refusal(&s[i]);
	}
}

static void every_number_can_be_set_to_what_it_is(void **state)
{
	const struct option_row *row;
	struct sock s[SOCKETS];
	int wrong = 0, read, set, forbidden;

	(void)state;
	open_all(s);
	for (int i = 0; (row = option_row_at(i)); i++) {
		if (!is_number(row) || write_only(row))
			continue;
		set_back(s, row, &read, &set, &forbidden);
		bool may_fail = !read || forbidden ||
		                listed(row->is.name, unset, sizeof unset / sizeof *unset);
		if (says(row, "read only") ? set == 0 : set > 0 || may_fail)
			continue;
		print_error("%s: read on %d, set on %d sockets\n", row->is.name, read, set);
		wrong++;
	}
	close_all(s);
	assert_int_equal(wrong, 0);
}

/* The kernel knows the number although it has nothing to read there. */
static void write_only_numbers_reach_the_kernel(void **state)
{
	static const struct {
		const char *name;
		int64_t value;
		int err, other;
	} rows[] = {
		{ "sndbufforce", 65536, 0, EPERM },
		{ "rcvbufforce", 65536, 0, EPERM },
		{ "busy-poll-budget", 8, 0, EPERM },
		{ "detach-filter", 0, ENOENT, ENOENT },
		{ "detach-bpf", 0, ENOENT, ENOENT },
		{ "detach-reuseport-bpf", 0, ENOENT, EINVAL },
		{ "attach-bpf", -1, EBADF, EBADF },
		{ "attach-reuseport-ebpf", -1, EBADF, EINVAL },
		{ "cnx-advice", 2, 0, 0 },
		{ "inq", 1, EINVAL, ENOPROTOOPT },
	};
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int err = sock_set(&s, rows[i].name, rows[i].value) < 0 ? errno : 0;

		if (err != rows[i].err && err != rows[i].other)
			fail_msg("%s: errno %d", rows[i].name, err);
	}
}

/* The public name that follows from a constant. */
static void name_of(const char *constant, char *out)
{
	bool clash = strcmp(constant, "TCP_TIMESTAMP") == 0 || strcmp(constant, "TCP_INQ") == 0;

	if (strncmp(constant, "SO_", 3) == 0)
		constant += 3;
	if (strncmp(constant, "TCP_", 4) == 0 && !clash)
		constant += 4;
	for (; *constant; constant++)
		*out++ = *constant == '_' ? '-' : (char)tolower(*constant);
	*out = '\0';
}

static void names_follow_from_the_constants(void **state)
{
	const struct sock_option *o;
	char name[64];
	int n;

	(void)state;
	for (n = 0; (o = sock_option_at(n)); n++) {
		name_of(o->constant, name);
		assert_string_equal(o->name, name);
		assert_ptr_equal(sock_option(o->name), o);
		assert_ptr_equal(sock_option(o->constant), o);
	}
	assert_true(n > 200);
	assert_null(sock_option_at(n + 1));
	assert_null(sock_option_at(1 << 30));
}

static void rows_are_whole(void **state)
{
	static const char *const kinds[] = { "flag", "number", "text", "linger", "time", "raw" };
	const struct sock_option *o;

	(void)state;
	for (int i = 0; (o = sock_option_at(i)); i++) {
		bool known = false;

		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
			known |= strcmp(o->kind, kinds[k]) == 0;
		assert_true(known);
		assert_in_range(strlen(o->about), 4, 72);
		assert_true(strlen(o->name) <= 40 && strlen(o->constant) <= 40);
		assert_null(strpbrk(o->about, "\n\t"));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_row_can_be_read),
	cmocka_unit_test(every_number_can_be_set_to_what_it_is),
	cmocka_unit_test(write_only_numbers_reach_the_kernel),
	cmocka_unit_test(names_follow_from_the_constants),
	cmocka_unit_test(rows_are_whole),
};
CHECK_MAIN(tests)
