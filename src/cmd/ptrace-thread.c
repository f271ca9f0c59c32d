/* SPDX-License-Identifier: MIT */
/* Who runs: threads by their numbers, and the processes that they make up. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/program.h"
#include "ptrace-inner.h"

struct ptrace_thread *ptrace_thread_find(struct ptrace *p, pid_t tid)
{
	return map_get(&p->threads, (uint64_t)tid);
}

struct ptrace_thread *ptrace_thread_new(struct ptrace *p, pid_t tid)
{
	struct ptrace_thread *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->all = p;
	t->tid = tid;
	if (map_set(&p->threads, (uint64_t)tid, t))
		return t;
	free(t);
	return NULL;
}

static void let_process_go(struct ptrace *p, struct ptrace_process *q)
{
	if (--q->refs)
		return;
	p->processes--;
	ptrace_files_free(p, q->files);
	if (q->pidfd >= 0)
		close(q->pidfd);
	free(q);
}

void ptrace_thread_free(struct ptrace_thread *t)
{
	struct ptrace *p = t->all;

	ptrace_step_drop(t);
	if (map_get(&p->threads, (uint64_t)t->tid) == t)
		map_set(&p->threads, (uint64_t)t->tid, NULL);
	if (t->process && !t->leaving)
		t->process->threads--;
	if (t->process)
		let_process_go(p, t->process);
	free(t);
}

bool ptrace_thread_leaves(struct ptrace_thread *t)
{
	if (!t->leaving)
		t->process->threads--;
	t->leaving = true;
	return t->process->threads == 0;
}

pid_t ptrace_thread_group(pid_t tid)
{
	char path[64], text[1024], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/status", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	at = strstr(text, "\nTgid:");
	return at ? (pid_t)strtol(at + sizeof "\nTgid:" - 1, NULL, 10) : 0;
}

/* -- Processes ---------------------------------------------------------------------------- */

struct ptrace_process *ptrace_process_find(struct ptrace *p, pid_t pid)
{
	struct ptrace_thread *t;
	size_t at = 0;
	uint64_t tid;

	while ((t = map_next(&p->threads, &at, &tid)) != NULL)
		if (t->process && t->process->pid == pid)
			return t->process;
	return NULL;
}

void ptrace_process_join(struct ptrace_thread *t, struct ptrace_process *q)
{
	t->process = q;
	q->refs++;
	q->threads++;
}

static struct ptrace_files *files_for(const struct ptrace_process *from, bool shares)
{
	if (!from || !shares)
		return ptrace_files_new(from ? from->files : NULL);
	from->files->refs++;
	return from->files;
}

bool ptrace_process_new(struct ptrace_thread *t, const struct ptrace_process *from, bool shares)
{
	struct ptrace_process *q = calloc(1, sizeof *q);

	if (q)
		q->files = files_for(from, shares);
	if (!q || !q->files) {
		free(q);
		return false;
	}
	q->pid = t->tid;
	q->pidfd = (int)syscall(SYS_pidfd_open, t->tid, 0);
	if (from) {
		q->silent = from->silent;
		q->filtered = from->filtered;
		q->awake = from->awake;
		memcpy(q->program, from->program, sizeof q->program);
	} else {
		ptrace_process_name(q);
	}
	t->all->processes++;
	ptrace_process_join(t, q);
	return true;
}

/* Arguments as /proc has them, a NUL behind each. */
static int split(char *text, size_t n, char **words, int room)
{
	int count = 0;

	for (char *at = text; at < text + n && count < room; at += strlen(at) + 1)
		words[count++] = at;
	return count;
}

void ptrace_process_name(struct ptrace_process *q)
{
	enum { WORDS = 64 };
	char path[64], text[4096], *words[WORDS + 1] = { NULL };
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/cmdline", q->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return;
	text[n] = '\0';
	program_name(q->program, sizeof q->program, split(text, (size_t)n, words, WORDS), words);
}

/* -- Another program ---------------------------------------------------------------------- */

/* Its threads are gone but for the one that called, which bears the number of the process from now on. */
static struct ptrace_thread *remaining(struct ptrace *p, pid_t pid, pid_t former)
{
	struct ptrace_thread *t = ptrace_thread_find(p, former), *each;
	size_t at = 0;
	uint64_t tid;

	if (!t || !t->process)
		return NULL;
	while ((each = map_next(&p->threads, &at, &tid)) != NULL)
		if (each != t && (each->process == t->process || each->tid == pid))
			ptrace_thread_free(each);
	if (former != pid) {
		map_set(&p->threads, (uint64_t)former, NULL);
		t->tid = pid;
		map_set(&p->threads, (uint64_t)pid, t);
	}
	if (t->leaving)
		t->process->threads++;
	t->leaving = false;
	return t;
}

/* Which descriptors were to be closed is seen by who is left. */
static void close_some(struct ptrace_thread *t)
{
	int64_t now = clock_now();

	for (int fd = 0; fd < t->process->files->room; fd++) {
		if (!ptrace_files_known(t->process->files, fd) || ptrace_files_is_open(t->tid, fd))
			continue;
		ptrace_tell_closed(t, fd, now);
		ptrace_files_set(t->all, t->process->files, fd, NULL);
	}
}

struct ptrace_thread *ptrace_process_exec(struct ptrace *p, pid_t pid, pid_t former)
{
	struct ptrace_thread *t = remaining(p, pid, former);
	struct ptrace_files *own;

	if (!t)
		return NULL;
	ptrace_step_drop(t);
	if (t->process->files->refs > 1 && (own = ptrace_files_new(t->process->files)) != NULL) {
		ptrace_files_free(p, t->process->files);
		t->process->files = own;
	}
	close_some(t);
	t->process->silent = false;
	ptrace_process_name(t->process);
	return t;
}
