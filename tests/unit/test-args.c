/* SPDX-License-Identifier: MIT */
/* Claims about eye/args: what a call's arguments and result look like, briefly and in full. */
#include "check.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "eye/args.h"
#include "eye/names.h"

static char text[ARGS_ROOM];

static const char *brief(const struct event *e)
{
	int n = args_text(text, sizeof text, e, true);

	assert_int_equal(n, strlen(text));
	return text;
}

static const char *full(const struct event *e)
{
	int n = args_text(text, sizeof text, e, false);

	assert_int_equal(n, strlen(text));
	return text;
}

static const char *result(const struct event *e)
{
	int n = args_result(text, sizeof text, e);

	assert_int_equal(n, strlen(text));
	return text;
}

static struct event_addr loopback(int port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct event_addr a = { .len = sizeof in };

	memcpy(a.bytes, &in, sizeof in);
	return a;
}

static struct event event(int call)
{
	return (struct event){
		.call = call, .phase = EVENT_RETURN, .fd = 4, .other = -1,
		.family = AF_INET, .type = SOCK_STREAM,
		.local = loopback(65432), .peer = loopback(51234),
	};
}

static void bytes_are_told_briefly_and_in_full(void **state)
{
	struct iovec iov = { (void *)"Hel\n\"\0" "7\x1b\xff", 9 };
	struct event e = event(EVENT_RECV);

	(void)state;
	e.asked = 1024;
	e.moved = e.whole = 9;
	e.iov = &iov;
	e.iovs = 1;
	assert_string_equal(brief(&e), "4, 1024");
	assert_string_equal(full(&e), "4, \"Hel\\n\\\"\\x007\\x1b\\xff\", 1024, 0");
	assert_string_equal(result(&e), "= 9");
	e.arg[0] = MSG_PEEK | MSG_NOSIGNAL;
	assert_string_equal(brief(&e), "4, 1024, MSG_PEEK");
	assert_string_equal(full(&e), "4, \"Hel\\n\\\"\\x007\\x1b\\xff\", 1024, MSG_PEEK|MSG_NOSIGNAL");
	e.call = EVENT_READ;
	assert_string_equal(brief(&e), "4, 1024");
	assert_string_equal(full(&e), "4, \"Hel\\n\\\"\\x007\\x1b\\xff\", 1024");
}

static void payload_that_is_not_there_is_dots(void **state)
{
	char long_one[100];
	struct iovec iov = { long_one, sizeof long_one };
	struct event e = event(EVENT_SEND);

	(void)state;
	memset(long_one, 'x', sizeof long_one);
	e.asked = e.moved = e.whole = 100;
	assert_string_equal(full(&e), "4, ..., 100, 0");
	e.iov = &iov;
	e.iovs = 1;
	assert_non_null(strstr(full(&e), "xxx\"..., 100, 0"));
	assert_int_equal(strspn(text + 4, "x"), ARGS_SHOWN);
	e.iov = NULL;
	e.moved = e.whole = 0;
	e.error = EPIPE;
	assert_string_equal(full(&e), "4, ..., 100, 0");
	assert_string_equal(result(&e), "= -1 EPIPE (Broken pipe)");
	e = event(EVENT_RECV);
	assert_string_equal(full(&e), "4, \"\", 0, 0");
	assert_string_equal(result(&e), "= 0");
}

static void datagrams_tell_their_other_end(void **state)
{
	struct event e = event(EVENT_RECVFROM);

	(void)state;
	e.type = SOCK_DGRAM;
	e.asked = e.moved = 5;
	e.whole = 12;
	assert_string_equal(brief(&e), "4, 5");
	assert_string_equal(full(&e), "4, ..., 5, 0, udp://127.0.0.1:51234");
	assert_string_equal(result(&e), "= 5 of 12 from 127.0.0.1:51234");
	e.call = EVENT_SENDTO;
	e.whole = 5;
	assert_string_equal(brief(&e), "4, 5, 127.0.0.1:51234");
	assert_string_equal(result(&e), "= 5");
}

