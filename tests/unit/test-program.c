/* SPDX-License-Identifier: MIT */
/* Claims about the name by which a watched program is told of. */
#include "check.h"

#include "base/program.h"

enum { MOST = 8 };

static void is_called(const char *name, char *const argv[MOST])
{
	char out[16];
	int argc = 0;

	while (argv[argc])
		argc++;
	program_name(out, sizeof out, argc, argv);
	assert_string_equal(out, name);
}

#define CALLED(name, ...) is_called(name, (char *[MOST]){ __VA_ARGS__ })

static void a_program_has_its_short_name(void **state)
{
	(void)state;
	CALLED("curl", "curl", "-s");
	CALLED("curl", "/usr/bin/curl");
	CALLED("-bash", "-bash");
	CALLED("fifteen-letters", "/x/fifteen-letters-and-more");
	CALLED("", "");
	CALLED("/", "/");
	CALLED("pythonista", "pythonista", "x.py");
	CALLED("bash2", "bash2", "x.sh");
}

static void an_interpreter_has_that_of_its_script(void **state)
{
	(void)state;
	CALLED("server.py", "python3", "/x/server.py", "-m", "other");
	CALLED("server.py", "/usr/bin/python3.11", "-u", "-W", "error", "-B", "server.py");
	CALLED("http.server", "python", "-m", "http.server", "8000");
	CALLED("client.js", "node", "--require", "x.js", "client.js");
	CALLED("script", "bash", "-e", "-o", "pipefail", "script");
	CALLED("x.pl", "perl", "-w", "-I", "lib", "--", "x.pl");
	CALLED("x.rb", "ruby", "x.rb");
	CALLED("Main", "java", "-cp", "a:b", "-Dx=y", "com.example.Main");
	CALLED("app.jar", "java", "-jar", "/x/app.jar");
}

static void an_interpreter_without_a_script_keeps_its_own(void **state)
{
	(void)state;
	CALLED("python3", "python3");
	CALLED("python3", "python3", "-c", "import socket", "x.py");
	CALLED("python3", "python3", "-", "x.py");
	CALLED("python3", "python3", "-m");
	CALLED("python3", "python3", "");
	CALLED("node", "node", "-e", "1");
	CALLED("sh", "/bin/sh", "-c", "exec true");
	CALLED("java", "java", "-version");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_program_has_its_short_name),
	cmocka_unit_test(an_interpreter_has_that_of_its_script),
	cmocka_unit_test(an_interpreter_without_a_script_keeps_its_own),
};
CHECK_MAIN(tests)
