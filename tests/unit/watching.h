/* SPDX-License-Identifier: MIT */
/*
 * For the tests of records: a hook that keeps what it is told, and the
 * comparison of a record with what it must say, field by field.
 */
#ifndef WATCHING_H
#define WATCHING_H

#include "net.h"

#include "base/event.h"
#include "pairs.h"
#include "sock/call.h"

enum { KEPT = 512 };

static struct event kept[KEPT];
static char texts[KEPT][64];
static int told;

static inline void keep(const struct event *e)
{
	if (told == KEPT)
		return;
	kept[told] = *e;
	snprintf(texts[told++], sizeof *texts, "%s", e->text ? e->text : "");
}

static inline void begin(void)
{
	told = 0;
	event_watch(keep);
}

static inline int end(void **state)
{
	(void)state;
	event_watch(NULL);
	return 0;
}

/* How many records of a call there are. */
static inline int records(int call, int phase)
{
	int n = 0;

	for (int i = 0; i < told; i++)
		n += kept[i].call == call && kept[i].phase == phase;
	return n;
}

static inline const struct event *nth(int call, int phase, int n)
{
	for (int i = 0; i < told; i++)
		if (kept[i].call == call && kept[i].phase == phase && n-- == 0)
			return &kept[i];
	fail_msg("no such record of %s", event_call_name(call));
	return NULL;
}

/* The return record of a call that was made once since begin. */
static inline const struct event *only(int call)
{
	assert_int_equal(records(call, EVENT_RETURN), 1);
	return nth(call, EVENT_RETURN, 0);
}

struct want {
	int fd, other, error;
	uint64_t offset, asked, moved, whole;
	uint32_t index;
};

static inline void same(const struct event *e, const struct want *w)
{
	assert_int_equal(e->fd, w->fd);
	assert_int_equal(e->other, w->other ? w->other : -1);
	assert_int_equal(e->error, w->error);
	assert_int_equal(e->offset, w->offset);
	assert_int_equal(e->asked, w->asked);
	assert_int_equal(e->moved, w->moved);
	assert_int_equal(e->whole, w->whole);
	assert_int_equal(e->index, w->index);
	assert_int_equal(e->pid, getpid());
	assert_int_equal(e->tid, gettid());
}

/* Moved as a whole, all of what was asked. */
static inline void all_of(const struct event *e, int fd, uint64_t offset, uint64_t n)
{
	same(e, &(struct want){ .fd = fd, .offset = offset, .asked = n, .moved = n, .whole = n });
}

static inline bool equal(const struct event_addr *a, const struct event_addr *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static inline struct event_addr addr_of(int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct event_addr a = { .len = 0 };
	struct sockaddr_storage s;
	socklen_t n = sizeof s;

	if (get(fd, (struct sockaddr *)&s, &n) == 0)
		witness_addr(&a, (struct sockaddr *)&s, n);
	return a;
}

static inline struct event_addr plain(const struct sock_addr *from)
{
	struct event_addr a = { .len = 0 };

	witness_addr(&a, call_raw(from), from->len);
	return a;
}

static inline uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t n = sizeof cookie;

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &n), 0);
	return cookie;
}

/* The record's socket is the one that lives at fd now, with the addresses it has now. */
static inline void is_about(const struct event *e, int fd)
{
	struct event_addr local = addr_of(fd, getsockname), peer = addr_of(fd, getpeername);

	assert_int_equal(e->cookie, cookie_of(fd));
	assert_true(equal(&e->local, &local));
	assert_true(equal(&e->peer, &peer));
}

static inline uint64_t hash(const void *bytes, size_t n)
{
	return event_hash(&(struct iovec){ (void *)(uintptr_t)bytes, n }, 1, n);
}

static inline void udp_pair(struct sock p[2])
{
	struct sock_addr at[2];

	for (int i = 0; i < 2; i++) {
		p[i] = sock_open(AF_INET, SOCK_DGRAM, 0);
		sock_limit(&p[i], PATIENCE);
		assert_int_equal(sock_bind(&p[i], "127.0.0.1:0"), 0);
		assert_int_equal(sock_name_addr(&p[i], &at[i]), 0);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(connect(p[i].fd, call_raw(&at[!i]), at[!i].len), 0);
}

static inline struct sock_addr name_of(struct sock *s)
{
	struct sock_addr a;

	assert_int_equal(sock_name_addr(s, &a), 0);
	return a;
}

static inline void ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_true(p.revents & events);
}

#define CLAIM(name) cmocka_unit_test_teardown(name, end)

#endif
