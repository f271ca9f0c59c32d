/* SPDX-License-Identifier: MIT */
/*
 * An engine serves streams and datagrams while each of its system calls fails
 * in turn, with every errno that its man page documents, or is short. The fault
 * may cost one client his connection or one datagram; the next client is
 * served, or the engine ends with a sentence. Nothing hangs, and nothing stays.
 *
 * Some faults are left out, for no kernel makes them and the epoll engine, which
 * is told of changes alone, builds on that: a receive from a stream that finds
 * nothing although there is something, or is short although there is more and
 * neither an end nor an urgent byte; and a send that finds too little room when
 * room was just announced (so sends are short where nothing stalls). What
 * io_uring's completions may say is the matter of test-engine-ring.c.
 */
#include "../unit/talks.h"

#include "fault.h"

enum { REQUEST = 60000, TIMES = 3 };

/* -- Clients ------------------------------------------------------------------------------- */

/* A conversation whose replies do not fit the buffers at once, up to both ends. */
static bool talk_goes_well(const char *where, bool stalls)
{
	struct talk t = { .where = where, .shape = &shape_lines, .seed = 7, .n = REQUEST, .cut = 30000,
		.sip = 100000, .rcvbuf = stalls ? 32768 : 0, .late = stalls };
	static char expected[SHAPES_ROOM];
	bool well;
	size_t n;

	t.room = SHAPES_ROOM;
	t.reply = malloc(t.room);
	if (!t.reply)
		return false;
	talk_run(&t);
	n = shape_lines.expect(shapes_text, t.n, expected);
	well = t.well && t.got == n && memcmp(t.reply, expected, n) == 0;
	free(t.reply);
	return well;
}

static bool round_trip(const char *where)
{
	int fd = client_with(where, 0);
	char reply[4] = "";
	bool well = fd >= 0 && client_sends(fd, "abc\n", 4) && client_reads(fd, reply, 4) == 4 &&
	            memcmp(reply, "cba\n", 4) == 0;

	if (fd >= 0)
		close(fd);
	return well;
}

/* A datagram, which may be lost: after two round trips on a stream its turn has come. */
static bool datagram_goes_well(const char *where, const char *stream)
{
	struct sock_addr a;
	char why[SOCKEYE_WHY], reply[8];
	int fd;
	bool well;

	if (sock_addr_parse(&a, where, why) < 0)
		return false;
	fd = socket(sock_addr_family(&a), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	well = fd >= 0 && connect(fd, (struct sockaddr *)&a.storage, a.len) == 0 && send(fd, "abc", 3, 0) == 3;
	for (int i = 0; i < 2; i++)
		well &= round_trip(stream);
	well = well && recv(fd, reply, sizeof reply, MSG_DONTWAIT) == 3;
	if (fd >= 0)
		close(fd);
	return well;
}

static bool all_goes_well(const struct running *r)
{
	bool well = talk_goes_well(r->at[0], r->plan.groups[0].options);

	return datagram_goes_well(r->at[1], r->at[0]) && well;
}

/* A listener whose name could not be had cannot be called. */
static bool have_names(const struct running *r)
{
	struct sock_addr a;
	char why[SOCKEYE_WHY];

	return r->count == 2 && sock_addr_parse(&a, r->at[0], why) == 0 && sock_addr_parse(&a, r->at[1], why) == 0;
}

/* -- The scenario ---------------------------------------------------------------------------- */

static bool is_short_send(const struct fault_plan *plan)
{
	return (plan->kind == FAULT_SEND || plan->kind == FAULT_SENDMSG) && (!plan->error || plan->error == EAGAIN);
}

/* Serve, with a fault on the way. Returns the engine's code; *well: the last client got all. */
static int serve(enum engine_kind kind, struct fault_plan plan, bool *well, struct running *r)
{
	static const char *const stream = "tcp://127.0.0.1:0", *const dgram = "udp://127.0.0.1:0";
	const struct engine_group groups[] = {
		{ .service = &shape_lines.service, .where = &stream, .wheres = 1,
			.options = is_short_send(&plan) ? NULL : "sndbuf=16k" },
		{ .service = &shape_place.service, .where = &dgram, .wheres = 1 },
	};

	*r = (struct running){ .plan = { .groups = groups, .count = 2, .engine = kind, .max_clients = 50,
		.drain = sock_sec(1), .level = ENGINE_DETAIL } };
	fault_begin(plan);
	*well = running_begin(r);
	if (*well && !have_names(r)) {
		pthread_kill(r->thread, SIGTERM);
	} else if (*well) {
		all_goes_well(r);
		bool struck = fault_struck;
		*well = all_goes_well(r);
		if (!*well && !struck)  /* it was hit itself */
			*well = all_goes_well(r);
		pthread_kill(r->thread, SIGTERM);
	}
	running_end(r);
	fault_end();
	return r->code;
}

static int open_fds(void)
{
	return check_entries("/proc/self/fd", NULL);
}

static const char *fault_text(int error)
{
	return error ? strerrorname_np(error) : "a short count";
}

/* False when there is no such call any more. */
static bool run_with(enum engine_kind kind, enum fault_call call, int at, int error)
{
	struct fault_plan plan = { .at = at, .error = error, .of_kind = true, .kind = call };
	int before = open_fds();
	int64_t start = sock_now();
	static struct running r;
	bool well;
	int code = serve(kind, plan, &well, &r);

	if (code == 128 + SIGTERM)
		fail_msg("%s %d, %s: a client was left over", fault_names[call], at, fault_text(error));
	if (code && !*r.why)
		fail_msg("%s %d, %s: ended with %d and no sentence", fault_names[call], at, fault_text(error), code);
	if (!well && !code)
		fail_msg("%s %d, %s: the next client was not served", fault_names[call], at, fault_text(error));
	if (open_fds() != before)
		fail_msg("%s %d, %s: a descriptor was left or closed twice", fault_names[call], at, fault_text(error));
	if (sock_now() - start > sock_sec(2))
		fail_msg("%s %d, %s: took over two seconds", fault_names[call], at, fault_text(error));
	assert_int_equal(shapes_opened, shapes_closed);
	return fault_struck;
}

static bool is_possible(enum fault_call call, int error)
{
	return call != FAULT_RECV || (error && error != EAGAIN);
}

/* The first calls of a kind, one by one: later ones are of the same places. */
static void all_faults_of(enum engine_kind kind, enum fault_call call)
{
	shapes_begin();
	for (int at = 0; at < TIMES; at++) {
		bool struck = false;

		for (const int *e = fault_errors(call); *e; e++)
			if (is_possible(call, *e))
				struck |= run_with(kind, call, at, *e);
		if (fault_can_be_short(call) && is_possible(call, 0))
			struck |= run_with(kind, call, at, 0);
		if (!struck)
			return;
	}
}

/* -- Claims ------------------------------------------------------------------------------------ */

static void without_a_fault_all_is_well(void **state)
{
	static struct running r;
	bool well;

	shapes_begin();
	assert_int_equal(serve(running_kind(state), (struct fault_plan){ .at = -1 }, &well, &r), 0);
	assert_true(well);
}

#define SURVIVES(name, ...)                                                     \
	static void name(void **state)                                          \
	{                                                                       \
		static const enum fault_call calls[] = { __VA_ARGS__ };         \
		enum engine_kind kind = running_kind(state);                    \
										\
		for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)       \
			all_faults_of(kind, calls[i]);                          \
	}

