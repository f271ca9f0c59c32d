/* SPDX-License-Identifier: MIT */
/*
 * Any control data must be walked inside its bounds and come to an end, tell
 * about a datagram only what has a sane form, and a train of any length with
 * any segment size must be dealt out without a byte lost or counted twice. The
 * input is six bytes that choose, then the control data. The module under test
 * is included whole, for its inner functions are the target.
 */
#include "../../src/sock/many-in.c"

#include <limits.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { CHOICES = 6, ARENA = 4096, LIST = 8 };

static void hold(bool claim)
{
	if (!claim)
		abort();
}

/* Each item lies inside, behind the one before it. */
static void check_walk(const struct sock_control *c)
{
	const char *from = c->data, *end = from + (c->n < c->room ? c->n : c->room);
	struct sock_control_item item;
	size_t at = 0;

	while (sock_control_next(c, &at, &item)) {
		const char *start = item.data;

		hold(start >= from + sizeof(struct cmsghdr) && start <= end);
		hold(item.n <= (size_t)(end - start));
		from = start + item.n;
	}
	hold(sock_control_next(c, &at, &item) == 0);
}

static void check_learnt(const struct sock_train *t, const struct sock *s)
{
	const struct sock_addr *here = &t->like.here;
	int family = here->storage.ss_family;

	if (here->len)
		hold(family == AF_INET ? here->len == sizeof(struct sockaddr_in) && s->family == AF_INET
		                       : family == AF_INET6 && here->len == sizeof(struct sockaddr_in6));
	hold(t->step <= INT_MAX);
}

/* Deal a train out through a list that may be too short, and add up. */
static void check_dealing(struct sock_train t, int room)
{
	static char arena[ARENA];
	struct sock_dgram list[LIST];
	struct sock_batch b = { .list = list, .room = room, .arena = arena, .size = ARENA };
	struct sock s = { .fd = -1 };
	size_t n = t.like.n, whole = n + t.like.cut, sum = 0;

	t.like.data = arena;
	if (!deal(&b, &t))
		keep(&s, &b, &t);
	for (;;) {
		hold(b.count >= 1 && b.count <= room);
		for (int i = 0; i < b.count; i++) {
			hold(list[i].data == arena + (sum < n ? sum : n));
			hold(list[i].n + list[i].cut <= (t.step ? t.step : whole));
			sum += list[i].n + list[i].cut;
		}
		if (!b.waiting)
			break;
		b.count = 0;
		resume(&b);
	}
	hold(sum == whole && s.cut == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sock_train t = { .step = 0 };
	struct sock s = { .port = 7 };
	struct sock_control c;

	if (n < CHOICES)
		return 0;
	s.family = data[0] & 1 ? AF_INET6 : AF_INET;
	c.n = n - CHOICES;
	c.data = malloc(c.n ? c.n : 1);
	hold(c.data != NULL);
	memcpy(c.data, data + CHOICES, c.n);
	/* The kernel's count is never above the room, but a caller's may be. */
	c.room = c.n;
	if (data[0] & 2)
		c.n += data[1];
	check_walk(&c);
	learn(&t, &c, &s);
	check_learnt(&t, &s);
	free(c.data);
	t.like.n = (data[2] * 256u + data[3]) % (ARENA + 1);
	t.like.cut = data[0] & 4 ? data[4] * 16 : 0;
	check_dealing(t, 1 + data[5] % LIST);
	return 0;
}
