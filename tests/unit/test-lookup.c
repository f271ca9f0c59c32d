/* SPDX-License-Identifier: MIT */
/* Look-ups end when they must: a resolver that hangs, thousands of callers, forks. */
#include "net.h"

#include <netdb.h>
#include <signal.h>
#include <sys/resource.h>

#include "sock/lookup.h"
#include "sock/sys.h"

/* A resolver that answers only when the gate opens, and notes how it was called. */
static int gate[2];
static _Atomic int calls;
static _Atomic int unblocked_signals;

static int hanging_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                               struct addrinfo **out)
{
	sigset_t set;
	char c;

	(void)host;
	(void)service;
	(void)hints;
	(void)out;
	calls++;
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	if (!sigismember(&set, SIGINT) || !sigismember(&set, SIGALRM) || !sigismember(&set, SIGTERM))
		unblocked_signals++;
	if (read(gate[0], &c, 1) < 0)
		return EAI_FAIL;
	return EAI_NONAME;
}

static int open_gate(void **state)
{
	(void)state;
	calls = unblocked_signals = 0;
	sys.getaddrinfo = hanging_getaddrinfo;
	return pipe(gate);
}

/* Let all helpers go and wait until they are gone. A thread that ends hides others from who lists them. */
static int close_gate(void **state)
{
	(void)state;
	close(gate[1]);
	while (lookup_helpers() || check_threads() > 1)
		sched_yield();
	close(gate[0]);
	sys = sys_real;
	return 0;
}

static void a_limit_covers_the_name_look_up(void **state)
{
	int64_t before = sock_now();
	struct sock_how how = { .limit = sock_ms(100) };
	sock_auto s = sock_dial_how("tcp://hangs.invalid:80", &how);
	int64_t took = sock_now() - before;

	(void)state;
	assert_int_equal(s.error, ETIMEDOUT);
	assert_string_equal(s.why, "dial tcp://hangs.invalid:80: the name look-up took too long");
	assert_true(took >= sock_ms(100) && took < sock_sec(1));
	assert_int_equal(lookup_helpers(), 1);
	assert_int_equal(unblocked_signals, 0);
}

static void sendto_and_connect_have_it_too(void **state)
{
	sock_auto s = sock_open(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	sock_limit(&s, sock_ms(30));
	assert_int_equal(sock_sendto(&s, "x", 1, "hangs.invalid:80"), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(sock_connect(&s, "hangs.invalid:80"), -1);
	assert_int_equal(errno, ETIMEDOUT);
	sock_limit(&s, 0);
	assert_int_equal(sock_connect(&s, "hangs.invalid:80"), -1);
	assert_int_equal(errno, EAGAIN);
}

enum { CALLERS = 1000 };

static void *call_in(void *arg)
{
	struct sock_how how = { .limit = sock_ms(200) };
	struct sock s = sock_dial_how("tcp://hangs.invalid:80", &how);

	(void)arg;
	return (void *)(intptr_t)s.error;
}

static void never_more_than_sixteen_helpers(void **state)
{
	pthread_t callers[CALLERS];
	pthread_attr_t small;
	void *error;

	(void)state;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 256 * 1024);
	for (int i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&callers[i], &small, call_in, NULL), 0);
	pthread_attr_destroy(&small);
	for (int i = 0; i < CALLERS; i++) {
		pthread_join(callers[i], &error);
		assert_int_equal((intptr_t)error, ETIMEDOUT);
	}
	assert_int_equal(lookup_helpers(), LOOKUP_HELPERS);
	assert_int_equal(calls, LOOKUP_HELPERS);
}

static void numbers_and_localhost_need_no_resolver(void **state)
{
	sock_auto server = sock_server("tcp://localhost:0");
	struct sock_addr own;
	char where[64];

	(void)state;
	sock_name_addr(&server, &own);
	snprintf(where, sizeof where, "tcp://localhost:%d", sock_addr_port(&own));
	sock_auto a = sock_dial_how(where, &(struct sock_how){ .limit = PATIENCE });
	sock_auto b = sock_dial_how(sock_name(&server).s, &(struct sock_how){ .limit = PATIENCE });
	assert_int_equal(a.error | b.error, 0);
	assert_int_equal(calls, 0);
}

