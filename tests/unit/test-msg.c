/* SPDX-License-Identifier: MIT */
/* Whole messages. Control data beside them: test-control.c; descriptors: test-fds.c. */
#include "check.h"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sockeye/addr.h>
#include <sockeye/msg.h>

#include "pairs.h"

static void msg_gathers_and_scatters(void **state)
{
	PAIR_AUTO struct sock p[2];
	char head[] = "head", empty[] = "", tail[] = "and tail", a[6], b[20];
	struct iovec out[] = { { head, 4 }, { empty, 0 }, { tail, 8 } };
	struct iovec in[] = { { a, sizeof a }, { b, sizeof b } };

	(void)state;
	pair_tcp(p);
	assert_int_equal(sock_sendmsg(&p[0], &(struct sock_msg){ .iov = out, .iovs = 3 }), 12);
	assert_int_equal(sock_sent(&p[0]), 12);
	sock_shutdown(&p[0], SHUT_WR);
	struct sock_msg m = { .iov = in, .iovs = 2, .flags = MSG_WAITALL };
	assert_int_equal(sock_recvmsg(&p[1], &m), 12);
	assert_int_equal(sock_got(&p[1]), 12);
	assert_memory_equal(a, "headan", 6);
	assert_memory_equal(b, "d tail", 6);
	m.flags = 0;
	assert_int_equal(sock_recvmsg(&p[1], &m), 0);
}

static void msg_plain_is_plain_send_and_recv(void **state)
{
	PAIR_AUTO struct sock p[2];
	char text[] = "text", got[8];

	(void)state;
	pair_unix(p, SOCK_STREAM);
	assert_int_equal(sock_sendmsg(&p[0], &(struct sock_msg){ .buf = text, .n = 4 }), 4);
	struct sock_msg m = { .buf = got, .n = sizeof got };
	assert_int_equal(sock_recvmsg(&p[1], &m), 4);
	assert_memory_equal(got, text, 4);
	assert_int_equal(m.flags, 0);
}

/* Every length against rooms around it: what is stored, what is lost, and not one byte beyond. */
static void msg_never_writes_beyond_the_room(void **state)
{
	static const int types[] = { SOCK_DGRAM, SOCK_SEQPACKET };
	static char out[4096];

	(void)state;
	pair_fill(out, sizeof out, 0);
	for (int t = 0; t < 2; t++) {
		PAIR_AUTO struct sock p[2];

		pair_unix(p, types[t]);
		for (size_t n = 1; n <= sizeof out; n += n < 70 ? 1 : 61) {
			const size_t rooms[] = { 0, 1, n / 2, n - 1, n, n + 1, sizeof out };

			for (int i = 0; i < 7; i++) {
				size_t room = rooms[i], kept = n < room ? n : room;
				char *in = malloc(room + 1);
				struct sock_msg m = { .buf = in, .n = room };

				assert_non_null(in);
				in[room] = '!';
				assert_int_equal(sock_send(&p[0], out, n), n);
				assert_int_equal(sock_recvmsg(&p[1], &m), kept);
				assert_int_equal(sock_got(&p[1]), kept);
				assert_int_equal(sock_cut(&p[1]), n - kept);
				assert_int_equal(!!(m.flags & MSG_TRUNC), kept < n);
				assert_true(in[room] == '!' && pair_same(in, kept, 0));
				free(in);
			}
		}
	}
}

static void msg_keeps_what_a_stream_has_left(void **state)
{
	PAIR_AUTO struct sock p[2];
	char in[8];

	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		if (tcp)
			pair_tcp(p);
		else
			pair_unix(p, SOCK_STREAM);
		assert_int_equal(sock_sendall(&p[0], "0123456789", 10), 0);
		struct sock_msg m = { .buf = in, .n = 4 };
		assert_int_equal(sock_recvmsg(&p[1], &m), 4);
		assert_int_equal(sock_cut(&p[1]), 0);
		m = (struct sock_msg){ .buf = in + 4, .n = 4 };
		assert_int_equal(sock_recvmsg(&p[1], &m), 4);
		assert_memory_equal(in, "01234567", 8);
		if (!tcp)
			pair_close(&p);
	}
}

static void msg_names_the_sender_and_finds_the_way_back(void **state)
{
	static const char *const where[] = { "udp://127.0.0.1:0", "udp://[::1]:0" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		sock_auto server = sock_server(where[i]);
		char in[8], text[] = "ask";
		struct sock_addr from;

		if (server.fd < 0)
			continue;
		sock_auto client = sock_dial(sock_name(&server).s);
		assert_int_equal(sock_send(&client, text, 3), 3);
		struct sock_msg m = { .buf = in, .n = sizeof in, .addr = &from };
		assert_int_equal(sock_recvmsg(&server, &m), 3);
		assert_string_equal(sock_addr_text(&from).s, sock_name(&client).s);
		assert_int_equal(from.type, SOCK_DGRAM);
		m = (struct sock_msg){ .buf = text, .n = 2, .addr = &from };
		assert_int_equal(sock_sendmsg(&server, &m), 2);
		assert_int_equal(sock_recv(&client, in, sizeof in), 2);
	}
}

