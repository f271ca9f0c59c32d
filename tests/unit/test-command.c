/* SPDX-License-Identifier: MIT */
/* Claims about the command's parts: what it understands, refuses and writes, without a server. */
#include "check.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <sockeye.h>

#include "base/clock.h"
#include "cmd/address.h"
#include "cmd/holder.h"
#include "cmd/inherit.h"
#include "cmd/json.h"
#include "cmd/nearest.h"
#include "cmd/network.h"
#include "cmd/notify.h"
#include "cmd/option.h"
#include "cmd/out.h"
#include "cmd/serve.h"
#include "cmd/value.h"

/* -- What is said on stderr --------------------------------------------------------- */

static char said[4096];
static int said_fd, real_stderr;

static void listen_in(void)
{
	said_fd = memfd_create("said", MFD_CLOEXEC);
	real_stderr = dup(STDERR_FILENO);
	dup2(said_fd, STDERR_FILENO);
}

static void stop_listening(void)
{
	ssize_t n;

	dup2(real_stderr, STDERR_FILENO);
	n = pread(said_fd, said, sizeof said - 1, 0);
	said[n < 0 ? 0 : n] = '\0';
	close(real_stderr);
	close(said_fd);
}

static int lines_of(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* -- Values --------------------------------------------------------------------------- */

static void times_are_strict(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{ "0", 0 }, { "7", 7 * CLOCK_SEC }, { "250ms", 250 * CLOCK_MS }, { "30s", 30 * CLOCK_SEC },
		{ "2m", 120 * CLOCK_SEC }, { "1h", 3600 * CLOCK_SEC }, { "1d", 86400 * CLOCK_SEC },
		{ "50us", 50000 }, { "9ns", 9 }, { "9223372036854775807ns", INT64_MAX },
	};
	static const char *const bad[] = {
		"", "s", "ms", "-1", "+1", " 1", "1 ", "1 s", "1.5s", "0x1", "1S", "1sec", "1s1", "1e3", "\xd9\xa1",
	};
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(value_time(good[i].text, &ns), 0);
		assert_true(ns == good[i].ns);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(value_time(bad[i], &ns), -EINVAL);
	assert_int_equal(value_time("9223372036854775808ns", &ns), -ERANGE);
	assert_int_equal(value_time("200000000d", &ns), -ERANGE);
	assert_int_equal(value_time("99999999999999999999999", &ns), -ERANGE);
}

static void values_are_printed_as_they_are_read(void **state)
{
	static const int64_t ns[] = {
		1, 1500, CLOCK_MS, 1500 * CLOCK_MS, CLOCK_SEC, 90 * CLOCK_SEC, 30 * 86400 * CLOCK_SEC,
	};
	char text[VALUE_TEXT];
	int64_t back;

	(void)state;
	for (size_t i = 0; i < sizeof ns / sizeof *ns; i++) {
		assert_int_equal(value_time(value_time_text(text, ns[i]), &back), 0);
		assert_true(back == ns[i]);
	}
	assert_string_equal(value_time_text(text, 0), "0s");
	assert_string_equal(value_time_text(text, 90 * CLOCK_SEC), "90s");
	assert_string_equal(value_size_text(text, 65536), "64k");
	assert_string_equal(value_size_text(text, 1000), "1000");
	assert_string_equal(value_size_text(text, 0), "0");
	assert_string_equal(value_size_text(text, INT64_C(1) << 40), "1024g");
}

static const char *meant(const char *word)
{
	static const char *const names[] = {
		"workers", "max-clients", "max-per-source", "idle", "option", "quiet",
	};
	struct nearest near = nearest_to(word);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		nearest_try(&near, names[i]);
	return near.name ? near.name : "none";
}

static void nearest_name_is_found(void **state)
{
	char long_word[200];

	(void)state;
	memset(long_word, 'w', sizeof long_word - 1);
	long_word[sizeof long_word - 1] = '\0';
	assert_string_equal(meant("wrokers"), "workers");
	assert_string_equal(meant("worker"), "workers");
	assert_string_equal(meant("work"), "workers");
	assert_string_equal(meant("maxclients"), "max-clients");
	assert_string_equal(meant("idel"), "idle");
	assert_string_equal(meant("options"), "option");
	assert_string_equal(meant("zebra"), "none");
	assert_string_equal(meant(""), "none");
	assert_string_equal(meant("x"), "none");
	assert_string_equal(meant(long_word), "none");
}

