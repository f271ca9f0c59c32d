/* SPDX-License-Identifier: MIT */
/* Failure flows forward: whole sentences, what kills, and that the first cause survives. */
#include "net.h"

#include <fcntl.h>
#include <signal.h>
#include <sockeye/msg.h>
#include <sockeye/option.h>

static void a_refused_dial_says_by_whom(void **state)
{
	struct sock holder;
	struct sock_text at = net_refusing(&holder);
	sock_auto s = sock_dial(at.s);
	char expect[512];

	(void)state;
	snprintf(expect, sizeof expect, "dial %s: Connection refused", at.s);
	assert_string_equal(s.why, expect);
	assert_int_equal(s.error, ECONNREFUSED);
	assert_int_equal(s.fd, -1);
	sock_close(&holder);
}

static void every_address_tried_is_named(void **state)
{
	struct sock holder;
	char where[64], expect[512];
	struct sock_addr own;
	int port;

	(void)state;
	net_refusing(&holder);

	assert_int_equal(sock_name_addr(&holder, &own), 0);
	port = sock_addr_port(&own);
	snprintf(where, sizeof where, "tcp://localhost:%d", port);
	sock_auto s = sock_dial(where);
	snprintf(expect, sizeof expect, "dial %s: tcp://[::1]:%d: Connection refused; "
	         "tcp://127.0.0.1:%d: Connection refused",
	         where, port, port);
	assert_string_equal(s.why, expect);
	sock_close(&holder);
}

