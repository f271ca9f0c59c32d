/* SPDX-License-Identifier: MIT */
/*
 * Claims about eye/pcapng: the file is well-formed, each packet's sums are right,
 * and which packets a record makes. tests/cli/test_pcapng.py has tshark's word on it.
 */
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "eye/pcapng.h"

enum { FILE_ROOM = 1 << 20, PACKETS = 100, HOUR = 3600 };

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

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

static int keep(void *to, const char *bytes, size_t n)
{
	(void)to;
	assert_true(file_n + n <= sizeof file);
	memcpy(file + file_n, bytes, n);
	file_n += n;
	return 0;
}

static uint32_t word(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof value);
	return value;
}

static unsigned half(const uint8_t *at)
{
	return (unsigned)(at[0] << 8 | at[1]);
}

static uint32_t sum(uint32_t begin, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		begin += (uint32_t)b[i] << (i % 2 ? 0 : 8);
	while (begin >> 16)
		begin = (begin & 0xffff) + (begin >> 16);
	return begin;
}

/* With its checksum in it a header sums up to all ones. */
static void hold_sums(const struct seen *s)
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

static void read_packet(const uint8_t *block, uint32_t size)
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
static void read_back(void)
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

static struct event_addr place(const char *host, int port)
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

static int begin(void **state)
{
	(void)state;
	file_n = seen_n = 0;
	now = 0;
	p = pcapng_new(HOUR * INT64_C(1000000000), keep, NULL);
	return p ? 0 : -1;
}

static void finish(void)
{
	assert_int_equal(pcapng_end(p), 0);
	read_back();
}

static struct event client(int call)
{
	return (struct event){
		.time = ++now, .call = call, .phase = EVENT_RETURN, .pid = 100, .fd = 3, .other = -1,
		.family = AF_INET, .type = SOCK_STREAM, .cookie = 1, .program = "client",
		.local = place("127.0.0.1", 50000), .peer = place("127.0.0.1", 80),
	};
}

static struct event server(int call)
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

static void tell(struct event e)
{
	pcapng_event(p, &e);
}

static void move(struct event e, const char *text, size_t shown, uint64_t offset)
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

static unsigned flags(size_t i)
{
	assert_true(i < seen_n);
	return seen[i].bytes[33];
}

static void assert_flags(const char *want)
{
	static const char letters[] = "FSRPA";
	char got[400] = "";
	size_t n = 0;

	for (size_t i = 0; i < seen_n; i++) {
		got[n++] = half(seen[i].bytes + 20) == 80 ? '<' : '>';
		for (int bit = 0; bit < 5; bit++)
			if (flags(i) >> bit & 1)
				got[n++] = letters[bit];
		got[n++] = ' ';
	}
	got[n ? n - 1 : 0] = '\0';
	assert_string_equal(got, want);
}

static uint32_t seq(size_t i)
{
	return ntohl(word(seen[i].bytes + 24));
}

static uint32_t ack(size_t i)
{
	return ntohl(word(seen[i].bytes + 28));
}

static void meet(void)
{
	tell(client(EVENT_CONNECT));
	struct event e = server(EVENT_ACCEPT);
	e.fd = 3;
	e.other = 4;
	tell(e);
}

static void a_file_without_packets_has_its_head(void **state)
{
	(void)state;
	finish();
	assert_int_equal(seen_n, 0);
}

static void a_conversation_has_a_handshake_and_an_end(void **state)
{
	(void)state;
	meet();
	move(client(EVENT_SEND), "hello", 99, 0);
	move(server(EVENT_RECV), "hello", 99, 0);
	tell(client(EVENT_CLOSE));
	move(server(EVENT_RECV), "", 0, 0);
	tell(server(EVENT_CLOSE));
	finish();
	assert_flags(">S <SA >A >PA <A >FA <A <FA >A");
	assert_int_equal(seq(3), seq(0) + 1);
	assert_int_equal(ack(4), seq(0) + 6);
	assert_int_equal(ack(6), seq(0) + 7);
	assert_int_equal(ack(8), seq(1) + 2);
	assert_memory_equal(seen[3].bytes + 40, "hello", 5);
	assert_string_equal(seen[3].comment, "client 100: send(3, 5) = 5");
	assert_string_equal(seen[4].comment, "server 200: recv(4, 5) = 5");
	assert_int_equal(seen[0].time, HOUR * UINT64_C(1000000000) + 1);
}

