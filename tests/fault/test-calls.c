/* SPDX-License-Identifier: MIT */
/*
 * Every system call of every kind of conversation fails in turn, with every
 * errno its man page documents, is interrupted, and is short. After each run
 * the descriptors and threads are those of before, nothing crashed, and nothing
 * hung. An interruption, a short count and a would-block must not even show.
 */
#include "../unit/net.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sockeye/line.h>
#include <sockeye/many.h>
#include <sockeye/msg.h>
#include <sockeye/option.h>
#include <sys/stat.h>

#include "fault.h"

#define LIMIT (60 * INT64_C(1000000))

/* A conversation: returns true when all went well. It closes what it opens. */
typedef bool scenario_fn(void);

static const char text[] = "0123456789abcdef";

static bool stream_between(struct sock *a, struct sock *b)
{
	char buf[sizeof text] = "", again[sizeof text] = "";

	sock_limit(a, LIMIT);
	sock_limit(b, LIMIT);
	return sock_sendall(a, text, sizeof text) == 0 &&
	       sock_recvall(b, buf, sizeof buf) == sizeof buf &&
	       sock_printf(b, "%s", buf) == 0 &&
	       sock_shutdown(b, SHUT_WR) == 0 &&
	       sock_recvall(a, again, sizeof again) == sizeof text - 1 &&
	       strcmp(again, text) == 0;
}

static bool tcp(void)
{
	static const struct sock_how how = { .limit = LIMIT, .options = "nodelay" };
	sock_auto server = sock_server_how("tcp://127.0.0.1:0", &how);
	sock_auto client = sock_dial_how(sock_name(&server).s, &how);
	sock_auto conn = sock_accept(&server);

	return stream_between(&client, &conn);
}

/* localhost has two addresses: a race, of which the first entry is refused. */
static bool race(void)
{
	static const struct sock_how how = { .limit = LIMIT };
	sock_auto server = sock_server_how("tcp4://127.0.0.1:0", &how);
	struct sock_addr own = { .len = 0 };
	char where[64];

	if (sock_name_addr(&server, &own) < 0)
		return false;
	snprintf(where, sizeof where, "tcp://localhost:%d", sock_addr_port(&own));
	sock_auto client = sock_dial_how(where, &how);
	sock_auto conn = sock_accept(&server);

	return stream_between(&client, &conn);
}

static bool steps(void)
{
	sock_auto server = sock_open(AF_INET, SOCK_STREAM, 0);
	sock_auto client = sock_open(AF_INET, SOCK_STREAM, 0);
	struct sock_text at;

	sock_limit(&server, LIMIT);
	sock_limit(&client, LIMIT);
	if (sock_bind(&server, "127.0.0.1:0") < 0 || sock_listen(&server, 5) < 0)
		return false;
	at = sock_name(&server);
	if (sock_connect(&client, at.s) < 0)
		return false;
	sock_auto conn = sock_accept(&server);
	sock_auto copy = sock_dup(&conn);

	return stream_between(&client, &copy);
}

static bool pair(void)
{
	struct sock ends[2] = { { 0 } };
	bool well;

	if (sock_pair(ends, 0, 0) < 0)
		return false;
	well = stream_between(&ends[0], &ends[1]);
	net_close_pair(ends);
	return well;
}

static bool datagrams(void)
{
	sock_auto server = sock_server("udp://127.0.0.1:0");
	sock_auto client = sock_dial(sock_name(&server).s);
	struct sock_addr from;
	char buf[64];

	sock_limit(&server, LIMIT);
	sock_limit(&client, LIMIT);
	return sock_sendto(&client, text, sizeof text, sock_name(&server).s) == sizeof text &&
	       sock_recvfrom(&server, buf, sizeof buf, &from) == sizeof text &&
	       sock_sendto_addr(&server, buf, 4, &from) == 4 &&
	       sock_recvfrom(&client, buf, sizeof buf, NULL) == 4;
}

static bool batches(void)
{
	sock_auto server = sock_server("udp://127.0.0.1:0");
	sock_auto client = sock_dial(sock_name(&server).s);
	static char arena[4][2048];
	char bytes[3] = "abc";
	struct sock_dgram out[3] = { { .data = bytes, .n = 1 }, { .data = bytes, .n = 2 }, { .data = bytes, .n = 3 } };
	struct sock_dgram in[4];
	struct sock_batch send = { .list = out, .room = 3, .count = 3 };
	struct sock_batch recv = { .list = in, .room = 4, .arena = arena, .size = sizeof arena };
	int got = 0;

	sock_limit(&server, LIMIT);
	sock_limit(&client, LIMIT);
	sock_batch_tell(&server, SOCKEYE_TELL_HERE | SOCKEYE_TELL_HOPS | SOCKEYE_TELL_TIME);
	if (sock_sendmany(&client, &send) != 3)
		return false;
	for (int i = 0; i < 3 && got < 3; i++) {
		int n = sock_recvmany(&server, &recv);

		if (n < 0)
			return false;
		got += n;
	}
	return got == 3;
}

static bool descriptors(void)
{
	struct sock ends[2] = { { 0 } };
	int fds[2] = { 0, 1 }, got[2], count = 2;
	char buf[4];
	bool well;

	if (sock_pair(ends, 0, 0) < 0)
		return false;
	sock_limit(&ends[0], LIMIT);
	sock_limit(&ends[1], LIMIT);
	well = sock_sendfds(&ends[0], "ab", 2, fds, 2) > 0 &&
	       sock_recvfds(&ends[1], buf, sizeof buf, got, &count) > 0 && count == 2;
	for (int i = 0; i < count && well; i++)
		close(got[i]);
	net_close_pair(ends);
	return well;
}

