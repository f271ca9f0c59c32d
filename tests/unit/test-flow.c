/* SPDX-License-Identifier: MIT */
/*
 * Claims about what is known of a descriptor while somebody watches: whose it
 * is, with which addresses, and how far its stream has come, through
 * duplicates, reused numbers, gaps in the watch, and threads. What a single
 * record says of its call is in test-watch.c.
 */
#include "watching.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>

#include "base/flow.h"

/* -- Who it is ------------------------------------------------------------------------ */

/* The two directions of a stream through any of its descriptors. */
static void goes_on(struct sock *s, struct sock *far, uint64_t offset)
{
	char buf[2];

	told = 0;
	assert_int_equal(sock_sendall(s, "xy", 2), 0);
	assert_int_equal(sock_recvall(far, buf, 2), 2);
	assert_int_equal(sock_sendall(far, "xy", 2), 0);
	assert_int_equal(sock_recvall(s, buf, 2), 2);
	all_of(nth(EVENT_SEND, EVENT_RETURN, 0), s->fd, offset, 2);
	all_of(nth(EVENT_RECV, EVENT_RETURN, 0), far->fd, offset, 2);
	all_of(nth(EVENT_RECV, EVENT_RETURN, 1), s->fd, offset, 2);
	is_about(nth(EVENT_SEND, EVENT_RETURN, 0), s->fd);
	is_about(nth(EVENT_RECV, EVENT_RETURN, 0), far->fd);
}

static void duplicates_are_one_stream(void **state)
{
	PAIR_AUTO struct sock p[2];

	(void)state;
	pair_tcp(p);
	begin();
	goes_on(&p[0], &p[1], 0);
	sock_auto copy = sock_dup(&p[0]);
	sock_auto second = sock_dup(&copy);
	uint64_t cookie = cookie_of(copy.fd);
	goes_on(&copy, &p[1], 2);
	goes_on(&second, &p[1], 4);
	goes_on(&p[0], &p[1], 6);
	int root = p[0].fd;
	sock_close(&p[0]);
	goes_on(&second, &p[1], 8);
	goes_on(&copy, &p[1], 10);
	assert_int_equal(nth(EVENT_SEND, EVENT_RETURN, 0)->cookie, cookie);

	/* The number of the first descriptor gets another socket, then a third duplicate. */
	PAIR_AUTO struct sock q[2];
	pair_unix(q, SOCK_STREAM);
	assert_int_equal(q[0].fd, root);
	goes_on(&q[0], &q[1], 0);
	assert_int_not_equal(nth(EVENT_SEND, EVENT_RETURN, 0)->cookie, cookie);
	goes_on(&copy, &p[1], 12);
	sock_close(&q[0]);
	sock_auto third = sock_dup(&copy);
	assert_int_equal(third.fd, root);
	sock_close(&copy);
	goes_on(&third, &p[1], 14);
	goes_on(&second, &p[1], 16);
}

static void a_closed_number_starts_anew(void **state)
{
	int number = -1;

	(void)state;
	begin();
	for (int i = 0; i < 5; i++) {
		PAIR_AUTO struct sock p[2];

		pair_unix(p, SOCK_STREAM);
		assert_true(i == 0 || p[0].fd == number);
		number = p[0].fd;
		goes_on(&p[0], &p[1], 0);
		goes_on(&p[0], &p[1], 2);
	}
}

/* Behind the watcher's back the number goes to another socket. */
static void a_new_watch_knows_nothing_of_the_old(void **state)
{
	PAIR_AUTO struct sock p[2], q[2];

	(void)state;
	udp_pair(q);
	pair_tcp(p);
	begin();
	goes_on(&p[0], &p[1], 0);
	event_watch(NULL);
	assert_int_equal(dup3(q[0].fd, p[0].fd, O_CLOEXEC), p[0].fd);
	begin();
	assert_int_equal(call_send(p[0].fd, "new", 3, 0), 3);
	const struct event *e = only(EVENT_SEND);
	all_of(e, p[0].fd, 0, 3);
	is_about(e, p[0].fd);
	assert_int_equal(e->type, SOCK_DGRAM);
	assert_int_equal(e->proto, IPPROTO_UDP);
}

static void keep_too(const struct event *e)
{
	keep(e);
}

