/* SPDX-License-Identifier: MIT */
/*
 * A static program for the outer eye to watch: one scene each, by name. No
 * library can be loaded into it. What it has got, it prints.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static _Atomic int handled;

static int listener(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof *at;

	*at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bind(fd, (struct sockaddr *)at, n);
	listen(fd, 5);
	getsockname(fd, (struct sockaddr *)at, &n);
	return fd;
}

static int caller(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (const struct sockaddr *)at, sizeof *at) < 0 ? -1 : fd;
}

/* A TCP connection of one process with itself. */
static void pair(int ends[2])
{
	struct sockaddr_in at;
	int fd = listener(&at);

	ends[0] = caller(&at);
	ends[1] = accept(fd, NULL, NULL);
	close(fd);
}

static int tcp(void)
{
	char text[64];
	int ends[2];

	pair(ends);
	send(ends[0], "hello", 5, 0);
	ssize_t n = recv(ends[1], text, sizeof text, 0);
	struct iovec parts[2] = { { "one ", 4 }, { text, (size_t)n } };
	writev(ends[1], parts, 2);
	n = read(ends[0], text, sizeof text);
	printf("%.*s\n", (int)n, text);
	shutdown(ends[0], SHUT_WR);
	printf("%zd\n", read(ends[1], text, sizeof text));
	return 0;
}

static int udp(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, from;
	socklen_t n = sizeof at;
	int here = socket(AF_INET, SOCK_DGRAM, 0), there = socket(AF_INET, SOCK_DGRAM, 0);
	struct iovec parts[2] = { { "first", 5 }, { "second", 6 } };
	char text[64], small[3];

	bind(here, (struct sockaddr *)&at, n);
	getsockname(here, (struct sockaddr *)&at, &n);
	struct mmsghdr batch[2];
	for (int i = 0; i < 2; i++)
		batch[i].msg_hdr = (struct msghdr){ &at, n, &parts[i], 1, NULL, 0, 0 };
	printf("%d\n", sendmmsg(there, batch, 2, 0));
	n = sizeof from;
	printf("%zd\n", recvfrom(here, text, sizeof text, 0, (struct sockaddr *)&from, &n));
	printf("%zd\n", recv(here, small, sizeof small, MSG_TRUNC));
	printf("%zd\n", sendto(here, "back", 4, 0, (struct sockaddr *)&from, n));
	printf("%zd\n", recv(there, text, sizeof text, 0));
	printf("%zd\n", recv(there, text, sizeof text, MSG_DONTWAIT));
	return 0;
}

/* A descriptor goes over a pair, and what it names keeps its count. */
static int local(void)
{
	union { struct cmsghdr align; char room[CMSG_SPACE(sizeof(int))]; } control = { 0 };
	struct iovec part = { "x", 1 };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
	                    .msg_controllen = sizeof control };
	int ends[2], other[2], got;
	char text[8];

	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	socketpair(AF_UNIX, SOCK_STREAM, 0, other);
	send(other[0], "abc", 3, 0);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	*c = (struct cmsghdr){ CMSG_LEN(sizeof got), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(c), &other[0], sizeof got);
	sendmsg(ends[0], &m, 0);
	part.iov_base = text;
	recvmsg(ends[1], &m, 0);
	close(other[0]);
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof got);
	send(got, "defg", 4, 0);
	printf("%zd\n", recv(other[1], text, sizeof text, 0));
	return 0;
}

static void *answer(void *fd)
{
	char text[16];
	ssize_t n = recv(*(int *)fd, text, sizeof text, 0);

	send(*(int *)fd, text, (size_t)n, 0);
	return NULL;
}

static int threads(void)
{
	pthread_t thread;
	char text[16];
	int ends[2];

	pair(ends);
	pthread_create(&thread, NULL, answer, &ends[1]);
	send(ends[0], "by a thread", 11, 0);
	printf("%zd\n", recv(ends[0], text, sizeof text, 0));
	pthread_join(thread, NULL);
	return 0;
}

static int forks(void)
{
	struct sockaddr_in at;
	int fd = listener(&at), status;
	pid_t pid = fork();
	char text[16];

	if (pid == 0) {
		fd = caller(&at);
		send(fd, "child", 5, 0);
		_exit(7);
	}
	fd = accept(fd, NULL, NULL);
	printf("%zd\n", recv(fd, text, sizeof text, 0));
	waitpid(pid, &status, 0);
	printf("%d\n", WEXITSTATUS(status));
	return 0;
}

/* One end stays open over exec, another socket does not; a thread may do it, too. */
static void *become_other(void *ends)
{
	char number[16];
	int *fds = ends;

	snprintf(number, sizeof number, "%d", fds[0]);
	fcntl(fds[0], F_SETFD, 0);
	socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	execl("/proc/self/exe", "again", "goes-on", number, (char *)NULL);
	return NULL;
}

static int execs(void)
{
	int ends[2];

	pair(ends);
	send(ends[0], "abc", 3, 0);
	become_other(ends);
	return 1;
}

static int thread_execs(void)
{
	pthread_t thread;
	int ends[2];

	pair(ends);
	send(ends[0], "abc", 3, 0);
	pthread_create(&thread, NULL, become_other, ends);
	pthread_join(thread, NULL);
	return 1;
}

static int goes_on(const char *number)
{
	printf("%zd\n", send((int)strtol(number, NULL, 10), "defg", 4, MSG_NOSIGNAL));
	return 0;
}

/* -- Signals -------------------------------------------------------------------------- */

static void handle(int number)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)number;
	handled++;
	close(fd);
}