static void msg_reaches_an_ipv4_place_from_an_ipv6_socket(void **state)
{
	sock_auto server = sock_server("udp://127.0.0.1:0");
	sock_auto client = sock_open(AF_INET6, SOCK_DGRAM, 0);
	struct sock_addr to;
	char text[] = "x", in[4];

	(void)state;
	if (client.fd < 0 || !sock_has_dualstack())
		CHECK_SKIP("no IPv6 here");
	assert_int_equal(sock_name_addr(&server, &to), 0);
	struct sock_msg m = { .buf = text, .n = 1, .addr = &to };
	assert_int_equal(sock_sendmsg(&client, &m), 1);
	assert_int_equal(sock_recv(&server, in, sizeof in), 1);
}

static void msg_tells_no_address_where_there_is_none(void **state)
{
	PAIR_AUTO struct sock p[2];
	struct sock_addr from;
	char in[4];

	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		if (tcp)
			pair_tcp(p);
		else
			pair_unix(p, SOCK_DGRAM);
		memset(&from, 0xff, sizeof from);
		assert_int_equal(sock_send(&p[0], "x", 1), 1);
		struct sock_msg m = { .buf = in, .n = sizeof in, .addr = &from };
		assert_int_equal(sock_recvmsg(&p[1], &m), 1);
		assert_int_equal(from.len, 0);
		assert_int_equal(from.type, p[1].type);
		if (!tcp)
			pair_close(&p);
	}
}

static void refused(struct sock *s, const struct sock_msg *m, bool both, const char *why)
{
	struct sock_msg copy = m ? *m : (struct sock_msg){ .n = 0 };
	char wanted[SOCKEYE_WHY];

	errno = 0;
	assert_int_equal(sock_sendmsg(s, m), -1);
	assert_int_equal(errno, EINVAL);
	snprintf(wanted, sizeof wanted, "sendmsg %s", why);
	assert_string_equal(s->why, wanted);
	if (!both)
		return;
	assert_int_equal(sock_recvmsg(s, m ? &copy : NULL), -1);
	assert_int_equal(errno, EINVAL);
	snprintf(wanted, sizeof wanted, "recvmsg %s", why);
	assert_string_equal(s->why, wanted);
}

static void msg_refuses_what_cannot_be_meant(void **state)
{
	PAIR_AUTO struct sock p[2];
	static struct iovec iov[1025];
	char buf[4];
	struct sock_control c = { .data = buf, .room = 4, .n = 5 }, none = { .room = 1 };
	struct sock_addr addr = { .len = sizeof addr.storage + 1 };

	(void)state;
	pair_unix(p, SOCK_DGRAM);
	refused(&p[0], NULL, true, "NULL: not a message");
	refused(&p[0], &(struct sock_msg){ .iovs = -1 }, true,
	        "-1 buffers: a message has 0 to 1024");
	refused(&p[0], &(struct sock_msg){ .iov = iov, .iovs = 1025 }, true,
	        "1025 buffers: a message has 0 to 1024");
	refused(&p[0], &(struct sock_msg){ .iovs = 1 }, true, "NULL: not a buffer");
	refused(&p[0], &(struct sock_msg){ .n = 1 }, true, "NULL: not a buffer");
	refused(&p[0], &(struct sock_msg){ .control = &none }, true,
	        "NULL: not a buffer for control data");
	refused(&p[0], &(struct sock_msg){ .control = &c }, false,
	        "control data: more is used than there is room");
	refused(&p[0], &(struct sock_msg){ .addr = &addr }, false,
	        "address: longer than an address can be");
	/* And the socket is as well as before. */
	assert_int_equal(sock_sendmsg(&p[0], &(struct sock_msg){ .iov = iov, .iovs = 1024 }), 0);
	assert_int_equal(sock_sendmsg(&p[0], &(struct sock_msg){ .n = 0 }), 0);
	struct sock_msg m = { .iov = iov, .iovs = 1024 };
	assert_int_equal(sock_recvmsg(&p[1], &m), 0);
	m = (struct sock_msg){ .n = 0 };
	assert_int_equal(sock_recvmsg(&p[1], &m), 0);
}

