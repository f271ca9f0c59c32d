/* SPDX-License-Identifier: MIT */
/*
 * The hook, the names of the calls, and the hash that lets the two ends of a
 * conversation be matched. Who fills records in: sock/watch.c. Who reads them:
 * eye/record.c.
 */
#include "event.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

event_hook_fn *event_hook;
uint32_t event_age;

/* The age goes on before the hook is there, so that no record is made of what is old. */
void event_watch(event_hook_fn *hook)
{
	event_hook_fn *was = __atomic_load_n(&event_hook, __ATOMIC_ACQUIRE);

	do
		if (hook && !was)
			__atomic_add_fetch(&event_age, 1, __ATOMIC_ACQ_REL);
	while (!__atomic_compare_exchange_n(&event_hook, &was, hook, false,
	                                    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

static const char *const names[EVENT_CALLS] = {
	[EVENT_NONE] = "none",
	[EVENT_SOCKET] = "socket",
	[EVENT_SOCKETPAIR] = "socketpair",
	[EVENT_BIND] = "bind",
	[EVENT_LISTEN] = "listen",
	[EVENT_ACCEPT] = "accept",
	[EVENT_CONNECT] = "connect",
	[EVENT_SEND] = "send",
	[EVENT_SENDTO] = "sendto",
	[EVENT_SENDMSG] = "sendmsg",
	[EVENT_SENDMMSG] = "sendmmsg",
	[EVENT_WRITE] = "write",
	[EVENT_WRITEV] = "writev",
	[EVENT_SENDFILE] = "sendfile",
	[EVENT_SPLICE] = "splice",
	[EVENT_RECV] = "recv",
	[EVENT_RECVFROM] = "recvfrom",
	[EVENT_RECVMSG] = "recvmsg",
	[EVENT_RECVMMSG] = "recvmmsg",
	[EVENT_READ] = "read",
	[EVENT_READV] = "readv",
	[EVENT_SHUTDOWN] = "shutdown",
	[EVENT_CLOSE] = "close",
	[EVENT_DUP] = "dup",
	[EVENT_FCNTL] = "fcntl",
	[EVENT_SETSOCKOPT] = "setsockopt",
	[EVENT_GETSOCKOPT] = "getsockopt",
	[EVENT_GETSOCKNAME] = "getsockname",
	[EVENT_GETPEERNAME] = "getpeername",
	[EVENT_POLL] = "poll",
	[EVENT_SELECT] = "select",
	[EVENT_EPOLL_WAIT] = "epoll_wait",
	[EVENT_GETADDRINFO] = "getaddrinfo",
	[EVENT_GETNAMEINFO] = "getnameinfo",
	[EVENT_FORK] = "fork",
	[EVENT_EXIT] = "exit",
};

const char *event_call_name(int call)
{
	return call >= 0 && call < EVENT_CALLS ? names[call] : "unknown";
}

bool event_sends(const struct event *e)
{
	switch (e->call) {
	case EVENT_SEND:
	case EVENT_SENDTO:
	case EVENT_SENDMSG:
	case EVENT_SENDMMSG:
	case EVENT_WRITE:
	case EVENT_WRITEV:
	case EVENT_SENDFILE:
		return true;
	default:
		return e->call == EVENT_SPLICE && !e->arg[1];
	}
}

bool event_receives(const struct event *e)
{
	switch (e->call) {
	case EVENT_RECV:
	case EVENT_RECVFROM:
	case EVENT_RECVMSG:
	case EVENT_RECVMMSG:
	case EVENT_READ:
	case EVENT_READV:
		return true;
	default:
		return e->call == EVENT_SPLICE && e->arg[1];
	}
}

/*
 * The kernel is asked who we are each time. A remembered pid is wrong in the
 * child of a vfork or a bare clone, which runs no fork handler and may share
 * our memory; two cheap calls beside a record that costs microseconds are not
 * worth that lie.
 */
void event_init(struct event *e, int call, int phase)
{
	const char *program = program_invocation_short_name;

	memset(e, 0, sizeof *e);
	e->time = clock_now();
	e->pid = getpid();
	e->tid = gettid();
	e->fd = e->other = -1;
	e->call = call;
	e->phase = phase;
	if (program)
		memcpy(e->program, program, strnlen(program, sizeof e->program - 1));
}

/*
 * The hash. Blocks of four words feed four lanes that do not wait for each
 * other, each by multiply, rotate, multiply; the end is padded with zeros and
 * the length folded in. Fast and well spread, but no defence: whoever wants
 * two messages to collide can arrange it.
 */
enum { LANES = 4, BLOCK = LANES * 8 };

/* Odd numbers with a balanced mix of bits: the roots of 2 and 3, and the golden ratio. */
static const uint64_t ROOT2 = UINT64_C(0x6a09e667f3bcc909);
static const uint64_t ROOT3 = UINT64_C(0xbb67ae8584caa73b);
static const uint64_t GOLDEN = UINT64_C(0x9e3779b97f4a7c15);

struct hash {
	uint64_t lane[LANES];
	uint64_t total;
	size_t held;            /* bytes in rest that do not fill a block yet */
	uint8_t rest[BLOCK];
};

static inline uint64_t turn(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static inline void stir(struct hash *h, const uint8_t *block)
{
	for (int i = 0; i < LANES; i++) {
		uint64_t word;

		memcpy(&word, block + 8 * i, 8);
		h->lane[i] = turn(h->lane[i] + le64toh(word) * ROOT2, 29) * GOLDEN;
	}
}

static size_t hold(struct hash *h, const uint8_t *p, size_t n)
{
	size_t room = BLOCK - h->held;

	if (n > room)
		n = room;
	memcpy(h->rest + h->held, p, n);
	h->held += n;
	if (h->held == BLOCK) {
		stir(h, h->rest);
		h->held = 0;
	}
	return n;
}

static void add(struct hash *h, const uint8_t *p, size_t n)
{
	h->total += n;
	if (h->held) {
		size_t used = hold(h, p, n);

		p += used;
		n -= used;
	}
	for (; n >= BLOCK; n -= BLOCK, p += BLOCK)
		stir(h, p);
	if (n)
		hold(h, p, n);
}

static uint64_t finish(struct hash *h)
{
	uint64_t sum = h->total * ROOT3;

	if (h->held) {
		memset(h->rest + h->held, 0, BLOCK - h->held);
		stir(h, h->rest);
	}
	for (int i = 0; i < LANES; i++)
		sum = turn(sum ^ h->lane[i], 31) * ROOT2 + ROOT3;
	sum = (sum ^ sum >> 32) * GOLDEN;
	sum = (sum ^ sum >> 29) * ROOT3;
	return sum ^ sum >> 32;
}

/* 0 is kept for "no bytes", and for those nobody has. */
uint64_t event_hash(const struct iovec *iov, int iovs, size_t n)
{
	struct hash h = { .lane = { ROOT2, ROOT3, GOLDEN, ~GOLDEN } };

	for (int i = 0; iov && i < iovs && n; i++) {
		size_t part = iov[i].iov_len < n ? iov[i].iov_len : n;

		if (part && !iov[i].iov_base)
			return 0;
		if (part)
			add(&h, iov[i].iov_base, part);
		n -= part;
	}
	if (!h.total)
		return 0;
	uint64_t sum = finish(&h);
	return sum ? sum : 1;
}

size_t event_preview(const struct event *e, void *out, size_t room)
{
	size_t want = e->moved < room ? e->moved : room;
	size_t n = 0;

	for (int i = 0; e->iov && i < e->iovs && n < want; i++) {
		size_t part = e->iov[i].iov_len < want - n ? e->iov[i].iov_len : want - n;

		if (part && !e->iov[i].iov_base)
			break;
		if (part)
			memcpy((char *)out + n, e->iov[i].iov_base, part);
		n += part;
	}
	return n;
}

/* One block: the record, its only iovec, the payload, the text. */
struct block {
	struct event e;
	struct iovec iov;
	char bytes[];
};

static size_t kept(const struct event *e, size_t payload)
{
	return e->iov ? (e->moved < payload ? e->moved : payload) : 0;
}

static size_t text_size(const struct event *e)
{
	return e->text ? strlen(e->text) + 1 : 0;
}

size_t event_size(const struct event *e, size_t payload)
{
	return sizeof(struct block) + kept(e, payload) + text_size(e);
}

struct event *event_copy_into(void *block, const struct event *e, size_t payload)
{
	struct block *b = block;
	size_t text = text_size(e), n = event_preview(e, b->bytes, kept(e, payload));

	b->e = *e;
	b->iov = (struct iovec){ b->bytes, n };
	b->e.iov = n ? &b->iov : NULL;
	b->e.iovs = n ? 1 : 0;
	b->e.text = text ? memcpy(b->bytes + n, e->text, text) : NULL;
	return &b->e;
}

struct event *event_copy(const struct event *e, size_t payload)
{
	void *block = malloc(event_size(e, payload));

	return block ? event_copy_into(block, e, payload) : NULL;
}
