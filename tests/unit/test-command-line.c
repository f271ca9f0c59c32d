/* SPDX-License-Identifier: MIT */
/* The command line: options in every spelling, and the plan that serve makes of it. */
#include "check.h"

#include "base/clock.h"
#include "cmd/option.h"
#include "cmd/out.h"
#include "cmd/serve.h"
#include "said.h"

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
	assert_int_equal(plan_of("echo"), OPTION_GO);
	assert_int_equal(group(0)->wheres, 2);
	assert_string_equal(group(0)->where[0], "tcp://127.0.0.1:65432");
	assert_string_equal(group(0)->where[1], "udp://127.0.0.1:65432");
	assert_int_equal(plan_of("accept"), OPTION_GO);
	assert_int_equal(group(0)->wheres, 1);
	assert_string_equal(group(0)->where[0], "tcp://127.0.0.1:1234");
	assert_int_equal(plan_of("upper [::1]:5 unix:x"), OPTION_GO);
	assert_int_equal(group(0)->wheres, 3);
	assert_string_equal(group(0)->where[1], "udp://[::1]:5");
	assert_string_equal(group(0)->where[2], "unix:x");
}

static void groups_share_what_comes_first(void **state)
{
	(void)state;
	assert_int_equal(plan_of("--idle 5s --deny 10.0.0.0/8 --workers 2 "
	                         "echo :7 --idle 6s -o rcvbuf=8k -v -- "
	                         "--deny 11.0.0.0/8 upper -- hello tcp://:9 --idle off"), OPTION_GO);
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
	assert_int_equal(plan_many(ENGINE_GROUPS_MOST, 1), OPTION_GO);
	assert_int_equal(plan_many(ENGINE_GROUPS_MOST + 1, 1), CODE_USAGE);
	assert_non_null(strstr(said, "more than 64 services"));
	assert_int_equal(plan_many(1, ENGINE_WHERES_MOST), OPTION_GO);
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
	cmocka_unit_test(options_are_read_in_every_spelling),
	cmocka_unit_test(off_is_taken_where_it_may_stand),
	cmocka_unit_test(wrong_options_get_two_lines),
	cmocka_unit_test_teardown(service_alone_is_served_on_loopback, forget_plan),
	cmocka_unit_test_teardown(groups_share_what_comes_first, forget_plan),
	cmocka_unit_test_teardown(wrong_plans_are_refused_in_two_lines, forget_plan),
	cmocka_unit_test_teardown(services_and_addresses_are_counted, forget_plan),
	cmocka_unit_test(statistics_leave_out_zeros_but_not_for_programs),
};
CHECK_MAIN(tests)
