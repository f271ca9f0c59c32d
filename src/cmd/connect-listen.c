/* SPDX-License-Identifier: MIT */
/*
 * The other side: waiting for a caller. A datagram socket takes the first that
 * sends it something for its peer, and hears nobody else from then on.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sockeye/addr.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../sock/call.h"
#include "../sock/wait.h"
#include "connect.h"
#include "exec.h"
#include "fail.h"

enum { PROGRAMS_MOST = 64 };            /* of --exec --keep, at once */

/* -- Our socket file, which goes when we go ------------------------------------------------- */

static struct {
	char path[sizeof ((struct sockaddr_un *)0)->sun_path + 1];
	dev_t dev;
	ino_t ino;
	pid_t owner;
} file;

/* Also from a signal handler. Another's that took its place stays. */
static void remove_file(void)
{
	struct stat st;

	if (*file.path && file.owner == getpid() && lstat(file.path, &st) == 0 && st.st_dev == file.dev &&
	    st.st_ino == file.ino)
		unlink(file.path);
}

static void go(int number)
{
	remove_file();
	sigaction(number, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
	raise(number);
}

static void mind_file(struct sock *server)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sock_addr own;
	struct sockaddr_un un;
	struct stat st;

	if (server->family != AF_UNIX || sock_name_addr(server, &own) < 0 || own.len > sizeof un)
		return;
	memset(&un, 0, sizeof un);
	memcpy(&un, &own.storage, own.len);
	memcpy(file.path, un.sun_path, sizeof un.sun_path);
	if (!*file.path || lstat(file.path, &st) < 0)
		return;
	file.dev = st.st_dev;
	file.ino = st.st_ino;
	file.owner = getpid();
	atexit(remove_file);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		sigaction(ends[i], &(struct sigaction){ .sa_handler = go }, NULL);
}

/* -- Callers --------------------------------------------------------------------------------- */

static struct sock open_server(const struct connect *c, const char *where)
{
	struct sock_how how = { .options = *c->meet.options ? c->meet.options : NULL };

	if (c->meet.is.fd >= 0)
		return sock_from(c->meet.is.fd);
	return sock_server_how(where, &how);
}

/* What is known to concern one caller or a moment's lack leaves the server alive: sock_accept(3). */
static struct sock next_caller(const struct connect *c, struct sock *server)
{
	if (server->type == SOCK_DGRAM) {
		meet_sender(server, c->meet.timeout ? c->meet.timeout : SOCKEYE_FOREVER);
		return sock_move(server);
	}
	sock_limit(server, c->meet.timeout ? c->meet.timeout : SOCKEYE_FOREVER);
	struct sock s = sock_accept(server);
	if (s.fd >= 0)
		sock_limit(&s, SOCKEYE_FOREVER);
	return s;
}

static atomic_int running;              /* programs of --exec --keep */

static void reap(int number)
{
	int err = errno;

	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		running--;
	errno = err;
}

/* Until a program more may run; one that ends in the meantime is not missed. */
static void await_room(void)
{
	sigset_t child, before;

	sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = reap, .sa_flags = SA_RESTART }, NULL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	sigdelset(&before, SIGCHLD);
	while (running >= PROGRAMS_MOST)
		sigsuspend(&before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* One child for each caller, as many as there may be. */
static int start_program(const struct connect *c, struct sock *s)
{
	await_room();
	if (exec_start(s, c->exec) > 0)
		running++;
	else
		connect_say(c, 0, "%s: %s", c->exec, strerrordesc_np(errno));
	sock_close(s);
	return CODE_OK;
}

/* Nobody else is answered: whoever calls from now on shall know at once. */
static void close_door(struct sock *server)
{
	if (server->fd < 0)             /* a datagram socket has become the conversation's */
		return;
	remove_file();
	sock_close(server);
}

static int serve_one(const struct connect *c, struct sock *server, struct sock *s)
{
	connect_say(c, 1, "%s calls", sock_peer(s).s);
	if (!c->keep)
		close_door(server);
	return c->exec && c->keep ? start_program(c, s) : connect_through(c, s);
}

/* Can another caller be served, after one that was met or not? */
static bool goes_on(const struct connect *c, const struct sock *server, bool met)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	if (!c->keep || (!c->exec && poll(&out, 1, 0) > 0))
		return false;           /* its reader has gone */
	return met || (server->fd >= 0 && !server->error);
}

int connect_listen(const struct connect *c)
{
	struct sock server = open_server(c, c->meet.where);
	struct sock_text where = sock_name(&server);
	bool met;
	int code;

	if (server.fd < 0)
		return fail_tell(c->verb, &server, c->meet.where);
	mind_file(&server);
	connect_say(c, 0, "listening %s", where.s);
	do {
		if (server.fd < 0)      /* it was a datagram socket, and has become a conversation's */
			server = open_server(c, where.s);
		struct sock s = next_caller(c, &server);

		met = s.fd >= 0 && !s.error;
		if (met) {
			code = serve_one(c, &server, &s);
		} else {
			code = fail_tell(c->verb, &s, c->meet.where);
			sock_close(&s);
		}
	} while (goes_on(c, &server, met));
	sock_close(&server);
	return code;
}
