/* SPDX-License-Identifier: MIT */
/* Files into streams: in the kernel or through the buffer, and what a failure leaves. */
#include "check.h"

#include <signal.h>
#include <sockeye.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "pairs.h"

/* A file in memory with n bytes of the pattern. */
static int file_of(size_t n)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	char buf[4096];

	assert_true(fd >= 0);
	for (size_t at = 0, part; at < n; at += part) {
		part = n - at < sizeof buf ? n - at : sizeof buf;
		pair_fill(buf, part, at);
		assert_int_equal(write(fd, buf, part), part);
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static off_t position(int fd)
{
	return lseek(fd, 0, SEEK_CUR);
}

/* What the far end holds now must be n bytes of the pattern from a place on. */
static void arrived(struct sock *s, size_t n, size_t from)
{
	char *in = malloc(n + 1);

	sock_limit(s, sock_sec(10));
	assert_int_equal(sock_recvall(s, in, n), n);
	assert_true(pair_same(in, n, from));
	free(in);
	sock_limit(s, 0);
	assert_int_equal(sock_recv(s, &(char){ 0 }, 1), -1);
	assert_int_equal(errno, EAGAIN);
}

static int error_to_give;

static ssize_t no_sendfile(int fd, int file, off_t *offset, size_t n)
{
	(void)fd, (void)file, (void)offset, (void)n;
	errno = error_to_give;
	return -1;
}

/* The same demands in the kernel and, after each errno that means "not there", without it. */
static void sendfile_sends_what_was_asked_and_leaves_the_place(void **state)
{
	static const struct {
		int64_t offset;
		uint64_t count;
		int64_t sent;
	} asked[] = {
		{ 0, 0, 50000 }, { 0, 10, 10 }, { 100, 0, 49900 }, { 100, 20000, 20000 },
		{ 49999, 5, 1 }, { 50000, 0, 0 }, { 60000, 7, 0 }, { 0, 50001, 50000 },
		{ 1, UINT64_MAX, 49999 },
	};
	static const int how[] = { 0, EINVAL, ENOSYS, ESPIPE };
	int file = file_of(50000);

	(void)state;
	for (int i = 0; i < 4; i++)
		for (size_t k = 0; k < sizeof asked / sizeof *asked; k++) {
			PAIR_AUTO struct sock p[2];

			pair_tcp(p);
			error_to_give = how[i];
			sys.sendfile = how[i] ? no_sendfile : sys_real.sendfile;
			int64_t r = sock_sendfile(&p[0], file, asked[k].offset, asked[k].count);
			sys = sys_real;
			assert_int_equal(r, asked[k].sent);
			assert_int_equal(sock_sent(&p[0]), r);
			assert_int_equal(position(file), asked[k].offset + r);
			arrived(&p[1], r, asked[k].offset);
		}
	close(file);
}

static void sendfile_takes_a_pipe_as_it_comes(void **state)
{
	PAIR_AUTO struct sock p[2];
	int tube[2];
	char buf[3000];

	(void)state;
	pair_tcp(p);
	assert_int_equal(pipe(tube), 0);
	pair_fill(buf, sizeof buf, 0);
	assert_int_equal(write(tube[1], buf, sizeof buf), sizeof buf);
	sock_limit(&p[0], sock_sec(10));
	assert_int_equal(sock_sendfile(&p[0], tube[0], 0, 1000), 1000);
	close(tube[1]);
	assert_int_equal(sock_sendfile(&p[0], tube[0], 0, 0), 2000);
	arrived(&p[1], 3000, 0);
	assert_int_equal(sock_sendfile(&p[0], tube[0], 5, 0), -1);
	assert_int_equal(errno, ESPIPE);
	close(tube[0]);
}

static void sendfile_limit_covers_a_pipe_that_stays_empty(void **state)
{
	PAIR_AUTO struct sock p[2];
	int tube[2];

	(void)state;
	pair_tcp(p);
	assert_int_equal(pipe(tube), 0);
	sock_limit(&p[0], sock_ms(5));
	assert_int_equal(sock_sendfile(&p[0], tube[0], 0, 1), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(sock_send(&p[0], "x", 1), 1);
	close(tube[0]);
	close(tube[1]);
}

/* -- Parts ----------------------------------------------------------------------------- */

static uint32_t calls;

static ssize_t short_sendfile(int fd, int file, off_t *offset, size_t n)
{
	size_t some = 1 + calls++ % 17;

	errno = EINTR;
	if (calls % 7 == 0)
		return -1;
	return sys_real.sendfile(fd, file, offset, n < some ? n : some);
}

static void sendfile_is_whole_however_short_the_calls(void **state)
{
	PAIR_AUTO struct sock p[2];
	int file = file_of(20000);

	(void)state;
	pair_tcp(p);
	sys.sendfile = short_sendfile;
	int64_t r = sock_sendfile(&p[0], file, 0, 0);
	sys = sys_real;
	assert_int_equal(r, 20000);
	arrived(&p[1], 20000, 0);
	close(file);
}

/* A small window and a reader of 1 to 17 bytes, with and without a limit, in the kernel and not. */
static void sendfile_is_whole_for_a_slow_reader(void **state)
{
	enum { SIZE = 300000 };
	int file = file_of(SIZE);

	(void)state;
	for (int i = 0; i < 4; i++) {
		PAIR_AUTO struct sock p[2];
		struct pair_reader reader;

		pair_tcp(p);
		pair_small(p);
		pair_reader_start(&reader, &p[1]);
		if (i & 1)
			sock_limit(&p[0], sock_sec(60));
		error_to_give = EINVAL;
		if (i & 2)
			sys.sendfile = no_sendfile;
		int64_t r = sock_sendfile(&p[0], file, 0, 0);
		sys = sys_real;
		sock_close(&p[0]);
		pthread_join(reader.thread, NULL);
		assert_int_equal(r, SIZE);
		assert_int_equal(reader.n, SIZE);
		assert_true(reader.right);
		assert_int_equal(position(file), SIZE);
	}
	close(file);
}

/* -- Failure --------------------------------------------------------------------------- */

static void sendfile_cut_short_by_the_limit_breaks_the_stream_and_tells_the_part(void **state)
{
	int file = file_of(8 << 20);

	(void)state;
	for (int i = 0; i < 2; i++) {
		PAIR_AUTO struct sock p[2];

		pair_tcp(p);
		pair_small(p);
		sock_limit(&p[0], sock_ms(20));
		error_to_give = EINVAL;
		if (i)
			sys.sendfile = no_sendfile;
		int64_t r = sock_sendfile(&p[0], file, 5, 0);
		int err = errno;
		sys = sys_real;
		assert_int_equal(r, -1);
		assert_int_equal(err, ETIMEDOUT);
		pair_why(&p[0], "sendfile", "timed out after 20 ms");
		uint64_t sent = sock_sent(&p[0]);
		assert_true(sent > 0 && sent < 8 << 20);
		assert_int_equal(position(file), 5 + sent);
		assert_int_equal(sock_send(&p[0], "x", 1), -1);
		pair_why(&p[0], "sendfile", "timed out after 20 ms");
		arrived(&p[1], sent, 5);
	}
	close(file);
}

static char fill[65536];

/* A connection on which nothing more goes out, with a limit. */
static void full_pair(struct sock p[2])
{
	pair_unix(p, SOCK_STREAM);
	sock_limit(&p[0], 0);
	while (sock_send(&p[0], fill, sizeof fill) > 0)
		;
	sock_limit(&p[0], sock_ms(5));
}

static void drain(struct sock *s)
{
	while (sock_wait(&(struct sock_wait){ s, SOCKEYE_READ, 0 }, 1, 0) == 1)
		sock_recv(s, fill, sizeof fill);
}

static void sendfile_limit_before_the_first_byte_breaks_nothing(void **state)
{
	PAIR_AUTO struct sock p[2];
	int file = file_of(10);

	(void)state;
	full_pair(p);
	assert_int_equal(sock_sendfile(&p[0], file, 3, 0), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(sock_sent(&p[0]), 0);
	assert_int_equal(position(file), 3);
	drain(&p[1]);
	assert_int_equal(sock_sendfile(&p[0], file, 3, 0), 7);
	arrived(&p[1], 7, 3);
	close(file);
}

/* A pipe with n bytes of the pattern. */
static void pipe_of(int tube[2], size_t n)
{
	static char buf[40000];

	assert_true(n <= sizeof buf);
	assert_int_equal(pipe(tube), 0);
	pair_fill(buf, n, 0);
	assert_int_equal(write(tube[1], buf, n), n);
}

static int waiting_in(int fd)
{
	int n = -1;

	ioctl(fd, FIONREAD, &n);
	return n;
}

static void close_pipe(int tube[2])
{
	close(tube[0]);
	close(tube[1]);
}

static void sendfile_takes_nothing_from_a_pipe_while_the_peer_is_full(void **state)
{
	PAIR_AUTO struct sock p[2];
	int tube[2];

	(void)state;
	full_pair(p);
	pipe_of(tube, 8);
	assert_int_equal(sock_sendfile(&p[0], tube[0], 0, 4), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(sock_sent(&p[0]), 0);
	assert_int_equal(waiting_in(tube[0]), 8);
	drain(&p[1]);
	assert_int_equal(sock_sendfile(&p[0], tube[0], 0, 4), 4);
	assert_int_equal(sock_sendfile(&p[0], tube[0], 0, 4), 4);
	arrived(&p[1], 8, 0);
	close_pipe(tube);
}

static void broken_with_bytes_taken(struct sock *s, int err, const char *words, size_t lost)
{
	char reason[128];

	snprintf(reason, sizeof reason, ": %s, with %zu bytes taken and not sent", words, lost);
	assert_int_equal(sock_send(s, "x", 1), -1);
	assert_int_equal(errno, err);
	assert_memory_equal(s->why, "sendfile", 8);
	assert_non_null(strstr(s->why, reason));
}

static void sendfile_breaks_a_stream_that_lacks_bytes_of_a_pipe(void **state)
{
	PAIR_AUTO struct sock p[2];
	int tube[2];

	(void)state;
	pair_unix(p, SOCK_STREAM);
	pair_small(p);
	pipe_of(tube, 40000);
	sock_limit(&p[0], sock_ms(5));
	assert_int_equal(sock_sendfile(&p[0], tube[0], 0, 0), -1);
	assert_int_equal(errno, ETIMEDOUT);
	uint64_t sent = sock_sent(&p[0]), taken = 40000 - waiting_in(tube[0]);
	assert_true(sent > 0 && sent < taken);
	broken_with_bytes_taken(&p[0], ETIMEDOUT, "timed out after 5 ms", taken - sent);
	arrived(&p[1], sent, 0);
	close_pipe(tube);
}

static ssize_t no_send(int fd, const void *buf, size_t n, int flags)
{
	(void)fd, (void)buf, (void)n, (void)flags;
	errno = ENOBUFS;
	return -1;
}

/* Of a file the same failure breaks nothing: its bytes can be read again. */
static void sendfile_breaks_a_stream_that_lacks_the_first_bytes_of_a_pipe(void **state)
{
	PAIR_AUTO struct sock p[2];
	int tube[2], file = file_of(8);

	(void)state;
	pair_tcp(p);
	pipe_of(tube, 8);
	error_to_give = EINVAL;
	sys.sendfile = no_sendfile;
	sys.send = no_send;
	int64_t kept = sock_sendfile(&p[0], file, 0, 4);
	bool alive = sock_limit(&p[0], SOCKEYE_FOREVER) == 0;
	int64_t lost = sock_sendfile(&p[0], tube[0], 0, 4);
	sys = sys_real;
	assert_true(kept == -1 && lost == -1 && alive);
	assert_int_equal(sock_sent(&p[0]), 0);
	assert_int_equal(waiting_in(tube[0]), 4);
	broken_with_bytes_taken(&p[0], ENOBUFS, "No buffer space available", 4);
	close_pipe(tube);
	close(file);
}

static bool pipe_signal_waits(void)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, SIGPIPE);
}

static bool pipe_signal_blocked(void)
{
	sigset_t set;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	return sigismember(&set, SIGPIPE);
}

static void sendfile_to_a_peer_that_is_gone_is_an_error_not_a_signal(void **state)
{
	PAIR_AUTO struct sock p[2];
	int file = file_of(100);

	(void)state;
	pair_unix(p, SOCK_STREAM);
	sock_close(&p[1]);
	assert_int_equal(sock_sendfile(&p[0], file, 0, 0), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(p[0].error, EPIPE);
	assert_int_equal(position(file), 0);
	assert_false(pipe_signal_blocked() || pipe_signal_waits());
	close(file);
}

/* A SIGPIPE that the program holds back itself is not ours to take. */
static void sendfile_leaves_a_signal_that_waited_before(void **state)
{
	PAIR_AUTO struct sock p[2];
	int file = file_of(100);
	sigset_t set, old;

	(void)state;
	pair_unix(p, SOCK_STREAM);
	sock_close(&p[1]);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	raise(SIGPIPE);
	int64_t r = sock_sendfile(&p[0], file, 0, 0);
	bool waits = pipe_signal_waits(), blocked = pipe_signal_blocked();
	sigtimedwait(&set, NULL, &(struct timespec){ 0 });
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	assert_int_equal(r, -1);
	assert_true(waits && blocked);
	close(file);
}

static void refused(struct sock *s, int file, int64_t offset, int err, const char *why)
{
	assert_int_equal(sock_sendfile(s, file, offset, 0), -1);
	assert_int_equal(errno, err);
	assert_string_equal(s->why, why);
}

static void sendfile_refuses_what_cannot_be_meant(void **state)
{
	PAIR_AUTO struct sock p[2];
	PAIR_AUTO struct sock d[2];
	int file = file_of(10), tube[2], dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char why[SOCKEYE_WHY];

	(void)state;
	pair_tcp(p);
	pair_unix(d, SOCK_DGRAM);
	assert_int_equal(pipe(tube), 0);
	refused(&p[0], file, -1, EINVAL, "sendfile offset -1: before the file's start");
	refused(&p[0], -1, 0, EBADF, "sendfile file -1: Bad file descriptor");
	snprintf(why, sizeof why, "sendfile file %d: not open for reading", tube[1]);
	refused(&p[0], tube[1], 0, EBADF, why);
	assert_int_equal(sock_sendfile(&p[0], dir, 0, 0), -1);
	assert_int_equal(errno, EISDIR);
	pair_why(&p[0], "sendfile", "Is a directory");
	assert_int_equal(sock_sendfile(&d[0], file, 0, 0), -1);
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(d[0].why, ": needs a stream"));
	sock_limit(&p[0], 0);
	refused(&p[0], file, 0, EINVAL, "sendfile limit 0: needs a blocking socket");
	/* None of it broke the socket. */
	sock_limit(&p[0], SOCKEYE_FOREVER);
	assert_int_equal(sock_sendfile(&p[0], file, 0, 0), 10);
	arrived(&p[1], 10, 0);
	close(file);
	close(dir);
	close(tube[0]);
	close(tube[1]);
}

static void sendfile_fails_on_a_bad_value(void **state)
{
	struct sock bad[3];
	int file = file_of(10);

	(void)state;
	pair_bad(bad);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sock_sendfile(&bad[i], file, 0, 0), -1);
		assert_int_equal(errno, bad[i].error);
		assert_true(*bad[i].why);
	}
	assert_int_equal(sock_sendfile(NULL, file, 0, 0), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(position(file), 0);
	close(file);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sendfile_sends_what_was_asked_and_leaves_the_place),
	cmocka_unit_test(sendfile_takes_a_pipe_as_it_comes),
	cmocka_unit_test(sendfile_limit_covers_a_pipe_that_stays_empty),
	cmocka_unit_test(sendfile_is_whole_however_short_the_calls),
	cmocka_unit_test(sendfile_is_whole_for_a_slow_reader),
	cmocka_unit_test(sendfile_cut_short_by_the_limit_breaks_the_stream_and_tells_the_part),
	cmocka_unit_test(sendfile_limit_before_the_first_byte_breaks_nothing),
	cmocka_unit_test(sendfile_takes_nothing_from_a_pipe_while_the_peer_is_full),
	cmocka_unit_test(sendfile_breaks_a_stream_that_lacks_bytes_of_a_pipe),
	cmocka_unit_test(sendfile_breaks_a_stream_that_lacks_the_first_bytes_of_a_pipe),
	cmocka_unit_test(sendfile_to_a_peer_that_is_gone_is_an_error_not_a_signal),
	cmocka_unit_test(sendfile_leaves_a_signal_that_waited_before),
	cmocka_unit_test(sendfile_refuses_what_cannot_be_meant),
	cmocka_unit_test(sendfile_fails_on_a_bad_value),
};
CHECK_MAIN(tests)
