/* SPDX-License-Identifier: MIT */
/*
 * Claims about eye/pcapng: the file is well-formed, datagrams are in it once each, and
 * what has no packets is counted. tests/cli/test_pcapng.py has tshark's word on it.
 */
#include "packets.h"

static void a_file_without_packets_has_its_head(void **state)
{
	(void)state;
	finish();
	assert_int_equal(seen_n, 0);
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

static const struct CMUnitTest tests[] = {
	CLAIM(a_file_without_packets_has_its_head),
	CLAIM(datagrams_are_told_once_each),
	CLAIM(six_is_six_and_mapped_is_four),
	CLAIM(other_sockets_are_counted),
	CLAIM(a_full_disk_is_told_once),
};

CHECK_MAIN(tests)
