/* SPDX-License-Identifier: MIT */
/*
 * For the tests of the recorder: a folder of one's own with a file for the
 * trace, records handed to the hook directly, and Python to read the lines.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include "check.h"

#include <fcntl.h>
#include <sockeye/eye.h>
#include <spawn.h>
#include <sys/stat.h>

#include "base/event.h"

enum { TRACE_HIGH = 240 };

static char folder[] = "/tmp/test-record-XXXXXX";
static char path[64], other[64];

static inline int make_folder(void **state)
{
	(void)state;
	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/trace.json", folder);
	snprintf(other, sizeof other, "%s/other", folder);
	return 0;
}

static inline int remove_folder(void **state)
{
	(void)state;
	eye_stop();
	eye_payload(64);
	unlink(path);
	unlink(other);
	return rmdir(folder);
}

static inline struct iovec piece(const void *bytes, size_t n)
{
	return (struct iovec){ (void *)bytes, n };
}

static inline void emit(const void *bytes, size_t n)
{
	struct iovec iov = piece(bytes, n);
	struct event e;

	event_init(&e, EVENT_SEND, EVENT_RETURN);
	e.fd = 3;
	e.asked = e.moved = e.whole = n;
	e.iov = &iov;
	e.iovs = 1;
	event_hook_fn *hook = __atomic_load_n(&event_hook, __ATOMIC_ACQUIRE);
	if (hook)
		hook(&e);
}

/* The file as text in memory of its own. */
static inline char *read_file(const char *name)
{
	struct stat st = { 0 };
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	assert_int_equal(fstat(fd, &st), 0);
	char *all = calloc(1, st.st_size + 1);
	assert_non_null(all);
	assert_int_equal(read(fd, all, st.st_size), st.st_size);
	close(fd);
	return all;
}

/* Not by strstr, of which a sanitizer makes a look at the whole rest of the text. */
static inline int count(const char *text, const char *what)
{
	size_t size = strlen(what);
	int n = 0;

	for (; (text = strchr(text, *what)); text++)
		n += strncmp(text, what, size) == 0;
	return n;
}

static inline int count_lines(void)
{
	char *all = read_file(path);
	int n = count(all, "\n");

	free(all);
	return n;
}

extern char **environ;

static inline int run(char *const argv[], char *const env[])
{
	posix_spawn_file_actions_t quiet;
	pid_t child;
	int status = -1;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	assert_int_equal(posix_spawn(&child, argv[0], &quiet, NULL, argv, env), 0);
	posix_spawn_file_actions_destroy(&quiet);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* Python must read each line, find an object in it, and nothing but ASCII. */
static inline void assert_parses(int lines)
{
	char want[16], python[] = "/usr/bin/python3", option[] = "-c";
	char script[] =
		"import json, sys\n"
		"lines = open(sys.argv[1], 'rb').read().split(b'\\n')\n"
		"assert lines.pop() == b'' and len(lines) == int(sys.argv[2])\n"
		"for line in lines:\n"
		"    assert line.isascii() and line.decode().isprintable()\n"
		"    record = json.loads(line)\n"
		"    assert record['call'] and record['pid'] > 0\n"
		"    if 'text' in record:\n"
		"        assert record['data'] == ''.join(map(chr, range(256)))\n"
		"        assert record['text'] == 'a\\n\"'\n"
		"        assert record['peer'] == 'unix:@%00%0A\"'\n";
	char *argv[] = { python, option, script, path, want, NULL };

	if (access(argv[0], X_OK) < 0)
		skip();
	snprintf(want, sizeof want, "%d", lines);
	assert_int_equal(run(argv, environ), 0);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

#endif
