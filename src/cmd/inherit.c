/* SPDX-License-Identifier: MIT */
/*
 * What the environment says of inherited sockets. Variables meant for another
 * process, such as a shell that started us, count as none. Whether the
 * descriptors are sockets at all is found out when they are read as addresses.
 */
#include "inherit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/num.h"

static bool is_for_us(void)
{
	const char *text = getenv("LISTEN_PID");
	uint64_t pid = 0;

	return text && num_decimal(text, strlen(text), INT32_MAX, &pid) == 0 &&
	       pid == (uint64_t)getpid();
}

int inherit_count(void)
{
	const char *text = getenv("LISTEN_FDS");
	uint64_t count = 0;

	if (!text || !is_for_us())
		return 0;
	return num_decimal(text, strlen(text), INHERIT_MOST, &count) < 0 ? -1 : (int)count;
}

bool inherit_is_named(int i, const char *name)
{
	static const char unit[] = ".socket";   /* systemd's own choice of a name ends so */
	const char *at = getenv("LISTEN_FDNAMES");
	size_t n = strlen(name);

	for (; at && i > 0; i--) {
		at = strchr(at, ':');
		at = at ? at + 1 : NULL;
	}
	if (!at || strncmp(at, name, n) != 0)
		return false;
	at += n;
	if (strncmp(at, unit, sizeof unit - 1) == 0)
		at += sizeof unit - 1;
	return !*at || *at == ':';
}
