/* SPDX-License-Identifier: MIT */
/* Descriptors and credentials over Unix sockets. After each test none may be left open. */
#include "check.h"

#include <sockeye/msg.h>
#include <sys/resource.h>

#include "pairs.h"

enum { MOST = 253 };

/* n copies of a descriptor that is open anyway. */
static void send_many(struct sock *s, int n)
{
	int fds[MOST];

	for (int i = 0; i < MOST; i++)
		fds[i] = STDERR_FILENO;
	assert_int_equal(sock_sendfds(s, "x", 1, fds, n), 1);
}

static void close_all(const int *fds, int n)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(close(fds[i]), 0);
}

static void fds_arrive_open_and_close_on_exec(void **state)
{
	PAIR_AUTO struct sock p[2];
	int tube[2], got[4], n = 4;
	char buf[8];

	(void)state;
	pair_unix(p, SOCK_STREAM);
	assert_int_equal(pipe(tube), 0);
	assert_int_equal(sock_sendfds(&p[0], "two", 3, tube, 2), 3);
	assert_int_equal(sock_sent(&p[0]), 3);
	close_all(tube, 2);
	assert_int_equal(sock_recvfds(&p[1], buf, sizeof buf, got, &n), 3);
	assert_memory_equal(buf, "two", 3);
	assert_int_equal(n, 2);
	assert_int_equal(sock_cut(&p[1]), 0);
	for (int i = 0; i < 2; i++)
		assert_true(fcntl(got[i], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(got[1], "through", 7), 7);
	assert_int_equal(read(got[0], buf, sizeof buf), 7);
	close_all(got, 2);
}

static void fds_may_be_none_and_bytes_still_come(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[8];
	int n = 0;

	(void)state;
	pair_unix(p, SOCK_STREAM);
	assert_int_equal(sock_sendfds(&p[0], "abc", 3, NULL, 0), 3);
	assert_int_equal(sock_recvfds(&p[1], buf, sizeof buf, NULL, &n), 3);
	sock_shutdown(&p[0], SHUT_WR);
	n = 0;
	assert_int_equal(sock_recvfds(&p[1], buf, sizeof buf, NULL, &n), 0);
}

/* The most that goes, and every smaller room for it: what is not taken is closed and counted. */
static void fds_beyond_the_room_are_closed_and_counted(void **state)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

	(void)state;
	for (int t = 0; t < 3; t++) {
		PAIR_AUTO struct sock p[2];

		pair_unix(p, types[t]);
		int before = pair_fds();
		for (int room = 0; room <= MOST + 1; room++) {
			int fds[MOST + 2], n = room, kept = room < MOST ? room : MOST;
			char byte;

			fds[room] = -77;
			send_many(&p[0], MOST);
			assert_int_equal(sock_recvfds(&p[1], &byte, 1, fds, &n), 1);
			assert_int_equal(n, kept);
			assert_int_equal(fds[room], -77);
			assert_int_equal(sock_cut(&p[1]), MOST - kept);
			close_all(fds, n);
		}
		assert_int_equal(pair_fds(), before);
	}
}

/* The same where the control data is the caller's, cut at every byte. */
static void fds_do_not_leak_from_cut_control_data(void **state)
{
	PAIR_AUTO struct sock p[2];
	enum { WHOLE = CMSG_SPACE(MOST * sizeof(int)) };

	(void)state;
	pair_unix(p, SOCK_DGRAM);
	int before = pair_fds();
	for (size_t room = 0; room <= WHOLE + 8; room++) {
		char *mem = malloc(room ? room : 1), byte;
		struct sock_control c = { .data = mem, .room = room };
		struct sock_msg m = { .buf = &byte, .n = 1, .control = &c };
		struct sock_control_item item;
		size_t head = sizeof(struct cmsghdr), found = 0;
		size_t fit = room < head ? 0 : (room - head) / sizeof(int);

		send_many(&p[0], MOST);
		assert_int_equal(sock_recvmsg(&p[1], &m), 1);
		for (size_t at = 0; sock_control_next(&c, &at, &item);) {
			assert_int_equal(item.type, SCM_RIGHTS);
			assert_int_equal(item.n % sizeof(int), 0);
			found += item.n / sizeof(int);
			close_all(item.data, item.n / sizeof(int));
		}
		assert_int_equal(found, fit < MOST ? fit : MOST);
		assert_int_equal(c.cut, fit < MOST);
		assert_int_equal(!!(m.flags & MSG_CTRUNC), fit < MOST);
		assert_int_equal(pair_fds(), before);
		free(mem);
	}
}