static void sockets_and_their_addresses_have_names(void **state)
{
	struct event e = event(EVENT_SOCKET);

	(void)state;
	memcpy(e.arg, (int32_t[]){ AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0 }, sizeof e.arg);
	assert_string_equal(brief(&e), "AF_INET, SOCK_STREAM");
	assert_string_equal(full(&e), "AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0");
	assert_string_equal(result(&e), "= 4");
	memcpy(e.arg, (int32_t[]){ 4711, SOCK_DGRAM, IPPROTO_UDP }, sizeof e.arg);
	assert_string_equal(full(&e), "4711, SOCK_DGRAM, 17");
	e = event(EVENT_BIND);
	assert_string_equal(brief(&e), "4, 127.0.0.1:65432");
	assert_string_equal(full(&e), "4, tcp://127.0.0.1:65432");
	e = event(EVENT_CONNECT);
	e.error = ECONNREFUSED;
	assert_string_equal(brief(&e), "4, 127.0.0.1:51234");
	assert_string_equal(result(&e), "= -1 ECONNREFUSED (Connection refused)");
	e = event(EVENT_LISTEN);
	e.arg[0] = 5;
	assert_string_equal(brief(&e), "4, 5");
	assert_string_equal(result(&e), "= 0");
	e = event(EVENT_SHUTDOWN);
	e.arg[0] = SHUT_WR;
	assert_string_equal(brief(&e), "4, SHUT_WR");
}

static void new_descriptors_are_results(void **state)
{
	struct event e = event(EVENT_ACCEPT);

	(void)state;
	e.fd = 3;
	e.other = 4;
	assert_string_equal(brief(&e), "3");
	assert_string_equal(result(&e), "= 4 from 127.0.0.1:51234");
	e.arg[0] = SOCK_NONBLOCK;
	assert_string_equal(full(&e), "3, SOCK_NONBLOCK");
	e = event(EVENT_SOCKETPAIR);
	e.other = 5;
	e.arg[0] = AF_UNIX;
	e.arg[1] = SOCK_STREAM;
	assert_string_equal(full(&e), "AF_UNIX, SOCK_STREAM, 0, [4, 5]");
	assert_string_equal(result(&e), "= 0");
	e = event(EVENT_DUP);
	e.other = 9;
	assert_string_equal(brief(&e), "4");
	assert_string_equal(result(&e), "= 9");
}

static void options_and_flags_have_names(void **state)
{
	struct event e = event(EVENT_SETSOCKOPT);

	(void)state;
	memcpy(e.arg, (int32_t[]){ SOL_SOCKET, SO_REUSEADDR, 1 }, sizeof e.arg);
	assert_string_equal(brief(&e), "4, SO_REUSEADDR, 1");
	assert_string_equal(full(&e), "4, SOL_SOCKET, SO_REUSEADDR, 1");
	memcpy(e.arg, (int32_t[]){ IPPROTO_TCP, TCP_NODELAY, 1 }, sizeof e.arg);
	assert_string_equal(full(&e), "4, IPPROTO_TCP, TCP_NODELAY, 1");
	memcpy(e.arg, (int32_t[]){ 4711, 42, -1 }, sizeof e.arg);
	assert_string_equal(full(&e), "4, 4711, 42, -1");
	e.call = EVENT_GETSOCKOPT;
	memcpy(e.arg, (int32_t[]){ SOL_SOCKET, SO_ERROR, ECONNREFUSED }, sizeof e.arg);
	assert_string_equal(brief(&e), "4, SO_ERROR, ECONNREFUSED");
	e.call = EVENT_FCNTL;
	memcpy(e.arg, (int32_t[]){ F_SETFL, O_RDWR | O_NONBLOCK, 0 }, sizeof e.arg);
	assert_string_equal(brief(&e), "4, F_SETFL, O_RDWR|O_NONBLOCK");
}

