/* SPDX-License-Identifier: MIT */
/*
 * One datagram to the Unix socket that the environment names: a path, or a name
 * in the abstract space behind an '@'. Other kinds are told, not tried.
 */
#include "notify.h"

#include <sockeye/addr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { PATIENCE_SEC = 5 };

/* The name as it stands, without the %XX of our own addresses. len 0: it is none. */
static struct sock_addr manager(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t n = strlen(name);
	bool path = *name == '/';

	if ((!path && *name != '@') || n < 2 || n + path > sizeof un.sun_path)
		return (struct sock_addr){ .len = 0 };
	memcpy(un.sun_path, name, n);
	if (!path)
		un.sun_path[0] = '\0';
	n += offsetof(struct sockaddr_un, sun_path) + path;
	return sock_addr_from((struct sockaddr *)&un, (socklen_t)n, SOCK_DGRAM);
}

int notify_send(const char *state, char why[SOCKEYE_WHY])
{
	const char *name = getenv("NOTIFY_SOCKET");

	if (!name || !*name)
		return 0;
	struct sock_addr to = manager(name);
	if (!to.len) {
		snprintf(why, SOCKEYE_WHY, "NOTIFY_SOCKET is neither a /PATH nor an @NAME");
		return -1;
	}
	sock_auto s = sock_open(AF_UNIX, SOCK_DGRAM, 0);
	sock_limit(&s, sock_sec(PATIENCE_SEC));
	if (sock_sendto_addr(&s, state, strlen(state), &to) >= 0)
		return 0;
	snprintf(why, SOCKEYE_WHY, "NOTIFY_SOCKET: %.200s", s.why);
	return -1;
}