static void fds_do_not_leak_into_a_plain_receive(void **state)
{
	PAIR_AUTO struct sock p[2];
	char byte;

	(void)state;
	pair_unix(p, SOCK_STREAM);
	int before = pair_fds();
	send_many(&p[0], MOST);
	struct sock_msg m = { .buf = &byte, .n = 1 };
	assert_int_equal(sock_recvmsg(&p[1], &m), 1);
	send_many(&p[0], MOST);
	assert_int_equal(sock_recv(&p[1], &byte, 1), 1);
	assert_int_equal(pair_fds(), before);
}

/* When the process may open no more, the kernel drops the rest: that shows. */
static void fds_that_the_process_may_not_open_show_as_cut(void **state)
{
	PAIR_AUTO struct sock p[2];
	struct rlimit old, low;
	int fds[MOST], n = MOST;
	char byte;

	(void)state;
	pair_unix(p, SOCK_STREAM);
	int before = pair_fds();
	send_many(&p[0], 20);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = (struct rlimit){ .rlim_cur = p[1].fd + 8, .rlim_max = old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &low);
	ssize_t r = sock_recvfds(&p[1], &byte, 1, fds, &n);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(r, 1);
	assert_true(n > 0 && n < 20);
	assert_true(sock_cut(&p[1]) > 0);
	close_all(fds, n);
	assert_int_equal(pair_fds(), before);
}

static void fds_count_bytes_that_a_datagram_lost_too(void **state)
{
	PAIR_AUTO struct sock p[2];
	int fds[2] = { STDERR_FILENO, STDERR_FILENO }, n = 1;
	char buf[4];

	(void)state;
	pair_unix(p, SOCK_DGRAM);
	assert_int_equal(sock_sendfds(&p[0], "0123456789", 10, fds, 2), 10);
	assert_int_equal(sock_recvfds(&p[1], buf, sizeof buf, fds, &n), 4);
	assert_int_equal(sock_got(&p[1]), 4);
	assert_int_equal(sock_cut(&p[1]), 6 + 1);
	close_all(fds, n);
}

/* Credentials come too and, where the kernel has it, a descriptor of the sender's process. */
static void fds_are_found_among_other_control_data(void **state)
{
	PAIR_AUTO struct sock p[2];
	enum { PASS_PIDFD = 76 };
	int fds[4], n = 4;
	char byte;

	(void)state;
	pair_unix(p, SOCK_STREAM);
	assert_int_equal(setsockopt(p[1].fd, SOL_SOCKET, SO_PASSCRED, &(int){ 1 }, sizeof(int)), 0);
	setsockopt(p[1].fd, SOL_SOCKET, PASS_PIDFD, &(int){ 1 }, sizeof(int));
	int before = pair_fds();
	send_many(&p[0], 2);
	assert_int_equal(sock_recvfds(&p[1], &byte, 1, fds, &n), 1);
	assert_int_equal(n, 2);
	assert_int_equal(sock_cut(&p[1]), 0);
	close_all(fds, n);
	send_many(&p[0], MOST);
	n = 0;
	assert_int_equal(sock_recvfds(&p[1], &byte, 1, fds, &n), 1);
	assert_int_equal(sock_cut(&p[1]), MOST);
	assert_int_equal(pair_fds(), before);
}

