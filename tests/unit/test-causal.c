/* SPDX-License-Identifier: MIT */
/*
 * Claims about the ladder by cause: programs that do the same are drawn the
 * same however time went, nothing comes before what it had to wait for, and
 * there is an end even where causes form a circle.
 */
#include "events.h"

#include <pthread.h>
#include <signal.h>

#include "eye/causal.h"
#include "programs.h"

enum { ROOM = 1 << 16 };

static char drawn[ROOM];
static size_t drawn_n;
static struct causal *causal;

__attribute__((format(printf, 1, 2)))
static void put_drawn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(drawn + drawn_n, ROOM - drawn_n, format, args);
	va_end(args);
	drawn_n += (size_t)n < ROOM - drawn_n ? (size_t)n : 0;
}

static void draw(void *to, const struct row *row)
{
	(void)to;
	put_drawn("%d %s %s", row->lane, row->text, row->result);
	for (int i = 0; i < row->arrows; i++)
		put_drawn(" <%d %s", row->arrow[i].from, row->arrow[i].label);
	put_drawn("\n");
}

static void to_causal(void *to, const struct row *row)
{
	(void)to;
	causal_row(causal, row);
}

static void causal_open(void)
{
	stage_open_to((struct story_options){ .kernel = false }, to_causal);
	causal = causal_new(stage.story, draw, NULL);
	drawn_n = 0;
	drawn[0] = '\0';
	assert_non_null(causal);
}

static void causal_close(void)
{
	story_end(stage.story);
	causal_end(causal);
	story_free(stage.story);
}

static void comes_before(const char *one, const char *other)
{
	const char *a = strstr(drawn, one), *b = strstr(drawn, other);

	if (!a || !b || a > b)
		fail_msg("\"%s\" does not come before \"%s\" in:\n%s", one, other, drawn);
}

/* -- By hand ------------------------------------------------------------------------------------ */

static void receives_that_go_on_are_one(void **state)
{
	(void)state;
	causal_open();
	struct talk t = events_talk(1, 2);
	do_send(&t.client, "hello");
	do_send(&t.client, "world");
	do_recv(&t.server, "hel");
	do_recv(&t.server, "lowor");
	do_recv(&t.server, "ld");
	causal_close();
	comes_before("send(s2) = 5\n1 send(s2) = 5\n", "recv(s3) = 10 <1 10 B [0,10)");
}

static void an_end_comes_behind_the_peers_close(void **state)
{
	(void)state;
	causal_open();
	struct talk t = events_talk(1, 2);
	do_close(&t.client);
	do_end_of_file(&t.server);
	do_close(&t.server);
	causal_close();
	comes_before("1 close(", "0 recv(s3) = 0");
	comes_before("0 recv(s3) = 0", "0 close(");
}

static void an_exit_ends_what_was_left_open(void **state)
{
	(void)state;
	causal_open();
	struct talk t = events_talk(1, 2);
	do_exit(2);
	do_end_of_file(&t.server);
	causal_close();
	comes_before("1 exit(", "0 recv(s3) = 0");
}

static void an_exit_ends_nothing_that_somebody_else_has(void **state)
{
	(void)state;
	causal_open();
	struct talk t = events_talk(1, 2);
	struct end inherited = t.server;
	do_fork(1, 9);
	inherited.pid = 9;
	do_send(&inherited, "hello");
	do_exit(9);
	do_close(&t.server);
	do_recv(&t.client, "hello");
	do_end_of_file(&t.client);
	causal_close();
	comes_before("1 recv(s2) = 0", "0 exit(0)");
}

static void a_listener_is_closed_behind_its_accepts(void **state)
{
	(void)state;
	causal_open();
	struct talk t = events_talk(1, 2);
	struct end client = events_tcp(3, 3, "127.0.0.1:5001", "127.0.0.1:80");
	struct end server = events_tcp(1, 5, "127.0.0.1:80", "127.0.0.1:5001");
	do_connect(&client, 0);
	do_accept(&t.listener, &server);
	do_close(&t.listener);
	do_send(&t.client, "x");
	causal_close();
	comes_before("0 accept(s1) = s5", "0 close(s1)");
}