static void a_child_begins_with_no_helpers(void **state)
{
	struct sock_how how = { .limit = sock_ms(20) };
	int status;
	pid_t pid;

	(void)state;
	for (int i = 0; i < 3; i++)
		sock_dial_how("tcp://hangs.invalid:80", &how);
	assert_int_equal(lookup_helpers(), 3);
	pid = fork();
	if (pid == 0) {
		struct sock s = lookup_helpers() ? (struct sock){ 0 } : sock_dial_how("tcp://hangs.invalid:80", &how);

		_exit(s.error == ETIMEDOUT && lookup_helpers() == 1 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* -- Answers ------------------------------------------------------------------------------ */

static int answering_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                                 struct addrinfo **out)
{
	/* Real, heap-made lists from numbers, so that freeaddrinfo may free them. */
	const char *numbers[] = { "2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2" };
	struct addrinfo numeric = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	struct addrinfo *first = NULL, **end = &first;

	(void)host;
	(void)hints;
	for (int i = 0; i < 5; i++) {
		if (sys_real.getaddrinfo(numbers[i], service, &numeric, end))
			return EAI_FAIL;
		end = &(*end)->ai_next;
	}
	*out = first;
	return 0;
}

static char asked[1024];

static int noting_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                              struct addrinfo **out)
{
	(void)service;
	(void)hints;
	(void)out;
	snprintf(asked, sizeof asked, "%s", host);
	return EAI_NONAME;
}

/* A name that was cut would be another host's. */
static void the_resolver_gets_the_very_name(void **state)
{
	static const size_t lengths[] = { 1, 63, 200, 252, 253 };
	char name[300], where[320];
	struct sock_addr a;

	(void)state;
	sys.getaddrinfo = noting_getaddrinfo;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		for (size_t k = 0; k < lengths[i]; k++)
			name[k] = k % 50 == 49 && k + 1 < lengths[i] ? '.' : 'a' + (char)(k % 26);
		name[lengths[i]] = '\0';
		for (int dot = 0; dot < 2; dot++) {
			snprintf(where, sizeof where, "tcp://%s:80", name);
			assert_int_equal(sock_resolve(&a, 1, where, SOCKEYE_FOREVER, NULL), -1);
			assert_int_equal(errno, ENOENT);
			assert_string_equal(asked, name);
			memcpy(name + lengths[i], ".", 2);
		}
	}
	sys = sys_real;
}

static void families_take_turns(void **state)
{
	static const char *const order[] = {
		"tcp://[2001:db8::1]:80", "tcp://192.0.2.1:80", "tcp://[2001:db8::2]:80",
		"tcp://192.0.2.2:80", "tcp://[2001:db8::3]:80",
	};
	struct sock_addr list[8];

	(void)state;
	sys.getaddrinfo = answering_getaddrinfo;
	assert_int_equal(sock_resolve(list, 8, "tcp://many.invalid:80", SOCKEYE_FOREVER, NULL), 5);
	for (int i = 0; i < 5; i++)
		assert_string_equal(sock_addr_text(&list[i]).s, order[i]);
	assert_int_equal(sock_resolve(list, 2, "udp://many.invalid:53", PATIENCE, NULL), 2);
	assert_string_equal(sock_addr_text(&list[1]).s, "udp://192.0.2.1:53");
	sys = sys_real;
	while (check_threads() > 1)
		sched_yield();
}

