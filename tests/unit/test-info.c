/* SPDX-License-Identifier: MIT */
/* TCP_INFO: each field is the kernel's, and what an old kernel does not tell is 0. */
#include "check.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sockeye/option.h>

#include "pairs.h"
#include "sock/sys.h"
#include "sock/why.h"

enum { ESTABLISHED = 1, LISTENING = 10 };

static void the_bytes_of_a_conversation_are_counted(void **state)
{
	PAIR_AUTO struct sock p[2];
	struct sock_tcp here, there;
	char buf[1000] = "";

	(void)state;
	pair_tcp(p);
	for (int i = 0; i < 2; i++)
		sock_limit(&p[i], sock_sec(20));
	assert_int_equal(sock_sendall(&p[0], buf, sizeof buf), 0);
	assert_int_equal(sock_recvall(&p[1], buf, sizeof buf), sizeof buf);
	assert_int_equal(sock_sendall(&p[1], buf, 10), 0);
	assert_int_equal(sock_recvall(&p[0], buf, 10), 10);
	assert_int_equal(sock_tcp_info(&p[0], &here), 0);
	assert_int_equal(sock_tcp_info(&p[1], &there), 0);
	assert_int_equal(here.state, ESTABLISHED);
	assert_int_equal(here.bytes_sent, 1000);
	assert_int_equal(here.bytes_received, 10);
	assert_int_equal(there.bytes_received, 1000);
	assert_true(here.bytes_acked >= 1000);
	assert_true(here.cwnd > 0 && here.mss_out > 0 && here.rtt > 0 && here.rtt_min > 0);
	assert_int_equal(here.unsent, 0);
	assert_int_equal(here.retransmits, 0);
	assert_int_equal(here.bytes_retransmitted, 0);
}

static void a_full_buffer_shows_as_unsent(void **state)
{
	PAIR_AUTO struct sock p[2];
	struct sock_tcp info;
	static char buf[65536];

	(void)state;
	pair_tcp(p);
	pair_small(p);
	sock_limit(&p[0], 0);
	for (int i = 0; i < 10000 && sock_send(&p[0], buf, sizeof buf) > 0; i++)
		;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(sock_tcp_info(&p[0], &info), 0);
	assert_true(info.unsent > 0 || info.unacked > 0);
}

/* The kernel's answer for a test: every byte differs, in as many bytes as this kernel knows. */
static struct tcp_info answer;
static socklen_t answer_known;

static int made_up(int fd, int level, int option, void *value, socklen_t *n)
{
	(void)fd;
	assert_int_equal(level, IPPROTO_TCP);
	assert_int_equal(option, TCP_INFO);
	*n = *n < answer_known ? *n : answer_known;
	memcpy(value, &answer, *n);
	return 0;
}

static void answered(socklen_t known, struct sock_tcp *info)
{
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);

	for (size_t i = 0; i < sizeof answer; i++)
		((unsigned char *)&answer)[i] = (unsigned char)(i * 7 + 1);
	memset(info, 0xee, sizeof *info);
	answer_known = known;
	sys.getsockopt = made_up;
	int r = sock_tcp_info(&s, info);
	sys = sys_real;
	assert_int_equal(r, 0);
}

static void each_field_is_found_in_its_place(void **state)
{
	struct sock_tcp t;

	(void)state;
	answered(sizeof answer, &t);
	assert_int_equal(t.state, answer.tcpi_state);
	assert_int_equal(t.rtt, answer.tcpi_rtt);
	assert_int_equal(t.rtt_var, answer.tcpi_rttvar);
	assert_int_equal(t.rtt_min, answer.tcpi_min_rtt);
	assert_int_equal(t.mss_out, answer.tcpi_snd_mss);
	assert_int_equal(t.mss_in, answer.tcpi_rcv_mss);
	assert_int_equal(t.cwnd, answer.tcpi_snd_cwnd);
	assert_int_equal(t.retransmits, answer.tcpi_total_retrans);
	assert_int_equal(t.lost, answer.tcpi_lost);
	assert_int_equal(t.unsent, answer.tcpi_notsent_bytes);
	assert_int_equal(t.unacked, answer.tcpi_unacked);
	assert_int_equal(t.bytes_sent, answer.tcpi_bytes_sent);
	assert_int_equal(t.bytes_acked, answer.tcpi_bytes_acked);
	assert_int_equal(t.bytes_received, answer.tcpi_bytes_received);
	assert_int_equal(t.bytes_retransmitted, answer.tcpi_bytes_retrans);
	assert_int_equal(t.delivery_rate, answer.tcpi_delivery_rate);
	assert_int_equal(t.pacing_rate, answer.tcpi_pacing_rate);
}

static void what_an_old_kernel_leaves_out_is_zero(void **state)
{
	struct sock_tcp t;

	(void)state;
	answered(offsetof(struct tcp_info, tcpi_pacing_rate), &t);
	assert_int_equal(t.retransmits, answer.tcpi_total_retrans);
	assert_true(t.rtt != 0);
	assert_int_equal(t.pacing_rate, 0);
	assert_int_equal(t.bytes_acked, 0);
	assert_int_equal(t.unsent, 0);
	assert_int_equal(t.rtt_min, 0);
	assert_int_equal(t.delivery_rate, 0);
	assert_int_equal(t.bytes_sent, 0);
	assert_int_equal(t.bytes_retransmitted, 0);
	answered(0, &t);
	assert_memory_equal(&t, &(struct sock_tcp){ 0 }, sizeof t);
}

static void a_listener_has_a_state_and_no_round_trip(void **state)
{
	sock_auto server = sock_server("tcp://127.0.0.1:0");
	struct sock_tcp info;

	(void)state;
	assert_int_equal(sock_tcp_info(&server, &info), 0);
	assert_int_equal(info.state, LISTENING);
	assert_int_equal(info.rtt_min, 0);
}

static void other_sockets_refuse_and_live(void **state)
{
	PAIR_AUTO struct sock p[2];
	sock_auto udp = sock_open(AF_INET, SOCK_DGRAM, 0);
	struct sock_tcp info = { .rtt = 7 };

	(void)state;
	pair_unix(p, SOCK_STREAM);
	assert_int_equal(sock_tcp_info(&p[0], &info), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_non_null(strstr(p[0].why, "Operation not supported"));
	assert_int_equal(info.rtt, 0);
	assert_int_equal(sock_tcp_info(&udp, &info), -1);
	assert_true(errno == ENOPROTOOPT || errno == EOPNOTSUPP);
	assert_int_equal(udp.state, STATE_OPEN);
	assert_int_equal(sock_tcp_info(&udp, NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_string_equal(udp.why, "tcp_info: no place for the answer");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_bytes_of_a_conversation_are_counted),
	cmocka_unit_test(a_full_buffer_shows_as_unsent),
	cmocka_unit_test(each_field_is_found_in_its_place),
	cmocka_unit_test(what_an_old_kernel_leaves_out_is_zero),
	cmocka_unit_test(a_listener_has_a_state_and_no_round_trip),
	cmocka_unit_test(other_sockets_refuse_and_live),
};
CHECK_MAIN(tests)
