/* SPDX-License-Identifier: MIT */
/*
 * Claims about the records of calls: what each says of the bytes it moved.
 * Which socket it was and at what place of the stream in the long run is in
 * test-flow.c, what a record's line looks like in test-json.c, the hash itself
 * in test-event.c.
 */
#include "watching.h"

#include <netinet/in.h>
#include <sockeye/msg.h>
#include <sys/mman.h>

#include "eye/json.h"
#include "sock/lookup.h"
#include "sock/wait.h"

/* -- Which calls, and when --------------------------------------------------------- */

static void only_calls_that_may_block_are_told_at_entry(void **state)
{
	static const bool blocks[EVENT_CALLS] = {
		[EVENT_ACCEPT] = true, [EVENT_CONNECT] = true, [EVENT_SEND] = true,
		[EVENT_RECV] = true, [EVENT_POLL] = true, [EVENT_GETADDRINFO] = true,
		[EVENT_SENDFILE] = true,
	};
	char buf[8];

	(void)state;
	int file = memfd_create("file", MFD_CLOEXEC);
	assert_int_equal(write(file, "hello", 5), 5);
	begin();
	{
		sock_auto server = sock_server("tcp://127.0.0.1:0");
		sock_limit(&server, PATIENCE);
		sock_auto client = sock_dial(sock_name(&server).s);
		sock_auto conn = sock_accept(&server);
		sock_auto copy = sock_dup(&conn);
		PAIR_AUTO struct sock p[2];

		pair_unix(p, SOCK_STREAM);
		assert_int_equal(call_poll(conn.fd, POLLOUT, 0), POLLOUT);
		assert_int_equal(sock_sendfile(&client, file, 0, 5), 5);
		assert_int_equal(sock_sendall(&client, "hello", 5), 0);
		assert_int_equal(sock_recvall(&copy, buf, 8), 8);
		assert_int_equal(sock_shutdown(&conn, SHUT_WR), 0);
	}
	event_watch(NULL);
	close(file);
	for (int call = 1; call < EVENT_CALLS; call++) {
		int entered = records(call, EVENT_ENTER), left = records(call, EVENT_RETURN);

		assert_int_equal(entered, blocks[call] ? left : 0);
	}
	assert_true(records(EVENT_POLL, EVENT_RETURN) > 0);
	assert_int_equal(records(EVENT_SENDFILE, EVENT_RETURN), 1);
	assert_int_equal(records(EVENT_SOCKETPAIR, EVENT_RETURN), 1);
	assert_int_equal(records(EVENT_DUP, EVENT_RETURN), 1);
	assert_int_equal(records(EVENT_SHUTDOWN, EVENT_RETURN), 1);
	assert_int_equal(records(EVENT_CLOSE, EVENT_RETURN), 6);
}

static void an_entry_says_what_is_asked_and_nothing_of_the_outcome(void **state)
{
	PAIR_AUTO struct sock p[2];

	(void)state;
	pair_tcp(p);
	begin();
	assert_int_equal(call_send(p[0].fd, "hello", 5, 0), 5);
	const struct event *in = nth(EVENT_SEND, EVENT_ENTER, 0), *out = only(EVENT_SEND);
	same(in, &(struct want){ .fd = p[0].fd, .asked = 5 });
	is_about(in, p[0].fd);
	assert_int_equal(in->took + in->hash, 0);
	assert_null(in->iov);
	all_of(out, p[0].fd, 0, 5);
	is_about(out, p[0].fd);
	assert_int_equal(out->took, out->time - in->time);
	assert_int_equal(out->hash, hash("hello", 5));
	assert_int_equal(out->family, AF_INET);
	assert_int_equal(out->type, SOCK_STREAM);
	assert_int_equal(out->proto, IPPROTO_TCP);
}

