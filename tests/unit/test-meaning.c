/* SPDX-License-Identifier: MIT */
/* What calls meant, from the facts of each; and that there is a page of the manual for every one. */
#include "explained.h"

#include <fcntl.h>
#include <netinet/tcp.h>

#include "eye/meaning.h"

static char out[MEANING_ROOM];

static const char *meaning(int row_kind, const struct story_socket *s, struct event e)
{
	struct row row = { .kind = (uint8_t)row_kind, .event = &e, .socket = s, .who = "", .text = "", .result = "" };

	e.phase = row_kind == ROW_BEGIN ? EVENT_ENTER : EVENT_RETURN;
	memset(out, 'x', sizeof out);
	assert_ptr_equal(meaning_of(&row, out), out);
	assert_true(strnlen(out, sizeof out) < sizeof out - 1);
	return out;
}

static void assert_in(const char *text, const char *says)
{
	if (!strstr(text, says))
		fail_msg("not in it: %s\n%s", says, text);
}

#define MEANS(s, says, ...) assert_in(meaning(ROW_CALL, s, (struct event){ __VA_ARGS__ }), says)
#define WAITS(s, says, ...) assert_in(meaning(ROW_BEGIN, s, (struct event){ __VA_ARGS__ }), says)

static struct story_socket *tcp(void)
{
	struct story_socket *s = made(1, AF_INET, SOCK_STREAM);

	s->connected = true;
	s->local = at("127.0.0.1", 51234);
	s->peer_addr = at("127.0.0.1", 65432);
	return s;
}

static void sockets_are_made_and_named(void **state)
{
	struct story_socket *s = tcp(), *udp = made(0, AF_INET, SOCK_DGRAM), *un = made(0, AF_UNIX,
	                                                                                SOCK_STREAM);

	(void)state;
	MEANS(s, "made a TCP socket for IPv4 and gave it the lowest free descriptor, 3",
	      .call = EVENT_SOCKET, .fd = 3,
	      .arg = { AF_INET, SOCK_STREAM | SOCK_CLOEXEC });
	MEANS(udp, "UDP socket for IPv6", .call = EVENT_SOCKET, .arg = { AF_INET6, SOCK_DGRAM });
	MEANS(un, "stream socket for AF_UNIX", .call = EVENT_SOCKET,
	      .arg = { AF_UNIX, SOCK_STREAM });
	MEANS(un, "descriptors 3 and 4", .call = EVENT_SOCKETPAIR, .fd = 3, .other = 4,
	      .arg = { AF_UNIX, SOCK_STREAM });
	MEANS(s, "0.0.0.0:65432: every address of this machine", .call = EVENT_BIND,
	      .local = at("0.0.0.0", 65432));
	MEANS(udp, "only programs of this machine", .call = EVENT_BIND, .local = at("127.0.0.1",
	                                                                            7));
	MEANS(udp, "queued from now on", .call = EVENT_BIND, .local = at("10.0.0.1", 7));
	MEANS(un, "it stays when the socket is closed", .call = EVENT_BIND,
	      .local = file("/tmp/x"));
	MEANS(s, "of 5 and one more", .call = EVENT_LISTEN, .arg = { 5 }, .local = at("0.0.0.0",
	                                                                              65432));
}

static void connecting_tells_the_handshake(void **state)
{
	struct story_socket *s = tcp(), *udp = made(0, AF_INET, SOCK_DGRAM);

	(void)state;
	MEANS(s, "sent SYN to 127.0.0.1:65432, got SYN-ACK", .call = EVENT_CONNECT, .took = 123456,
	      .peer = s->peer_addr);
	MEANS(s, "That took 123 us", .call = EVENT_CONNECT, .took = 123456, .peer = s->peer_addr);
	MEANS(udp, "Nothing was sent", .call = EVENT_CONNECT, .peer = s->peer_addr);
	MEANS(s, "goes on to connect", .call = EVENT_CONNECT, .error = EINPROGRESS,
	      .peer = s->peer_addr);
	MEANS(s, "Nobody listens at that address", .call = EVENT_CONNECT, .error = ECONNREFUSED,
	      .peer = s->peer_addr);
	MEANS(s, "asked for 127.0.0.1:65432", .call = EVENT_CONNECT, .error = ECONNREFUSED,
	      .peer = s->peer_addr);
	MEANS(s, "descriptor 4: 127.0.0.1:65432 here, 127.0.0.1:51234 there. The",
	      .call = EVENT_ACCEPT, .other = 4,
	      .local = s->peer_addr, .peer = s->local);
}