SURVIVES(listening_fails_with_a_sentence, FAULT_SOCKET, FAULT_BIND, FAULT_LISTEN)
SURVIVES(options_and_names_are_no_matter_of_life, FAULT_SETSOCKOPT, FAULT_GETSOCKOPT, FAULT_GETSOCKNAME,
         FAULT_GETPEERNAME, FAULT_FCNTL)
SURVIVES(a_caller_that_cannot_be_accepted_stops_nobody, FAULT_ACCEPT)
SURVIVES(bytes_that_cannot_be_received_are_one_clients_matter, FAULT_RECV, FAULT_RECVMSG)
SURVIVES(bytes_that_cannot_be_sent_are_one_clients_matter, FAULT_SEND, FAULT_SENDMSG)
SURVIVES(datagrams_that_fail_are_lost_alone, FAULT_RECVMMSG, FAULT_SENDMMSG, FAULT_SENDTO)
SURVIVES(an_end_that_fails_is_an_end, FAULT_SHUTDOWN, FAULT_CLOSE)
SURVIVES(memory_that_is_missing_costs_one_client, FAULT_MALLOC)
SURVIVES(waiting_that_fails_ends_with_a_sentence, FAULT_EPOLL_CTL, FAULT_EPOLL_WAIT, FAULT_POLL)

static const struct CMUnitTest tests[] = {
	ON_BOTH(without_a_fault_all_is_well),
	ON_BOTH(listening_fails_with_a_sentence),
	ON_BOTH(options_and_names_are_no_matter_of_life),
	ON_BOTH(a_caller_that_cannot_be_accepted_stops_nobody),
	ON_BOTH(bytes_that_cannot_be_received_are_one_clients_matter),
	ON_BOTH(bytes_that_cannot_be_sent_are_one_clients_matter),
	ON_BOTH(datagrams_that_fail_are_lost_alone),
	ON_BOTH(an_end_that_fails_is_an_end),
	ON_BOTH(memory_that_is_missing_costs_one_client),
	ON_BOTH(waiting_that_fails_ends_with_a_sentence),
};

CHECK_MAIN(tests)
