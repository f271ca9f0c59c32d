/* SPDX-License-Identifier: MIT */
/*
 * The variables are PROTO (TCP, UDP, UNIX, VSOCK), and by its name TCPLOCALIP,
 * TCPLOCALPORT, TCPREMOTEIP, TCPREMOTEPORT, or UNIXLOCALPATH, UNIXREMOTEPATH.
 * Host names are not looked up, so TCPLOCALHOST and TCPREMOTEHOST are unset.
 */
#include "exec.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <sockeye/addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "../sock/wait.h"

static const char *proto_of(const struct sock *s)
{
	switch (s->family) {
	case AF_UNIX:
		return "UNIX";
	case AF_VSOCK:
		return "VSOCK";
	default:
		return s->type == SOCK_DGRAM ? "UDP" : "TCP";
	}
}

static void set(const char *proto, const char *what, const char *value)
{
	char name[32];

	snprintf(name, sizeof name, "%s%s", proto, what);
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void tell_inet(const char *proto, const char *end, const struct sock_addr *addr)
{
	char what[32], ip[NI_MAXHOST] = "", port[16];

	getnameinfo((const struct sockaddr *)&addr->storage, addr->len, ip, sizeof ip, port, sizeof port,
	            NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(what, sizeof what, "%sIP", end);
	set(proto, what, *ip ? ip : NULL);
	snprintf(what, sizeof what, "%sPORT", end);
	set(proto, what, *ip ? port : NULL);
	snprintf(what, sizeof what, "%sHOST", end);
	set(proto, what, NULL);
}

static void tell_unix(const char *proto, const char *end, const struct sock_addr *addr)
{
	struct sockaddr_un un;
	char what[32];

	memset(&un, 0, sizeof un);
	memcpy(&un, &addr->storage, addr->len < sizeof un ? addr->len : sizeof un - 1);
	snprintf(what, sizeof what, "%sPATH", end);
	set(proto, what, un.sun_path[0] ? un.sun_path : NULL);
}

static void tell(const char *proto, const char *end, const struct sock_addr *addr)
{
	if (addr->len && sock_addr_family(addr) == AF_UNIX)
		tell_unix(proto, end, addr);
	else if (addr->len)
		tell_inet(proto, end, addr);
}

int exec_become(struct sock *s, const char *command)
{
	const char *proto = proto_of(s);
	struct sock_addr own;

	setenv("PROTO", proto, 1);
	tell(proto, "REMOTE", &s->peer);
	if (sock_name_addr(s, &own) == 0)
		tell(proto, "LOCAL", &own);
	pace_set_nonblock(s->fd, false);
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
	if (dup2(s->fd, STDIN_FILENO) >= 0 && dup2(s->fd, STDOUT_FILENO) >= 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	return EXEC_NOT_FOUND;
}

pid_t exec_start(struct sock *s, const char *command)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(exec_become(s, command));
	return pid;
}