/* The kernel may have done what a call asked of it, and somebody seen that, before the call returns. */
static void what_returns_later_than_what_it_causes_comes_before_it(void **state)
{
	struct talk t = events_ends(1, 2);

	(void)state;
	causal_open();
	do_serve(&t.listener, 5);
	do_socket(&t.client);
	do_accept(&t.listener, &t.server);
	do_connect(&t.client, 0);
	do_enter(&t.client, EVENT_SEND);
	do_recv(&t.server, "hello");
	do_send(&t.client, "hello");
	do_end_of_file(&t.server);
	do_close(&t.client);
	causal_close();
	comes_before("1 connect(", "0 accept(");
	comes_before("1 send(", "0 recv(s3) = 5 <1 5 B [0,5)");
	comes_before("1 close(", "0 recv(s3) = 0");
}

static void a_receive_stands_beside_its_send(void **state)
{
	(void)state;
	causal_open();
	struct talk t = events_talk(1, 2);
	do_send(&t.server, "hello");
	do_close(&t.server);
	do_recv(&t.client, "hello");
	causal_close();
	comes_before("0 send(s3) = 5\n1 recv(s2) = 5", "0 close(");
}

static void an_end_by_a_signal_is_last(void **state)
{
	struct end k = { .pid = 1, .fd = -1 };
	struct event e;

	(void)state;
	causal_open();
	struct talk t = events_talk(1, 2);
	do_close(&t.client);
	do_exit(2);
	e = events_record(&k, EVENT_EXIT);
	e.arg[0] = -1;
	e.arg[1] = SIGTERM;
	give(&e);
	causal_close();
	comes_before("1 exit(0)", "0 exit(SIGTERM)");
}

/* Two datagrams, of which the second comes first. */
static void overtake(struct end *here)
{
	struct end there = events_udp(2, 3, "127.0.0.1:5000");

	*here = events_udp(1, 3, "127.0.0.1:80");
	do_socket(here);
	do_bind(here);
	do_socket(&there);
	do_sendto(&there, "one", "127.0.0.1:80");
	do_sendto(&there, "again", "127.0.0.1:80");
	do_recvfrom(here, "again", "127.0.0.1:5000");
}

static void a_loss_belongs_to_the_call_that_sent_it(void **state)
{
	struct end here;

	(void)state;
	causal_open();
	overtake(&here);
	causal_close();
	comes_before("1 sendto(s2) = 3 <1 3 B\n1 sendto(s2) = 5\n", "0 recvfrom(s1) = 5 <1 5 B");
}

static void what_came_late_is_not_lost(void **state)
{
	struct end here;

	(void)state;
	causal_open();
	overtake(&here);
	do_recvfrom(&here, "one", "127.0.0.1:5000");
	causal_close();
	comes_before("1 sendto(s2) = 3\n1 sendto(s2) = 5\n", "0 recvfrom(s1) = 5 <1 5 B");
}

static void a_child_comes_behind_the_accept_before_its_fork(void **state)
{
	(void)state;
	causal_open();
	struct talk t = events_talk(1, 2);
	struct end listener = t.listener, inherited = t.server;
	do_fork(1, 9);
	listener.pid = inherited.pid = 9;
	do_close(&listener);
	do_close(&t.server);
	do_send(&t.client, "hello");
	do_recv(&inherited, "hello");
	do_close(&inherited);
	do_close(&t.listener);
	do_end_of_file(&t.client);
	causal_close();
	comes_before("0 accept(s1) = s3", "0 close(s1)");
	comes_before("0 close(s1)", "0 recv(s3) = 5");
	comes_before("0 recv(s3) = 5", "1 recv(s2) = 0");
}

static void connects_in_the_background_are_told_by_their_end(void **state)
{
	struct end listener = events_tcp(1, 3, "127.0.0.1:80", NULL);
	struct end well = events_tcp(2, 3, "127.0.0.1:5000", "127.0.0.1:80");
	struct end ill = events_tcp(2, 4, "127.0.0.1:5001", "127.0.0.1:81");

	(void)state;
	causal_open();
	do_serve(&listener, 5);
	do_socket(&well);
	do_connect(&well, EINPROGRESS);
	do_socket(&ill);
	do_connect(&ill, EINPROGRESS);
	do_ask_error(&ill, ECONNREFUSED);
	causal_close();
	comes_before("connect(s2, 127.0.0.1:A) = 0", "connect(s3, 127.0.0.1:B) = ECONNREFUSED");
}

