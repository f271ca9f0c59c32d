/* SPDX-License-Identifier: MIT */
/*
 * Clients for the services of shapes.h, each in a thread: one that says a text,
 * cut at random, and checks what comes back against the shape's model; and one
 * that only pumps.
 */
#ifndef TALKS_H
#define TALKS_H

#include "shapes.h"

struct talk {
	const char *where;
	const struct shape *shape;
	uint64_t seed;
	size_t n;                       /* bytes to send, then the end */
	size_t cut, sip;                /* at most so many at once, out and in */
	bool late;                      /* reads when it can send no more */
	int rcvbuf;
	pthread_t thread;
	size_t sent, got;
	bool well;
	int error;                      /* what broke it, or ETIME */
	char *reply;
	size_t room;
};

static inline bool talk_out(struct talk *t, int fd, bool *done)
{
	size_t part = 1 + random_below(&t->seed, (uint32_t)t->cut);
	ssize_t r;

	if (part > t->n - t->sent)
		part = t->n - t->sent;
	r = part ? send(fd, shapes_text + t->sent, part, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
	if (r < 0 && errno != EAGAIN) {
		t->error = errno;
		return t->shape->deaf;
	}
	t->sent += r > 0 ? r : 0;
	if (t->sent == t->n) {
		shutdown(fd, SHUT_WR);
		t->late = false;
		*done = true;
	}
	return true;
}

/* False at the end or when it broke; then t->well says which. */
static inline bool talk_in(struct talk *t, int fd)
{
	size_t part = 1 + random_below(&t->seed, (uint32_t)t->sip);
	ssize_t r;

	if (part > t->room - t->got)
		part = t->room - t->got;
	r = part ? recv(fd, t->reply + t->got, part, MSG_DONTWAIT) : -1;
	if (r < 0 && part && errno == EAGAIN)
		return true;
	if (r < 0) {
		t->error = part ? errno : ENOBUFS;
		return false;
	}
	t->got += r;
	t->well = r == 0;
	return r > 0;
}

static inline void *talk_run(void *talk)
{
	struct talk *t = talk;
	int fd = client_with(t->where, t->rcvbuf);
	bool done = false;

	while (fd >= 0) {
		struct pollfd p = { .fd = fd, .events = (t->late ? 0 : POLLIN) | (done ? 0 : POLLOUT) };

		int n = poll(&p, 1, t->late ? 0 : RUNNING_PATIENCE_S * 1000);

		if (n == 0 && t->late) {
			t->late = false;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			t->error = n < 0 ? errno : ETIME;
			break;
		}
		if (!done && p.revents & (POLLOUT | POLLERR) && !talk_out(t, fd, &done))
			break;
		if (p.events & POLLIN && p.revents & ~POLLOUT && !talk_in(t, fd))
			break;
	}
	if (fd >= 0)
		close(fd);
	shapes_sent += t->sent;
	shapes_got += t->got;
	return NULL;
}

static inline void talk_check(struct talk *t)
{
	char *expected = malloc(t->room);
	size_t n;

	assert_non_null(expected);
	n = t->shape->expect(shapes_text, t->sent, expected);
	if (!t->well || t->got != n || memcmp(t->reply, expected, n) != 0)
		fail_msg("%s: sent %zu of %zu, got %zu of %zu bytes, %s", t->shape->service.name, t->sent, t->n,
		         t->got, n, t->well ? "and the end" : strerrorname_np(t->error));
	free(expected);
	free(t->reply);
}

/* Several clients at the same time; each must get what the model says. */
static inline void talk_all(struct talk *t, int count)
{
	for (int i = 0; i < count; i++) {
		t[i].room = SHAPES_ROOM + t[i].shape->gain * t[i].n;
		t[i].reply = malloc(t[i].room);
		assert_non_null(t[i].reply);
		assert_int_equal(pthread_create(&t[i].thread, NULL, talk_run, &t[i]), 0);
	}
	for (int i = 0; i < count; i++)
		assert_int_equal(pthread_join(t[i].thread, NULL), 0);
	for (int i = 0; i < count; i++)
		talk_check(&t[i]);
}

/* A client that asks and checks again and again, until it is stopped. */
struct pump {
	pthread_t thread;
	const char *where;
	const struct shape *shape;
	_Atomic bool stop;
	long rounds;                    /* -1: a reply was wrong */
};

static inline void *pump_run(void *pump)
{
	enum { MOST = 5000 };
	struct pump *p = pump;
	char expected[MOST], reply[MOST];
	int fd = client_with(p->where, 0);

	for (size_t n = 1; !p->stop; n = n * 3 % MOST + 1) {
		p->shape->expect(shapes_text, n, expected);
		if (fd < 0 || !client_sends(fd, shapes_text, n) || client_reads(fd, reply, n) != (ssize_t)n ||
		    memcmp(reply, expected, n) != 0) {
			p->rounds = -1;
			break;
		}
		p->rounds++;
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

static inline void pump_start(struct pump *p, const char *where, const struct shape *shape)
{
	*p = (struct pump){ .where = where, .shape = shape };
	assert_int_equal(pthread_create(&p->thread, NULL, pump_run, p), 0);
}

static inline long pump_stop(struct pump *p)
{
	p->stop = true;
	assert_int_equal(pthread_join(p->thread, NULL), 0);
	return p->rounds;
}

#endif
