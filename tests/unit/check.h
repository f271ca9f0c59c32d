/* SPDX-License-Identifier: MIT */
/*
 * What every unit test opens with: cmocka, and CHECK_MAIN.
 *
 *	static void sum_is_right(void **state)
 *	{
 *		(void)state;
 *		assert_int_equal(1 + 1, 2);
 *	}
 *	static const struct CMUnitTest tests[] = {
 *		cmocka_unit_test(sum_is_right),
 *	};
 *	CHECK_MAIN(tests)
 *
 * Run all, or those whose name contains the first argument. The output is TAP
 * unless a person watches. After the tests one more looks whether a descriptor,
 * a thread or a child process was left behind. What this machine cannot show is
 * left out with CHECK_SKIP("no vsock here").
 */
#ifndef CHECK_H
#define CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK_MAIN(tests)                                                       \
	int main(int argc, char **argv)                                         \
	{                                                                       \
		return check_main(argc, argv, tests, sizeof(tests) / sizeof *(tests)); \
	}

/* End this test, which is then counted as skipped, and say why. */
#define CHECK_SKIP(...)                                                         \
	do {                                                                    \
		snprintf(check_reason, sizeof check_reason, __VA_ARGS__);       \
		skip();                                                         \
	} while (0)

enum { CHECK_TESTS = 512, CHECK_FDS = 4096, CHECK_PATIENCE_MS = 5000 };

/* What the process held before the first test. */
static struct {
	bool fd[CHECK_FDS];
	int threads;
} check_start;

static char check_reason[128] = "no reason given";

/* Calls each() with every number that names an entry of a /proc directory; returns how many. */
static inline int check_entries(const char *path, void (*each)(int n, int self))
{
	DIR *dir = opendir(path);
	int count = 0;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		count++;
		if (each)
			each((int)strtol(e->d_name, NULL, 10), dirfd(dir));
	}
	if (dir)
		closedir(dir);
	return count;
}

static inline void check_note_fd(int fd, int self)
{
	if (fd < CHECK_FDS)
		check_start.fd[fd] = fd != self;
}

static inline int check_threads(void)
{
	return check_entries("/proc/self/task", NULL);
}

static int check_left;

static inline void check_tell_fd(int fd, int self)
{
	char link[64], what[256] = "";

	if (fd == self || (fd < CHECK_FDS && check_start.fd[fd]))
		return;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	if (readlink(link, what, sizeof what - 1) < 0)
		return;
	check_left++;
	print_error("left behind: descriptor %d, %s\n", fd, what);
}

static inline bool check_child(void)
{
	siginfo_t info;

	return !(waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD);
}

/* A joined thread's entry may outlive it by a moment, hence some patience. */
static inline void nothing_is_left_behind(void **state)
{
	(void)state;
	for (int ms = 0; check_threads() > check_start.threads && ms < CHECK_PATIENCE_MS; ms++)
		poll(NULL, 0, 1);
	check_left = 0;
	check_entries("/proc/self/fd", check_tell_fd);
	int threads = check_threads() - check_start.threads;
	if (threads > 0)
		print_error("left behind: %d threads\n", threads);
	if (check_child())
		print_error("left behind: a child process\n");
	assert_true(check_left == 0 && threads <= 0 && !check_child());
}

/*
 * cmocka 1.1 writes a skipped test as "not ok 3 # SKIP name", which readers of
 * TAP take for a failure. Seen on its way out it becomes "ok 3 - name # SKIP why".
 */
static inline ssize_t check_write(void *to, const char *text, size_t n)
{
	char name[200];
	int number;

	(void)to;
	if (sscanf(text, "not ok %d # SKIP %199s", &number, name) == 2)
		dprintf(STDOUT_FILENO, "ok %d - %s # SKIP %s\n", number, name, check_reason);
	else if (write(STDOUT_FILENO, text, n) < 0)
		return 0;
	return (ssize_t)n;
}

static inline void check_speak_tap(void)
{
	FILE *out = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = check_write });

	if (out)
		stdout = out;
	setvbuf(stdout, NULL, _IOLBF, 0);
	cmocka_set_message_output(CM_OUTPUT_TAP);
}

/* Copies the tests that were asked for, and the one above, and runs them. */
static inline int check_main(int argc, char **argv, const struct CMUnitTest *tests, size_t n)
{
	static struct CMUnitTest list[CHECK_TESTS + 1];
	size_t used = 0;

	for (size_t i = 0; i < n && used < CHECK_TESTS; i++)
		if (argc < 2 || strstr(tests[i].name, argv[1]))
			list[used++] = tests[i];
	if (!used || n > CHECK_TESTS) {
		fprintf(stderr, "%s: no test's name contains '%s'\n", argv[0], argc < 2 ? "" : argv[1]);
		return 2;
	}
	list[used++] = (struct CMUnitTest)cmocka_unit_test(nothing_is_left_behind);
	check_start.threads = check_threads();
	check_entries("/proc/self/fd", check_note_fd);
	if (!isatty(STDOUT_FILENO))
		check_speak_tap();
	return _cmocka_run_group_tests("tests", list, used, NULL, NULL) ? 1 : 0;
}

#endif
