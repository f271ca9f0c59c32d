/* SPDX-License-Identifier: MIT */
/*
 * What Python's socket module promises beyond POSIX, one test for each
 * promise. docs/from-python.md names them.
 */
#include "net.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sockeye/eye.h>
#include <sockeye/line.h>
#include <sockeye/msg.h>
#include <sockeye/option.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "base/event.h"

static void limit_none_zero_and_some(void **state)
{
	struct sock pair[2];
	int64_t before;
	char c;

	(void)state;
	net_tcp_pair(pair);
	assert_int_equal(sock_limit(&pair[0], 0), 0);
	assert_int_equal(sock_recv(&pair[0], &c, 1), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(sock_limit(&pair[0], sock_ms(50)), 0);
	before = sock_now();
	assert_int_equal(sock_recv(&pair[0], &c, 1), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_true(sock_now() - before >= sock_ms(50));
	assert_int_equal(sock_limit(&pair[0], SOCKEYE_FOREVER), 0);
	assert_int_equal(sock_send(&pair[1], "x", 1), 1);
	assert_int_equal(sock_recv(&pair[0], &c, 1), 1);
	net_close_pair(pair);
}

/* A reader that takes a byte at a time would stretch a limit that was counted per piece for ever. */
static void *drip(void *arg)
{
	struct sock *s = arg;
	char c;

	while (sock_recv(s, &c, 1) == 1)
		;
	return NULL;
}

static void sendall_has_one_deadline(void **state)
{
	static char big[8 << 20];
	struct sock pair[2];
	pthread_t reader;
	int64_t before;

	(void)state;
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	assert_int_equal(pthread_create(&reader, NULL, drip, &pair[1]), 0);
	sock_limit(&pair[0], sock_ms(200));
	before = sock_now();
	assert_int_equal(sock_sendall(&pair[0], big, sizeof big), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_true(sock_now() - before < sock_sec(2));
	assert_true(sock_sent(&pair[0]) > 0);
	assert_true(sock_sent(&pair[0]) < sizeof big);
	assert_int_equal(sock_send(&pair[0], "x", 1), -1);
	sock_close(&pair[0]);
	pthread_join(reader, NULL);
	sock_close(&pair[1]);
}

static volatile int alarms;

static void on_alarm(int signal)
{
	(void)signal;
	alarms++;
}

/* A storm: every millisecond a signal whose handler does not restart calls. */
static void storm(bool on)
{
	struct sigaction act = { .sa_handler = on ? on_alarm : SIG_DFL };
	struct itimerval every = { { 0, on ? 1000 : 0 }, { 0, on ? 1000 : 0 } };

	if (on)
		sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	if (!on)
		signal(SIGALRM, SIG_DFL);
}

static void interrupted_calls_are_retried(void **state)
{
	struct sock pair[2];
	int64_t before;
	char c;

	(void)state;
	net_tcp_pair(pair);
	alarms = 0;
	storm(true);
	sock_limit(&pair[0], sock_ms(150));
	before = sock_now();
	int r = sock_recv(&pair[0], &c, 1);
	int err = errno;
	int64_t took = sock_now() - before;
	sock_auto server = sock_server("tcp://127.0.0.1:0");
	sock_limit(&server, sock_ms(50));
	sock_auto none = sock_accept(&server);
	sock_auto dialled = sock_dial(sock_name(&server).s);
	storm(false);
	assert_int_equal(r, -1);
	assert_int_equal(err, ETIMEDOUT);
	assert_true(took >= sock_ms(150) && took < sock_ms(1500));
	assert_int_equal(none.error, ETIMEDOUT);
	assert_int_equal(dialled.error, 0);
	assert_true(alarms > 20);
	net_close_pair(pair);
}

static bool cloexec(int fd)
{
	return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static void descriptors_are_close_on_exec(void **state)
{
	sock_auto server = sock_server("tcp://127.0.0.1:0");
	sock_auto client = sock_dial(sock_name(&server).s);
	sock_auto conn = sock_accept(&server);
	sock_auto copy = sock_dup(&conn);
	struct sock pair[2];
	int fd = -1, count = 1;
	char c;

	(void)state;
	assert_true(cloexec(server.fd) && cloexec(client.fd) && cloexec(conn.fd) && cloexec(copy.fd));
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	assert_true(cloexec(pair[0].fd) && cloexec(pair[1].fd));
	assert_int_equal(sock_sendfds(&pair[0], "x", 1, &server.fd, 1), 1);
	assert_int_equal(sock_recvfds(&pair[1], &c, 1, &fd, &count), 1);
	assert_int_equal(count, 1);
	assert_true(cloexec(fd));
	close(fd);
	assert_int_equal(sock_inheritable(&conn), 0);
	assert_int_equal(sock_set_inheritable(&conn, 1), 0);
	assert_int_equal(sock_inheritable(&conn), 1);
	assert_false(cloexec(conn.fd));
	net_close_pair(pair);
}

/* Every way to send, to a peer that is gone, with SIGPIPE at its deadly default. */
static void no_sigpipe(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		for (int way = 0; way < 5; way++) {
			struct sock pair[2];
			char x = 'x';
			struct sock_msg m = { .buf = &x, .n = 1 };
			FILE *tmp = tmpfile();

			signal(SIGPIPE, SIG_DFL);
			if (sock_pair(pair, 0, 0) < 0 || !tmp || fputs("text", tmp) < 0 || fflush(tmp))
				_exit(3);
			sock_close(&pair[1]);
			int64_t r = way == 0 ? sock_send(&pair[0], "x", 1) :
			            way == 1 ? sock_sendall(&pair[0], "x", 1) :
			            way == 2 ? sock_sendmsg(&pair[0], &m) :
			            way == 3 ? sock_printf(&pair[0], "x") :
			            sock_sendfile(&pair[0], fileno(tmp), 0, 0);
			if (r != -1 || errno != EPIPE)
				_exit(2);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void errors_have_types(void **state)
{
	struct sock holder, pair[2];
	sock_auto refused = sock_dial(net_refusing(&holder).s);
	sock_auto name = sock_dial_how("tcp://no-such-host.invalid:7", &(struct sock_how){ .limit = PATIENCE });
	char c;

	(void)state;
	assert_int_equal(refused.error, ECONNREFUSED);
	assert_int_equal(name.error == ENOENT || name.error == ETIMEDOUT, 1);
	assert_true(name.error == ETIMEDOUT || name.gai != 0);
	net_tcp_pair(pair);
	net_reset(&pair[1]);
	assert_int_equal(sock_recv(&pair[0], &c, 1), -1);
	assert_int_equal(pair[0].error, ECONNRESET);
	sock_close(&pair[0]);
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	sock_close(&pair[1]);
	assert_int_equal(sock_send(&pair[0], "x", 1), -1);
	assert_int_equal(pair[0].error, EPIPE);
	sock_close(&pair[0]);
	sock_close(&holder);
}

static void addresses_are_convenient(void **state)
{
	sock_auto any = sock_open(AF_INET, SOCK_DGRAM, 0);
	sock_auto six = sock_open(AF_INET6, SOCK_DGRAM, 0);
	sock_auto local = sock_open(AF_UNIX, SOCK_STREAM, 0);
	sock_auto cast = sock_open(AF_INET, SOCK_DGRAM, 0);
	struct sock_addr own;

	(void)state;
	assert_int_equal(sock_bind(&any, ":0"), 0);
	assert_memory_equal(sock_name(&any).s, "udp://0.0.0.0:", 14);
	assert_int_equal(sock_bind(&six, "[::1]:0"), 0);
	assert_memory_equal(sock_name(&six).s, "udp://[::1]:", 12);
	assert_int_equal(sock_bind(&local, ""), 0);
	assert_memory_equal(sock_name(&local).s, "unix:@", 6);
	assert_int_equal(sock_connect(&cast, "localhost:9"), 0);
	assert_string_equal(sock_peer(&cast).s, "udp://127.0.0.1:9");
	sock_auto broad = sock_open(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(sock_sendto(&broad, "x", 1, "<broadcast>:9"), -1);
	assert_int_equal(errno == EACCES || errno == ENETUNREACH, 1);
	assert_contains(broad.why, "255.255.255.255:9");
	assert_int_equal(sock_name_addr(&six, &own), 0);
	assert_int_equal(sock_addr_family(&own), AF_INET6);
	/* An IPv6 socket speaks to IPv4 where Python gives up. */
	sock_auto dual = sock_server("udp://:0");
	assert_int_equal(sock_sendto(&dual, "x", 1, "127.0.0.1:9"), 1);
}

static void dial_tries_every_address(void **state)
{
	sock_auto server = sock_server("tcp4://127.0.0.1:0");
	struct sock_addr own;
	char where[64];

	(void)state;
	sock_name_addr(&server, &own);
	snprintf(where, sizeof where, "tcp://localhost:%d", sock_addr_port(&own));
	sock_auto s = sock_dial_how(where, &(struct sock_how){ .source = "127.0.0.3" });
	sock_auto conn = sock_accept(&server);
	assert_int_equal(conn.error, 0);
	assert_contains(sock_peer(&conn).s, "tcp://127.0.0.3:");
	sock_auto plain = sock_dial(where);
	assert_int_equal(plain.error, 0);
	assert_contains(sock_peer(&plain).s, "tcp://127.0.0.1:");
}

static void server_names_the_address_that_is_busy(void **state)
{
	sock_auto one = sock_server("tcp://127.0.0.1:0");
	sock_auto two = sock_server(sock_name(&one).s);
	char expect[512];

	(void)state;
	snprintf(expect, sizeof expect, "server %s: Address already in use", sock_name(&one).s);
	assert_memory_equal(two.why, expect, strlen(expect));
	assert_int_equal(two.fd, -1);
	sock_auto shared = sock_server_how("tcp://127.0.0.1:0", &(struct sock_how){ .options = "reuseport" });
	sock_auto beside = sock_server_how(sock_name(&shared).s, &(struct sock_how){ .options = "reuseport" });
	assert_int_equal(beside.error, 0);
	int64_t on = 0;
	assert_int_equal(sock_get(&one, "reuseaddr", &on), 0);
	assert_true(on != 0);
}

static void dualstack_is_probed(void **state)
{
	(void)state;
	if (!sock_has_dualstack())
		CHECK_SKIP("no IPv6 in this kernel");
	sock_auto server = sock_server("tcp://:0");
	struct sock_addr own;
	char where[64];

	sock_name_addr(&server, &own);
	assert_int_equal(sock_addr_family(&own), AF_INET6);
	snprintf(where, sizeof where, "tcp://127.0.0.1:%d", sock_addr_port(&own));
	sock_auto four = sock_dial(where);
	snprintf(where, sizeof where, "tcp://[::1]:%d", sock_addr_port(&own));
	sock_auto six = sock_dial(where);
	assert_int_equal(four.error | six.error, 0);
	sock_auto only = sock_server("tcp6://:0");
	sock_name_addr(&only, &own);
	snprintf(where, sizeof where, "tcp://127.0.0.1:%d", sock_addr_port(&own));
	sock_auto refused = sock_dial(where);
	assert_int_equal(refused.error, ECONNREFUSED);
}

/* The kernel tells a listener's backlog in tcp_info's sacked field. */
static int backlog_of(struct sock *s)
{
	struct tcp_info info;
	socklen_t n = sizeof info;

	assert_int_equal(getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &info, &n), 0);
	return info.tcpi_sacked;
}

static void default_backlog_is_python_s(void **state)
{
	sock_auto server = sock_server("tcp://127.0.0.1:0");
	sock_auto step = sock_open(0, 0, 0);

	(void)state;
	assert_int_equal(SOCKEYE_BACKLOG, SOMAXCONN < 128 ? SOMAXCONN : 128);
	assert_int_equal(backlog_of(&server), 128);
	assert_int_equal(sock_bind(&step, "127.0.0.1:0"), 0);
	assert_int_equal(sock_listen(&step, -5), 0);
	assert_int_equal(backlog_of(&step), 0);
	assert_int_equal(sock_listen(&step, 5), 0);
	assert_int_equal(backlog_of(&step), 5);
}

static void accepted_socket_blocks_again(void **state)
{
	sock_auto server = sock_server("tcp://127.0.0.1:0");

	(void)state;
	sock_limit(&server, PATIENCE);
	sock_auto client = sock_dial(sock_name(&server).s);
	sock_auto conn = sock_accept(&server);
	assert_true(fcntl(server.fd, F_GETFL) & O_NONBLOCK);
	assert_false(fcntl(conn.fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(conn.limit, SOCKEYE_FOREVER);
}

static void file_and_socket_share_the_last_close(void **state)
{
	struct sock pair[2];
	char buf[16] = "";
	FILE *f;

	(void)state;
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	f = sock_file(&pair[0], "w");
	assert_non_null(f);
	sock_close(&pair[0]);
	assert_true(fputs("after\n", f) >= 0);
	assert_int_equal(fflush(f), 0);
	assert_int_equal(sock_recv(&pair[1], buf, sizeof buf), 6);
	sock_limit(&pair[1], 0);
	assert_int_equal(sock_recv(&pair[1], buf, sizeof buf), -1);
	assert_int_equal(errno, EAGAIN);
	fclose(f);
	assert_int_equal(sock_recv(&pair[1], buf, sizeof buf), 0);
	sock_close(&pair[1]);
}

static void sendfile_falls_back_and_moves_the_position(void **state)
{
	struct sock pair[2];
	char buf[16] = "";
	int ends[2];
	FILE *f = tmpfile();

	(void)state;
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	fputs("0123456789", f);
	fflush(f);
	assert_int_equal(sock_sendfile(&pair[0], fileno(f), 2, 5), 5);
	assert_int_equal(lseek(fileno(f), 0, SEEK_CUR), 7);
	assert_int_equal(sock_recv(&pair[1], buf, sizeof buf), 5);
	assert_memory_equal(buf, "23456", 5);
	/* A pipe has no pages to map: the bytes go by hand. */
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "pipe", 4), 4);
	close(ends[1]);
	assert_int_equal(sock_sendfile(&pair[0], ends[0], 0, 0), 4);
	assert_int_equal(sock_recv(&pair[1], buf, sizeof buf), 4);
	close(ends[0]);
	sock_limit(&pair[0], 0);
	assert_int_equal(sock_sendfile(&pair[0], fileno(f), 0, 0), -1);
	assert_int_equal(errno, EINVAL);
	sock_auto udp = sock_open(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(sock_sendfile(&udp, fileno(f), 0, 0), -1);
	assert_int_equal(errno, EINVAL);
	fclose(f);
	net_close_pair(pair);
}

static void receives_go_into_the_caller_s_memory(void **state)
{
	struct sock pair[2];
	char buf[] = "........";
	struct iovec parts[2] = { { buf, 2 }, { buf + 4, 2 } };
	struct sock_msg m = { .iov = parts, .iovs = 2 };

	(void)state;
	assert_int_equal(sock_pair(pair, 0, SOCK_DGRAM), 0);
	assert_int_equal(sock_send(&pair[0], "abcdef", 6), 6);
	assert_int_equal(sock_recvmsg(&pair[1], &m), 4);
	assert_string_equal(buf, "ab..cd..");
	assert_int_equal(sock_cut(&pair[1]), 2);
	assert_int_equal(sock_send(&pair[0], "xyz", 3), 3);
	assert_int_equal(sock_recvfrom(&pair[1], buf + 6, 1, NULL), 1);
	assert_string_equal(buf, "ab..cdx.");
	assert_int_equal(sock_cut(&pair[1]), 2);
	net_close_pair(pair);
}

static void control_data_is_a_list(void **state)
{
	struct sock pair[2];
	char buf[4], x = 'x';
	union { char bytes[256]; size_t align; } out, in;
	struct sock_control c = { .data = out.bytes, .room = sizeof out.bytes };
	struct sock_control got = { .data = in.bytes, .room = sizeof in.bytes };
	struct sock_msg send = { .buf = &x, .n = 1, .control = &c };
	struct sock_msg recv = { .buf = buf, .n = sizeof buf, .control = &got };
	struct sock_control_item item;
	size_t at = 0;
	int fd = 0;

	(void)state;
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	assert_int_equal(sock_control_add(&c, SOL_SOCKET, SCM_RIGHTS, &pair[0].fd, sizeof(int)), 0);
	assert_int_equal(sock_sendmsg(&pair[0], &send), 1);
	assert_int_equal(sock_recvmsg(&pair[1], &recv), 1);
	assert_int_equal(sock_control_next(&got, &at, &item), 1);
	assert_int_equal(item.level, SOL_SOCKET);
	assert_int_equal(item.type, SCM_RIGHTS);
	assert_int_equal(item.n, sizeof(int));
	memcpy(&fd, item.data, sizeof fd);
	close(fd);
	assert_int_equal(sock_control_next(&got, &at, &item), 0);
	net_close_pair(pair);
}

static void descriptors_pass_in_one_call(void **state)
{
	struct sock pair[2];
	int ends[2], got[2], count = 2;
	struct stat a, b;
	char c;

	(void)state;
	assert_int_equal(sock_pair(pair, 0, 0), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(sock_sendfds(&pair[0], "x", 1, ends, 2), 1);
	assert_int_equal(sock_recvfds(&pair[1], &c, 1, got, &count), 1);
	assert_int_equal(count, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fstat(ends[i], &a) | fstat(got[i], &b), 0);
		assert_int_equal(a.st_ino, b.st_ino);
		close(ends[i]);
		close(got[i]);
	}
	net_close_pair(pair);
}

static void type_is_shown_clean(void **state)
{
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(s.type, SOCK_DGRAM);
	assert_int_equal(s.limit, 0);
	assert_int_equal(s.family, AF_INET);
	assert_int_equal(sock_connect(&s, "127.0.0.1:9"), 0);
	assert_contains(sock_name(&s).s, "udp://127.0.0.1:");
	assert_string_equal(sock_peer(&s).s, "udp://127.0.0.1:9");
}

static void from_finds_out_and_dup_keeps_limits(void **state)
{
	sock_auto s = sock_open(AF_INET6, SOCK_DGRAM, 0);
	int fd = s.fd;

	(void)state;
	sock_limit(&s, sock_ms(77));
	sock_auto copy = sock_dup(&s);
	assert_int_equal(copy.limit, sock_ms(77));
	assert_int_not_equal(copy.fd, fd);
	assert_int_equal(sock_detach(&s), fd);
	assert_int_equal(s.fd, -1);
	sock_auto again = sock_from(fd);
	assert_int_equal(again.fd, fd);
	assert_int_equal(again.family, AF_INET6);
	assert_int_equal(again.type, SOCK_DGRAM);
	assert_int_equal(again.proto, IPPROTO_UDP);
	sock_auto wrong = sock_from(-1);
	assert_int_equal(wrong.error, EBADF);
	sock_auto moved = sock_move(&again);
	assert_int_equal(moved.fd, fd);
	assert_int_equal(again.fd, -1);
}

static void options_are_numbers_or_bytes(void **state)
{
	sock_auto s = sock_open(0, 0, 0);
	struct linger l = { 1, 5 }, got;
	socklen_t n = sizeof got;
	int64_t v = 0;

	(void)state;
	assert_int_equal(sock_set(&s, "keepidle", 33), 0);
	assert_int_equal(sock_get(&s, "keepidle", &v), 0);
	assert_int_equal(v, 33);
	assert_int_equal(sock_setopt(&s, SOL_SOCKET, SO_LINGER, &l, sizeof l), 0);
	assert_int_equal(sock_getopt(&s, SOL_SOCKET, SO_LINGER, &got, &n), 0);
	assert_int_equal(n, sizeof got);
	assert_int_equal(got.l_linger, 5);
	assert_int_equal(sock_setopt(&s, SOL_SOCKET, SO_BINDTODEVICE, NULL, 0), 0);
}

static void use_after_close_is_an_error(void **state)
{
	struct sock s = sock_open(0, 0, 0);
	char c;

	(void)state;
	assert_int_equal(sock_close(&s), 0);
	assert_int_equal(s.fd, -1);
	assert_int_equal(sock_recv(&s, &c, 1), -1);
	assert_int_equal(errno, EBADF);
	assert_string_equal(s.why, "recv: the socket is closed");
	assert_int_equal(sock_close(&s), 0);
}

static int seen[EVENT_CALLS][2];

static void count_events(const struct event *e)
{
	seen[e->call][e->phase]++;
}

/* Python audits some calls; here each one is told, and at its entry too if it may block. */
static void calls_can_be_audited(void **state)
{
	char buf[8];

	(void)state;
	memset(seen, 0, sizeof seen);
	event_watch(count_events);
	{
		sock_auto server = sock_server("tcp://127.0.0.1:0");
		sock_auto client = sock_dial(sock_name(&server).s);
		sock_auto conn = sock_accept(&server);

		sock_sendall(&client, "hello", 5);
		sock_recv(&conn, buf, sizeof buf);
	}
	event_watch(NULL);
	assert_int_equal(seen[EVENT_SOCKET][EVENT_RETURN], 2);
	assert_int_equal(seen[EVENT_BIND][EVENT_RETURN], 1);
	assert_int_equal(seen[EVENT_LISTEN][EVENT_RETURN], 1);
	assert_int_equal(seen[EVENT_ACCEPT][EVENT_ENTER], 1);
	assert_int_equal(seen[EVENT_ACCEPT][EVENT_RETURN], 1);
	assert_int_equal(seen[EVENT_CONNECT][EVENT_ENTER], 1);
	assert_int_equal(seen[EVENT_CONNECT][EVENT_RETURN], 1);
	assert_int_equal(seen[EVENT_SEND][EVENT_ENTER], 1);
	assert_int_equal(seen[EVENT_RECV][EVENT_RETURN], 1);
	assert_int_equal(seen[EVENT_CLOSE][EVENT_RETURN], 3);
}

static void default_limit_is_for_the_process(void **state)
{
	(void)state;
	assert_int_equal(sock_default_limit(sock_ms(20)), SOCKEYE_FOREVER);
	sock_auto server = sock_server("tcp://127.0.0.1:0");
	sock_auto none = sock_accept(&server);
	sock_auto client = sock_dial(sock_name(&server).s);
	sock_auto conn = sock_accept(&server);
	assert_int_equal(sock_default_limit(SOCKEYE_FOREVER), sock_ms(20));
	assert_int_equal(none.error, ETIMEDOUT);
	assert_int_equal(client.limit, sock_ms(20));
	assert_int_equal(conn.limit, sock_ms(20));
}

static void *send_from_thread(void *arg)
{
	struct sock *s = arg;

	for (int i = 0; i < 1000; i++)
		if (sock_sendall(s, "x", 1) < 0)
			return s;
	return NULL;
}

static void threads_share_by_dup(void **state)
{
	struct sock pair[2], copies[4];
	pthread_t threads[4];
	char buf[4000];
	void *failed;

	(void)state;
	net_tcp_pair(pair);
	for (int i = 0; i < 4; i++) {
		copies[i] = sock_dup(&pair[0]);
		assert_int_equal(pthread_create(&threads[i], NULL, send_from_thread, &copies[i]), 0);
	}
	assert_int_equal(sock_recvall(&pair[1], buf, sizeof buf), sizeof buf);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
		sock_close(&copies[i]);
	}
	net_close_pair(pair);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(limit_none_zero_and_some),
	cmocka_unit_test(sendall_has_one_deadline),
	cmocka_unit_test(interrupted_calls_are_retried),
	cmocka_unit_test(descriptors_are_close_on_exec),
	cmocka_unit_test(no_sigpipe),
	cmocka_unit_test(errors_have_types),
	cmocka_unit_test(addresses_are_convenient),
	cmocka_unit_test(dial_tries_every_address),
	cmocka_unit_test(server_names_the_address_that_is_busy),
	cmocka_unit_test(dualstack_is_probed),
	cmocka_unit_test(default_backlog_is_python_s),
	cmocka_unit_test(accepted_socket_blocks_again),
	cmocka_unit_test(file_and_socket_share_the_last_close),
	cmocka_unit_test(sendfile_falls_back_and_moves_the_position),
	cmocka_unit_test(receives_go_into_the_caller_s_memory),
	cmocka_unit_test(control_data_is_a_list),
	cmocka_unit_test(descriptors_pass_in_one_call),
	cmocka_unit_test(type_is_shown_clean),
	cmocka_unit_test(from_finds_out_and_dup_keeps_limits),
	cmocka_unit_test(options_are_numbers_or_bytes),
	cmocka_unit_test(use_after_close_is_an_error),
	cmocka_unit_test(calls_can_be_audited),
	cmocka_unit_test(default_limit_is_for_the_process),
	cmocka_unit_test(threads_share_by_dup),
};

CHECK_MAIN(tests)