static void network_is_read_bit_by_bit(void **state)
{
	static const uint8_t ten[16] = { [10] = 0xff, [11] = 0xff, [12] = 10 };
	static const uint8_t doc[16] = { 0x20, 1, 0xd, 0xb8 };
	struct engine_net net;
	char why[NETWORK_WHY];

	(void)state;
	assert_null(network_read(&net, "10.0.0.0/8", why));
	assert_int_equal(net.bits, 104);
	assert_memory_equal(net.bytes, ten, 16);
	assert_null(network_read(&net, "2001:db8::/32", why));
	assert_int_equal(net.bits, 32);
	assert_memory_equal(net.bytes, doc, 16);
	assert_null(network_read(&net, "0.0.0.0/0", why));
	assert_int_equal(net.bits, 96);
	assert_null(network_read(&net, "::/0", why));
	assert_int_equal(net.bits, 0);
	assert_null(network_read(&net, "127.0.0.1", why));
	assert_int_equal(net.bits, 128);
	assert_int_equal(net.bytes[15], 1);
	assert_null(network_read(&net, "10.1.2.128/25", why));
	assert_int_equal(net.bits, 121);
}

static void network_with_a_slip_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "/8", "10/8", "10.0.0/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.0/ 8",
		"::1/129", "[::1]/128", "fe80::1%lo", "localhost", "010.0.0.0/8", "10.0.0.0/8/8", "1.2.3.4.5",
		"00000000000000000000000000000000000000000000000000000000000000000001",
	};
	struct engine_net net;
	char why[NETWORK_WHY];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_non_null(network_read(&net, bad[i], why));
	assert_non_null(strstr(network_read(&net, "10.1.2.3/8", why), "write 10.0.0.0/8, or 10.1.2.3 for"));
	assert_non_null(strstr(network_read(&net, "2001:db8::1/32", why), "write 2001:db8::/32"));
	assert_non_null(network_read(&net, "255.255.255.255/31", why));
}

/* -- JSON ------------------------------------------------------------------------------ */

static void json_object_is_one_line_of_ascii(void **state)
{
	char line[JSON_LINE];
	struct json j = json_begin(line, sizeof line);

	(void)state;
	json_text(&j, "text", "a\"b\\c\n\r\t\x1b[31m\x7f\xff\xc3\xa9\xf0\x9f\x90\x9f\xe2\x80\xa8");
	json_number(&j, "most", UINT64_MAX);
	json_signed(&j, "least", INT64_MIN);
	json_bool(&j, "yes", true);
	json_seconds(&j, "took", 12 * CLOCK_SEC + 5 * CLOCK_MS);
	size_t n = json_end(&j);
	assert_int_equal(n, strlen(line));
	assert_string_equal(line,
		"{\"text\":\"a\\\"b\\\\c\\n\\u000d\\u0009\\u001b[31m\\u007f\\ufffd\\u00e9\\ud83d\\udc1f\\u2028\","
		"\"most\":18446744073709551615,\"least\":-9223372036854775808,\"yes\":true,\"took\":12.005}\n");
}

static void json_without_room_is_no_line(void **state)
{
	char line[64], text[2 * JSON_TEXT_MOST];

	(void)state;
	for (size_t room = 0; room < sizeof "{\"key\":\"value\"}\n"; room++) {
		struct json j = json_begin(line, room);

		json_text(&j, "key", "value");
		assert_int_equal(json_end(&j), 0);
	}
	memset(text, 1, sizeof text - 1);
	text[sizeof text - 1] = '\0';
	char whole[JSON_LINE];
	struct json j = json_begin(whole, sizeof whole);
	json_text(&j, "text", text);
	assert_true(json_end(&j) > 6 * JSON_TEXT_MOST);
}

static void shown_text_stays_on_its_line(void **state)
{
	char buf[OUT_SHOWN], text[300];

	(void)state;
	assert_string_equal(out_shown(buf, "a\nb\x1b\xff\xc2\x85\xc3\xa9"), "a?b???\xc3\xa9");
	for (size_t n = 0; n < sizeof text; n++) {
		for (size_t i = 0; i < n; i++)
			text[i] = i % 2 ? '\xa9' : '\xc3';
		text[n] = '\0';
		assert_true(strlen(out_shown(buf, text)) < OUT_SHOWN);
	}
}

