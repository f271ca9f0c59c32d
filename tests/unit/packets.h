/* SPDX-License-Identifier: MIT */
/*
 * For the tests of captures: records of a client and a server become a file in memory,
 * which is read back packet by packet; each must have the right sums.
 */
#ifndef PACKETS_H
#define PACKETS_H

#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "eye/pcapng.h"

enum { FILE_ROOM = 1 << 20, PACKETS = 100, HOUR = 3600 };

static uint8_t file[FILE_ROOM];
static size_t file_n;

/* A packet of the file. */
struct seen {
	uint64_t time;
	uint32_t have, whole;
	const uint8_t *bytes;
	char comment[300];
};

static struct seen seen[PACKETS];
static size_t seen_n;

static inline int keep(void *to, const char *bytes, size_t n)
{
	(void)to;
	assert_true(file_n + n <= sizeof file);
	memcpy(file + file_n, bytes, n);
	file_n += n;
	return 0;
}

static inline uint32_t word(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof value);
	return value;
}

static inline unsigned half(const uint8_t *at)
{
	return (unsigned)(at[0] << 8 | at[1]);
}

static inline uint32_t sum(uint32_t begin, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		begin += (uint32_t)b[i] << (i % 2 ? 0 : 8);
	while (begin >> 16)
		begin = (begin & 0xffff) + (begin >> 16);
	return begin;
}

/* With its checksum in it a header sums up to all ones. */
static inline void hold_sums(const struct seen *s)
{
	bool four = *s->bytes >> 4 == 4;
	size_t ip = four ? 20 : 40, addrs = four ? 8 : 32;
	unsigned proto = s->bytes[four ? 9 : 6];
	uint32_t begin = proto + (uint32_t)(s->whole - ip);

	if (four)
		assert_int_equal(sum(0, s->bytes, 20), 0xffff);
	assert_int_equal(four ? half(s->bytes + 2) : half(s->bytes + 4) + 40, s->whole);
	if (s->have < s->whole)
		return;
	begin = sum(begin, s->bytes + ip - addrs, addrs);
	assert_int_equal(sum(begin, s->bytes + ip, s->whole - ip), 0xffff);
}

static inline void read_packet(const uint8_t *block, uint32_t size)
{
	struct seen *s = &seen[seen_n++];
	size_t options;

	assert_true(seen_n <= PACKETS);
	*s = (struct seen){
		.time = (uint64_t)word(block + 12) << 32 | word(block + 16),
		.have = word(block + 20), .whole = word(block + 24), .bytes = block + 28,
	};
	options = 28 + (s->have + 3) / 4 * 4;
	assert_true(s->have <= s->whole && options + 4 <= size);
	if (options + 4 < size) {
		uint16_t code, n;

		memcpy(&code, block + options, 2);
		memcpy(&n, block + options + 2, 2);
		assert_int_equal(code, 1);
		assert_true(n < sizeof s->comment);
		memcpy(s->comment, block + options + 4, n);
		assert_int_equal(size, options + 4 + (n + 3u) / 4 * 4 + 4 + 4);
	}
	hold_sums(s);
}

/* Every block has its length at both of its ends; the first two are the section and the interface. */
static inline void read_back(void)
{
	size_t at = 0, blocks = 0;

	seen_n = 0;
	for (; at < file_n; blocks++) {
		uint32_t size = word(file + at + 4);

		assert_true(size % 4 == 0 && size >= 12 && at + size <= file_n);
		assert_int_equal(word(file + at + size - 4), size);
		assert_int_equal(word(file + at), blocks == 0 ? 0x0a0d0d0a : blocks == 1 ? 1 : 6);
		if (blocks >= 2)
			read_packet(file + at, size);
		at += size;
	}
	assert_true(blocks >= 2);
	for (size_t i = 1; i < seen_n; i++)
		assert_true(seen[i].time >= seen[i - 1].time);
}

static inline struct event_addr place(const char *host, int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	bool four = inet_pton(AF_INET, host, &in.sin_addr) == 1;
	struct event_addr a = { .len = four ? sizeof in : sizeof in6 };

	if (!four)
		assert_int_equal(inet_pton(AF_INET6, host, &in6.sin6_addr), 1);
	memcpy(a.bytes, four ? (void *)&in : (void *)&in6, a.len);
	return a;
}

static struct pcapng *p;
static int64_t now;

static inline int begin(void **state)
{
	(void)state;
	file_n = seen_n = 0;
	now = 0;
	p = pcapng_new(HOUR * INT64_C(1000000000), keep, NULL);
	return p ? 0 : -1;
}

static inline void finish(void)
{
	assert_int_equal(pcapng_end(p), 0);
	read_back();
}

static inline struct event client(int call)
{
	return (struct event){
		.time = ++now, .call = call, .phase = EVENT_RETURN, .pid = 100, .fd = 3, .other = -1,
		.family = AF_INET, .type = SOCK_STREAM, .cookie = 1, .program = "client",
		.local = place("127.0.0.1", 50000), .peer = place("127.0.0.1", 80),
	};
}

static inline struct event server(int call)
{
	struct event e = client(call);

	e.pid = 200;
	e.fd = 4;
	e.cookie = 2;
	e.local = place("127.0.0.1", 80);
	e.peer = place("127.0.0.1", 50000);
	memcpy(e.program, "server", 7);
	return e;
}

static inline void tell(struct event e)
{
	pcapng_event(p, &e);
}

static inline void move(struct event e, const char *text, size_t shown, uint64_t offset)
{
	size_t n = strlen(text);
	struct iovec iov = { (void *)text, shown < n ? shown : n };

	e.moved = e.whole = n;
	e.asked = n ? n : 10;
	e.offset = offset;
	e.hash = event_hash(&(struct iovec){ (void *)text, n }, 1, n);
	e.iov = shown ? &iov : NULL;
	e.iovs = 1;
	pcapng_event(p, &e);
}

#define CLAIM(name) cmocka_unit_test_setup(name, begin)

#endif