static void a_watch_handed_over_goes_on(void **state)
{
	PAIR_AUTO struct sock p[2];

	(void)state;
	pair_tcp(p);
	begin();
	goes_on(&p[0], &p[1], 0);
	event_watch(keep_too);
	goes_on(&p[0], &p[1], 2);
	event_watch(NULL);
	begin();
	goes_on(&p[0], &p[1], 0);
}

static void an_adopted_stream_goes_on(void **state)
{
	PAIR_AUTO struct sock p[2];

	(void)state;
	pair_tcp(p);
	begin();
	goes_on(&p[0], &p[1], 0);
	p[0] = sock_from(sock_detach(&p[0]));
	goes_on(&p[0], &p[1], 2);
	told = 0;
	sock_auto none = sock_from(-1);
	assert_int_equal(none.fd, -1);
	assert_int_equal(kept[0].cookie, 0);
}

static void an_adopted_number_is_the_socket_it_is_now(void **state)
{
	PAIR_AUTO struct sock p[2], q[2];

	(void)state;
	pair_tcp(p);
	pair_tcp(q);
	begin();
	goes_on(&p[0], &p[1], 0);
	int fd = sock_detach(&p[0]);
	assert_int_equal(dup3(q[0].fd, fd, O_CLOEXEC), fd);
	told = 0;
	p[0] = sock_from(fd);
	assert_true(told > 0);
	for (int i = 0; i < told; i++)
		is_about(&kept[i], fd);
	goes_on(&p[0], &q[1], 0);
}

static void connect_to(struct sock *s, const struct sock_addr *to)
{
	assert_int_equal(call_connect(s->fd, to), 0);
}

static void a_peer_is_the_present_one(void **state)
{
	sock_auto a = sock_server("udp://127.0.0.1:0"), b = sock_server("udp://127.0.0.1:0");
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM, 0);
	struct sock_addr none = { .len = sizeof(struct sockaddr_in) };
	struct sock_addr to[2] = { name_of(&a), name_of(&b) };

	(void)state;
	begin();
	sock_auto copy = sock_dup(&s);
	for (int i = 0; i < 4; i++) {
		struct event_addr peer = plain(&to[i % 2]);

		told = 0;
		connect_to(i < 2 ? &s : &copy, &to[i % 2]);
		assert_int_equal(call_send(s.fd, "x", 1, 0), 1);
		assert_int_equal(call_send(copy.fd, "x", 1, 0), 1);
		assert_true(equal(&only(EVENT_CONNECT)->peer, &peer));
		for (int k = 0; k < 2; k++) {
			is_about(nth(EVENT_SEND, EVENT_ENTER, k), s.fd);
			is_about(nth(EVENT_SEND, EVENT_RETURN, k), s.fd);
			assert_true(equal(&nth(EVENT_SEND, EVENT_RETURN, k)->peer, &peer));
		}
	}
	connect_to(&s, &none);
	told = 0;
	assert_int_equal(call_send(copy.fd, "x", 1, 0), -EDESTADDRREQ);
	assert_int_equal(only(EVENT_SEND)->peer.len, 0);
	assert_int_equal(only(EVENT_SEND)->cookie, cookie_of(s.fd));
}

/* -- Threads ----------------------------------------------------------------------------- */

static struct event_addr ends[2];
static uint64_t ends_cookie;
static int ends_fd;
static _Atomic int wrong, right;

static void compare(const struct event *e)
{
	if (e->fd != ends_fd)
		return;
	if (e->cookie == ends_cookie && equal(&e->local, &ends[0]) && equal(&e->peer, &ends[1]))
		right++;
	else
		wrong++;
}

enum { TURNS = 2000 };

static void *send_bytes(void *arg)
{
	for (int i = 0; i < TURNS; i++)
		if (call_send(*(int *)arg, "x", 1, 0) != 1)
			return arg;
	return NULL;
}

/* One sends, one connects anew all the time, so that the addresses are asked for again and again. */
static void threads_on_one_socket_are_told_alike(void **state)
{
	PAIR_AUTO struct sock p[2];
	pthread_t threads[2];
	void *failed[2];

	(void)state;
	udp_pair(p);
	struct sock_addr to = name_of(&p[1]);
	ends_fd = p[0].fd;
	ends[0] = addr_of(ends_fd, getsockname);
	ends[1] = addr_of(ends_fd, getpeername);
	ends_cookie = cookie_of(ends_fd);
	right = wrong = 0;
	event_watch(compare);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, send_bytes, &ends_fd), 0);
	for (int i = 0; i < TURNS / 10; i++)
		connect_to(&p[0], &to);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], &failed[i]);
	event_watch(NULL);
	assert_true(!failed[0] && !failed[1]);
	assert_int_equal(wrong, 0);
	assert_int_equal(right, 2 * (2 * TURNS + TURNS / 10));
}