/* -- Options ---------------------------------------------------------------------------- */

struct record {
	int64_t time, big;
	int count, word, steps, called;
	bool flag;
	const char *text;
};

static const char *take_called(void *record, const char *value, char why[OPTION_WHY])
{
	(void)why;
	((struct record *)record)->called += (int)strlen(value);
	return *value == '!' ? "not this" : NULL;
}

#define AT(member) OPTION_AT(struct record, member)

static const struct option options[] = {
	{ "All", .takes = TAKES_HEADING },
	{ "count", 'c', TAKES_NUMBER, "N|off", "", .min = 2, .max = 9, .off = -1, AT(count) },
	{ "big", 0, TAKES_SIZE, "SIZE", "", .min = 1, .max = 1 << 20, AT(big) },
	{ "time", 't', TAKES_TIME, "TIME|off", "", .min = 1, .max = 3600 * CLOCK_SEC, .off = -1, AT(time) },
	{ "word", 0, TAKES_WORD, "no|yes|off", "", AT(word) },
	{ "flag", 'f', TAKES_NOTHING, NULL, "", AT(flag) },
	{ "verbose", 'v', TAKES_STEPS, NULL, "", .max = 1, AT(steps) },
	{ "text", 0, TAKES_TEXT, "TEXT", "", .min = 1, .max = 5, AT(text) },
	{ "call", 'o', TAKES_CALL, "ANY", "", .call = take_called, .record = 1 },
	OPTION_HELP,
	{ .name = NULL }
};

static const struct verb verb = { .name = "try", .about = "", .usage = "[OPTIONS]", .options = options };

static struct record record, second;
static char words[64];

/* Read up to five arguments; what is no option is gathered in words, "--" as a bar. */
static enum option_found read_options(char *a, char *b, char *c, char *d, char *e)
{
	char *argv[] = { "try", a, b, c, d, e, NULL };
	struct option_reader r = { .verb = &verb, .argv = argv, .at = 1, .late = "comes too late",
	                           .record = { &record, a && *a == '+' ? NULL : &second } };
	enum option_found found;
	const char *word;

	while (argv[r.argc])
		r.argc++;
	record = second = (struct record){ .time = 5 };
	words[0] = '\0';
	listen_in();
	while ((found = option_next(&r, &word)) == FOUND_WORD || found == FOUND_GAP)
		snprintf(words + strlen(words), sizeof words - strlen(words), "%s ",
		         found == FOUND_GAP ? "|" : word);
	stop_listening();
	return found;
}

static void options_are_read_in_every_spelling(void **state)
{
	(void)state;
	assert_int_equal(read_options("--count", "3", "--time=2m", "-f", "word"), FOUND_END);
	assert_true(record.count == 3 && record.time == 120 * CLOCK_SEC && record.flag);
	assert_string_equal(words, "word ");
	assert_int_equal(read_options("-c4", "-vfv", "-t", "1", "-vc5"), FOUND_END);
	assert_true(record.count == 5 && record.steps == 3 && record.flag && record.time == CLOCK_SEC);
	assert_int_equal(read_options("-", "--", "-v", "--", "x"), FOUND_END);
	assert_string_equal(words, "- | | x ");
	assert_int_equal(read_options("--text=a=b", "--word", "yes", "--big=64k", "-o-v"), FOUND_END);
	assert_string_equal(record.text, "a=b");
	assert_true(record.word == 1 && record.big == 65536 && second.called == 2 && record.steps == 0);
	assert_string_equal(said, "");
}

static void off_is_taken_where_it_may_stand(void **state)
{
	(void)state;
	assert_int_equal(read_options("--count", "off", "--time=0", "--word=off", NULL), FOUND_END);
	assert_true(record.count == -1 && record.time == -1 && record.word == 2);
	assert_int_equal(read_options("--big", "off", NULL, NULL, NULL), FOUND_FAULT);
}