static bool lines(void)
{
	struct sock ends[2] = { { 0 } };
	struct sock_lines in;
	char buf[64], *one;
	FILE *f;
	bool well = false;

	if (sock_pair(ends, 0, 0) < 0)
		return false;
	sock_limit(&ends[0], LIMIT);
	sock_limit(&ends[1], LIMIT);
	f = sock_file(&ends[0], "w");
	if (f) {
		well = fputs("one\ntwo\n", f) >= 0;
		well &= fclose(f) == 0;
	}
	in = sock_lines(&ends[1], buf, sizeof buf);
	well = well && (one = sock_line(&in)) && strcmp(one, "one") == 0;
	well = well && (one = sock_line(&in)) && strcmp(one, "two") == 0;
	net_close_pair(ends);
	return well;
}

static bool file(void)
{
	struct sock ends[2] = { { 0 } };
	FILE *f = tmpfile();
	char buf[sizeof text];
	bool well;

	if (!f || fwrite(text, 1, sizeof text, f) != sizeof text || fflush(f) || sock_pair(ends, 0, 0) < 0) {
		if (f)
			fclose(f);
		return false;
	}
	sock_limit(&ends[0], LIMIT);
	sock_limit(&ends[1], LIMIT);
	well = sock_sendfile(&ends[0], fileno(f), 0, 0) == sizeof text &&
	       sock_recvall(&ends[1], buf, sizeof buf) == sizeof buf && memcmp(buf, text, sizeof text) == 0;
	fclose(f);
	net_close_pair(ends);
	return well;
}

/* -- The harness ------------------------------------------------------------------- */

static int open_fds(void)
{
	return check_entries("/proc/self/fd", NULL);
}

/* Faults that a caller must not notice, wherever they strike. */
static bool invisible(enum fault_call call, int error)
{
	if (error == EINTR)
		return call != FAULT_CLOSE && call != FAULT_GETADDRINFO;
	if (error == EAGAIN)
		return call == FAULT_ACCEPT || (call >= FAULT_SEND && call <= FAULT_RECVMMSG);
	/* A short read of a datagram would be a cut one: streams alone can be short. */
	return error == 0;
}

static void run_with(scenario_fn *scenario, int at, enum fault_call call, int error)
{
	int before = open_fds();
	int64_t start = sock_now();
	bool well;

	fault_begin((struct fault_plan){ .at = at, .error = error });
	well = scenario();
	fault_end();
	if (!fault_struck)
		return;
	if (!well && invisible(call, error))
		fail_msg("call %d, %s: %s was noticed", at, fault_names[call],
		         error ? strerrorname_np(error) : "a short count");
	if (open_fds() != before)
		fail_msg("call %d, %s with %s: a descriptor was left open or closed twice", at,
		         fault_names[call], error ? strerrorname_np(error) : "a short count");
	if (sock_now() - start > sock_sec(2))
		fail_msg("call %d, %s with %s: took over two seconds", at, fault_names[call],
		         error ? strerrorname_np(error) : "a short count");
}

static void all_faults(scenario_fn *scenario, bool datagram)
{
	static unsigned char log[FAULT_MOST];
	int calls;

	fault_begin((struct fault_plan){ .at = -1 });
	assert_true(scenario());
	calls = fault_end();
	assert_in_range(calls, 1, FAULT_MOST);
	memcpy(log, fault_log, sizeof log);
	for (int i = 0; i < calls; i++) {
		for (const int *e = fault_errors(log[i]); *e; e++)
			run_with(scenario, i, log[i], *e);
		if (fault_can_be_short(log[i]) && !datagram)
			run_with(scenario, i, log[i], 0);
	}
}

#define FAULT_TEST(name, scenario, datagram)                                    \
	static void name(void **state)                                          \
	{                                                                       \
		(void)state;                                                    \
		all_faults(scenario, datagram);                                 \
	}

FAULT_TEST(dial_server_accept_survive_every_fault, tcp, false)
FAULT_TEST(the_race_survives_every_fault, race, false)
FAULT_TEST(the_steps_survive_every_fault, steps, false)
FAULT_TEST(streams_survive_every_fault, pair, false)
FAULT_TEST(datagrams_survive_every_fault, datagrams, true)
FAULT_TEST(batches_survive_every_fault, batches, true)
FAULT_TEST(descriptor_passing_survives_every_fault, descriptors, true)
FAULT_TEST(lines_and_files_survive_every_fault, lines, false)
FAULT_TEST(sendfile_survives_every_fault, file, false)

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(dial_server_accept_survive_every_fault),
	cmocka_unit_test(the_race_survives_every_fault),
	cmocka_unit_test(the_steps_survive_every_fault),
	cmocka_unit_test(streams_survive_every_fault),
	cmocka_unit_test(datagrams_survive_every_fault),
	cmocka_unit_test(batches_survive_every_fault),
	cmocka_unit_test(descriptor_passing_survives_every_fault),
	cmocka_unit_test(lines_and_files_survive_every_fault),
	cmocka_unit_test(sendfile_survives_every_fault),
};

CHECK_MAIN(tests)