enum { FLOWS = 8, FIRST = 100000 };     /* numbers that no descriptor has */

/* All of it from one number, so that a mixture of two can be told. */
static void mark(struct flow *f, uint32_t x)
{
	f->known = f->settled = true;
	f->cookie = x;
	memset(f->local.bytes, x & 255, sizeof f->local.bytes);
	memset(f->peer.bytes, x & 255, sizeof f->peer.bytes);
}

static bool mixed(const struct flow *f)
{
	struct flow pure = *f;

	mark(&pure, f->cookie);
	return f->known && (memcmp(&pure.local, &f->local, sizeof f->local) != 0 ||
	                    memcmp(&pure.peer, &f->peer, sizeof f->peer) != 0);
}

static void *stir_flows(void *arg)
{
	uint32_t x = (uint32_t)(uintptr_t)arg;

	for (int i = 0; i < 20 * TURNS; i++) {
		x = x * 1664525 + 1013904223;
		int a = FIRST + (x >> 24) % FLOWS, b = FIRST + (x >> 16 & 255) % FLOWS;
		struct flow f = flow_get(a);

		if (x & 1 << 12)
			flow_share(a, b);
		if (x & 1 << 13)
			flow_reset(a);
		if (x & 1 << 14)
			flow_unsettle(b);
		if (mixed(&f))
			return arg;
		mark(&f, x);
		flow_put(a, &f);
		flow_add_in(b, 1);
	}
	return NULL;
}

static void flows_survive_a_race(void **state)
{
	static char seeds[4];
	pthread_t threads[4];
	void *failed[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, stir_flows, &seeds[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], &failed[i]);
	assert_true(!failed[0] && !failed[1] && !failed[2] && !failed[3]);
	for (int i = 0; i < FLOWS; i++)
		flow_reset(FIRST + i);
	for (int i = 0; i < FLOWS; i++) {
		assert_false(flow_get(FIRST + i).known);
		assert_int_equal(flow_add_in(FIRST + i, i + 1), 0);
	}
	for (int i = 0; i < FLOWS; i++)
		assert_int_equal(flow_add_in(FIRST + i, 0), i + 1);
}

/* Counts that were not given back would run out. */
static void watches_leave_no_counts_behind(void **state)
{
	(void)state;
	for (int i = 0; i < TURNS; i++) {
		event_watch(keep);
		assert_int_equal(flow_add_in(FIRST, 1), 0);
		flow_share(FIRST, FIRST + 1 + i % 2);
		assert_int_equal(flow_add_in(FIRST + 1 + i % 2, 1), 1);
		event_watch(NULL);
	}
}

static void beyond_the_cap_nothing_is_known(void **state)
{
	static const int numbers[] = { -1, 1 << 20, INT32_MAX };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct flow f = flow_get(numbers[i]);

		assert_false(f.known);
		f.known = true;
		flow_put(numbers[i], &f);
		flow_share(numbers[i], FIRST);
		flow_share(FIRST, numbers[i]);
		flow_unsettle(numbers[i]);
		assert_int_equal(flow_add_out(numbers[i], 5) + flow_add_out(numbers[i], 5), 0);
		assert_false(flow_get(numbers[i]).known);
		flow_reset(numbers[i]);
	}
}

static const struct CMUnitTest tests[] = {
	CLAIM(duplicates_are_one_stream),
	CLAIM(a_closed_number_starts_anew),
	CLAIM(a_new_watch_knows_nothing_of_the_old),
	CLAIM(a_watch_handed_over_goes_on),
	CLAIM(an_adopted_stream_goes_on),
	CLAIM(an_adopted_number_is_the_socket_it_is_now),
	CLAIM(a_peer_is_the_present_one),
	CLAIM(threads_on_one_socket_are_told_alike),
	CLAIM(flows_survive_a_race),
	CLAIM(watches_leave_no_counts_behind),
	CLAIM(beyond_the_cap_nothing_is_known),
};

CHECK_MAIN(tests)
