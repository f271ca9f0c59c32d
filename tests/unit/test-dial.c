/* SPDX-License-Identifier: MIT */
/* Calling and serving: the race of addresses, sources, self-connects, Unix sockets, and how an accept ends. */
#include "net.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sockeye/option.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "sock/race.h"
#include "sock/connect.h"
#include "sock/sys.h"
#include "sock/why.h"

/* -- The race, with attempts whose outcome is scripted by port ----------------------- */

static int64_t started[8];
static int starts;

/* Counts and times the starts; the outcome is the address's own. */
static struct sock scripted(const struct sock_addr *addr, void *ctx)
{
	struct sock s = sock_open(AF_INET, SOCK_STREAM, 0);

	(void)addr;
	(void)ctx;
	started[starts++] = sock_now();
	return s;
}

/* A listener that takes one connection into its queue and no other: later ones hang. */
static struct sock hanging(struct sock *filler, int fillers)
{
	struct sock s = sock_open(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(sock_bind(&s, "127.0.0.1:0"), 0);
	assert_int_equal(sock_listen(&s, 0), 0);
	for (int i = 0; i < fillers; i++) {
		filler[i] = sock_open(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		sock_connect(&filler[i], sock_name(&s).s);
	}
	return s;
}

static struct race_entry entry(const char *where)
{
	struct race_entry e = { .err = 0 };

	assert_int_equal(sock_addr_parse(&e.addr, where, NULL), 0);
	return e;
}

static void a_silent_address_costs_a_head_start(void **state)
{
	struct sock filler[4];
	sock_auto silent = hanging(filler, 4);
	sock_auto server = sock_server("tcp://127.0.0.1:0");
	struct race_entry list[2] = { entry(sock_name(&silent).s), entry(sock_name(&server).s) };
	int64_t before = sock_now();

	(void)state;
	starts = 0;
	assert_int_equal(race_run(list, 2, before + PATIENCE, scripted, NULL), 1);
	assert_true(started[1] - started[0] >= sock_ms(250));
	assert_true(sock_now() - before < sock_sec(3));
	assert_false(fcntl(list[1].s.fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(list[0].s.fd, -1);
	sock_close(&list[1].s);
	for (int i = 0; i < 4; i++)
		sock_close(&filler[i]);
}

static void a_refused_address_lets_the_next_start_at_once(void **state)
{
	struct sock holder;
	sock_auto server = sock_server("tcp://127.0.0.1:0");
	struct race_entry list[2] = { entry(net_refusing(&holder).s), entry(sock_name(&server).s) };

	(void)state;
	starts = 0;
	assert_int_equal(race_run(list, 2, sock_now() + PATIENCE, scripted, NULL), 1);
	assert_true(started[1] - started[0] < sock_ms(250));
	assert_int_equal(list[0].err, ECONNREFUSED);
	sock_close(&list[1].s);
	sock_close(&holder);
}

static void the_race_ends_at_its_deadline(void **state)
{
	struct sock filler[4];
	sock_auto silent = hanging(filler, 4);
	struct race_entry list[2] = { entry(sock_name(&silent).s), entry(sock_name(&silent).s) };
	int64_t before = sock_now();

	(void)state;
	starts = 0;
	assert_int_equal(race_run(list, 2, before + sock_ms(300), scripted, NULL), -LIMIT_REACHED);
	assert_true(sock_now() - before >= sock_ms(300));
	assert_true(sock_now() - before < sock_sec(3));
	assert_int_equal(starts, 2);
	assert_int_equal(list[0].s.fd, -1);
	assert_int_equal(list[1].s.fd, -1);
	for (int i = 0; i < 4; i++)
		sock_close(&filler[i]);
}

/* -- Limits ---------------------------------------------------------------------------- */

static void a_dial_that_hangs_ends_by_its_limit(void **state)
{
	struct sock filler[4];
	sock_auto silent = hanging(filler, 4);
	struct sock_how how = { .limit = sock_ms(100) };
	int64_t before = sock_now();
	sock_auto s = sock_dial_how(sock_name(&silent).s, &how);
	char expect[512];

	(void)state;
	assert_true(sock_now() - before >= sock_ms(100));
	assert_true(sock_now() - before < sock_sec(2));
	assert_int_equal(s.error, ETIMEDOUT);
	snprintf(expect, sizeof expect, "dial %s: timed out after 100 ms", sock_name(&silent).s);
	assert_string_equal(s.why, expect);
	for (int i = 0; i < 4; i++)
		sock_close(&filler[i]);
}

static void a_connect_goes_on_after_its_limit(void **state)
{
	sock_auto server = sock_server("tcp://127.0.0.1:0");
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);

	(void)state;
	sock_limit(&s, 0);
	int r = sock_connect(&s, sock_name(&server).s);
	if (r < 0)
		assert_int_equal(errno, EAGAIN);
	sock_limit(&s, PATIENCE);
	assert_int_equal(sock_connect(&s, sock_name(&server).s), 0);
	assert_string_equal(sock_peer(&s).s, sock_name(&server).s);
}

/* -- Meeting oneself ------------------------------------------------------------------- */

static void tcp_that_meets_itself_is_refused(void **state)
{
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(sock_bind(&s, "127.0.0.1:0"), 0);
	assert_int_equal(sock_connect(&s, sock_name(&s).s), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_contains(s.why, "Connection refused");
}

/* Dialling a free ephemeral port over and over ends, by chance, at the port the call itself was given. */
static void dial_never_reports_a_self_connect(void **state)
{
	int rounds = getenv("SOCKEYE_SOAK") ? 1000000 : 40000;
	struct sock holder;
	struct sock_text at = net_refusing(&holder);

	(void)state;
	sock_close(&holder);
	for (int i = 0; i < rounds; i++) {
		sock_auto s = sock_dial(at.s);

		if (s.error != ECONNREFUSED && s.error != EADDRNOTAVAIL)
			fail_msg("round %d: %s", i, s.error ? s.why : "connected to itself");
	}
}

/* -- Unix sockets ------------------------------------------------------------------------ */

static char *unix_path(void)
{
	static char path[64];
	static int n;

	snprintf(path, sizeof path, "/tmp/sockeye-test-%d-%d", getpid(), n++);
	return path;
}

static struct sock_text unix_where(const char *path)
{
	struct sock_text where;

	snprintf(where.s, sizeof where.s, "unix:%s", path);
	return where;
}

static void a_stale_unix_socket_of_one_s_own_is_taken_over(void **state)
{
	char *path = unix_path();
	struct sock_text where = unix_where(path);
	struct sock dead = sock_server(where.s);

	(void)state;
	sock_close(&dead);
	sock_auto server = sock_server(where.s);
	assert_int_equal(server.error, 0);
	sock_auto client = sock_dial(where.s);
	assert_int_equal(client.error, 0);
	sock_auto live = sock_server(where.s);
	assert_int_equal(live.error, EADDRINUSE);
	sock_auto again = sock_dial(where.s);
	assert_int_equal(again.error, 0);
	unlink(path);
}

static void whatever_else_stands_at_a_unix_path_stays(void **state)
{
	char *path = unix_path();
	struct sock_text where = unix_where(path);
	struct stat before, after;
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	(void)state;
	assert_int_equal(write(fd, "mine", 4), 4);
	fstat(fd, &before);
	sock_auto file = sock_server(where.s);
	assert_int_equal(file.error, EADDRINUSE);
	assert_contains(file.why, "something stands at this path");
	assert_int_equal(lstat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(after.st_size, 4);
	unlink(path);
	close(fd);
	assert_int_equal(symlink("/nonexistent", path), 0);
	sock_auto link = sock_server(where.s);
	assert_int_equal(link.error, EADDRINUSE);
	assert_int_equal(lstat(path, &after), 0);
	assert_true(S_ISLNK(after.st_mode));
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	sock_auto dir = sock_server(where.s);
	assert_int_equal(dir.error, EADDRINUSE);
	assert_int_equal(rmdir(path), 0);
}

static void unix_datagrams_can_be_answered(void **state)
{
	sock_auto server = sock_server("unix-dgram:");
	sock_auto named = sock_server("unix-dgram:@sockeye-test-dgram");
	sock_auto client = sock_dial("unix-dgram:@sockeye-test-dgram");
	struct sock_addr from;
	char buf[8];

	(void)state;
	assert_int_equal(server.error | named.error | client.error, 0);
	sock_limit(&named, PATIENCE);
	sock_limit(&client, PATIENCE);
	assert_int_equal(sock_send(&client, "ask", 3), 3);
	assert_int_equal(sock_recvfrom(&named, buf, sizeof buf, &from), 3);
	assert_int_equal(sock_sendto_addr(&named, "yes", 3, &from), 3);
	assert_int_equal(sock_recv(&client, buf, sizeof buf), 3);
	assert_memory_equal(sock_addr_text(&from).s, "unix-dgram:@", 12);
}

static void a_full_unix_queue_is_waited_for_within_the_limit(void **state)
{
	sock_auto server = sock_open(AF_UNIX, SOCK_STREAM, 0);
	struct sock_how how = { .limit = sock_ms(80) };
	struct sock filler[2];
	struct sock_text where;
	int64_t before;

	(void)state;
	assert_int_equal(sock_bind(&server, ""), 0);
	assert_int_equal(sock_listen(&server, 0), 0);
	where = sock_name(&server);
	filler[0] = sock_dial_how(where.s, &how);
	assert_int_equal(filler[0].error, 0);
	before = sock_now();
	filler[1] = sock_dial_how(where.s, &how);
	assert_int_equal(filler[1].error, ETIMEDOUT);
	assert_true(sock_now() - before >= sock_ms(79));
	sock_auto now = sock_open(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(sock_connect(&now, where.s), -1);
	assert_int_equal(errno, EAGAIN);
	sock_auto conn = sock_accept(&server);
	assert_int_equal(sock_connect(&now, where.s), 0);
	net_close_pair(filler);
}

static void a_second_connect_changes_nothing(void **state)
{
	sock_auto one = sock_server("tcp://127.0.0.1:0");
	sock_auto two = sock_server("tcp://127.0.0.1:0");
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(sock_connect(&s, sock_name(&one).s), 0);
	assert_int_equal(sock_connect(&s, sock_name(&two).s), -1);
	assert_int_equal(errno, EISCONN);
	assert_string_equal(sock_peer(&s).s, sock_name(&one).s);
	assert_int_equal(sock_send(&s, "x", 1), 1);
}

/* -- Ending an accept ---------------------------------------------------------------------- */

static int listener;

static void on_signal(int signal)
{
	(void)signal;
	shutdown(listener, SHUT_RDWR);
}

static void a_signal_handler_ends_a_blocked_accept(void **state)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct itimerval soon = { .it_value = { 0, 30000 } };
	sock_auto server = sock_server("tcp://127.0.0.1:0");

	(void)state;
	listener = server.fd;
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	sock_auto conn = sock_accept(&server);
	signal(SIGALRM, SIG_DFL);
	assert_int_equal(conn.error, EINVAL);
	sock_auto later = sock_accept(&server);
	assert_int_equal(later.error, EINVAL);
	assert_string_equal(later.why, conn.why);
}

static int accept_errno;

static int failing_accept(int fd, struct sockaddr *a, socklen_t *n, int flags)
{
	(void)fd;
	(void)a;
	(void)n;
	(void)flags;
	errno = accept_errno;
	return -1;
}

static void accept_errors_of_one_caller_leave_the_server_alive(void **state)
{
	static const int errors[] = {
		ECONNABORTED, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, ENETUNREACH,
		ENETDOWN, EPERM, EOPNOTSUPP, ETIMEDOUT, EMFILE, ENFILE, ENOBUFS, ENOMEM,
	};
	sock_auto server = sock_server("tcp://127.0.0.1:0");

	(void)state;
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		sys.accept4 = failing_accept;
		accept_errno = errors[i];
		sock_auto none = sock_accept(&server);
		sys.accept4 = sys_real.accept4;
		assert_int_equal(none.error, errors[i]);
		sock_auto client = sock_dial(sock_name(&server).s);
		sock_auto conn = sock_accept(&server);
		assert_int_equal(conn.error, 0);
	}
}

static void a_reset_before_accept_shows_at_the_first_receive(void **state)
{
	sock_auto server = sock_server("tcp://127.0.0.1:0");
	struct sock client = sock_dial(sock_name(&server).s);
	struct sock_text at = sock_name(&client);
	char c;

	(void)state;
	net_reset(&client);
	sock_auto conn = sock_accept(&server);
	assert_int_equal(conn.error, 0);
	assert_string_equal(sock_peer(&conn).s, at.s);
	assert_int_equal(sock_recv(&conn, &c, 1), -1);
	assert_int_equal(errno, ECONNRESET);
}

/* -- How --------------------------------------------------------------------------------------- */

static void options_are_set_before_the_call(void **state)
{
	sock_auto server = sock_server("tcp://127.0.0.1:0");
	sock_auto s = sock_dial_how(sock_name(&server).s, &(struct sock_how){ .options = "nodelay,keepidle=41" });
	int64_t v = 0;

	(void)state;
	assert_int_equal(s.error, 0);
	assert_int_equal(sock_get(&s, "keepidle", &v), 0);
	assert_int_equal(v, 41);
	sock_auto bad = sock_dial_how(sock_name(&server).s, &(struct sock_how){ .options = "nodelai" });
	assert_int_equal(bad.error, EINVAL);
	assert_contains(bad.why, "nodelai");
	sock_auto far = sock_dial_how(sock_name(&server).s, &(struct sock_how){ .source = "[::1]:0" });
	assert_int_equal(far.error != 0, 1);
	sock_auto wrong = sock_dial_how(sock_name(&server).s, &(struct sock_how){ .source = "127.1" });
	assert_int_equal(wrong.error, EINVAL);
	assert_contains(wrong.why, "source 127.1");
}

static void a_descriptor_is_an_address(void **state)
{
	struct sock made = sock_server("tcp://127.0.0.1:0");
	char where[32];

	(void)state;
	snprintf(where, sizeof where, "fd:%d", made.fd);
	sock_detach(&made);
	sock_auto server = sock_server(where);
	assert_int_equal(server.error, 0);
	sock_auto client = sock_dial(sock_name(&server).s);
	assert_int_equal(client.error, 0);
	sock_auto none = sock_dial("fd:9999");
	assert_int_equal(none.error, EBADF);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_silent_address_costs_a_head_start),
	cmocka_unit_test(a_refused_address_lets_the_next_start_at_once),
	cmocka_unit_test(the_race_ends_at_its_deadline),
	cmocka_unit_test(a_dial_that_hangs_ends_by_its_limit),
	cmocka_unit_test(a_connect_goes_on_after_its_limit),
	cmocka_unit_test(tcp_that_meets_itself_is_refused),
	cmocka_unit_test(dial_never_reports_a_self_connect),
	cmocka_unit_test(a_stale_unix_socket_of_one_s_own_is_taken_over),
	cmocka_unit_test(whatever_else_stands_at_a_unix_path_stays),
	cmocka_unit_test(unix_datagrams_can_be_answered),
	cmocka_unit_test(a_full_unix_queue_is_waited_for_within_the_limit),
	cmocka_unit_test(a_second_connect_changes_nothing),
	cmocka_unit_test(a_signal_handler_ends_a_blocked_accept),
	cmocka_unit_test(accept_errors_of_one_caller_leave_the_server_alive),
	cmocka_unit_test(a_reset_before_accept_shows_at_the_first_receive),
	cmocka_unit_test(options_are_set_before_the_call),
	cmocka_unit_test(a_descriptor_is_an_address),
};

CHECK_MAIN(tests)