static void a_new_descriptor_is_named(void **state)
{
	(void)state;
	begin();
	sock_auto server = sock_server("tcp://127.0.0.1:0");
	sock_auto client = sock_dial(sock_name(&server).s);
	sock_auto conn = sock_accept(&server);
	const struct event *e = only(EVENT_ACCEPT);
	same(e, &(struct want){ .fd = server.fd, .other = conn.fd });
	is_about(e, conn.fd);
	e = nth(EVENT_SOCKET, EVENT_RETURN, 1);
	same(e, &(struct want){ .fd = client.fd });
	assert_int_equal(e->cookie, cookie_of(client.fd));
	sock_auto copy = sock_dup(&conn);
	e = only(EVENT_DUP);
	same(e, &(struct want){ .fd = conn.fd, .other = copy.fd });
	is_about(e, conn.fd);
	assert_int_not_equal(cookie_of(conn.fd), cookie_of(client.fd));
}

static void a_failed_bind_shows_the_address_asked_for(void **state)
{
	sock_auto holder = sock_server("tcp://127.0.0.1:0");
	sock_auto s = sock_open(AF_INET, SOCK_STREAM, 0);
	struct sock_addr taken = name_of(&holder), any;

	(void)state;
	begin();
	assert_int_equal(call_bind(s.fd, &taken), -EADDRINUSE);
	const struct event *e = only(EVENT_BIND);
	struct event_addr asked = plain(&taken);
	same(e, &(struct want){ .fd = s.fd, .error = EADDRINUSE });
	assert_true(equal(&e->local, &asked));
	begin();
	assert_int_equal(sock_addr_parse(&any, "tcp://127.0.0.1:0", NULL), 0);
	assert_int_equal(call_bind(s.fd, &any), 0);
	is_about(only(EVENT_BIND), s.fd);
}

static void a_name_looked_up_by_address_is_told(void **state)
{
	char host[NI_MAXHOST], service[NI_MAXSERV];
	struct sock_addr a;
	int gai;

	(void)state;
	assert_int_equal(sock_addr_parse(&a, "tcp://127.0.0.1:80", NULL), 0);
	begin();
	assert_int_equal(lookup_addr(call_raw(&a), a.len, NI_NUMERICHOST | NI_NUMERICSERV,
	                             PACE_FOREVER, host, service, &gai), 0);
	struct event_addr asked = plain(&a);
	const struct event *e = only(EVENT_GETNAMEINFO);
	assert_int_equal(records(EVENT_GETNAMEINFO, EVENT_ENTER), 1);
	assert_true(equal(&e->peer, &asked));
	assert_int_equal(e->arg[0] + e->error, 0);
	assert_string_equal(texts[e - kept], "127.0.0.1");
	begin();
	assert_int_equal(call_getnameinfo(call_raw(&a), 1, host, sizeof host, NULL, 0, 0), EAI_FAMILY);
	e = only(EVENT_GETNAMEINFO);
	assert_int_equal(e->arg[0], EAI_FAMILY);
	assert_string_equal(texts[e - kept], "");
}

/* -- Bytes of a stream ------------------------------------------------------------- */

static void pieces_cut_otherwise_have_one_hash(void **state)
{
	PAIR_AUTO struct sock p[2];
	char head[] = "head", tail[] = "and tail", a[6], b[20];
	struct iovec out[] = { { head, 4 }, { NULL, 0 }, { tail, 8 } };
	struct iovec in[] = { { a, sizeof a }, { NULL, 0 }, { b, sizeof b } };

	(void)state;
	pair_tcp(p);
	begin();
	assert_int_equal(sock_sendmsg(&p[0], &(struct sock_msg){ .iov = out, .iovs = 3 }), 12);
	assert_int_equal(sock_recvmsg(&p[1], &(struct sock_msg){ .iov = in, .iovs = 3 }), 12);
	const struct event *sent = only(EVENT_SENDMSG), *got = only(EVENT_RECVMSG);
	all_of(sent, p[0].fd, 0, 12);
	same(got, &(struct want){ .fd = p[1].fd, .asked = 26, .moved = 12, .whole = 12 });
	is_about(got, p[1].fd);
	assert_int_equal(sent->hash, hash("headand tail", 12));
	assert_int_equal(got->hash, sent->hash);
	assert_true(equal(&sent->local, &got->peer) && equal(&sent->peer, &got->local));
	assert_non_null(got->iov);
}