static void wrong_options_get_two_lines(void **state)
{
	static char *const wrong[][3] = {
		{ "--cuont", "3", "no option '--cuont': did you mean --count?" },
		{ "--coun=3", NULL, "no option '--coun': did you mean --count?" },
		{ "--zebra\n\x1b[2J", NULL, "no option '--zebra??[2J'" },
		{ "-x", NULL, "-x is no option" },
		{ "-vx", NULL, "-vx is no option" },
		{ "--count", NULL, "--count needs a value: --count N|off" },
		{ "-c", NULL, "-c needs a value" },
		{ "--flag=yes", NULL, "--flag takes no value" },
		{ "--help=me", NULL, "--help takes no value" },
		{ "--count", "1", "--count '1': it must be 2 to 9, or off" },
		{ "--count=10", NULL, "it must be 2 to 9" },
		{ "--count=", NULL, "--count '': not a number" },
		{ "--count", "-3", "--count '-3': not a number" },
		{ "--count", "99999999999999999999", "it must be 2 to 9" },
		{ "--big=2m", NULL, "it must be 1 to 1m" },
		{ "--big=1q", NULL, "not a size" },
		{ "--time=2h", NULL, "it must be 1ns to 1h, or off" },
		{ "--time=5 s", NULL, "not a time such as 250ms" },
		{ "--word=ye", NULL, "it must be one of no|yes|off" },
		{ "--word=", NULL, "it must be one of" },
		{ "--text=sixteen", NULL, "it must have 1 to 5 bytes" },
		{ "-o", "!", "-o '!': not this" },
		{ "--All", NULL, "no option '--All'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(read_options(wrong[i][0], wrong[i][1], NULL, NULL, NULL), FOUND_FAULT);
		if (!strstr(said, wrong[i][2]))
			fail_msg("%s: %s", wrong[i][2], said);
		assert_int_equal(lines_of(said), 2);
		assert_int_equal(strncmp(said, "sockeye try: ", 13), 0);
		assert_non_null(strstr(said, "\nusage: sockeye try [OPTIONS], or sockeye try --help\n"));
	}
	assert_int_equal(read_options("+", "--call", "x", NULL, NULL), FOUND_FAULT);
	assert_non_null(strstr(said, "--call comes too late"));
}

/* -- Addresses and inherited sockets ------------------------------------------------------ */

static struct address address(const char *text)
{
	char why[SOCKEYE_WHY];
	struct address a;

	if (address_read(&a, text, why) < 0)
		fail_msg("%s: %s", text, why);
	return a;
}

static void address_tells_who_can_reach_it(void **state)
{
	static const char *const local[] = {
		"tcp://127.0.0.1:7", "udp://127.9.9.9:7", "udp://[::1]:7", "udp://[::ffff:127.0.0.1]:7",
		"udp://localhost:7", "unix:/tmp/x", "unix-dgram:@x", "vsock:local:7",
	};
	static const char *const open[] = {
		"udp://:7", "udp://10.0.0.1:7", "udp4://:7", "udp://[::]:7",
		"udp://[::ffff:10.0.0.1]:7", "udp://host.example:7", "vsock:any:7",
	};

	(void)state;
	for (size_t i = 0; i < sizeof local / sizeof *local; i++)
		assert_true(address(local[i]).local);
	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		assert_false(address(open[i]).local);
	assert_true(address("tcp://:0").chosen && address("unix:").chosen);
	assert_false(address("tcp://:7").chosen);
}

static void bare_address_has_no_scheme(void **state)
{
	(void)state;
	assert_true(address_is_bare(":7") && address_is_bare("[::1]:7"));
	assert_true(address_is_bare("host:99999"));
	assert_false(address_is_bare("tcp://:7") || address_is_bare("unix:x"));
	assert_false(address_is_bare("fd:x") || address_is_bare("http://host"));
	assert_false(address_is_bare("vsock:x:y"));
}

static void descriptor_is_asked_what_it_is(void **state)
{
	int stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[32], why[SOCKEYE_WHY];
	struct address a;

	(void)state;
	snprintf(text, sizeof text, "fd:%d", stream);
	assert_false(address(text).listens);
	assert_int_equal(listen(stream, 1), 0);
	a = address(text);
	assert_true(a.listens && a.fd == stream && a.type == SOCK_STREAM);
	close(stream);
	assert_int_equal(address_read(&a, text, why), -1);
	assert_string_equal(why, "Bad file descriptor");
}

static void environment_hands_over_sockets(void **state)
{
	char pid[32];

	(void)state;
	snprintf(pid, sizeof pid, "%d", getpid());
	setenv("LISTEN_FDS", "3", 1);
	setenv("LISTEN_FDNAMES", "echo:upper.socket:", 1);
	setenv("LISTEN_PID", "1", 1);
	assert_int_equal(inherit_count(), 0);
	setenv("LISTEN_PID", pid, 1);
	assert_int_equal(inherit_count(), 3);
	assert_true(inherit_is_named(0, "echo") && inherit_is_named(1, "upper"));
	assert_false(inherit_is_named(1, "echo") || inherit_is_named(0, "ech"));
	assert_false(inherit_is_named(2, "upper") || inherit_is_named(9, "echo"));
	setenv("LISTEN_FDS", "1000000000", 1);
	assert_int_equal(inherit_count(), -1);
	setenv("LISTEN_FDS", "x", 1);
	assert_int_equal(inherit_count(), -1);
	unsetenv("LISTEN_FDS");
	assert_int_equal(inherit_count(), 0);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
}

/* A datagram socket at a name, or under a path. */
static int manager(const struct sockaddr_un *un, size_t n)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	n += offsetof(struct sockaddr_un, sun_path);
	assert_int_equal(bind(fd, (const struct sockaddr *)un, (socklen_t)n), 0);
	return fd;
}