static void refused(struct sock *s, const void *buf, size_t n, const int *fds, int count,
                    const char *why)
{
	assert_int_equal(sock_sendfds(s, buf, n, fds, count), -1);
	assert_int_equal(errno, EINVAL);
	assert_string_equal(s->why, why);
}

static void fds_refuses_what_cannot_be_meant(void **state)
{
	PAIR_AUTO struct sock p[2];
	int fds[300] = { 0 }, n = -1;
	char byte;

	(void)state;
	pair_unix(p, SOCK_STREAM);
	refused(&p[0], "x", 1, fds, 254, "sendfds 254 descriptors: a message carries 0 to 253");
	refused(&p[0], "x", 1, fds, -1, "sendfds -1 descriptors: a message carries 0 to 253");
	refused(&p[0], "x", 1, NULL, 1, "sendfds NULL: not a list of descriptors");
	refused(&p[0], NULL, 1, fds, 1, "sendfds NULL: not a buffer");
	refused(&p[0], "", 0, fds, 1,
	        "sendfds 0 bytes: descriptors need at least one byte to go with");
	assert_int_equal(sock_recvfds(&p[1], &byte, 1, fds, &n), -1);
	assert_true(errno == EINVAL && n == 0);
	assert_string_equal(p[1].why, "recvfds negative count: not a list of descriptors");
	assert_int_equal(sock_recvfds(&p[1], &byte, 1, fds, NULL), -1);
	assert_string_equal(p[1].why, "recvfds NULL: not a list of descriptors");
	n = 1;
	assert_int_equal(sock_recvfds(&p[1], &byte, 1, NULL, &n), -1);
	assert_true(errno == EINVAL && n == 0);
	n = 1;
	assert_int_equal(sock_recvfds(&p[1], NULL, 1, fds, &n), -1);
	assert_true(errno == EINVAL && n == 0);
	/* A descriptor that is not open: the kernel says so, and the socket lives. */
	assert_int_equal(sock_sendfds(&p[0], "x", 1, &(int){ -1 }, 1), -1);
	assert_int_equal(errno, EBADF);
	assert_string_equal(p[0].why, "sendfds control data: Bad file descriptor");
	send_many(&p[0], 1);
	n = 1;
	assert_int_equal(sock_recvfds(&p[1], &byte, 1, fds, &n), 1);
	close_all(fds, n);
}

static void fds_pass_over_unix_sockets_only(void **state)
{
	PAIR_AUTO struct sock p[2];
	int fds[1] = { 0 }, n = 1;
	char byte;

	(void)state;
	pair_tcp(p);
	assert_int_equal(sock_sendfds(&p[0], "x", 1, fds, 1), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	pair_why(&p[0], "sendfds", "not a Unix socket");
	assert_int_equal(sock_recvfds(&p[1], &byte, 1, fds, &n), -1);
	assert_true(errno == EOPNOTSUPP && n == 0);
	assert_int_equal(sock_peer_creds(&p[1], NULL, NULL, NULL), -1);
	assert_int_equal(errno, EOPNOTSUPP);
}

static void fds_fail_on_a_bad_value(void **state)
{
	struct sock bad[3];
	int fds[1] = { 0 }, n;
	char byte;

	(void)state;
	pair_bad(bad);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sock_sendfds(&bad[i], "x", 1, fds, 1), -1);
		assert_int_equal(errno, bad[i].error);
		n = 1;
		assert_int_equal(sock_recvfds(&bad[i], &byte, 1, fds, &n), -1);
		assert_int_equal(n, 0);
		assert_int_equal(sock_peer_creds(&bad[i], NULL, NULL, NULL), -1);
		assert_int_equal(errno, bad[i].error);
	}
	assert_int_equal(sock_sendfds(NULL, "x", 1, fds, 1), -1);
	assert_int_equal(sock_recvfds(NULL, &byte, 1, fds, &n), -1);
	assert_int_equal(sock_peer_creds(NULL, NULL, NULL, NULL), -1);
}

