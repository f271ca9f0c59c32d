/* SPDX-License-Identifier: MIT */
/*
 * What the tests of batches share: sockets, a batch with its memory, and
 * datagrams whose bytes tell which one and which place they are.
 */
#ifndef DATAGRAMS_H
#define DATAGRAMS_H

#include "check.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sockeye/addr.h>
#include <sockeye/many.h>

enum { LARGEST = 65536 };

/* A batch on the heap, so that a sanitizer sees the ends of list and arena. */
static inline struct sock_batch batch(int room, size_t size)
{
	struct sock_batch b = { .room = room, .size = size };

	b.list = calloc(room, sizeof *b.list);
	b.arena = malloc(size);
	assert_true(b.list && b.arena);
	return b;
}

static inline void batch_free(struct sock_batch *b)
{
	free(b->list);
	free(b->arena);
}

/* A datagram socket, bound; where may be NULL for none. */
static inline struct sock udp(int family, const char *where)
{
	struct sock s = sock_open(family, SOCK_DGRAM, 0);

	assert_true(s.fd >= 0);
	sock_limit(&s, sock_sec(10));
	if (where)
		assert_int_equal(sock_bind(&s, where), 0);
	return s;
}

/* The same for a family that this machine may lack: fd is -1 then. */
static inline struct sock udp_or_none(int family, const char *where)
{
	struct sock s = sock_open(family, SOCK_DGRAM, 0);

	if (s.fd >= 0 && sock_bind(&s, where) < 0)
		sock_close(&s);
	sock_limit(&s, sock_sec(10));
	return s;
}

static inline void switch_on(struct sock *s, int level, int option)
{
	int on = 1;

	assert_int_equal(setsockopt(s->fd, level, option, &on, sizeof on), 0);
}

static inline struct sock_addr own(struct sock *s)
{
	struct sock_addr a;

	assert_int_equal(sock_name_addr(s, &a), 0);
	return a;
}

/* Where to reach a socket's port: an address of this machine and the port. */
static inline struct sock_addr at(const char *where, struct sock *s)
{
	struct sock_addr a, mine = own(s);

	assert_int_equal(sock_addr_parse(&a, where, NULL), 0);
	assert_int_equal(sock_addr_set_port(&a, sock_addr_port(&mine)), 0);
	return a;
}

static inline unsigned char letter(unsigned which, size_t place)
{
	return which * 31 + place * 7 + (place >> 8);
}

static inline void fill(void *data, size_t n, unsigned which)
{
	for (size_t i = 0; i < n; i++)
		((unsigned char *)data)[i] = letter(which, i);
}

static inline bool filled(const struct sock_dgram *d, size_t n, unsigned which)
{
	if (d->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (((const unsigned char *)d->data)[i] != letter(which, i))
			return false;
	return true;
}

/* Fill list with count datagrams of n bytes, numbered from first, side by side in the arena. */
static inline void load(struct sock_batch *b, int count, size_t n, unsigned first)
{
	assert_true(count <= b->room && count * n <= b->size);
	b->count = count;
	for (int i = 0; i < count; i++) {
		char *data = (char *)b->arena + i * n;

		b->list[i] = (struct sock_dgram){ .data = data, .n = n };
		fill(data, n, first + i);
	}
}

static inline void address(struct sock_batch *b, const struct sock_addr *to)
{
	for (int i = 0; i < b->count; i++)
		b->list[i].addr = *to;
}

/* Receive until count datagrams of n bytes came, numbered from first. */
static inline void expect(struct sock *s, struct sock_batch *b, int count, size_t n, unsigned first)
{
	for (int got = 0; got < count; got += b->count) {
		assert_true(sock_recvmany(s, b) > 0);
		assert_true(got + b->count <= count);
		for (int i = 0; i < b->count; i++) {
			assert_int_equal(b->list[i].cut, 0);
			assert_true(filled(&b->list[i], n, first + got + i));
		}
	}
}

#endif