static void told(int fd, const char *name)
{
	char why[SOCKEYE_WHY] = "", got[32] = "";

	setenv("NOTIFY_SOCKET", name, 1);
	assert_int_equal(notify_send("READY=1", why), 0);
	assert_int_equal(recv(fd, got, sizeof got, 0), 7);
	assert_string_equal(got, "READY=1");
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}

static void manager_is_told_at_a_name_and_at_a_path(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char why[SOCKEYE_WHY], dir[] = "/tmp/sockeye-XXXXXX";

	(void)state;
	int n = snprintf(un.sun_path + 1, sizeof un.sun_path - 1, "sockeye-test%%41-%d", getpid());
	int fd = manager(&un, (size_t)n + 1);
	un.sun_path[0] = '@';
	told(fd, un.sun_path);
	assert_non_null(mkdtemp(dir));
	n = snprintf(un.sun_path, sizeof un.sun_path, "%s/a %%b", dir);
	told(manager(&un, (size_t)n + 1), un.sun_path);
	unlink(un.sun_path);
	rmdir(dir);
	assert_int_equal(notify_send("READY=1", why), 0);
	setenv("NOTIFY_SOCKET", "relative", 1);
	assert_int_equal(notify_send("READY=1", why), -1);
	unsetenv("NOTIFY_SOCKET");
}

/* What holder_find says of an address that s, which it closes, has. */
static void found_here(struct sock s)
{
	char text[HOLDER_TEXT] = "", mine[64];
	struct sock_addr addr;

	if (s.fd < 0)
		fail_msg("%s", s.why);
	assert_int_equal(sock_name_addr(&s, &addr), 0);
	snprintf(mine, sizeof mine, "held by pid %d (", getpid());
	assert_true(holder_find(&addr, text));
	if (strncmp(text, mine, strlen(mine)) != 0)
		fail_msg("%s: %s", sock_name(&s).s, text);
	sock_close(&s);
	assert_false(holder_find(&addr, text));
}

static void holder_of_an_address_is_found(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof name, "unix:@sockeye test %%00 %d", getpid());
	found_here(sock_server("tcp://127.0.0.1:0"));
	found_here(sock_server("udp://127.0.0.1:0"));
	found_here(sock_server(name));
	if (sock_has_dualstack())
		found_here(sock_server("tcp://[::1]:0"));
}

/* -- serve: the plan ------------------------------------------------------------------- */

static struct serve *plan;

/* The plan of a command line, its words separated by spaces. Returns what serve_plan does. */
static int plan_of(const char *line)
{
	static char text[512];
	char *argv[64] = { "serve" }, *rest = text;
	int argc = 1;

	free(plan);
	plan = calloc(1, sizeof *plan);
	plan->verb = &verb_serve;
	snprintf(text, sizeof text, "%s", line);
	for (char *word; (word = strsep(&rest, " ")) && argc < 63;)
		if (*word)
			argv[argc++] = word;
	listen_in();
	int code = serve_plan(plan, argc, argv);
	stop_listening();
	return code;
}