static void bytes_tell_their_places(void **state)
{
	struct story_socket *s = tcp();

	(void)state;
	MEANS(s, "copied 12 bytes into the socket's send buffer: places 5 up to 17",
	      .call = EVENT_SEND, .asked = 12,
	      .moved = 12, .offset = 5);
	MEANS(s, "400 more were offered and found no room", .call = EVENT_WRITE, .asked = 1000,
	      .moved = 600);
	MEANS(s, "nothing at all", .call = EVENT_SEND);
	MEANS(s, "There was room for 1024", .call = EVENT_RECV, .asked = 1024, .moved = 12);
	MEANS(s, "all that the program had room for", .call = EVENT_RECV, .asked = 12, .moved = 12);
	MEANS(s, "looked at only", .call = EVENT_RECV, .asked = 12, .moved = 12,
	      .arg = { MSG_PEEK });
	MEANS(s, "this is the end", .call = EVENT_READ, .asked = 12);
	MEANS(s, "No room for bytes", .call = EVENT_READ);
	MEANS(s, "It waited 1.5 s for them", .call = EVENT_RECV, .asked = 9, .moved = 1,
	      .took = INT64_C(1500000000));
}

static void datagrams_stay_whole(void **state)
{
	struct story_socket *s = made(0, AF_INET, SOCK_DGRAM);

	(void)state;
	MEANS(s, "One datagram of 12 bytes leaves for 10.0.0.1:7, with 28 bytes",
	      .call = EVENT_SENDTO, .asked = 12,
	      .moved = 12, .peer = at("10.0.0.1", 7), .family = AF_INET);
	MEANS(s,
	      "One datagram of 6000 bytes came from 10.0.0.1:7. The buffer had room for 2048: the other 3952 are gone",
	      .call = EVENT_RECVFROM, .asked = 2048, .moved = 2048, .whole = 6000, .peer = at("10.0.0.1", 7));
	MEANS(s, "not an end", .call = EVENT_RECVFROM, .asked = 2048);
}

static void what_waits_says_for_what(void **state)
{
	struct story_socket *s = tcp(), *udp = made(0, AF_INET, SOCK_DGRAM);

	(void)state;
	WAITS(s, "until bytes or the end come", .call = EVENT_RECV);
	WAITS(udp, "until a datagram comes", .call = EVENT_RECVFROM);
	WAITS(s, "made room", .call = EVENT_SEND);
	WAITS(s, "until somebody calls", .call = EVENT_ACCEPT);
	WAITS(s, "SYN is on its way to 127.0.0.1:65432", .call = EVENT_CONNECT,
	      .peer = s->peer_addr);
}

static void closing_says_what_goes_out(void **state)
{
	struct story_socket *s = tcp(), other = *s, *udp = made(0, AF_INET, SOCK_DGRAM);

	(void)state;
	s->closed = true;
	MEANS(s, "then FIN", .call = EVENT_CLOSE);
	s->shut_out = true;
	MEANS(s, "has sent FIN before", .call = EVENT_CLOSE);
	s->peer = &other;
	other.out = 10;
	MEANS(s, "RST goes out instead of FIN", .call = EVENT_CLOSE);
	s->closed = false;
	MEANS(s, "lives on", .call = EVENT_CLOSE);
	udp->holders = 0;
	MEANS(udp, "thrown away", .call = EVENT_CLOSE);
	MEANS(s, "This end can still receive", .call = EVENT_SHUTDOWN, .arg = { SHUT_WR });
	udp->listening = true;
	MEANS(udp, "new callers are refused", .call = EVENT_CLOSE);
}