static void fds_wait_within_the_limit(void **state)
{
	PAIR_AUTO struct sock p[2];
	int fds[1], n = 1;
	char byte;

	(void)state;
	pair_unix(p, SOCK_STREAM);
	sock_limit(&p[1], sock_ms(5));
	assert_int_equal(sock_recvfds(&p[1], &byte, 1, fds, &n), -1);
	assert_true(errno == ETIMEDOUT && n == 0);
	send_many(&p[0], 1);
	n = 1;
	assert_int_equal(sock_recvfds(&p[1], &byte, 1, fds, &n), 1);
	close_all(fds, n);
}

/* Cut in many parts on the way, the bytes are whole and the descriptors come once. */
static void fds_come_once_when_the_bytes_go_in_parts(void **state)
{
	PAIR_AUTO struct sock p[2];
	static char out[1 << 20], in[1 << 20];
	int fds[8] = { 0, 0, 0, 0 }, n = 8, more;
	size_t sent = 0, got = 0;

	(void)state;
	pair_unix(p, SOCK_STREAM);
	pair_small(p);
	pair_fill(out, sizeof out, 0);
	sock_limit(&p[0], 0);
	ssize_t r = sock_sendfds(&p[0], out, sizeof out, fds, 4);
	assert_true(r > 0 && (size_t)r < sizeof out);
	sent = r;
	got = sock_recvfds(&p[1], in, 1, fds, &n);
	assert_int_equal(n, 4);
	close_all(fds, n);
	while (got < sizeof out) {
		if (sent < sizeof out && (r = sock_send(&p[0], out + sent, sizeof out - sent)) > 0)
			sent += r;
		more = 4;
		r = sock_recvfds(&p[1], in + got, sizeof in - got, fds + 4, &more);
		assert_true(r > 0 && more == 0);
		got += r;
	}
	assert_true(pair_same(in, sizeof in, 0));
}

static void creds_name_who_opened_the_other_end(void **state)
{
	PAIR_AUTO struct sock p[2];
	sock_auto alone = sock_open(AF_UNIX, SOCK_DGRAM, 0);
	pid_t pid = 0;
	uid_t uid = 77;
	gid_t gid = 77;

	(void)state;
	pair_unix(p, SOCK_STREAM);
	assert_int_equal(sock_peer_creds(&p[0], &pid, &uid, &gid), 0);
	assert_true(pid == getpid() && uid == getuid() && gid == getgid());
	assert_int_equal(sock_peer_creds(&p[0], NULL, NULL, NULL), 0);
	assert_int_equal(sock_peer_creds(&alone, &pid, NULL, NULL), -1);
	assert_int_equal(errno, ENOTCONN);
	assert_int_equal(pid, getpid());
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(fds_arrive_open_and_close_on_exec),
	cmocka_unit_test(fds_may_be_none_and_bytes_still_come),
	cmocka_unit_test(fds_beyond_the_room_are_closed_and_counted),
	cmocka_unit_test(fds_do_not_leak_from_cut_control_data),
	cmocka_unit_test(fds_do_not_leak_into_a_plain_receive),
	cmocka_unit_test(fds_that_the_process_may_not_open_show_as_cut),
	cmocka_unit_test(fds_count_bytes_that_a_datagram_lost_too),
	cmocka_unit_test(fds_are_found_among_other_control_data),
	cmocka_unit_test(fds_refuses_what_cannot_be_meant),
	cmocka_unit_test(fds_pass_over_unix_sockets_only),
	cmocka_unit_test(fds_fail_on_a_bad_value),
	cmocka_unit_test(fds_wait_within_the_limit),
	cmocka_unit_test(fds_come_once_when_the_bytes_go_in_parts),
	cmocka_unit_test(creds_name_who_opened_the_other_end),
};
CHECK_MAIN(tests)
