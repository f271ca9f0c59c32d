/* SPDX-License-Identifier: MIT */
/*
 * What few programs do and none must notice being watched at: threads ended in
 * the middle of a call, signals in the middle of a call, children that borrow
 * their parent's memory, calls that are checked at run time, and descriptors
 * beyond all usual numbers. Prints what came of each.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int pair[2];

static void said(const char *what, long r)
{
	printf("%s: %ld %s\n", what, r, r < 0 ? strerror(errno) : "");
	fflush(stdout);
}

static void *receive(void *unused)
{
	char buf[8];

	(void)unused;
	recv(pair[0], buf, sizeof buf, 0);
	return NULL;
}

/* socket(2) is no point of cancellation, nor is syscall(2); recv(2) is one. */
static void *open_and_receive(void *unused)
{
	static long made;
	char buf[8];
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	made = fd >= 0;
	made += syscall(SYS_close, fd) == 0;
	said("done before its end", made);
	recv(pair[0], buf, sizeof buf, 0);
	return unused;
}

static void end_threads(void)
{
	pthread_t thread;
	void *how = NULL;

	pthread_create(&thread, NULL, open_and_receive, pair);
	pthread_join(thread, &how);
	said("ended at its point", how == PTHREAD_CANCELED);
	pthread_create(&thread, NULL, receive, NULL);
	pthread_cancel(thread);
	pthread_join(thread, &how);
	said("ended in a call", how == PTHREAD_CANCELED);
}

static void write_in_handler(int number)
{
	(void)number;
	if (write(pair[1], "signal", 6) < 0)
		abort();
}

static void be_interrupted(void)
{
	struct sigaction act = { .sa_handler = write_in_handler };
	char buf[16];

	sigaction(SIGALRM, &act, NULL);
	alarm(1);
	said("interrupted", recv(pair[0], buf, sizeof buf, 0));
	said("what the handler wrote", recv(pair[0], buf, sizeof buf, MSG_DONTWAIT));
	act.sa_handler = SIG_DFL;
	sigaction(SIGALRM, &act, NULL);
}

/* The child has descriptors of its own and our memory. */
static void lend_memory(void)
{
	int status = -1;
	char buf[8];

	pid_t child = vfork();
	if (child == 0) {
		dup2(pair[0], 0);
		close(pair[0]);
		close(pair[1]);
		close_range(3, ~0U, 0);
		_exit(4);
	}
	waitpid(child, &status, 0);
	said("child", WEXITSTATUS(status));
	said("sent after that", write(pair[1], "still", 5));
	said("got after that", read(pair[0], buf, sizeof buf));
}

static void go_high(void)
{
	struct rlimit limit = { 70001, 70001 };
	char buf[8];

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || dup2(pair[0], 70000) < 0)
		return;
	write(pair[1], "high", 4);
	struct pollfd p = { .fd = 70000, .events = POLLIN };
	said("poll", poll(&p, 1, 1000));
	said("got high", recv(70000, buf, sizeof buf, 0));
	said("closed high", close(70000));
}

static void select_many(void)
{
	static unsigned long words[2048 / 8 / sizeof(long)];
	struct timeval t = { 0 };
	int high = fcntl(pair[1], F_DUPFD, 1500), bits = 8 * sizeof *words;

	if (high < 0)
		return;
	words[high / bits] |= 1UL << high % bits;
	int (*wait)(int, fd_set *, fd_set *, fd_set *, struct timeval *) = &select;
	said("select", wait(2048, NULL, (fd_set *)words, NULL, &t));
	close(high);
}

int main(void)
{
	struct rlimit limit = { 4096, 4096 };

	alarm(60);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 1;
	end_threads();
	be_interrupted();
	lend_memory();
	select_many();
	go_high();
	setrlimit(RLIMIT_NOFILE, &limit);
	closefrom(3);
	said("write to what is closed", write(pair[0], "x", 1));
	return 6;
}