static void a_peek_does_not_go_on(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[8];

	(void)state;
	pair_tcp(p);
	begin();
	assert_int_equal(sock_sendall(&p[0], "abcdef", 6), 0);
	assert_int_equal(sock_recvall(&p[1], buf, 2), 2);
	assert_int_equal(sock_peek(&p[1], buf, 3), 3);
	assert_int_equal(sock_recvall(&p[1], buf, 4), 4);
	all_of(nth(EVENT_RECV, EVENT_RETURN, 1), p[1].fd, 2, 3);
	all_of(nth(EVENT_RECV, EVENT_RETURN, 2), p[1].fd, 2, 4);
	assert_int_equal(nth(EVENT_RECV, EVENT_RETURN, 1)->hash, hash("cde", 3));
	assert_int_equal(nth(EVENT_RECV, EVENT_RETURN, 2)->hash, hash("cdef", 4));
}

static void a_partial_send_counts_what_went(void **state)
{
	static char big[1 << 22], in[1 << 22];
	PAIR_AUTO struct sock p[2];

	(void)state;
	pair_fill(big, sizeof big, 0);
	pair_tcp(p);
	pair_small(p);
	begin();
	ssize_t n = call_send(p[0].fd, big, sizeof big, MSG_DONTWAIT);
	assert_in_range(n, 1, sizeof big - 1);
	const struct event *e = only(EVENT_SEND);
	same(e, &(struct want){ .fd = p[0].fd, .asked = sizeof big, .moved = n, .whole = n });
	uint64_t whole = e->hash;
	assert_int_equal(whole, hash(big, n));
	begin();
	assert_int_equal(call_recv(p[1].fd, in, n, MSG_WAITALL), n);
	all_of(only(EVENT_RECV), p[1].fd, 0, n);
	assert_int_equal(only(EVENT_RECV)->hash, whole);
	assert_int_equal(call_recv(p[1].fd, in, 9, MSG_DONTWAIT), -EAGAIN);
	same(nth(EVENT_RECV, EVENT_RETURN, 1), &(struct want){ .fd = p[1].fd, .asked = 9, .error = EAGAIN });
}

static void a_file_s_bytes_are_unseen_but_counted(void **state)
{
	PAIR_AUTO struct sock p[2];
	char buf[16];

	(void)state;
	pair_tcp(p);
	int file = memfd_create("file", MFD_CLOEXEC);
	assert_int_equal(write(file, "0123456789", 10), 10);
	begin();
	assert_int_equal(sock_sendall(&p[0], "abc", 3), 0);
	assert_int_equal(sock_sendfile(&p[0], file, 2, 8), 8);
	assert_int_equal(sock_sendall(&p[0], "d", 1), 0);
	assert_int_equal(sock_recvall(&p[1], buf, 12), 12);
	close(file);
	all_of(only(EVENT_SENDFILE), p[0].fd, 3, 8);
	assert_int_equal(only(EVENT_SENDFILE)->hash, 0);
	assert_null(only(EVENT_SENDFILE)->iov);
	all_of(nth(EVENT_SEND, EVENT_RETURN, 1), p[0].fd, 11, 1);
}

