/* SPDX-License-Identifier: MIT */
/* Claims about the engine's datagrams: they come back whole, and no more of them than is right. */
#include "talks.h"

#define RUNNING(kind, ...) { .plan = { .count = 1, .engine = (kind), .groups = __VA_ARGS__ } }

static int datagrams_to(const char *where)
{
	const struct timeval limit = { .tv_sec = RUNNING_PATIENCE_S };
	struct sock_addr a;
	char why[SOCKEYE_WHY];
	int fd;

	assert_int_equal(sock_addr_parse(&a, where, why), 0);
	fd = socket(sock_addr_family(&a), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	assert_int_equal(connect(fd, (struct sockaddr *)&a.storage, a.len), 0);
	return fd;
}

/* Giving up a ring may interrupt the thread that asked whether there is io_uring. */
static ssize_t next_datagram(int fd, char *to, size_t n)
{
	ssize_t r;

	do
		r = recv(fd, to, n, 0);
	while (r < 0 && errno == EINTR);
	return r;
}

static void datagrams_of_any_length_come_back(void **state)
{
	static const size_t lengths[] = { 0, 1, 1472, 1473, 9000, 65506, 65507 };
	static const char *const wheres[] = { "udp://127.0.0.1:0", "udp://[::1]:0" };
	struct engine_group group = { .service = &shape_place.service, .where = wheres, .wheres = 2 };
	struct running r = RUNNING(running_kind(state), &group);
	static char reply[65536], expected[65536];

	shapes_begin();
	running_start(&r);
	for (int i = 0; i < 2; i++) {
		int fd = datagrams_to(r.at[i]);

		for (size_t j = 1; j < sizeof lengths / sizeof *lengths; j++) {
			assert_int_equal(send(fd, shapes_text, lengths[j], 0), lengths[j]);
			assert_int_equal(next_datagram(fd, reply, sizeof reply), lengths[j]);
			place_expect(shapes_text, lengths[j], expected);
			assert_memory_equal(reply, expected, lengths[j]);
		}
		close(fd);
	}
	assert_int_equal(running_stop(&r), 0);
	assert_int_equal(r.stats.datagrams_in, 12);
	assert_int_equal(r.stats.datagrams_out, 12);
	assert_int_equal(r.stats.bytes_in, r.stats.bytes_out);
}

/* More than three times the request may not be answered. */
static size_t four_times(struct conn *c, const char *in, size_t n)
{
	for (int i = 0; i < 4; i++)
		conn_write(c, in, n);
	return n;
}

static const struct service repeating = { .name = "repeating", .bytes = four_times };

static size_t two_pieces(struct conn *c, const char *in, size_t n)
{
	conn_write(c, in, n / 2);
	conn_write(c, in + n / 2, n - n / 2);
	return n;
}

static const struct service halving = { .name = "halving", .bytes = two_pieces };

/* Ask a service that answers, and one that wants to answer too much: a part of that never comes. */
static void a_reply_in_pieces_leaves_whole_or_not_at_all(void **state)
{
	static const char *const where[] = { "udp://127.0.0.1:0", "udp://127.0.0.1:0" };
	struct engine_group groups[] = {
		{ .service = &halving, .where = where, .wheres = 1 },
		{ .service = &repeating, .where = where + 1, .wheres = 1 },
	};
	struct running r = RUNNING(running_kind(state), groups);
	char reply[4000];
	int fd[2];

	shapes_begin();
	r.plan.count = 2;
	running_start(&r);
	fd[1] = datagrams_to(r.at[1]);
	assert_int_equal(send(fd[1], shapes_text, 1000, 0), 1000);
	fd[0] = datagrams_to(r.at[0]);
	assert_int_equal(send(fd[0], shapes_text, 1000, 0), 1000);
	assert_int_equal(next_datagram(fd[0], reply, sizeof reply), 1000);
	assert_memory_equal(reply, shapes_text, 1000);
	close(fd[0]);
	assert_int_equal(running_stop(&r), 0);
	assert_int_equal(recv(fd[1], reply, sizeof reply, MSG_DONTWAIT), -1);
	close(fd[1]);
	assert_int_equal(r.stats.datagrams_in, 2);
	assert_int_equal(r.stats.datagrams_out, 1);
	assert_int_equal(r.stats.replies_too_long, 1);
}

static size_t ten_bytes(struct conn *c, const char *in, size_t n)
{
	(void)in;
	conn_write(c, "0123456789", 10);
	return n;
}

static const struct service paced = { .name = "paced", .bytes = ten_bytes, .nature = SERVICE_PACED };

static void a_paced_service_answers_forty_at_once(void **state)
{
	enum { REQUESTS = 200 };
	static const char *const where = "udp://127.0.0.1:0";
	struct engine_group group = { .service = &paced, .where = &where, .wheres = 1 };
	struct running r = RUNNING(running_kind(state), &group);
	int64_t start = sock_now();
	int fd;

	shapes_begin();
	running_start(&r);
	fd = datagrams_to(r.at[0]);
	for (int i = 0; i < REQUESTS; i++)
		assert_int_equal(send(fd, "?", 1, 0), 1);
	for (int i = 0; i < 10000 && running_stats(&r).datagrams_in < REQUESTS; i++)
		;
	assert_int_equal(running_stop(&r), 0);
	assert_int_equal(r.stats.datagrams_in, REQUESTS);
	assert_in_range(r.stats.datagrams_out, 40, 41 + 20 * (sock_now() - start) / sock_sec(1));
	assert_int_equal(r.stats.datagrams_out + r.stats.datagrams_paced, REQUESTS);
	close(fd);
}

static size_t hundredfold(struct conn *c, const char *in, size_t n)
{
	static const char much[100];

	(void)in;
	return conn_write(c, much, n < 1 ? 0 : sizeof much) ? n : 0;
}

static const struct service loud = { .name = "hundredfold", .bytes = hundredfold };

static void replies_beyond_three_times_the_request_are_not_sent(void **state)
{
	static const char *const where = "udp://127.0.0.1:0";
	struct engine_group group = { .service = &loud, .where = &where, .wheres = 1 };
	struct running r = RUNNING(running_kind(state), &group);
	char reply[200];
	int fd;

	shapes_begin();
	running_start(&r);
	fd = datagrams_to(r.at[0]);
	for (size_t n = 1; n < 20; n++)
		assert_int_equal(send(fd, shapes_text, n, 0), n);
	for (size_t n = 15; n < 20; n++)
		assert_int_equal(next_datagram(fd, reply, sizeof reply), 100);
	close(fd);
	assert_int_equal(running_stop(&r), 0);
	assert_int_equal(r.stats.replies_too_long, 14);
	assert_int_equal(r.stats.datagrams_out, 5);
}

static const struct CMUnitTest tests[] = {
	ON_BOTH(datagrams_of_any_length_come_back),
	ON_BOTH(a_reply_in_pieces_leaves_whole_or_not_at_all),
	ON_BOTH(a_paced_service_answers_forty_at_once),
	ON_BOTH(replies_beyond_three_times_the_request_are_not_sent),
};

CHECK_MAIN(tests)