static void waits_tell_for_what_and_what_came(void **state)
{
	struct event e = event(EVENT_POLL);

	(void)state;
	memcpy(e.arg, (int32_t[]){ POLLIN | POLLOUT, POLLIN, 500 }, sizeof e.arg);
	assert_string_equal(brief(&e), "4, POLLIN|POLLOUT, 500");
	assert_string_equal(full(&e), "[{4, POLLIN|POLLOUT}], 500");
	assert_string_equal(result(&e), "= 1 ready (POLLIN)");
	e.asked = 3;
	e.moved = 2;
	assert_string_equal(brief(&e), "4, POLLIN|POLLOUT and 2 more, 500");
	assert_string_equal(result(&e), "= 2 ready (POLLIN)");
	e.moved = e.arg[1] = 0;
	assert_string_equal(result(&e), "= 0 (timed out)");
}

static void names_and_exits_are_told(void **state)
{
	struct event e = event(EVENT_GETADDRINFO);

	(void)state;
	e.text = "a\n\"\x1b";
	e.arg[0] = EAI_NONAME;
	assert_string_equal(brief(&e), "\"a\\n\\\"\\u001b\"");
	assert_string_equal(result(&e), "= EAI_NONAME (Name or service not known)");
	e.arg[0] = 0;
	assert_string_equal(result(&e), "= 0");
	e = event(EVENT_EXIT);
	e.arg[0] = 3;
	assert_string_equal(brief(&e), "3");
	memcpy(e.arg, (int32_t[]){ -1, 9, 0 }, sizeof e.arg);
	assert_string_equal(brief(&e), "SIGKILL");
	assert_string_equal(result(&e), "");
}

static void an_entry_has_no_result(void **state)
{
	struct event e = event(EVENT_RECV);

	(void)state;
	e.phase = EVENT_ENTER;
	e.asked = 10;
	assert_string_equal(full(&e), "4, 10, 0");
	assert_string_equal(result(&e), "");
}

static void the_longest_call_fits_its_room(void **state)
{
	char odd[ARGS_SHOWN], name[300];
	struct iovec iov = { odd, sizeof odd };
	struct event e = event(EVENT_SENDMSG);

	(void)state;
	memset(odd, 0xff, sizeof odd);
	memset(name, 1, sizeof name);
	name[sizeof name - 1] = '\0';
	memset(&e.peer, 0xff, sizeof e.peer);
	memcpy(e.peer.bytes, &(sa_family_t){ AF_UNIX }, sizeof(sa_family_t));
	e.type = SOCK_DGRAM;
	e.asked = e.moved = e.whole = UINT64_MAX;
	e.iov = &iov;
	e.iovs = 1;
	e.arg[0] = -1;
	assert_in_range(args_text(text, sizeof text, &e, false), 500, ARGS_ROOM - 10);
	e = event(EVENT_GETNAMEINFO);
	memcpy(e.peer.bytes, &(sa_family_t){ AF_UNIX }, sizeof(sa_family_t));
	e.text = name;
	assert_in_range(args_text(text, sizeof text, &e, false), 255 * 6, ARGS_ROOM - 10);
	for (size_t room = 0; room < 40; room++)
		args_text(text, room, &e, false);
}

static void every_name_leads_back_to_its_number(void **state)
{
	int number = 0;

	(void)state;
	for (const struct names *n = names_families; n->text; n++) {
		assert_true(names_number(names_families, n->text, strlen(n->text), &number));
		assert_int_equal(number, n->number);
	}
	assert_false(names_number(names_types, "SOCK_STREA", 10, &number));
	assert_int_equal(names_error("ECONNREFUSED", 12), ECONNREFUSED);
	assert_int_equal(names_error("ENOTHING", 8), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(bytes_are_told_briefly_and_in_full),
	cmocka_unit_test(payload_that_is_not_there_is_dots),
	cmocka_unit_test(datagrams_tell_their_other_end),
	cmocka_unit_test(sockets_and_their_addresses_have_names),
	cmocka_unit_test(new_descriptors_are_results),
	cmocka_unit_test(options_and_flags_have_names),
	cmocka_unit_test(waits_tell_for_what_and_what_came),
	cmocka_unit_test(names_and_exits_are_told),
	cmocka_unit_test(an_entry_has_no_result),
	cmocka_unit_test(the_longest_call_fits_its_room),
	cmocka_unit_test(every_name_leads_back_to_its_number),
};

CHECK_MAIN(tests)