/* What the kernel was told to throw away was never stored: nothing may be read from there. */
static void discarding_a_stream_is_safe(void **state)
{
	PAIR_AUTO struct sock p[2];
	struct iovec none[] = { { NULL, 2 }, { NULL, 4 } };
	char buf[8] = "-------", three[] = "three";
	struct sock_msg m = { .iov = none, .iovs = 2, .flags = MSG_TRUNC };

	(void)state;
	pair_tcp(p);
	begin();
	assert_int_equal(sock_sendall(&p[0], "onetwothree", 11), 0);
	m.flags |= MSG_PEEK;
	assert_int_equal(sock_recvmsg(&p[1], &m), 6);
	m.flags = MSG_TRUNC;
	assert_int_equal(sock_recvmsg(&p[1], &m), 6);
	m = (struct sock_msg){ .buf = buf, .n = 5, .flags = MSG_TRUNC | MSG_PEEK };
	assert_int_equal(sock_recvmsg(&p[1], &m), 5);
	assert_int_equal(sock_recvall(&p[1], buf, 5), 5);
	for (int i = 0; i < 3; i++) {
		const struct event *e = nth(EVENT_RECVMSG, EVENT_RETURN, i);

		all_of(e, p[1].fd, i < 2 ? 0 : 6, i < 2 ? 6 : 5);
		assert_int_equal(e->hash, 0);
		assert_null(e->iov);
	}
	all_of(only(EVENT_RECV), p[1].fd, 6, 5);
	assert_int_equal(only(EVENT_RECV)->hash, hash(three, 5));
}

static void a_missing_buffer_is_unseen(void **state)
{
	char abc[] = "abc", out[JSON_ROOM(64)];
	struct iovec iov[] = { { abc, 3 }, { NULL, 4 }, { abc, 3 } };
	struct event e = { .call = EVENT_RECV, .moved = 100, .whole = 100, .iov = iov, .iovs = 3 };
	PAIR_AUTO struct sock p[2];

	(void)state;
	assert_int_equal(event_hash(iov, 3, 10), 0);
	assert_int_equal(event_hash(iov, 3, 3), hash("abc", 3));
	assert_int_equal(event_preview(&e, out, sizeof out), 3);
	assert_true(json_event(out, sizeof out, &e, 64, 0) > 0);
	assert_non_null(strstr(out, "\"data\":\"abc\""));
	pair_unix(p, SOCK_DGRAM);
	begin();
	assert_int_equal(call_send(p[0].fd, NULL, 3, 0), -EFAULT);
	assert_int_equal(call_send(p[0].fd, NULL, 0, 0), 0);
	struct msghdr h = { .msg_iov = iov, .msg_iovlen = 3 };
	assert_int_equal(call_sendmsg(p[0].fd, &h, 0), -EFAULT);
	same(only(EVENT_SENDMSG), &(struct want){ .fd = p[0].fd, .asked = 10, .error = EFAULT });
	assert_int_equal(call_recv(p[1].fd, NULL, 0, MSG_TRUNC), 0);
}

static void urgent(int family)
{
	PAIR_AUTO struct sock p[2];
	char buf[8], two[] = "2!";
	struct sock_msg out = { .buf = two, .n = 2, .flags = MSG_OOB };
	struct sock_msg in = { .buf = buf, .n = 1, .flags = MSG_OOB };

	if (family == AF_UNIX)
		pair_unix(p, SOCK_STREAM);
	else
		pair_tcp(p);
	begin();
	assert_int_equal(sock_sendall(&p[0], "1", 1), 0);
	if (sock_sendmsg(&p[0], &out) != 2)
		return;
	assert_int_equal(sock_sendall(&p[0], "3", 1), 0);
	ready(p[1].fd, POLLPRI);
	assert_int_equal(sock_recvmsg(&p[1], &in), 1);
	assert_int_equal(sock_recvall(&p[1], buf, 3), 3);
	assert_memory_equal(buf, "123", 3);
	all_of(only(EVENT_SENDMSG), p[0].fd, 1, 2);
	all_of(nth(EVENT_SEND, EVENT_RETURN, 1), p[0].fd, 2, 1);
	all_of(only(EVENT_RECVMSG), p[1].fd, 0, 1);
	assert_int_equal(only(EVENT_RECVMSG)->hash, hash("!", 1));
	const struct event *last = nth(EVENT_RECV, EVENT_RETURN, records(EVENT_RECV, EVENT_RETURN) - 1);
	assert_int_equal(last->offset + last->moved, 3);
}

