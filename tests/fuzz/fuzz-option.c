/* SPDX-License-Identifier: MIT */
/*
 * Any text as options: the first byte chooses the socket, the rest is given to
 * every call that takes a name. Nothing may crash, a refusal must leave the
 * socket open and a sentence behind, and what was refused must be -1.
 *
 * The socket is thrown away and never bound, connected or sent on, and joining
 * a group, which would tell the network, stays away from the kernel.
 */
#include <errno.h>
#include <netinet/in.h>
#include <sockeye/option.h>
#include <stdlib.h>
#include <string.h>

#include "sock/sys.h"
#include "sock/why.h"

enum { TEXT_MAX = 1024 };

static int harmless(int fd, int level, int option, const void *value, socklen_t n)
{
	bool join4 = level == IPPROTO_IP && option >= IP_ADD_MEMBERSHIP && option <= IP_MSFILTER;
	bool join6 = level == IPPROTO_IPV6 && option >= IPV6_JOIN_GROUP && option <= IPV6_LEAVE_ANYCAST;

	if (join4 || join6) {
		errno = ENODEV;
		return -1;
	}
	return sys_real.setsockopt(fd, level, option, value, n);
}

static void check(const struct sock *s, int r)
{
	size_t n = strnlen(s->why, sizeof s->why);

	if (s->state != STATE_OPEN || n == sizeof s->why)
		abort();
	if (r == -1 && (!s->error || !n))
		abort();
	if (r != -1 && (r != 0 || s->error))
		abort();
}

static void ask(struct sock *s, const char *text)
{
	size_t room = strlen(text) % 70 + 1;
	char *out = malloc(room);
	int64_t value;

	if (!out)
		return;
	check(s, sock_set_text(s, text));
	check(s, sock_get_text(s, text, out, room));
	if (strnlen(out, room) == room)
		abort();
	check(s, sock_get(s, text, &value));
	check(s, sock_set(s, text, (int64_t)strlen(text) - 2));
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 1 || n > TEXT_MAX)
		return 0;
	char *text = malloc(n);
	int family = data[0] & 1 ? AF_INET6 : AF_INET;
	sock_auto s = sock_open(family, data[0] & 2 ? SOCK_STREAM : SOCK_DGRAM, 0);
	if (text && s.fd >= 0) {
		memcpy(text, data + 1, n - 1);
		text[n - 1] = '\0';
		sys.setsockopt = harmless;
		ask(&s, text);
	}
	free(text);
	return 0;
}