static void options_are_told_by_what_they_do(void **state)
{
	struct story_socket *s = tcp();

	(void)state;
	MEANS(s, "set SO_REUSEADDR: bind may take a port", .call = EVENT_SETSOCKOPT,
	      .arg = { SOL_SOCKET, SO_REUSEADDR, 1 });
	MEANS(s, "asked for TCP_INFO. Nothing", .call = EVENT_GETSOCKOPT,
	      .arg = { IPPROTO_TCP, TCP_INFO });
	MEANS(s, "do not wait from now on", .call = EVENT_FCNTL, .arg = { F_SETFL, O_NONBLOCK });
}

static void every_call_has_its_page_and_its_meanings(void **state)
{
	struct story_socket *s = tcp();

	(void)state;
	for (int call = EVENT_NONE + 1; call < EVENT_CALLS; call++) {
		struct event e = { .call = (uint16_t)call, .phase = EVENT_RETURN, .other = -1 };
		struct row row = { .kind = ROW_CALL, .event = &e, .socket = s };
		const char *page = meaning_page(&row);

		assert_non_null(page);
		assert_true(strchr(page, '(') && page[strlen(page) - 1] == ')');
		for (int error = 0; error < 134; error++) {
			e.error = error;
			assert_true(strlen(meaning(ROW_CALL, s, e)) > 10);
			assert_true(strlen(meaning(ROW_CALL, NULL, e)) > 10);
		}
		assert_true(strlen(meaning(ROW_BEGIN, s, e)) > 10);
	}
}

static const char *kernel(const char *text)
{
	struct row row = { .kind = ROW_KERNEL, .text = text };

	return meaning_of(&row, out);
}

static void the_kernel_s_own_is_told(void **state)
{
	struct row fin = { .kind = ROW_KERNEL, .text = "FIN" }, lost = { .kind = ROW_KERNEL, .text = "lost: 12 bytes" };

	(void)state;
	assert_in(kernel("SYN"), "asks for a connection");
	assert_in(kernel("SYN, ACK"), "agrees");
	assert_in(kernel("ACK"), "established");
	assert_in(kernel("RST"), "Reset");
	assert_in(kernel("FIN"), "No more bytes");
	assert_in(kernel("TIME_WAIT, 60 s: port 65432"), "60 s on Linux");
	assert_in(kernel("bound to 0.0.0.0:40000"), "chose a free port");
	assert_in(kernel("lost: 12 bytes never came"), "never received");
	assert_string_equal(meaning_page(&fin), "tcp(7)");
	assert_string_equal(meaning_page(&lost), "udp(7)");
}

static void notes_and_folds_need_no_meaning(void **state)
{
	struct row note = { .kind = ROW_NOTE, .text = "FIN" }, fold = { .kind = ROW_FOLD, .text = "FIN" };

	(void)state;
	assert_string_equal(meaning_of(&note, out), "");
	assert_string_equal(meaning_of(&fold, out), "");
	assert_null(meaning_page(&note));
	assert_null(meaning_page(&fold));
}

static void a_long_name_is_cut_not_overrun(void **state)
{
	static char name[5000];

	(void)state;
	memset(name, 'n', sizeof name - 1);
	memset(out, 'x', sizeof out);
	struct event e = { .call = EVENT_GETADDRINFO, .text = name, .phase = EVENT_RETURN };
	struct row row = { .kind = ROW_CALL, .event = &e };

	assert_int_equal(strlen(meaning_of(&row, out)), MEANING_ROOM - 1);
}

static const struct CMUnitTest tests[] = {
	CLAIM(sockets_are_made_and_named),
	CLAIM(connecting_tells_the_handshake),
	CLAIM(bytes_tell_their_places),
	CLAIM(datagrams_stay_whole),
	CLAIM(what_waits_says_for_what),
	CLAIM(closing_says_what_goes_out),
	CLAIM(options_are_told_by_what_they_do),
	CLAIM(every_call_has_its_page_and_its_meanings),
	CLAIM(the_kernel_s_own_is_told),
	CLAIM(notes_and_folds_need_no_meaning),
	CLAIM(a_long_name_is_cut_not_overrun),
};
CHECK_MAIN(tests)