static void a_dead_socket_keeps_its_first_sentence(void **state)
{
	struct sock pair[2];
	char buf[8], first[SOCKEYE_WHY], expect[512];

	(void)state;
	net_tcp_pair(pair);
	snprintf(expect, sizeof expect, "recv %s: Connection reset by peer", sock_peer(&pair[0]).s);
	net_reset(&pair[1]);
	assert_int_equal(sock_recv(&pair[0], buf, sizeof buf), -1);
	assert_string_equal(pair[0].why, expect);
	memcpy(first, pair[0].why, sizeof first);
	errno = 0;
	assert_int_equal(sock_send(&pair[0], "x", 1), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(sock_sendall(&pair[0], "x", 1), -1);
	assert_int_equal(sock_limit(&pair[0], 1), -1);
	assert_int_equal(sock_shutdown(&pair[0], SHUT_WR), -1);
	assert_string_equal(pair[0].why, first);
	sock_close(&pair[0]);
	assert_int_equal(sock_recv(&pair[0], buf, sizeof buf), -1);
	assert_string_equal(pair[0].why, first);
	assert_int_equal(pair[0].error, ECONNRESET);
}

static void a_connection_from_a_dead_server_tells_the_server_s_cause(void **state)
{
	sock_auto one = sock_server("tcp://127.0.0.1:0");
	sock_auto two = sock_server(sock_name(&one).s);
	sock_auto conn = sock_accept(&two);
	char buf[8];

	(void)state;
	assert_int_equal(two.error, EADDRINUSE);
	assert_contains(two.why, "Address already in use");
	assert_contains(two.why, sock_name(&one).s);
	assert_string_equal(conn.why, two.why);
	assert_int_equal(sock_recv(&conn, buf, sizeof buf), -1);
	assert_int_equal(errno, EADDRINUSE);
	assert_string_equal(conn.why, two.why);
}

static void what_does_not_break_fails_alone(void **state)
{
	struct sock pair[2];
	char buf[8];

	(void)state;
	net_tcp_pair(pair);
	sock_limit(&pair[0], sock_ms(10));
	assert_int_equal(sock_recv(&pair[0], buf, sizeof buf), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_contains(pair[0].why, "timed out after 10 ms");
	assert_int_equal(sock_limit(&pair[0], 0), 0);
	assert_int_equal(sock_recv(&pair[0], buf, sizeof buf), -1);
	assert_int_equal(errno, EAGAIN);
	assert_contains(pair[0].why, "would block");
	assert_int_equal(sock_set(&pair[0], "nosuch", 1), -1);
	assert_int_equal(errno, EINVAL);
	sock_limit(&pair[0], PATIENCE);
	assert_int_equal(sock_send(&pair[1], "ok", 2), 2);
	assert_int_equal(sock_recv(&pair[0], buf, sizeof buf), 2);
	assert_int_equal(pair[0].error, 0);
	net_close_pair(pair);
}

static void datagram_refusals_do_not_break(void **state)
{
	sock_auto holder = sock_server("udp://127.0.0.1:0");
	sock_auto s = sock_dial(sock_name(&holder).s);
	char buf[8];

	(void)state;
	sock_limit(&s, PATIENCE);
	sock_close(&holder);
	assert_int_equal(sock_send(&s, "x", 1), 1);
	assert_int_equal(sock_recv(&s, buf, sizeof buf), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(sock_send(&s, "x", 1), 1);
	static char big[70000];
	sock_auto t = sock_open(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(sock_sendto(&t, big, sizeof big, "127.0.0.1:9"), -1);
	assert_int_equal(errno, EMSGSIZE);
	assert_string_equal(t.why, "sendto udp://127.0.0.1:9: Message too long");
	assert_int_equal(sock_limit(&t, 5), 0);
}

/* Every public call on a value that is blank, closed or dead, with pointers that may be NULL as NULL. */
static void all_fail_cleanly(struct sock *s)
{
	char buf[8] = "x";
	struct sock_addr a = { 0 };
	struct sock_msg m = { .buf = buf, .n = 1 };
	int fds[1], count = 1;
	uint32_t id;
	int64_t v;

	assert_int_equal(sock_bind(s, "127.0.0.1:0"), -1);
	assert_int_equal(sock_bind_addr(s, &a), -1);
	assert_int_equal(sock_listen(s, 1), -1);
	assert_int_equal(sock_connect(s, "127.0.0.1:1"), -1);
	assert_int_equal(sock_connect_addr(s, NULL), -1);
	assert_int_equal(sock_detach(s), -1);
	assert_int_equal(sock_dup(s).fd, -1);
	assert_int_equal(sock_shutdown(s, SHUT_WR), -1);
	assert_int_equal(sock_send(s, buf, 1), -1);
	assert_int_equal(sock_sendall(s, buf, 1), -1);
	assert_int_equal(sock_sendto(s, buf, 1, NULL), -1);
	assert_int_equal(sock_sendto_addr(s, buf, 1, NULL), -1);
	assert_int_equal(sock_puts(s, NULL), -1);
	assert_int_equal(sock_printf(s, "%d", 1), -1);
	assert_int_equal(sock_sendfile(s, -1, 0, 0), -1);
	assert_int_equal(sock_recv(s, buf, 1), -1);
	assert_int_equal(sock_peek(s, buf, 1), -1);
	assert_int_equal(sock_recvall(s, buf, 1), -1);
	assert_int_equal(sock_recvfrom(s, buf, 1, NULL), -1);
	assert_int_equal(sock_limit(s, 1), -1);
	assert_int_equal(sock_until(s, 1), -1);
	assert_int_equal(sock_name_addr(s, NULL), -1);
	assert_int_equal(sock_inheritable(s), -1);
	assert_int_equal(sock_set_inheritable(s, 1), -1);
	assert_int_equal(sock_sendmsg(s, &m), -1);
	assert_int_equal(sock_recvmsg(s, &m), -1);
	assert_int_equal(sock_sendfds(s, buf, 1, fds, 0), -1);
	assert_int_equal(sock_recvfds(s, buf, 1, fds, &count), -1);
	assert_int_equal(sock_peer_creds(s, NULL, NULL, NULL), -1);
	assert_int_equal(sock_sendzero(s, buf, 1, &id), -1);
	assert_int_equal(sock_set(s, "nodelay", 1), -1);
	assert_int_equal(sock_get(s, "nodelay", &v), -1);
	assert_int_equal(sock_accept(s).fd, -1);
	assert_string_equal(sock_name(s).s, "unknown");
}

static void no_call_crashes_on_a_blank_closed_or_missing_value(void **state)
{
	struct sock blank = { 0 };
	struct sock closed = sock_open(0, 0, 0);

	(void)state;
	all_fail_cleanly(&blank);
	assert_int_equal(blank.error, EBADF);
	assert_string_equal(blank.why, "bind: the socket was never opened");
	assert_int_equal(sock_close(&blank), 0);
	assert_int_equal(fcntl(0, F_GETFD) >= 0 || errno == EBADF, 1);
	assert_int_equal(sock_close(&closed), 0);
	assert_int_equal(sock_close(&closed), 0);
	all_fail_cleanly(&closed);
	assert_string_equal(closed.why, "bind: the socket is closed");
	all_fail_cleanly(NULL);
	assert_int_equal(sock_close(NULL), 0);
	assert_int_equal(sock_report(NULL), 0);
	assert_string_equal(sock_peer(NULL).s, "unknown");
}

static void a_long_place_is_cut_in_its_middle(void **state)
{
	char where[320] = "tcp://";

	(void)state;
	for (int i = 6; i < 240; i++)
		where[i] = i % 50 == 49 ? '.' : 'a' + i % 26;
	memcpy(where + 240, ":99999", 7);
	sock_auto s = sock_dial(where);
	assert_true(strlen(s.why) < SOCKEYE_WHY);
	assert_contains(s.why, "dial tcp://");
	assert_contains(s.why, "...");
	assert_contains(s.why, ":99999: \"99999\" is not a port");
}

static void a_privileged_port_says_what_to_do(void **state)
{
	(void)state;
	if (geteuid() == 0)
		CHECK_SKIP("the superuser may bind any port");
	sock_auto s = sock_server("tcp://127.0.0.1:80");
	assert_contains(s.why, "port 80 needs privilege: take one above 1023");
}

/* Run sock_report in a child and return its exit code. */
static int reported(struct sock *s)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(99);
		_exit(sock_report(s));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

/* Make a descriptor a pipe whose reader is gone. */
static void unread(int fd)
{
	int tube[2];

	if (pipe(tube) < 0 || dup2(tube[1], fd) < 0)
		_exit(99);
	close(tube[0]);
	close(tube[1]);
}

/* How a child ends that has its last words for one who is gone: on stderr, on stdout, on both. */
static int reported_to_nobody(struct sock *s, bool out, bool err)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		unread(STDERR_FILENO);
		if (!err)
			dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		unread(STDOUT_FILENO);
		stdout = fdopen(STDOUT_FILENO, "w");
		if (out)
			fputs("not seen", stdout);
		exit(sock_report(s));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void a_report_outlives_its_readers(void **state)
{
	struct sock holder;
	sock_auto refused = sock_dial(net_refusing(&holder).s);

	(void)state;
	for (int i = 1; i < 4; i++) {
		int status = reported_to_nobody(&refused, i & 1, i & 2);

		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 4);
	}
	sock_close(&holder);
}

/* The signal is held back from the report alone. */
static void a_report_leaves_the_signals_as_they_were(void **state)
{
	sock_auto s = sock_dial("tcp://1.2.3.4:99999");
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		unread(STDERR_FILENO);
		if (sock_report(&s) == 2 && write(STDERR_FILENO, "x", 1))
			_exit(1);
		_exit(2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGPIPE);
}

static void reports_are_exit_codes(void **state)
{
	struct sock holder;
	sock_auto refused = sock_dial(net_refusing(&holder).s);
	sock_auto usage = sock_dial("tcp://1.2.3.4:99999");
	sock_auto network = sock_dial("unix:/nonexistent/socket");
	sock_auto well = sock_open(0, 0, 0);
	struct sock pair[2];
	char c;

	(void)state;
	assert_int_equal(reported(&refused), 4);
	assert_int_equal(reported(&usage), 2);
	assert_int_equal(reported(&network), 1);
	assert_int_equal(reported(&well), 0);
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	sock_limit(&pair[0], sock_ms(1));
	assert_int_equal(sock_recv(&pair[0], &c, 1), -1);
	assert_int_equal(reported(&pair[0]), 5);
	net_close_pair(pair);
	sock_close(&holder);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_refused_dial_says_by_whom),
	cmocka_unit_test(every_address_tried_is_named),
	cmocka_unit_test(a_dead_socket_keeps_its_first_sentence),
	cmocka_unit_test(a_connection_from_a_dead_server_tells_the_server_s_cause),
	cmocka_unit_test(what_does_not_break_fails_alone),
	cmocka_unit_test(datagram_refusals_do_not_break),
	cmocka_unit_test(no_call_crashes_on_a_blank_closed_or_missing_value),
	cmocka_unit_test(a_long_place_is_cut_in_its_middle),
	cmocka_unit_test(a_privileged_port_says_what_to_do),
	cmocka_unit_test(reports_are_exit_codes),
	cmocka_unit_test(a_report_outlives_its_readers),
	cmocka_unit_test(a_report_leaves_the_signals_as_they_were),
};

CHECK_MAIN(tests)
