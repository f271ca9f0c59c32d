/* SPDX-License-Identifier: MIT */
/*
 * Upper-cases stdin to stdout in small pieces, for the comparison with Python:
 *
 *	upper-filter [READ [ROOM]]
 *
 * At most READ bytes more are offered each time, and ROOM bytes of room.
 */
#include <sockeye/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 20, LEAST_ROOM = 6, CARRY = 3 };

static char in[MOST + CARRY], out[3 * MOST];

static size_t number(const char *text, size_t most)
{
	unsigned long n = text ? strtoul(text, NULL, 10) : most;

	return n < 1 || n > most ? most : n;
}

/* Everything but a character cut at the end, which stays at the front of in. Returns its size. */
static size_t pass(size_t n, size_t room)
{
	size_t done = 0, used = n;

	for (size_t got = 1; got && done < n; done += used) {
		got = sock_upper(out, room, in + done, n - done, &used);
		if (fwrite(out, 1, got, stdout) != got)
			exit(1);
	}
	memmove(in, in + done, n - done);
	return n - done;
}

int main(int argc, char **argv)
{
	size_t most = number(argc > 1 ? argv[1] : NULL, MOST);
	size_t room = number(argc > 2 ? argv[2] : NULL, sizeof out), left = 0, n;

	if (room < LEAST_ROOM) {
		fprintf(stderr, "upper-filter: room for %d bytes at least\n", LEAST_ROOM);
		return 2;
	}
	while ((n = fread(in + left, 1, most, stdin)) > 0) {
		left = pass(left + n, room);
		if (left > CARRY)
			return 3;
	}
	return fwrite(in, 1, left, stdout) == left && !fflush(stdout) ? 0 : 1;
}