/* Until the thread sleeps, in whatever call. */
static void wait_for_sleep(pid_t tid)
{
	char path[64], text[256], *end;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/stat", tid);
	do {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		sched_yield();
		n = read(fd, text, sizeof text - 1);
		close(fd);
		text[n < 0 ? 0 : n] = '\0';
		end = strrchr(text, ')');
	} while (end && end[2] != 'S');
}

static void *interrupt(void *at)
{
	wait_for_sleep(getpid());
	kill(getpid(), SIGUSR1);
	while (!handled)
		sched_yield();
	wait_for_sleep(getpid());
	if (at)
		caller(at);
	return NULL;
}

/* All signals go to the thread that accepts. */
static int accept_under(int flags, bool calls)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = flags };
	struct sockaddr_in at;
	sigset_t set;
	pthread_t thread;
	int fd = listener(&at);

	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&thread, NULL, interrupt, calls ? &at : NULL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	fd = accept(fd, NULL, NULL);
	printf("%s %d\n", fd < 0 ? strerrorname_np(errno) : "accepted", handled);
	pthread_join(thread, NULL);
	return 0;
}

static int interrupted(void)
{
	return accept_under(0, false);
}

static int restarted(void)
{
	return accept_under(SA_RESTART, true);
}

/* A child stops, is seen to be stopped, and goes on, while it waits for a message and then in a poll. */
static int stops(void)
{
	int ends[2], status;
	char text[8];

	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	pid_t pid = fork();
	if (pid == 0) {
		struct pollfd one = { .fd = ends[1], .events = POLLIN };

		recv(ends[1], text, sizeof text, 0);
		poll(&one, 1, 10000);
		_exit(recv(ends[1], text, sizeof text, 0) == 3 ? 5 : 1);
	}
	for (int i = 2; i < 4; i++) {
		wait_for_sleep(pid);
		kill(pid, SIGSTOP);
		waitpid(pid, &status, WUNTRACED);
		printf("%s\n", WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP ? "stopped" : "?");
		kill(pid, SIGCONT);
		waitpid(pid, &status, WCONTINUED);
		printf("%s\n", WIFCONTINUED(status) ? "continued" : "?");
		send(ends[0], "abc", (size_t)i, 0);
	}
	waitpid(pid, &status, 0);
	printf("%d\n", WEXITSTATUS(status));
	return 0;
}

/* Each byte of its input makes a way through a socket, until there are no more. */
static int echoes(void)
{
	int ends[2];
	char c;

	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	while (read(STDIN_FILENO, &c, 1) == 1)
		if (send(ends[0], &c, 1, 0) != 1 || recv(ends[1], &c, 1, 0) != 1 || write(STDOUT_FILENO, &c, 1) != 1)
			return 1;
	return 0;
}

static int killed(void)
{
	int ends[2];

	pair(ends);
	raise(SIGTERM);
	return 0;
}

/* -- Waits and descriptors -------------------------------------------------------------- */

static int waits(void)
{
	int ends[2], epoll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = UINT64_C(0xdeadbeef12345678) };
	char text[8];

	pair(ends);
	struct pollfd one = { .fd = ends[1], .events = POLLIN };
	poll(&one, 1, 0);
	poll(&one, 1, 10);
	send(ends[0], "abc", 3, 0);
	poll(&one, 1, -1);
	fd_set set;
	FD_ZERO(&set);
	FD_SET(ends[1], &set);
	struct timeval second = { .tv_sec = 1 };
	(select)(ends[1] + 1, &set, NULL, NULL, &second);
	epoll_ctl(epoll, EPOLL_CTL_ADD, ends[1], &event);
	epoll_wait(epoll, &event, 1, 1000);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	recv(ends[1], text, sizeof text, 0);
	printf("%zd\n", recv(ends[1], text, sizeof text, 0));
	return 0;
}

static int copies(void)
{
	int ends[2], copy, high;

	pair(ends);
	copy = dup(ends[0]);
	dup2(copy, ends[1]);
	high = fcntl(copy, F_DUPFD_CLOEXEC, 100);
	close(ends[0]);
	close_range((unsigned)copy, 200, 0);
	printf("%d\n", high);
	return 0;
}

/* More than is read for the hash, and more than is shown. The child ends after it has been received: see ptrace.h. */
static int much(void)
{
	enum { MUCH = 3 << 20 };
	static char bytes[MUCH];
	int ends[2];

	pair(ends);
	if (fork() == 0) {
		send(ends[0], bytes, sizeof bytes, 0);
		recv(ends[0], bytes, 1, 0);
		_exit(0);
	}
	printf("%zd\n", recv(ends[1], bytes, sizeof bytes, MSG_WAITALL));
	shutdown(ends[1], SHUT_WR);
	wait(NULL);
	return 0;
}

static const struct scene {
	const char *name;
	int (*play)(void);
} scenes[] = {
	{ "tcp", tcp }, { "udp", udp }, { "local", local }, { "threads", threads }, { "forks", forks },
	{ "execs", execs }, { "thread-execs", thread_execs }, { "interrupted", interrupted },
	{ "restarted", restarted }, { "stops", stops }, { "killed", killed }, { "waits", waits },
	{ "copies", copies }, { "much", much }, { "echoes", echoes },
};

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "goes-on") == 0)
		return goes_on(argv[2]);
	for (size_t i = 0; argc > 1 && i < sizeof scenes / sizeof *scenes; i++)
		if (strcmp(scenes[i].name, argv[1]) == 0)
			return scenes[i].play();
	return 2;
}
