/* SPDX-License-Identifier: MIT */
/*
 * Starting programs, and ending them. A child learns who it is between fork
 * and exec, for its record shall bear its own number; whether exec went well
 * comes back through a pipe that closes by itself when it did.
 */
#include "trace-programs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/eyenv.h"
#include "../base/program.h"
#include "out.h"
#include "ptrace.h"

enum { PATH = 4096, EYE = 512 };

/* -- Are they there? ---------------------------------------------------------------------- */

static int look_at(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return access(path, X_OK) < 0 ? EACCES : 0;
}

/* As execvp(3) will: what is found and may not be executed is remembered, and the search goes on. */
static int search(const char *word)
{
	const char *at = getenv("PATH");
	char path[PATH];
	int err = ENOENT;

	if (strchr(word, '/'))
		return look_at(word);
	for (at = at ? at : "/bin:/usr/bin"; *word; at++) {
		int n = (int)strcspn(at, ":"), found;

		snprintf(path, sizeof path, "%.*s%s%s", n, at, n ? "/" : "", word);
		found = look_at(path);
		if (!found)
			return 0;
		if (found == EACCES)
			err = EACCES;
		at += n;
		if (!*at)
			break;
	}
	return err;
}

static bool is_missing(int err)
{
	return err == ENOENT || err == ENOTDIR;
}

static int cannot(const struct trace *t, const char *word, int err)
{
	const char *dot = strrchr(word, '.');
	const char *next = "it must be in PATH, or be named by its path: ./client";
	char shown[TRACE_SHOWN];

	if (dot && strcmp(dot, ".json") == 0)
		next = "a recorded file must be there; a program be in PATH, or be named by its path";
	if (!is_missing(err))
		next = err == EISDIR ? "name a program"
		                     : "chmod +x makes it executable; a script may be given to its interpreter";
	trace_fail(t, next, "%s: %s", trace_shown(shown, word), strerrordesc_np(err));
	return is_missing(err) ? TRACE_NOT_FOUND : TRACE_NOT_EXECUTABLE;
}

static int words(char *const *argv)
{
	int n = 0;

	while (argv[n])
		n++;
	return n;
}

int programs_check(struct programs *p, const struct trace *t)
{
	*p = (struct programs){ .t = t, .count = t->count };
	for (int i = 0; i < t->count; i++) {
		int err = search(t->commands[i][0]);

		if (err)
			return cannot(t, t->commands[i][0], err);
		p->each[i] = (struct program){ .argv = t->commands[i], .last = i == t->count - 1 };
		program_name(p->each[i].name, sizeof p->each[i].name, words(t->commands[i]), t->commands[i]);
	}
	return 0;
}

/* -- Starting ----------------------------------------------------------------------------- */

static void tell_eye(const struct programs *p)
{
	struct eyenv env = {
		.pid = p->t->follow_children ? 0 : getpid(), .payload = p->t->payload, .room = (size_t)p->t->room,
		.dir = p->folder,
	};
	char text[EYE];

	if (eyenv_print(text, sizeof text, &env))
		setenv(EYENV_NAME, text, 1);
}

/* In front of what was there: the calls of others that stand between a program and libc are seen as it makes them. */
static void preload(const char *library)
{
	const char *before = getenv("LD_PRELOAD");
	char *all = NULL;

	if (before && *before && asprintf(&all, "%s:%s", library, before) < 0)
		return;
	setenv("LD_PRELOAD", all ? all : library, 1);
}

static void read_nothing(void)
{
	int null = open("/dev/null", O_RDONLY);

	if (null > STDIN_FILENO) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
}

static void wire(const struct programs *p, const struct program *one)
{
	const struct trace_streams *s = p->t->streams;

	if (!one->last)
		read_nothing();
	if (!s)
		return;
	if (one->last)
		dup2(s->in, STDIN_FILENO);
	dup2(s->out[one - p->each], STDOUT_FILENO);
	dup2(s->out[one - p->each], STDERR_FILENO);
}

static void become(const struct programs *p, const struct program *one)
{
	if (!one->last)
		setpgid(0, 0);
	wire(p, one);
	if (!p->ptrace) {
		tell_eye(p);
		preload(p->preload);
	}
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
	sigprocmask(SIG_SETMASK, &p->mask, NULL);
	execvp(one->argv[0], one->argv);
}