static void an_unknown_name_is_told(void **state)
{
	struct sock_addr list[2];
	char why[SOCKEYE_WHY];

	(void)state;
	assert_int_equal(sock_resolve(list, 2, "tcp://no-such-host.invalid:80", SOCKEYE_FOREVER, why), -1);
	assert_int_equal(errno, ENOENT);
	assert_memory_equal(why, "resolve tcp://no-such-host.invalid:80: ", 39);
	assert_int_equal(sock_resolve(list, 0, "tcp://x:80", 0, why), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(sock_resolve(list, 2, "fd:3", 0, why), -1);
	assert_int_equal(sock_resolve(list, 2, NULL, 0, NULL), -1);
}

static void names_are_utf8_in_any_locale(void **state)
{
	struct sock_addr list[2];
	char why[SOCKEYE_WHY];

	(void)state;
	if (access("/etc/hosts", R_OK) < 0)
		CHECK_SKIP("no /etc/hosts: every name would be asked of a server");
	assert_int_equal(sock_resolve(list, 2, "tcp://caf\xc3\xa9.invalid:80", SOCKEYE_FOREVER, why), -1);
	if (strstr(why, "encode"))
		CHECK_SKIP("no libidn2 here");
	assert_null(strstr(why, "Parameter string"));
}

static void the_local_form_is_for_listening(void **state)
{
	struct sock_addr list[4];

	(void)state;
	assert_int_equal(sock_resolve_local(list, 4, "tcp://:80", 0, NULL), 2);
	assert_string_equal(sock_addr_text(&list[0]).s, "tcp://[::]:80");
	assert_string_equal(sock_addr_text(&list[1]).s, "tcp://0.0.0.0:80");
	assert_int_equal(sock_resolve(list, 4, "tcp://:80", 0, NULL), 2);
	assert_string_equal(sock_addr_text(&list[0]).s, "tcp://[::1]:80");
	assert_int_equal(sock_resolve_local(list, 4, "tcp4://:80", 0, NULL), 1);
}

static void names_backwards_and_sideways(void **state)
{
	struct sock_addr a;
	struct sock_interface list[64];
	char host[256], service[64], tiny[2], why[SOCKEYE_WHY];
	int n;

	(void)state;
	assert_int_equal(sock_addr_parse(&a, "tcp://127.0.0.1:65432", NULL), 0);
	assert_int_equal(sock_addr_name(&a, host, sizeof host, service, sizeof service,
	                                NI_NUMERICHOST | NI_NUMERICSERV, 0, why), 0);
	assert_string_equal(host, "127.0.0.1");
	assert_string_equal(service, "65432");
	assert_int_equal(sock_addr_name(&a, tiny, sizeof tiny, NULL, 0, NI_NUMERICHOST, 0, why), -1);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(sock_addr_name(NULL, NULL, 0, NULL, 0, 0, 0, why), -1);
	assert_int_equal(sock_hostname(host, sizeof host), 0);
	assert_int_equal(sock_hostname(tiny, 1), -1);
	assert_int_equal(sock_fqdn(host, sizeof host), 0);
	assert_true(strlen(host) > 0);
	n = sock_interfaces(list, 64);
	assert_true(n >= 1);
	assert_int_equal(sock_interfaces(NULL, 0), n);
	assert_int_equal(sock_interfaces(NULL, 4), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(sock_protocol("nosuch"), -1);
	assert_int_equal(sock_service_port(NULL, NULL), -1);
	assert_int_equal(sock_service_name(70000, NULL, host, sizeof host), -1);
	if (sock_service_port("http", NULL) != 80)
		CHECK_SKIP("this machine has no /etc/services");
	assert_int_equal(sock_protocol("tcp"), 6);
	assert_int_equal(sock_service_name(80, "tcp", host, sizeof host), 0);
	assert_string_equal(host, "http");
}

/* errno is for failures: an answer leaves it as it was. */
static void names_that_are_found_leave_errno_alone(void **state)
{
	struct sock_interface list[4];
	char name[256];

	(void)state;
	errno = ERANGE;
	assert_int_equal(sock_hostname(name, sizeof name), 0);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(sock_fqdn(name, sizeof name), 0);
	assert_int_equal(errno, ERANGE);
	assert_true(sock_interfaces(list, 4) >= 1);
	assert_int_not_equal(errno, 0);
	errno = ERANGE;
	if (sock_service_port("http", "tcp") != 80)
		CHECK_SKIP("this machine has no /etc/services");
	assert_int_equal(errno, ERANGE);
	assert_int_equal(sock_service_name(80, "tcp", name, sizeof name), 0);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(sock_protocol("tcp"), 6);
	assert_int_equal(errno, ERANGE);
}

/* No descriptor is left to ask with. */
static int without_descriptors(void)
{
	struct rlimit none = { 0 };
	struct sock_interface list[4];

	if (setrlimit(RLIMIT_NOFILE, &none) < 0)
		return 1;
	errno = 0;
	if (sock_interfaces(list, 4) != -1 || errno != EMFILE)
		return 2;
	errno = 0;
	return sock_interfaces(NULL, 0) == -1 && errno == EMFILE ? 0 : 3;
}

static void interfaces_without_descriptors_are_an_error(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(without_descriptors());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(a_limit_covers_the_name_look_up, open_gate, close_gate),
	cmocka_unit_test_setup_teardown(sendto_and_connect_have_it_too, open_gate, close_gate),
	cmocka_unit_test_setup_teardown(never_more_than_sixteen_helpers, open_gate, close_gate),
	cmocka_unit_test_setup_teardown(numbers_and_localhost_need_no_resolver, open_gate, close_gate),
	cmocka_unit_test_setup_teardown(a_child_begins_with_no_helpers, open_gate, close_gate),
	cmocka_unit_test(the_resolver_gets_the_very_name),
	cmocka_unit_test(families_take_turns),
	cmocka_unit_test(an_unknown_name_is_told),
	cmocka_unit_test(names_are_utf8_in_any_locale),
	cmocka_unit_test(the_local_form_is_for_listening),
	cmocka_unit_test(names_backwards_and_sideways),
	cmocka_unit_test(names_that_are_found_leave_errno_alone),
	cmocka_unit_test(interfaces_without_descriptors_are_an_error),
};

CHECK_MAIN(tests)
