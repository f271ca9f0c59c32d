/* SPDX-License-Identifier: MIT */
/*
 * What the outer eye sees of a program, as JSON lines, for the tests:
 *
 *	ptrace-dump [--only-first] [--every-call] [--for SECONDS] FILE COMMAND...
 *
 * Its exit code is the program's; 128 and the number if a signal ended it; 77
 * when the kernel forbids to trace. After so many seconds it lets go of all.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/ptrace.h"
#include "eye/json.h"

enum { PAYLOAD = 64, FORBIDDEN = 77, FAILED = 125 };

struct command {
	char **argv;
	sigset_t mask;
};

static void become(void *command)
{
	struct command *c = command;

	sigprocmask(SIG_SETMASK, &c->mask, NULL);
	execvp(c->argv[0], c->argv);
}

static void emit(void *file, const struct event *e)
{
	char line[JSON_ROOM(PAYLOAD)];

	fwrite(line, 1, json_event(line, sizeof line, e, PAYLOAD, 0), file);
	fflush(file);
}

static bool is_over(const struct ptrace *p, pid_t pid, int *status, int64_t due)
{
	if (clock_now() > due)
		return true;
	return ptrace_ended(p, pid, status) && ptrace_left(p) == 0;
}

static int run(struct ptrace *p, struct command *c, int64_t due)
{
	const struct timespec tick = { .tv_nsec = 100000000 };
	int status = 0, err;
	bool denied;
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &c->mask);
	err = ptrace_start(p, become, c, &pid, &denied);
	if (err < 0)
		fprintf(stderr, "%s: %s\n", c->argv[0], strerrordesc_np(-err));
	if (err < 0)
		return denied ? FORBIDDEN : FAILED;
	while (!is_over(p, pid, &status, due))
		if (!ptrace_serve(p))
			sigtimedwait(&set, NULL, &tick);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	struct ptrace_options o = { .payload = PAYLOAD, .follow = true, .filter = true, .emit = emit };
	int64_t due = INT64_MAX;
	struct ptrace *p;
	int code, i = 1;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (strcmp(argv[i], "--only-first") == 0)
			o.follow = false;
		else if (strcmp(argv[i], "--every-call") == 0)
			o.filter = false;
		else
			due = clock_now() + (int64_t)(strtod(argv[++i], NULL) * CLOCK_SEC);
	}
	o.to = i + 1 < argc ? fopen(argv[i], "we") : NULL;
	p = o.to ? ptrace_new(&o) : NULL;
	if (!p)
		return FAILED;
	code = run(p, &(struct command){ .argv = argv + i + 1 }, due);
	ptrace_end(p);
	fclose(o.to);
	return code;
}