static void bytes_are_told_by_whoever_tells_first(void **state)
{
	(void)state;
	meet();
	move(server(EVENT_RECV), "he", 99, 0);
	move(client(EVENT_SEND), "hello", 99, 0);
	move(server(EVENT_RECV), "llo", 99, 2);
	finish();
	assert_flags(">S <SA >A >PA <A >PA <A");
	assert_memory_equal(seen[3].bytes + 40, "he", 2);
	assert_memory_equal(seen[5].bytes + 40, "llo", 3);
	assert_int_equal(seq(5), seq(3) + 2);
}

static void a_look_is_no_byte(void **state)
{
	struct event e = server(EVENT_RECV);

	(void)state;
	meet();
	e.arg[0] = MSG_PEEK;
	move(e, "hello", 99, 0);
	e.arg[0] = MSG_OOB;
	move(e, "!", 99, 0);
	finish();
	assert_flags(">S <SA >A");
}

static void what_was_not_recorded_is_cut(void **state)
{
	(void)state;
	meet();
	move(client(EVENT_SEND), "hello", 2, 0);
	move(client(EVENT_SEND), "hello", 0, 5);
	finish();
	assert_int_equal(seen[3].have, 42);
	assert_int_equal(seen[3].whole, 45);
	assert_string_equal(seen[3].comment, "client 100: send(3, 5) = 5; 2 of 5 bytes were recorded");
	assert_int_equal(seen[4].have, 40);
	assert_int_equal(seen[4].whole, 45);
}

static void a_lost_record_leaves_a_hole_of_its_size(void **state)
{
	(void)state;
	meet();
	move(client(EVENT_SEND), "after", 99, 7);
	finish();
	assert_flags(">S <SA >A >PA >PA");
	assert_int_equal(seen[3].whole, 47);
	assert_int_equal(seen[3].have, 40);
	assert_string_equal(seen[3].comment, "no record of this; 0 of 7 bytes were recorded");
	assert_int_equal(seq(4), seq(3) + 7);
}

static void long_sends_are_several_segments(void **state)
{
	static char text[150001];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	meet();
	move(client(EVENT_SEND), text, sizeof text, 0);
	finish();
	assert_flags(">S <SA >A >A >A >PA");
	assert_int_equal(seen[5].whole, 40 + 20000);
}

static void refusal_is_a_reset(void **state)
{
	struct event e = client(EVENT_CONNECT);

	(void)state;
	e.error = ECONNREFUSED;
	e.local = place("0.0.0.0", 0);
	tell(e);
	finish();
	assert_flags(">S <RA");
	assert_memory_equal(seen[0].bytes + 12, seen[0].bytes + 16, 4);
	assert_int_equal(ack(1), seq(0) + 1);
}

static void refusal_may_be_asked_for_later(void **state)
{
	struct event e = client(EVENT_CONNECT);

	(void)state;
	e.error = EINPROGRESS;
	tell(e);
	e = client(EVENT_GETSOCKOPT);
	memcpy(e.arg, (int32_t[]){ SOL_SOCKET, SO_ERROR, ECONNREFUSED }, sizeof e.arg);
	e.peer.len = 0;
	tell(e);
	finish();
	assert_flags(">S <RA");
}

static void closing_on_unread_bytes_is_a_reset(void **state)
{
	(void)state;
	meet();
	move(client(EVENT_SEND), "hello", 99, 0);
	tell(server(EVENT_CLOSE));
	finish();
	assert_flags(">S <SA >A >PA <RA");
}

static void sending_to_a_closed_end_is_answered_with_a_reset(void **state)
{
	(void)state;
	meet();
	move(server(EVENT_SEND), "bye", 99, 0);
	tell(server(EVENT_CLOSE));
	move(client(EVENT_SEND), "hello", 99, 0);
	finish();
	assert_flags(">S <SA >A <PA <FA >PA <RA");
}