static const struct engine_group *group(int i)
{
	return &plan->plan.groups[i];
}

static void service_alone_is_served_on_loopback(void **state)
{
	(void)state;
	assert_int_equal(plan_of("echo"), SERVE_GO);
	assert_int_equal(group(0)->wheres, 2);
	assert_string_equal(group(0)->where[0], "tcp://127.0.0.1:65432");
	assert_string_equal(group(0)->where[1], "udp://127.0.0.1:65432");
	assert_int_equal(plan_of("accept"), SERVE_GO);
	assert_int_equal(group(0)->wheres, 1);
	assert_string_equal(group(0)->where[0], "tcp://127.0.0.1:1234");
	assert_int_equal(plan_of("upper [::1]:5 unix:x"), SERVE_GO);
	assert_int_equal(group(0)->wheres, 3);
	assert_string_equal(group(0)->where[1], "udp://[::1]:5");
	assert_string_equal(group(0)->where[2], "unix:x");
}

static void groups_share_what_comes_first(void **state)
{
	(void)state;
	assert_int_equal(plan_of("--idle 5s --deny 10.0.0.0/8 --workers 2 "
	                         "echo :7 --idle 6s -o rcvbuf=8k -v -- "
	                         "--deny 11.0.0.0/8 upper -- hello tcp://:9 --idle off"), SERVE_GO);
	assert_int_equal(plan->plan.count, 3);
	assert_true(plan->plan.workers == 2 && plan->verbosity == 1);
	assert_true(group(0)->idle == 6 * CLOCK_SEC);
	assert_true(group(1)->idle == 5 * CLOCK_SEC && group(2)->idle == -1);
	assert_true(group(0)->denies == 1 && group(1)->denies == 2 && group(2)->denies == 1);
	assert_int_equal(group(1)->deny[1].bytes[12], 11);
	assert_string_equal(group(0)->options, "rcvbuf=8k");
	assert_null(group(1)->options);
	assert_string_equal(group(1)->where[0], "tcp://127.0.0.1:12000");
	assert_string_equal(group(2)->where[0], "tcp://:9");
}

