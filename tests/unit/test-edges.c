/* SPDX-License-Identifier: MIT */
/* Corners where sockets surprise: shut listeners, connects left under way, limits of zero, mapped addresses. */
#include "net.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sockeye/msg.h>
#include <sockeye/option.h>

#include "sock/sys.h"

static void a_shut_unix_listener_ends_its_accept(void **state)
{
	static const char *const kinds[] = { "unix:", "unix-seqpacket:" };

	(void)state;
	for (int i = 0; i < 4; i++) {
		sock_auto server = sock_server(kinds[i % 2]);
		sock_limit(&server, i < 2 ? PATIENCE : SOCKEYE_FOREVER);
		assert_int_equal(shutdown(server.fd, SHUT_RDWR), 0);
		sock_auto conn = sock_accept(&server);
		assert_int_equal(conn.fd, -1);
		assert_int_equal(conn.error, EINVAL);
		assert_int_equal(server.error, EINVAL);
	}
}

static void nothing_is_made_up_after_receiving_was_shut(void **state)
{
	struct sock pair[2];
	union { char bytes[64]; size_t align; } control;
	struct sock_addr from = { .len = 99 };
	struct sock_control c = { .data = control.bytes, .room = sizeof control.bytes };
	char buf[8];
	struct sock_msg m = { .buf = buf, .n = sizeof buf, .addr = &from, .control = &c };
	int fds[4] = { 77, 77, 77, 77 }, count = 4;

	(void)state;
	assert_int_equal(sock_pair(pair, 0, SOCK_DGRAM), 0);
	sock_limit(&pair[0], PATIENCE);
	assert_int_equal(sock_shutdown(&pair[0], SHUT_RD), 0);
	assert_int_equal(sock_recvmsg(&pair[0], &m), 0);
	assert_int_equal(from.len, 0);
	assert_int_equal(c.n, 0);
	assert_int_equal(sock_recvfds(&pair[0], buf, sizeof buf, fds, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(fds[0], 77);
	net_close_pair(pair);
}

/* -- Connects left under way ---------------------------------------------------------- */

/* A listener whose queue is full: further connects stay under way. */
static struct sock full(struct sock filler[4])
{
	struct sock s = sock_open(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(sock_bind(&s, "127.0.0.1:0"), 0);
	assert_int_equal(sock_listen(&s, 0), 0);
	for (int i = 0; i < 4; i++) {
		filler[i] = sock_open(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		sock_connect(&filler[i], sock_name(&s).s);
	}
	return s;
}

static void a_connect_under_way_is_not_taken_for_another(void **state)
{
	struct sock filler[4];
	sock_auto silent = full(filler);
	sock_auto server = sock_server("tcp://127.0.0.1:0");
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);

	(void)state;
	sock_limit(&s, sock_ms(20));
	assert_int_equal(sock_connect(&s, sock_name(&silent).s), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(sock_connect(&s, sock_name(&server).s), -1);
	assert_int_equal(errno, EALREADY);
	assert_string_equal(sock_peer(&s).s, sock_name(&silent).s);
	assert_int_equal(sock_connect(&s, sock_name(&silent).s), -1);
	assert_int_equal(errno, ETIMEDOUT);
	for (int i = 0; i < 4; i++)
		sock_close(&filler[i]);
}

static void tcp_that_meets_itself_by_any_name_is_refused(void **state)
{
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);
	struct sock_addr own;
	char where[32];

	(void)state;
	assert_int_equal(sock_bind(&s, "127.0.0.1:0"), 0);
	sock_name_addr(&s, &own);
	snprintf(where, sizeof where, "0.0.0.0:%d", sock_addr_port(&own));
	assert_int_equal(sock_connect(&s, where), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_string_equal(sock_peer(&s).s, "unknown");
}

static void a_failed_connect_is_the_cause_of_all_that_follows(void **state)
{
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(sock_connect(&s, "127.1:80"), -1);
	assert_int_equal(sock_sendall(&s, "x", 1), -1);
	assert_int_equal(errno, EINVAL);
	assert_string_equal(s.why, "connect 127.1:80: \"127.1\" is not an IPv4 address: "
	                    "write four decimal numbers, each 0 to 255");
}

static void a_connected_or_listening_socket_is_not_connected_anew(void **state)
{
	sock_auto one = sock_server("tcp://127.0.0.1:0");
	sock_auto two = sock_server("tcp://127.0.0.1:0");
	sock_auto s = sock_dial_how(sock_name(&one).s, &(struct sock_how){ .limit = PATIENCE });
	struct sock_text peer = sock_peer(&s);

	(void)state;
	assert_int_equal(sock_connect(&s, sock_name(&two).s), -1);
	assert_int_equal(errno, EISCONN);
	assert_string_equal(sock_peer(&s).s, peer.s);
	assert_int_equal(sock_connect(&two, sock_name(&one).s), -1);
	assert_int_equal(errno, EISCONN);
}

static void sending_before_connecting_says_so_and_breaks_nothing(void **state)
{
	sock_auto server = sock_server("tcp://127.0.0.1:0");
	sock_auto s = sock_open(0, 0, 0);
	char c;

	(void)state;
	assert_int_equal(sock_sendall(&s, "x", 1), -1);
	assert_int_equal(errno, ENOTCONN);
	assert_string_equal(s.why, "sendall: not connected: call sock_connect first");
	assert_int_equal(sock_connect(&s, sock_name(&server).s), 0);
	assert_int_equal(sock_recv(&s, &c, 0), 0);
}

/* A program started with a standard stream closed must not print into its own connection. */
static void descriptors_stay_above_the_standard_streams(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct sock pair[2];

		close(0);
		close(1);
		sock_auto server = sock_server("tcp://127.0.0.1:0");
		sock_auto client = sock_dial(sock_name(&server).s);
		sock_auto conn = sock_accept(&server);
		sock_auto copy = sock_dup(&conn);

		if (sock_pair(pair, 0, 0) < 0)
			_exit(1);
		_exit(server.fd < 3 || client.fd < 3 || conn.fd < 3 || copy.fd < 3 ||
		      pair[0].fd < 3 || pair[1].fd < 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* -- Unix names ------------------------------------------------------------------------ */

static void unix_names_of_every_sort_are_bound_and_called(void **state)
{
	char longest[160] = "unix:@", path[160];

	(void)state;
	memset(longest + 6, 'n', 107);
	snprintf(path, sizeof path, "unix:/tmp/sockeye-edge-%d-", getpid());
	memset(path + strlen(path), 'p', 5 + 107 - strlen(path));
	path[5 + 107] = '\0';
	const char *const names[] = { longest, path, "unix:@a%00b%00", "unix:@\xff%25", "unix:@x" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		sock_auto server = sock_server(names[i]);
		sock_auto client = sock_dial(sock_name(&server).s);

		if (server.error || client.error)
			fail_msg("%s; %s", server.why, client.why);
		assert_string_equal(sock_peer(&client).s, sock_name(&server).s);
	}
	assert_int_equal(unlink(path + 5), 0);
}

/* -- Limits ------------------------------------------------------------------------------ */

static void a_default_limit_of_zero_is_would_block(void **state)
{
	struct sock filler[4];
	sock_auto silent = full(filler);

	(void)state;
	sock_default_limit(0);
	sock_auto s = sock_dial(sock_name(&silent).s);
	sock_default_limit(SOCKEYE_FOREVER);
	assert_int_equal(s.error, EAGAIN);
	assert_contains(s.why, "would block");
	for (int i = 0; i < 4; i++)
		sock_close(&filler[i]);
}

static void a_moment_that_has_passed_ends_every_wait(void **state)
{
	static const int64_t past[] = { INT64_MIN, -5, 1 };
	char c;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct sock pair[2];
		sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);

		assert_int_equal(sock_pair(pair, 0, 0), 0);
		assert_int_equal(sock_until(&pair[0], past[i]), 0);
		assert_int_equal(sock_recv(&pair[0], &c, 1), -1);
		assert_int_equal(errno, ETIMEDOUT);
		assert_contains(pair[0].why, "sock_until has passed");
		sock_until(&s, past[i]);
		assert_int_equal(sock_connect(&s, "name.invalid:80"), -1);
		assert_int_equal(errno, ETIMEDOUT);
		net_close_pair(pair);
	}
	while (check_threads() > 1)
		sched_yield();
}

static void the_kernel_s_own_timeouts_are_heard(void **state)
{
	struct sock pair[2];
	char c;

	(void)state;
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	assert_int_equal(sock_set_text(&pair[0], "rcvtimeo=20ms"), 0);
	assert_int_equal(sock_recv(&pair[0], &c, 1), -1);
	assert_int_equal(errno, EAGAIN);
	net_close_pair(pair);
}

static void limits_survive_a_duplicate_s_change_of_mode(void **state)
{
	struct sock pair[2];
	static char big[4 << 20];

	(void)state;
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	FILE *f = tmpfile();
	assert_int_equal(fwrite(big, 1, sizeof big, f), sizeof big);
	fflush(f);
	sock_limit(&pair[0], sock_ms(30));
	assert_int_equal(sock_sendfile(&pair[0], fileno(f), 0, 0), -1);
	assert_int_equal(errno, ETIMEDOUT);
	fclose(f);
	net_close_pair(pair);
	assert_int_equal(sock_pair(pair, 0, SOCK_NONBLOCK), 0);
	assert_int_equal(fcntl(pair[0].fd, F_SETFL, fcntl(pair[0].fd, F_GETFL) & ~O_NONBLOCK), 0);
	f = tmpfile();
	assert_int_equal(fwrite(big, 1, sizeof big, f), sizeof big);
	fflush(f);
	sock_limit(&pair[0], sock_ms(30));
	assert_int_equal(sock_sendfile(&pair[0], fileno(f), 0, 0), -1);
	assert_int_equal(errno, ETIMEDOUT);
	fclose(f);
	net_close_pair(pair);
}

/* -- Kinds ---------------------------------------------------------------------------------- */

static void a_broken_seqpacket_connection_is_dead(void **state)
{
	struct sock pair[2];

	(void)state;
	assert_int_equal(sock_pair(pair, 0, SOCK_SEQPACKET), 0);
	sock_close(&pair[1]);
	assert_int_equal(sock_send(&pair[0], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(sock_limit(&pair[0], 1), -1);
	sock_close(&pair[0]);
}

static void recvall_counts_what_a_datagram_lost(void **state)
{
	struct sock pair[2];
	char buf[4];

	(void)state;
	assert_int_equal(sock_pair(pair, 0, SOCK_DGRAM), 0);
	assert_int_equal(sock_send(&pair[1], "0123456789", 10), 10);
	assert_int_equal(sock_recvall(&pair[0], buf, 4), 4);
	assert_int_equal(sock_cut(&pair[0]), 6);
	net_close_pair(pair);
}

static void a_version_is_kept_to(void **state)
{
	(void)state;
	sock_auto six = sock_server("tcp6://127.0.0.1:0");
	assert_int_equal(six.error, EINVAL);
	assert_contains(six.why, "IPv4 where only IPv6 fits");
	sock_auto mapped = sock_server("tcp://[::ffff:127.0.0.1]:0");
	assert_int_equal(mapped.error, 0);
	assert_memory_equal(sock_name(&mapped).s, "tcp://[::ffff:127.0.0.1]:", 25);
	sock_auto client = sock_dial(sock_name(&mapped).s);
	assert_int_equal(client.error, 0);
}

static void a_protocol_the_resolver_does_not_know_finds_names(void **state)
{
	enum { MPTCP = 262 };
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, MPTCP);
	char name[256], where[300];

	(void)state;
	if (s.error)
		CHECK_SKIP("no MPTCP in this kernel");
	assert_int_equal(sock_hostname(name, sizeof name), 0);
	snprintf(where, sizeof where, "%s:1", name);
	assert_int_equal(sock_connect(&s, where), -1);
	int gai = s.gai, error = s.error;

	sock_close(&s);
	if (gai)
		CHECK_SKIP("the own host name does not resolve here");
	assert_int_equal(error, ECONNREFUSED);
}

static void a_descriptor_takes_limit_and_options(void **state)
{
	struct sock made = sock_server("tcp://127.0.0.1:0");
	char where[32];
	int64_t v = 0;

	(void)state;
	snprintf(where, sizeof where, "fd:%d", made.fd);
	sock_auto server = sock_server_how(where, &(struct sock_how){ .limit = sock_ms(33), .options = "keepidle=44" });
	assert_int_equal(server.limit, sock_ms(33));
	assert_int_equal(sock_get(&server, "keepidle", &v), 0);
	assert_int_equal(v, 44);
	sock_auto wrong = sock_server_how(where, &(struct sock_how){ .options = "nosuch" });
	assert_int_equal(wrong.error, EINVAL);
	sock_auto source = sock_dial_how(where, &(struct sock_how){ .source = "127.0.0.2" });
	assert_contains(source.why, "leave out the source");
	sock_detach(&made);
}

/* -- Sentences ----------------------------------------------------------------------------------- */

static void sentences_stay_on_one_line(void **state)
{
	sock_auto s = sock_dial("tcp://a\nb\x1b[31m\xc2\x9b:80");

	(void)state;
	for (const char *c = s.why; *c; c++)
		assert_true((unsigned char)*c >= ' ' && *c != 0x7f && (unsigned char)*c != 0x9b);
}

static void what_comes_of_a_dead_socket_inherits_its_cause(void **state)
{
	struct sock holder;
	sock_auto dead = sock_dial(net_refusing(&holder).s);
	sock_auto copy = sock_dup(&dead);

	(void)state;
	assert_int_equal(copy.error, ECONNREFUSED);
	assert_string_equal(copy.why, dead.why);
	sock_close(&holder);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_shut_unix_listener_ends_its_accept),
	cmocka_unit_test(nothing_is_made_up_after_receiving_was_shut),
	cmocka_unit_test(a_connect_under_way_is_not_taken_for_another),
	cmocka_unit_test(tcp_that_meets_itself_by_any_name_is_refused),
	cmocka_unit_test(a_failed_connect_is_the_cause_of_all_that_follows),
	cmocka_unit_test(a_connected_or_listening_socket_is_not_connected_anew),
	cmocka_unit_test(sending_before_connecting_says_so_and_breaks_nothing),
	cmocka_unit_test(descriptors_stay_above_the_standard_streams),
	cmocka_unit_test(unix_names_of_every_sort_are_bound_and_called),
	cmocka_unit_test(a_default_limit_of_zero_is_would_block),
	cmocka_unit_test(a_moment_that_has_passed_ends_every_wait),
	cmocka_unit_test(the_kernel_s_own_timeouts_are_heard),
	cmocka_unit_test(limits_survive_a_duplicate_s_change_of_mode),
	cmocka_unit_test(a_broken_seqpacket_connection_is_dead),
	cmocka_unit_test(recvall_counts_what_a_datagram_lost),
	cmocka_unit_test(a_version_is_kept_to),
	cmocka_unit_test(a_protocol_the_resolver_does_not_know_finds_names),
	cmocka_unit_test(a_descriptor_takes_limit_and_options),
	cmocka_unit_test(sentences_stay_on_one_line),
	cmocka_unit_test(what_comes_of_a_dead_socket_inherits_its_cause),
};

CHECK_MAIN(tests)
