/* SPDX-License-Identifier: MIT */
/*
 * Shows what stdin tells in hexadecimal, a line each, for the comparison with
 * Python: "b 00ff" as bytes, "a 0PROTO 0200..." as the system address of a
 * socket with that protocol.
 */
#include <sockeye/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 16, ADDR_ROOM = 660 };

static unsigned char bytes[MOST];
static char line[2 * MOST + 64], shown[4 * MOST + 4];

static size_t unhex(const char *text)
{
	size_t n = 0;

	for (; n < MOST && text[0] && text[1]; text += 2)
		bytes[n++] = (unsigned char)strtoul((char[]){ text[0], text[1], '\0' }, NULL, 16);
	return n;
}

static void show_addr(const char *text)
{
	char *rest;
	struct sock_addr addr = { .proto = (int)strtol(text, &rest, 10) };
	size_t n = unhex(rest + (*rest == ' '));

	if (n > sizeof addr.storage)
		n = sizeof addr.storage;
	addr.len = (socklen_t)n;
	memcpy(&addr.storage, bytes, n);
	puts(sock_repr_addr(shown, ADDR_ROOM, &addr));
}

int main(void)
{
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == 'a')
			show_addr(line + 2);
		else
			puts(sock_repr(shown, sizeof shown, bytes, unhex(line + 2)));
	}
	return 0;
}