static void an_urgent_byte_is_beside_the_stream(void **state)
{
	(void)state;
	urgent(AF_INET);
	urgent(AF_UNIX);
}

/* -- Datagrams and batches ---------------------------------------------------------- */

static void a_cut_datagram_tells_both_lengths(void **state)
{
	PAIR_AUTO struct sock p[2];
	char a[3], b[2];
	struct iovec iov[] = { { a, 3 }, { NULL, 0 }, { b, 2 } };

	(void)state;
	udp_pair(p);
	begin();
	for (int i = 0; i < 4; i++)
		assert_int_equal(sock_send(&p[0], "0123456789", 10), 10);
	assert_int_equal(sock_recv(&p[1], a, 3), 3);
	assert_int_equal(sock_recvmsg(&p[1], &(struct sock_msg){ .iov = iov, .iovs = 3 }), 5);
	assert_int_equal(sock_recvmsg(&p[1], &(struct sock_msg){ .n = 0 }), 0);
	assert_int_equal(call_recv(p[1].fd, a, 3, 0), 3);
	all_of(nth(EVENT_SEND, EVENT_RETURN, 3), p[0].fd, 0, 10);
	const struct event *e = nth(EVENT_RECV, EVENT_RETURN, 0);
	same(e, &(struct want){ .fd = p[1].fd, .asked = 3, .moved = 3, .whole = 10 });
	assert_int_equal(e->hash, hash("012", 3));
	e = nth(EVENT_RECVMSG, EVENT_RETURN, 0);
	same(e, &(struct want){ .fd = p[1].fd, .asked = 5, .moved = 5, .whole = 10 });
	assert_int_equal(e->hash, hash("01234", 5));
	is_about(e, p[1].fd);
	same(nth(EVENT_RECVMSG, EVENT_RETURN, 1), &(struct want){ .fd = p[1].fd, .whole = 10 });
	all_of(nth(EVENT_RECV, EVENT_RETURN, 1), p[1].fd, 0, 3);
}

static void a_datagram_s_own_peer_is_told(void **state)
{
	sock_auto a = sock_server("udp://127.0.0.1:0"), b = sock_server("udp://127.0.0.1:0");
	struct sock_addr to = name_of(&b), from;
	char buf[8];

	(void)state;
	begin();
	assert_int_equal(call_sendto(a.fd, "hi", 2, 0, &to), 2);
	assert_int_equal(call_recvfrom(b.fd, buf, 8, 0, &from), 2);
	const struct event *sent = only(EVENT_SENDTO), *got = only(EVENT_RECVFROM);
	all_of(sent, a.fd, 0, 2);
	same(got, &(struct want){ .fd = b.fd, .asked = 8, .moved = 2, .whole = 2 });
	assert_true(equal(&sent->peer, &got->local) && equal(&sent->local, &got->peer));
	assert_int_equal(sent->hash, got->hash);
	assert_int_equal(sent->cookie, cookie_of(a.fd));
	assert_int_equal(got->cookie, cookie_of(b.fd));
}

enum { BATCH = 3 };

/* Each message in two pieces; message i has i + 2 bytes, or room for as many. */
static void batch(struct mmsghdr m[BATCH], struct iovec iov[BATCH][2], char bytes[BATCH][8])
{
	for (int i = 0; i < BATCH; i++) {
		iov[i][0] = (struct iovec){ bytes[i], 1 };
		iov[i][1] = (struct iovec){ bytes[i] + 1, i + 1 };
		m[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = iov[i], .msg_iovlen = 2 } };
	}
}

