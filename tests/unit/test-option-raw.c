/* SPDX-License-Identifier: MIT */
/*
 * The raw pair sock_setopt and sock_getopt, sockets that are not fit for use,
 * and answers of the kernel that are shaped unlike the usual ones.
 */
#include "check.h"

#include <linux/filter.h>
#include <linux/if_alg.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sockeye/option.h>

#include "base/event.h"
#include "pairs.h"
#include "sock/sys.h"
#include "sock/why.h"

static void raw_options_pass_unchanged(void **state)
{
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);
	int on = 1, answer = 0;
	socklen_t n = sizeof answer;

	(void)state;
	assert_int_equal(sock_setopt(&s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
	assert_int_equal(sock_getopt(&s, IPPROTO_TCP, TCP_NODELAY, &answer, &n), 0);
	assert_true(answer == 1 && n == sizeof answer);
	char name[16] = "?";
	n = sizeof name;
	assert_int_equal(sock_getopt(&s, IPPROTO_TCP, TCP_CONGESTION, name, &n), 0);
	assert_true(n > 1 && strlen(name) > 0);
}

static void raw_refusals_name_the_constant(void **state)
{
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);
	int value = 1;
	socklen_t n = sizeof value;

	(void)state;
	assert_int_equal(sock_setopt(&s, IPPROTO_TCP, TCP_NODELAY, &value, 1), -1);
	assert_string_equal(s.why, "setopt TCP_NODELAY: Invalid argument");
	assert_int_equal(sock_setopt(&s, IPPROTO_TCP, 999, &value, sizeof value), -1);
	assert_string_equal(s.why, "setopt option 999 of level 6: Protocol not available");
	assert_int_equal(errno, ENOPROTOOPT);
	assert_int_equal(sock_getopt(&s, SOL_SOCKET, 999, &value, &n), -1);
	assert_string_equal(s.why, "getopt option 999 of level 1: Protocol not available");
	assert_int_equal(s.state, STATE_OPEN);
}

static void ignore(const struct event *e)
{
	(void)e;
}

/* As Python's setsockopt(level, option, None, n): some options of AF_ALG want just that. */
static void a_null_value_reaches_the_kernel(void **state)
{
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);

	(void)state;
	event_watch(ignore);
	assert_int_equal(sock_setopt(&s, IPPROTO_TCP, TCP_NODELAY, NULL, sizeof(int)), -1);
	event_watch(NULL);
	assert_int_equal(errno, EFAULT);
	assert_string_equal(s.why, "setopt TCP_NODELAY: Bad address");
	assert_int_equal(sock_setopt(&s, SOL_SOCKET, SO_BINDTODEVICE, NULL, 0), 0);
	sock_auto alg = sock_open(AF_ALG, SOCK_SEQPACKET, 0);
	struct sockaddr_alg a = { AF_ALG, "aead", 0, 0, "gcm(aes)" };
	if (alg.fd < 0 || bind(alg.fd, (struct sockaddr *)&a, sizeof a) < 0)
		return;
	assert_int_equal(sock_setopt(&alg, SOL_ALG, ALG_SET_AEAD_AUTHSIZE, NULL, 16), 0);
}

static void what_the_library_knows_follows_the_option(void **state)
{
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);
	int off = 0;

	(void)state;
	assert_int_equal(sock_set(&s, "zerocopy", 1), 0);
	assert_true(s.flags & FLAG_ZEROCOPY);
	assert_int_equal(sock_setopt(&s, SOL_SOCKET, SO_ZEROCOPY, &off, sizeof off), 0);
	assert_false(s.flags & FLAG_ZEROCOPY);
	sock_auto s6 = sock_open(AF_INET6, SOCK_DGRAM, 0);
	if (s6.fd < 0)
		return;
	sock_auto server = sock_server("udp://127.0.0.1:0");
	char where[64];
	snprintf(where, sizeof where, "udp://[::ffff:127.0.0.1]%s",
	         strrchr(sock_name(&server).s, ':'));
	assert_int_equal(sock_connect(&s6, where), 0);
	assert_int_equal(sock_set(&s6, "ipv6-addrform", AF_INET), 0);
	assert_int_equal(s6.family, AF_INET);
}