static void msg_fails_on_a_bad_value(void **state)
{
	struct sock bad[3];
	char buf[4];

	(void)state;
	pair_bad(bad);
	for (int i = 0; i < 3; i++) {
		struct sock_msg m = { .buf = buf, .n = 1 };
		char first[SOCKEYE_WHY];

		assert_int_equal(sock_sendmsg(&bad[i], &m), -1);
		assert_int_equal(errno, bad[i].error);
		memcpy(first, bad[i].why, sizeof first);
		assert_int_equal(sock_recvmsg(&bad[i], &m), -1);
		assert_int_equal(sock_sendmsg(&bad[i], NULL), -1);
		assert_string_equal(bad[i].why, first);
		assert_true(*first);
	}
	assert_int_equal(sock_sendmsg(NULL, NULL), -1);
	assert_int_equal(sock_recvmsg(NULL, NULL), -1);
	assert_int_equal(errno, EINVAL);
}

static void msg_waits_within_the_limit(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[4];
	struct sock_addr from = { .len = 9 };
	struct sock_control c = { .n = 9, .cut = 9 };
	struct sock_msg m = { .buf = buf, .n = sizeof buf, .addr = &from, .control = &c };

	(void)state;
	pair_tcp(p);
	sock_limit(&p[1], sock_ms(5));
	assert_int_equal(sock_recvmsg(&p[1], &m), -1);
	assert_int_equal(errno, ETIMEDOUT);
	pair_why(&p[1], "recvmsg", "timed out after 5 ms");
	assert_true(from.len == 0 && c.n == 0 && c.cut == 0);
	sock_limit(&p[1], 0);
	assert_int_equal(sock_recvmsg(&p[1], &m), -1);
	assert_int_equal(errno, EAGAIN);
	/* Nothing is broken. */
	sock_send(&p[0], "x", 1);
	assert_int_equal(sock_recvmsg(&p[1], &m), 1);
}

static void msg_dontwait_never_waits_whatever_the_limit(void **state)
{
	PAIR_AUTO struct sock p[2];
	static char buf[65536];
	const int64_t limits[] = { SOCKEYE_FOREVER, sock_sec(3600), 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct sock_msg in = { .buf = buf, .n = 1, .flags = MSG_DONTWAIT };
		struct sock_msg out = { .buf = buf, .n = sizeof buf, .flags = MSG_DONTWAIT };
		int sends = 0;

		pair_unix(p, SOCK_STREAM);
		sock_limit(&p[0], limits[i]);
		sock_limit(&p[1], limits[i]);
		assert_int_equal(sock_recvmsg(&p[1], &in), -1);
		assert_int_equal(errno, EAGAIN);
		assert_int_equal(p[1].error, EAGAIN);
		while (sends < 1000 && sock_sendmsg(&p[0], &out) > 0)
			sends++;
		assert_true(sends > 0 && sends < 1000);
		assert_int_equal(p[0].error, EAGAIN);
		assert_int_equal(sock_sent(&p[0]), 0);
		if (i < 2)
			pair_close(&p);
	}
}

static void msg_to_a_peer_that_is_gone_is_an_error_not_a_signal(void **state)
{
	PAIR_AUTO struct sock p[2];
	char text[] = "x";
	struct sock_msg m = { .buf = text, .n = 1 };

	(void)state;
	pair_tcp(p);
	sock_shutdown(&p[0], SHUT_WR);
	assert_int_equal(sock_sendmsg(&p[0], &m), -1);
	assert_int_equal(errno, EPIPE);
	pair_why(&p[0], "sendmsg", "Broken pipe");
	errno = 0;
	assert_int_equal(sock_recvmsg(&p[0], &m), -1);
	assert_int_equal(errno, EPIPE);
	pair_why(&p[0], "sendmsg", "Broken pipe");
}

static int interrupts;

static ssize_t interrupted_sendmsg(int fd, const struct msghdr *m, int flags)
{
	errno = EINTR;
	return interrupts++ < 3 ? -1 : sys_real.sendmsg(fd, m, flags);
}

static ssize_t interrupted_recvmsg(int fd, struct msghdr *m, int flags)
{
	errno = EINTR;
	return interrupts++ < 3 ? -1 : sys_real.recvmsg(fd, m, flags);
}

static void msg_goes_on_after_an_interruption(void **state)
{
	PAIR_AUTO struct sock p[2];
	char text[] = "x";
	struct sock_msg m = { .buf = text, .n = 1 };

	(void)state;
	pair_unix(p, SOCK_STREAM);
	sys.sendmsg = interrupted_sendmsg;
	sys.recvmsg = interrupted_recvmsg;
	interrupts = 0;
	ssize_t sent = sock_sendmsg(&p[0], &m);
	interrupts = 0;
	ssize_t got = sock_recvmsg(&p[1], &m);
	sys = sys_real;
	assert_true(sent == 1 && got == 1);
}