static void each_message_of_a_batch_is_told(void **state)
{
	PAIR_AUTO struct sock p[2];
	char out[BATCH][8] = { "ab", "cde", "fghi" }, in[BATCH][8];
	struct iovec iov[BATCH][2];
	struct mmsghdr m[BATCH];

	(void)state;
	udp_pair(p);
	begin();
	batch(m, iov, out);
	assert_int_equal(call_sendmmsg(p[0].fd, m, BATCH, 0), BATCH);
	batch(m, iov, in);
	iov[2][1].iov_len = 1;
	assert_int_equal(call_recvmmsg(p[1].fd, m, BATCH, MSG_TRUNC), BATCH);
	assert_int_equal(records(EVENT_SENDMMSG, EVENT_ENTER), 1);
	assert_int_equal(records(EVENT_RECVMMSG, EVENT_ENTER), 1);
	for (unsigned i = 0; i < BATCH; i++) {
		const struct event *sent = nth(EVENT_SENDMMSG, EVENT_RETURN, i);
		const struct event *got = nth(EVENT_RECVMMSG, EVENT_RETURN, i);
		size_t n = i + 2, room = i == 2 ? 2 : n;

		same(sent, &(struct want){ p[0].fd, 0, 0, 0, n, n, n, i });
		same(got, &(struct want){ p[1].fd, 0, 0, 0, room, room, n, i });
		assert_int_equal(sent->hash, hash(out[i], n));
		assert_int_equal(got->hash, hash(out[i], room));
		assert_int_equal(sent->time, nth(EVENT_SENDMMSG, EVENT_RETURN, 0)->time);
		assert_int_equal(got->time, nth(EVENT_RECVMMSG, EVENT_RETURN, 0)->time);
		is_about(got, p[1].fd);
	}
	begin();
	assert_int_equal(call_recvmmsg(p[1].fd, m, BATCH, MSG_DONTWAIT), -EAGAIN);
	same(only(EVENT_RECVMMSG), &(struct want){ .fd = p[1].fd, .asked = 2, .error = EAGAIN });
}

static void a_batch_on_a_stream_goes_on(void **state)
{
	PAIR_AUTO struct sock p[2];
	char out[BATCH][8] = { "ab", "cde", "fghi" };
	struct iovec iov[BATCH][2];
	struct mmsghdr m[BATCH];

	(void)state;
	pair_tcp(p);
	begin();
	batch(m, iov, out);
	assert_int_equal(call_sendmmsg(p[0].fd, m, BATCH, 0), BATCH);
	same(nth(EVENT_SENDMMSG, EVENT_RETURN, 1), &(struct want){ p[0].fd, 0, 0, 2, 3, 3, 3, 1 });
	same(nth(EVENT_SENDMMSG, EVENT_RETURN, 2), &(struct want){ p[0].fd, 0, 0, 5, 4, 4, 4, 2 });
}

static const struct CMUnitTest tests[] = {
	CLAIM(only_calls_that_may_block_are_told_at_entry),
	CLAIM(an_entry_says_what_is_asked_and_nothing_of_the_outcome),
	CLAIM(a_new_descriptor_is_named),
	CLAIM(a_failed_bind_shows_the_address_asked_for),
	CLAIM(a_name_looked_up_by_address_is_told),
	CLAIM(pieces_cut_otherwise_have_one_hash),
	CLAIM(a_peek_does_not_go_on),
	CLAIM(a_partial_send_counts_what_went),
	CLAIM(a_file_s_bytes_are_unseen_but_counted),
	CLAIM(discarding_a_stream_is_safe),
	CLAIM(a_missing_buffer_is_unseen),
	CLAIM(an_urgent_byte_is_beside_the_stream),
	CLAIM(a_cut_datagram_tells_both_lengths),
	CLAIM(a_datagram_s_own_peer_is_told),
	CLAIM(each_message_of_a_batch_is_told),
	CLAIM(a_batch_on_a_stream_goes_on),
};

CHECK_MAIN(tests)