/* What exec said: 0 when the pipe ended without a word. */
static int hear(int fd)
{
	int err = 0;
	ssize_t n;

	do
		n = read(fd, &err, sizeof err);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof err ? err : 0;
}

static int start(const struct programs *p, struct program *one)
{
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return errno;
	one->pid = fork();
	if (one->pid == 0) {
		become(p, one);
		err = errno;
		if (write(ends[1], &err, sizeof err) < 0)
			_exit(TRACE_FAILED);
		_exit(TRACE_NOT_EXECUTABLE);
	}
	err = one->pid < 0 ? errno : 0;
	close(ends[1]);
	if (one->pid > 0 && !one->last)
		setpgid(one->pid, one->pid);
	if (!err)
		err = hear(ends[0]);
	close(ends[0]);
	if (err && one->pid > 0)
		waitpid(one->pid, NULL, 0);
	return err;
}

struct one_of {
	const struct programs *all;
	const struct program *one;
};

static void become_traced(void *with)
{
	struct one_of *who = with;

	become(who->all, who->one);
}

/* From outside: the kernel may forbid it, whatever the program is. */
static int start_traced(struct programs *p, struct program *one)
{
	struct one_of who = { p, one };
	bool denied = false;
	int err = -ptrace_start(p->ptrace, become_traced, &who, &one->pid, &denied);

	if (denied)
		trace_fail(p->t, "see /proc/sys/kernel/yama/ptrace_scope; a container may need --cap-add=SYS_PTRACE",
		           "the kernel does not let %s be traced: %s", one->name, strerrordesc_np(err));
	return denied ? -1 : err;
}

struct program *programs_start(struct programs *p, int *code)
{
	struct program *one = &p->each[p->started];
	int err = p->ptrace ? start_traced(p, one) : start(p, one);

	one->started = clock_now();
	if (!err) {
		p->started++;
		return one;
	}
	one->pid = 0;
	*code = err < 0 ? TRACE_FAILED : cannot(p->t, one->argv[0], err);
	return NULL;
}

/* -- Ending ------------------------------------------------------------------------------- */

static bool has_ended(const struct programs *p, const struct program *one, int *status)
{
	if (p->ptrace)
		return ptrace_ended(p->ptrace, one->pid, status);
	return waitpid(one->pid, status, WNOHANG) == one->pid;
}

struct program *programs_reap(struct programs *p)
{
	for (struct program *one = p->each; one < p->each + p->started; one++) {
		int status;

		if (one->ended || !has_ended(p, one, &status))
			continue;
		one->ended = true;
		one->empty = one->last || kill(-one->pid, 0) < 0;
		one->status = status;
		one->over = clock_now();
		return one;
	}
	return NULL;
}

/* To a whole group, which may outlive its first; a number that is free again is not used any more. */
static void give(struct program *one, int number)
{
	if (one->ended && one->empty)
		return;
	if (kill(one->last ? one->pid : -one->pid, number) < 0 && one->ended)
		one->empty = true;
}

void programs_signal(struct programs *p, int number, bool last)
{
	for (struct program *one = p->each; one < p->each + p->started; one++)
		if (last || !one->last)
			give(one, number);
}

static bool all_are_over(struct programs *p, bool last)
{
	for (struct program *one = p->each; one < p->each + p->started; one++) {
		if (one->last && !last)
			continue;
		give(one, 0);
		if (!one->ended || !one->empty)
			return false;
	}
	return true;
}

/* A stopped program hears nothing: it is woken, too. */
bool programs_end(struct programs *p, bool last, int64_t now)
{
	static const int signals[] = { 0, SIGTERM, SIGKILL };
	enum { STEPS = sizeof signals / sizeof *signals };

	if (all_are_over(p, last))
		return true;
	if (now < p->due)
		return false;
	if (p->step == STEPS)
		return true;
	if (signals[p->step]) {
		programs_signal(p, signals[p->step], last);
		programs_signal(p, SIGCONT, last);
	}
	p->step++;
	p->due = now + p->t->grace;
	return false;
}

int program_code(const struct program *p)
{
	return WIFSIGNALED(p->status) ? 128 + WTERMSIG(p->status) : WEXITSTATUS(p->status);
}
