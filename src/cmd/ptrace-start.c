/* SPDX-License-Identifier: MIT */
/*
 * Starting a program so that it is traced from its first call on. The child
 * waits until it is seized; then its stops are taken here, in silence, until it
 * has become the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ptrace-inner.h"

enum { NOT_EXECUTED = 126 };

/* It waits until it is traced. The call that fails shows the tracer that the filter is there. */
static void child(const struct ptrace *p, int go, int said, void (*become)(void *with), void *with)
{
	char word;
	int err;

	if (read(go, &word, 1) != 1)
		_exit(NOT_EXECUTED);
	if (p->o.follow && p->o.filter && ptrace_filter_install() == 0)
		close(-1);
	become(with);
	err = errno;
	if (write(said, &err, sizeof err) < 0)
		_exit(NOT_EXECUTED);
	_exit(NOT_EXECUTED);
}

static struct ptrace_thread *seize(struct ptrace *p, pid_t pid, struct ptrace_ended *program)
{
	struct ptrace_thread *t;

	if (ptrace(PTRACE_SEIZE, pid, NULL, ptrace_flags(&p->o)) < 0)
		return NULL;
	t = ptrace_thread_new(p, pid);
	if (!t || !ptrace_process_new(t, NULL, false)) {
		if (t)
			ptrace_thread_free(t);
		errno = ENOMEM;
		return NULL;
	}
	t->process->silent = true;
	program->pid = pid;
	program->next = p->ended;
	p->ended = program;
	return t;
}

/* Until it runs the program, or has ended without. */
static bool is_running(struct ptrace *p, pid_t pid)
{
	struct ptrace_process *q;
	int status;

	while ((q = ptrace_process_find(p, pid)) != NULL && q->silent) {
		if (waitpid(pid, &status, __WALL) == pid)
			ptrace_take(p, pid, status);
		else if (errno != EINTR)
			break;
	}
	return ptrace_process_find(p, pid) != NULL;
}

static int hear(int fd)
{
	int err = 0;

	return read(fd, &err, sizeof err) == (ssize_t)sizeof err ? -err : -ECHILD;
}

static int watch(struct ptrace *p, pid_t pid, int go, int said, bool *denied)
{
	struct ptrace_ended *program = calloc(1, sizeof *program);
	int err;

	if (program && seize(p, pid, program)) {
		err = write(go, "", 1) == 1 ? 0 : -errno;
		return err ? err : is_running(p, pid) ? 0 : hear(said);
	}
	err = program ? -errno : -ENOMEM;
	*denied = program && (errno == EPERM || errno == EACCES || errno == ENOSYS);
	free(program);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, __WALL);
	return err;
}

int ptrace_start(struct ptrace *p, void (*become)(void *with), void *with, pid_t *pid, bool *denied)
{
	int go[2], said[2], err;

	*denied = !PTRACE_NATIVE;
	if (*denied)
		return -ENOSYS;
	if (pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(said, O_CLOEXEC) < 0) {
		err = -errno;
		close(go[0]);
		close(go[1]);
		return err;
	}
	*pid = fork();
	if (*pid == 0) {
		close(go[1]);
		child(p, go[0], said[1], become, with);
	}
	err = *pid < 0 ? -errno : 0;
	close(go[0]);
	close(said[1]);
	if (!err)
		err = watch(p, *pid, go[1], said[0], denied);
	close(go[1]);
	close(said[0]);
	return err;
}