static void the_last_of_several_holders_closes(void **state)
{
	struct event fork = server(EVENT_FORK), end = server(EVENT_EXIT);

	(void)state;
	meet();
	fork.other = end.pid = 300;
	move(server(EVENT_SEND), "one", 99, 0);
	tell(fork);
	tell(server(EVENT_CLOSE));
	move(client(EVENT_RECV), "one", 99, 0);
	end.time = ++now;
	tell(end);
	finish();
	assert_flags(">S <SA >A <PA >A <FA");
	assert_string_equal(seen[5].comment, "server 300: exit(0) ");
}

static void a_port_that_is_used_again_is_another_connection(void **state)
{
	struct event e;

	(void)state;
	meet();
	tell(client(EVENT_CLOSE));
	e = client(EVENT_CONNECT);
	e.cookie = 3;
	tell(e);
	finish();
	assert_int_equal(flags(seen_n - 3), SYN);
	assert_true(seq(seen_n - 3) != seq(0));
}

static struct event datagram(struct event e)
{
	e.type = SOCK_DGRAM;
	return e;
}

static void datagrams_are_told_once_each(void **state)
{
	struct event got = datagram(server(EVENT_RECVFROM));

	(void)state;
	move(datagram(client(EVENT_SENDTO)), "one", 99, 0);
	move(datagram(client(EVENT_SENDTO)), "one", 99, 0);
	got.local = place("0.0.0.0", 80);
	move(got, "one", 99, 0);
	move(got, "two", 99, 0);
	got.moved = 2;
	got.whole = 3;
	got.hash = 7;
	tell(got);
	finish();
	assert_int_equal(seen_n, 3);
	assert_memory_equal(seen[2].bytes + 28, "two", 3);
	assert_int_equal(half(seen[2].bytes + 22), 80);
}

static void six_is_six_and_mapped_is_four(void **state)
{
	struct event e = datagram(client(EVENT_SENDTO));

	(void)state;
	e.family = AF_INET6;
	e.local = place("::", 50000);
	e.peer = place("::1", 80);
	move(e, "odd", 99, 0);
	e.local = place("::ffff:127.0.0.1", 50000);
	e.peer = place("::ffff:127.0.0.2", 80);
	move(e, "odd", 99, 0);
	finish();
	assert_int_equal(seen[0].whole, 40 + 8 + 3);
	assert_int_equal(seen[0].bytes[23], 1);
	assert_int_equal(seen[1].whole, 20 + 8 + 3);
}

static void other_sockets_are_counted(void **state)
{
	struct event e = client(EVENT_SEND);

	(void)state;
	e.family = AF_UNIX;
	move(e, "hello", 99, 0);
	assert_int_equal(pcapng_left_out(p), 1);
	finish();
	assert_int_equal(seen_n, 0);
}

static int refuse(void *to, const char *bytes, size_t n)
{
	(void)bytes, (void)n;
	++*(int *)to;
	return -ENOSPC;
}

static void a_full_disk_is_told_once(void **state)
{
	int calls = 0;
	struct pcapng *full = pcapng_new(0, refuse, &calls);
	struct event e = client(EVENT_CONNECT);

	(void)state;
	pcapng_end(p);
	assert_non_null(full);
	pcapng_event(full, &e);
	assert_int_equal(pcapng_end(full), -ENOSPC);
	assert_int_equal(calls, 1);
}

#define CLAIM(name) cmocka_unit_test_setup(name, begin)

static const struct CMUnitTest tests[] = {
	CLAIM(a_file_without_packets_has_its_head),
	CLAIM(a_conversation_has_a_handshake_and_an_end),
	CLAIM(bytes_are_told_by_whoever_tells_first),
	CLAIM(a_look_is_no_byte),
	CLAIM(what_was_not_recorded_is_cut),
	CLAIM(a_lost_record_leaves_a_hole_of_its_size),
	CLAIM(long_sends_are_several_segments),
	CLAIM(refusal_is_a_reset),
	CLAIM(refusal_may_be_asked_for_later),
	CLAIM(closing_on_unread_bytes_is_a_reset),
	CLAIM(sending_to_a_closed_end_is_answered_with_a_reset),
	CLAIM(the_last_of_several_holders_closes),
	CLAIM(a_port_that_is_used_again_is_another_connection),
	CLAIM(datagrams_are_told_once_each),
	CLAIM(six_is_six_and_mapped_is_four),
	CLAIM(other_sockets_are_counted),
	CLAIM(a_full_disk_is_told_once),
};

CHECK_MAIN(tests)