static void msg_refused_datagram_names_the_place(void **state)
{
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM, 0);
	struct sock_addr to;
	static char big[65536];

	(void)state;
	assert_int_equal(sock_addr_parse(&to, "udp://127.0.0.1:9", NULL), 0);
	struct sock_msg m = { .buf = big, .n = sizeof big, .addr = &to };
	assert_int_equal(sock_sendmsg(&s, &m), -1);
	assert_int_equal(errno, EMSGSIZE);
	assert_string_equal(s.why, "sendmsg udp://127.0.0.1:9: Message too long");
}

/* -- The error queue --------------------------------------------------------------- */

static void msg_reads_the_error_queue_and_waits_for_it(void **state)
{
	sock_auto gone = sock_server("udp://127.0.0.1:0");
	sock_auto s = sock_dial(sock_name(&gone).s);
	union {
		struct cmsghdr align;
		char bytes[256];
	} room;
	struct sock_control c = { .data = &room, .room = sizeof room };
	struct sock_control_item item;
	struct sock_extended_err e;
	char buf[16];
	size_t at = 0;

	(void)state;
	setsockopt(s.fd, IPPROTO_IP, IP_RECVERR, &(int){ 1 }, sizeof(int));
	sock_close(&gone);
	sock_limit(&s, sock_sec(10));
	assert_int_equal(sock_send(&s, "ask", 3), 3);
	struct sock_msg m = { .buf = buf, .n = sizeof buf, .flags = MSG_ERRQUEUE, .control = &c };
	assert_int_equal(sock_recvmsg(&s, &m), 3);
	assert_true(m.flags & MSG_ERRQUEUE);
	assert_int_equal(sock_control_next(&c, &at, &item), 1);
	assert_int_equal(item.level, SOL_IP);
	assert_int_equal(item.type, IP_RECVERR);
	assert_true(item.n >= sizeof e);
	memcpy(&e, item.data, sizeof e);
	assert_int_equal(e.ee_errno, ECONNREFUSED);
	assert_int_equal(sock_control_next(&c, &at, &item), 0);
}

static void msg_error_queue_that_stays_empty_is_a_limit_reached(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[4];

	(void)state;
	pair_tcp(p);
	sock_limit(&p[0], sock_ms(5));
	struct sock_msg m = { .buf = buf, .n = 1, .flags = MSG_ERRQUEUE };
	assert_int_equal(sock_recvmsg(&p[0], &m), -1);
	assert_int_equal(errno, ETIMEDOUT);
	sock_limit(&p[0], 0);
	assert_int_equal(sock_recvmsg(&p[0], &m), -1);
	assert_int_equal(errno, EAGAIN);
}

/* Poll says "error" and the queue is empty: that must neither hang nor spin. */
static void msg_error_queue_of_a_reset_socket_ends(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[4];

	(void)state;
	pair_tcp(p);
	setsockopt(p[1].fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
	sock_close(&p[1]);
	struct sock_msg m = { .buf = buf, .n = 1, .flags = MSG_ERRQUEUE };
	assert_int_equal(sock_recvmsg(&p[0], &m), -1);
	assert_int_equal(errno, ECONNRESET);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(msg_gathers_and_scatters),
	cmocka_unit_test(msg_plain_is_plain_send_and_recv),
	cmocka_unit_test(msg_never_writes_beyond_the_room),
	cmocka_unit_test(msg_keeps_what_a_stream_has_left),
	cmocka_unit_test(msg_names_the_sender_and_finds_the_way_back),
	cmocka_unit_test(msg_reaches_an_ipv4_place_from_an_ipv6_socket),
	cmocka_unit_test(msg_tells_no_address_where_there_is_none),
	cmocka_unit_test(msg_refuses_what_cannot_be_meant),
	cmocka_unit_test(msg_fails_on_a_bad_value),
	cmocka_unit_test(msg_waits_within_the_limit),
	cmocka_unit_test(msg_dontwait_never_waits_whatever_the_limit),
	cmocka_unit_test(msg_to_a_peer_that_is_gone_is_an_error_not_a_signal),
	cmocka_unit_test(msg_goes_on_after_an_interruption),
	cmocka_unit_test(msg_refused_datagram_names_the_place),
	cmocka_unit_test(msg_reads_the_error_queue_and_waits_for_it),
	cmocka_unit_test(msg_error_queue_that_stays_empty_is_a_limit_reached),
	cmocka_unit_test(msg_error_queue_of_a_reset_socket_ends),
};
CHECK_MAIN(tests)