static void wrong_plans_are_refused_in_two_lines(void **state)
{
	static const char *const wrong[][2] = {
		{ "", "no service named" },
		{ "--", "no service before --" },
		{ "echo --", "no service named" },
		{ "eco", "did you mean echo?" },
		{ "tcp://:7", "the service stands before its addresses" },
		{ "echo upper", "write -- before it" },
		{ "echo -- --workers 2 upper", "--workers is for the whole process" },
		{ "echo tcp://:99999", "\"99999\" is not a port" },
		{ "echo 127.1:7", "is not an IPv4 address" },
		{ "echo packet:lo", "serve answers at" },
		{ "echo unix-seqpacket:x", "serve answers at" },
		{ "accept udp://127.0.0.1:7", "about connections" },
		{ "chargen :19", "on loopback only" },
		{ "chargen udp://host.example:19", "on loopback only" },
		{ "echo :7 tcp://:7", "echo is served there already" },
		{ "echo tcp://127.0.0.1:12000 -- upper", "echo is served there already" },
		{ "echo -- echo", "echo is served there already" },
		{ "-o nodelay echo", "nodelay does not suit udp://127.0.0.1:65432" },
		{ "-o rcvbuf echo", "rcvbuf needs a value" },
		{ "-o rcvbuf=8k, echo", "an option's name is missing" },
		{ "-o rcbuf=8k echo", "did you mean rcvbuf?" },
		{ "-o rcvbuf=8q echo", "not a number" },
		{ "-o linger echo", "linger needs a value" },
		{ "--ready-fd 99999 echo", "not open" },
		{ "--spin 2ms echo", "at most 1ms" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(plan_of(wrong[i][0]), CODE_USAGE);
		if (!strstr(said, wrong[i][1]) || lines_of(said) != 2)
			fail_msg("%s: %s", wrong[i][0], said);
	}
}

/* So many services, the first at so many addresses and the others at one each. */
static int plan_many(int services, int addresses)
{
	static char *argv[1 + ENGINE_GROUPS_MOST * 2 + ENGINE_WHERES_MOST + 8];
	int argc = 1;

	free(plan);
	plan = calloc(1, sizeof *plan);
	plan->verb = &verb_serve;
	argv[0] = "serve";
	for (int i = 0; i < services; i++) {
		if (i)
			argv[argc++] = "--";
		argv[argc++] = "echo";
		for (int k = i ? addresses - 1 : 0; k < addresses; k++)
			argv[argc++] = "tcp://:0";
	}
	listen_in();
	int code = serve_plan(plan, argc, argv);
	stop_listening();
	return code;
}

static void services_and_addresses_are_counted(void **state)
{
	(void)state;
	assert_int_equal(plan_many(ENGINE_GROUPS_MOST, 1), SERVE_GO);
	assert_int_equal(plan_many(ENGINE_GROUPS_MOST + 1, 1), CODE_USAGE);
	assert_non_null(strstr(said, "more than 64 services"));
	assert_int_equal(plan_many(1, ENGINE_WHERES_MOST), SERVE_GO);
	assert_int_equal(group(0)->wheres, ENGINE_WHERES_MOST);
	assert_int_equal(plan_many(1, ENGINE_WHERES_MOST + 1), CODE_USAGE);
	assert_non_null(strstr(said, "more than 256 addresses"));
}

static void statistics_leave_out_zeros_but_not_for_programs(void **state)
{
	struct engine_stats stats = {
		.uptime = 12 * CLOCK_SEC + CLOCK_MS,
		.workers = 1,
		.engine = "epoll",
		.accepted = 1234567,
		.bytes_in = 5,
	};
	char text[OUT_LINE];

	(void)state;
	size_t n = serve_stats_table(text, sizeof text, &stats);
	assert_int_equal(n, strlen(text));
	assert_string_equal(text, "after 12.001 s: epoll, 1 worker\n"
	                          "  accepted  1234567  connections taken\n"
	                          "  bytes_in        5  bytes received\n");
	n = serve_stats_json(text, sizeof text, &stats);
	assert_int_equal(n, strlen(text));
	assert_non_null(strstr(text, "\"event\":\"statistics\",\"engine\":\"epoll\","));
	assert_non_null(strstr(text, "\"workers\":1,\"uptime\":12.001,"));
	assert_non_null(strstr(text, "\"accepted\":1234567,\"closed\":0,"));
	memset(&stats, 0xff, sizeof stats);
	stats.engine = "io_uring";
	assert_true(serve_stats_table(text, sizeof text, &stats) > 1000);
	assert_non_null(strstr(text, "left out"));
	assert_true(serve_stats_json(text, sizeof text, &stats) > 0);
}

static int forget_plan(void **state)
{
	(void)state;
	free(plan);
	plan = NULL;
	return 0;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(times_are_strict),
	cmocka_unit_test(values_are_printed_as_they_are_read),
	cmocka_unit_test(nearest_name_is_found),
	cmocka_unit_test(network_is_read_bit_by_bit),
	cmocka_unit_test(network_with_a_slip_is_refused),
	cmocka_unit_test(json_object_is_one_line_of_ascii),
	cmocka_unit_test(json_without_room_is_no_line),
	cmocka_unit_test(shown_text_stays_on_its_line),
	cmocka_unit_test(options_are_read_in_every_spelling),
	cmocka_unit_test(off_is_taken_where_it_may_stand),
	cmocka_unit_test(wrong_options_get_two_lines),
	cmocka_unit_test(address_tells_who_can_reach_it),
	cmocka_unit_test(bare_address_has_no_scheme),
	cmocka_unit_test(descriptor_is_asked_what_it_is),
	cmocka_unit_test(environment_hands_over_sockets),
	cmocka_unit_test(manager_is_told_at_a_name_and_at_a_path),
	cmocka_unit_test(holder_of_an_address_is_found),
	cmocka_unit_test_teardown(service_alone_is_served_on_loopback, forget_plan),
	cmocka_unit_test_teardown(groups_share_what_comes_first, forget_plan),
	cmocka_unit_test_teardown(wrong_plans_are_refused_in_two_lines, forget_plan),
	cmocka_unit_test_teardown(services_and_addresses_are_counted, forget_plan),
	cmocka_unit_test(statistics_leave_out_zeros_but_not_for_programs),
};

CHECK_MAIN(tests)