/* No run has them, a bent recording may. */
static void causes_in_a_circle_have_an_end(void **state)
{
	struct event e[2];
	int lines = 0;

	(void)state;
	causal_open();
	for (int i = 0; i < 2; i++)
		e[i] = (struct event){ .call = EVENT_RECV, .phase = EVENT_RETURN, .moved = 1, .whole = 1,
		                       .pid = i, .fd = 3 };
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 2; i++)
			causal_row(causal, &(struct row){
				.kind = ROW_CALL, .lane = (int16_t)i, .call = (uint32_t)(1 + i + 2 * round),
				.event = &e[i], .who = "", .text = "", .result = "", .arrows = 1,
				.arrow = { { .from = (int16_t)!i, .to = (int16_t)i, .call = (uint32_t)(4 - i) } },
			});
	causal_close();
	for (const char *s = drawn; (s = strchr(s, '\n')) != NULL; s++)
		lines++;
	assert_int_equal(lines, 4);
}

static void as_many_as_are_kept_are_sorted_soon(void **state)
{
	struct timespec t;

	(void)state;
	causal_open();
	struct talk talk = events_talk(1, 2);
	for (int i = 0; i < 15000; i++) {
		do_send(&talk.client, "x");
		do_recv(&talk.server, "x");
		do_send(&talk.server, "y");
		do_recv(&talk.client, "y");
	}
	causal_close();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	assert_true(t.tv_sec < 30);
}

/* -- Real programs, whose delays differ ------------------------------------------------------------ */

enum { CLIENTS = 3 };

static char address[64];        /* a socket's path, for all runs */

static void dawdle(void)
{
	usleep((useconds_t)rand() % 3000);
}

static void *answer(void *arg)
{
	sock_auto s = sock_from((int)(intptr_t)arg);
	char buf[64];
	ssize_t n;

	for (int got = 0; got < 10; got += (int)n) {
		dawdle();
		n = sock_recv(&s, buf, 4);
		if (n <= 0)
			break;
	}
	dawdle();
	sock_sendall(&s, "done", 4);
	return NULL;
}

static void threaded_server(int ready)
{
	sock_auto server = sock_server(address);
	pthread_t thread[CLIENTS];

	srand((unsigned)getpid());
	if (write(ready, "r", 1) != 1)
		return;
	close(ready);
	for (int i = 0; i < CLIENTS; i++) {
		struct sock s = sock_accept(&server);

		dawdle();
		pthread_create(&thread[i], NULL, answer, (void *)(intptr_t)s.fd);
	}
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(thread[i], NULL);
}

static void client(int ready)
{
	char buf[64];

	srand((unsigned)getpid());
	sock_auto s = sock_open(AF_UNIX, SOCK_STREAM, 0);
	close(ready);
	dawdle();
	sock_connect(&s, address);
	dawdle();
	sock_sendall(&s, "hello", 5);
	dawdle();
	sock_sendall(&s, "world", 5);
	sock_recvall(&s, buf, 4);
}

static void take(void *to, const struct event *e)
{
	(void)to;
	story_event(stage.story, e);
}

static void ten_runs_of_a_scene_are_drawn_the_same(void **state)
{
	static const struct program programs[] = {
		{ "server", threaded_server }, { "one", client }, { "two", client }, { "three", client },
	};
	static char first[ROOM];

	(void)state;
	snprintf(address, sizeof address, "unix:@sockeye-causal-%d", (int)getpid());
	for (int run = 0; run < 10; run++) {
		causal_open();
		program_play(programs, 4, take, NULL);
		causal_close();
		if (!run)
			memcpy(first, drawn, sizeof first);
		assert_string_equal(first, drawn);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(receives_that_go_on_are_one),
	cmocka_unit_test(an_end_comes_behind_the_peers_close),
	cmocka_unit_test(an_exit_ends_what_was_left_open),
	cmocka_unit_test(an_exit_ends_nothing_that_somebody_else_has),
	cmocka_unit_test(a_listener_is_closed_behind_its_accepts),
	cmocka_unit_test(what_returns_later_than_what_it_causes_comes_before_it),
	cmocka_unit_test(a_receive_stands_beside_its_send),
	cmocka_unit_test(an_end_by_a_signal_is_last),
	cmocka_unit_test(a_loss_belongs_to_the_call_that_sent_it),
	cmocka_unit_test(what_came_late_is_not_lost),
	cmocka_unit_test(a_child_comes_behind_the_accept_before_its_fork),
	cmocka_unit_test(connects_in_the_background_are_told_by_their_end),
	cmocka_unit_test(causes_in_a_circle_have_an_end),
	cmocka_unit_test(as_many_as_are_kept_are_sorted_soon),
	cmocka_unit_test(ten_runs_of_a_scene_are_drawn_the_same),
};

CHECK_MAIN(tests)