/* The kernel counts this option's length in instructions: no buffer of bytes is safe. */
static void a_filter_is_read_raw_alone(void **state)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, 0xffff) }, back[4];
	struct sock_fprog program = { 1, code };
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM, 0);
	socklen_t n = 4;
	char out[16];

	(void)state;
	assert_int_equal(sock_setopt(&s, SOL_SOCKET, SO_ATTACH_FILTER, &program,
	                             sizeof program), 0);
	assert_int_equal(sock_getopt(&s, SOL_SOCKET, SO_GET_FILTER, back, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(sock_get_text(&s, "SO_GET_FILTER", out, sizeof out), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(sock_set(&s, "detach-filter", 1), 0);
	assert_int_equal(sock_set(&s, "detach-filter", 1), -1);
	assert_string_equal(s.why, "set detach-filter=1: No such file or directory");
}

static void structures_are_read_in_hexadecimal(void **state)
{
	PAIR_AUTO struct sock p[2];
	struct ucred me;
	socklen_t n = sizeof me;
	char out[64], expected[64];

	(void)state;
	pair_unix(p, SOCK_STREAM);
	assert_int_equal(sock_getopt(&p[0], SOL_SOCKET, SO_PEERCRED, &me, &n), 0);
	assert_int_equal(me.pid, getpid());
	for (size_t i = 0; i < sizeof me; i++)
		snprintf(expected + 2 * i, 3, "%02x", ((unsigned char *)&me)[i]);
	assert_int_equal(sock_get_text(&p[0], "peercred", out, sizeof out), 0);
	assert_string_equal(out, expected);
}

static int one_byte(int fd, int level, int option, void *value, socklen_t *n)
{
	(void)fd, (void)level, (void)option;
	*(unsigned char *)value = 200;
	*n = 1;
	return 0;
}

static int refused(int fd, int level, int option, void *value, socklen_t *n)
{
	(void)fd, (void)level, (void)option, (void)value, (void)n;
	errno = ENOBUFS;
	return -1;
}

static void an_answer_of_one_byte_is_a_number(void **state)
{
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM, 0);
	int64_t value = 0;

	(void)state;
	sys.getsockopt = one_byte;
	int got = sock_get(&s, "ip-multicast-ttl", &value);
	sys.getsockopt = refused;
	int failed = sock_get(&s, "ip-multicast-ttl", &value);
	sys = sys_real;
	assert_int_equal(got, 0);
	assert_int_equal(value, 200);
	assert_int_equal(failed, -1);
	assert_string_equal(s.why, "get ip-multicast-ttl: No buffer space available");
}

/* Every public call, on a value that cannot be used: -1, EBADF or the first error, and no crash. */
static void no_call_crashes_on_an_unfit_socket(void **state)
{
	struct sock bad[3], *list[] = { &bad[0], &bad[1], &bad[2], NULL };
	struct sock_tcp info;
	char out[8];
	int64_t v;
	int raw;

	(void)state;
	pair_bad(bad);
	for (int i = 0; i < 4; i++) {
		char why[SOCKEYE_WHY] = "";

		if (i == 2)
			snprintf(why, sizeof why, "%s", list[i]->why);
		assert_int_equal(sock_set(list[i], "nodelay", 1), -1);
		assert_int_equal(sock_set(list[i], NULL, 1), -1);
		assert_int_equal(sock_get(list[i], "nodelay", &v), -1);
		assert_int_equal(sock_get(list[i], NULL, NULL), -1);
		assert_int_equal(sock_set_text(list[i], "nodelay"), -1);
		assert_int_equal(sock_set_text(list[i], NULL), -1);
		assert_int_equal(sock_get_text(list[i], "nodelay", out, sizeof out), -1);
		assert_int_equal(sock_get_text(list[i], NULL, NULL, 0), -1);
		assert_int_equal(sock_setopt(list[i], 6, 1, &raw, sizeof raw), -1);
		assert_int_equal(sock_getopt(list[i], 6, 1, &raw, &(socklen_t){ sizeof raw }), -1);
		assert_int_equal(sock_tcp_info(list[i], &info), -1);
		assert_true(errno != 0);
		if (i == 0)
			assert_string_equal(list[i]->why, "set: the socket was never opened");
		if (i == 1)
			assert_string_equal(list[i]->why, "set: the socket is closed");
		if (i == 2)
			assert_string_equal(list[i]->why, why);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(raw_options_pass_unchanged),
	cmocka_unit_test(raw_refusals_name_the_constant),
	cmocka_unit_test(a_null_value_reaches_the_kernel),
	cmocka_unit_test(what_the_library_knows_follows_the_option),
	cmocka_unit_test(a_filter_is_read_raw_alone),
	cmocka_unit_test(structures_are_read_in_hexadecimal),
	cmocka_unit_test(an_answer_of_one_byte_is_a_number),
	cmocka_unit_test(no_call_crashes_on_an_unfit_socket),
};
CHECK_MAIN(tests)
