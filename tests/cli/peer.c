/* SPDX-License-Identifier: MIT */
/*
 * Many callers at once, for the fault tests, where Python would be too slow.
 * It knows nothing of Sockeye and measures nothing: plain calls, IPv4 alone.
 *
 *	peer streams|datagrams HOST PORT [NAME=NUMBER...]
 *
 * Each stream sends bytes that follow from its own key, then its end, and
 * expects exactly those bytes back, then the other's end: one byte of another
 * stream is found at once. It can also be unkind: reset, pause, never read.
 * What came of it is printed as one line of JSON.
 */
#include "peer.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct plan plan = { .flows = 1, .at_once = 256, .read = PEER_PIECE, .seed = 1, .count = 1, .size = 64, .limit = 60 };
struct total total;
struct sockaddr_in target = { .sin_family = AF_INET };
long open_now;

#define NAME(name) { #name, offsetof(struct plan, name) }

static const struct {
	const char *name;
	size_t at;
} names[] = {
	NAME(flows), NAME(at_once), NAME(bytes), NAME(read), NAME(rcvbuf), NAME(sndbuf),
	NAME(reset), NAME(chaos), NAME(spread), NAME(hold), NAME(seed), NAME(count), NAME(size), NAME(limit)
};

void peer_die(const char *what)
{
	fprintf(stderr, "peer: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* -- Bytes that follow from a key ------------------------------------------------------ */

/* The finaliser of SplitMix64. */
uint64_t peer_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

uint64_t peer_chance(void)
{
	static uint64_t drawn;

	return peer_mix((uint64_t)plan.seed << 32 ^ ++drawn);
}

/* Eight at a time where that is possible. */
void peer_fill(unsigned char *to, size_t n, uint64_t key, size_t at)
{
	for (size_t i = 0; i < n;) {
		uint64_t eight = htole64(peer_mix(key + (at + i) / 8));
		size_t skip = (at + i) % 8;
		size_t part = 8 - skip < n - i ? 8 - skip : n - i;

		memcpy(to + i, (unsigned char *)&eight + skip, part);
		i += part;
	}
}

long peer_count_wrong(const unsigned char *bytes, size_t n, uint64_t key, size_t at)
{
	unsigned char right[PEER_PIECE];
	long wrong = 0;

	peer_fill(right, n, key, at);
	if (memcmp(bytes, right, n) == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		wrong += bytes[i] != right[i];
	return wrong;
}

/* -- The command line ------------------------------------------------------------------------- */

static bool set(const char *text)
{
	const char *equals = strchr(text, '=');

	for (size_t i = 0; equals && i < sizeof names / sizeof *names; i++)
		if (strlen(names[i].name) == (size_t)(equals - text) &&
		    strncmp(names[i].name, text, (size_t)(equals - text)) == 0) {
			long value = strtol(equals + 1, NULL, 10);

			memcpy((char *)&plan + names[i].at, &value, sizeof value);
			return true;
		}
	return false;
}

static void report(void)
{
	printf("{\"opened\":%ld,\"done\":%ld,\"reset\":%ld,\"left\":%ld,\"refused\":%ld,\"broken\":%ld,"
	       "\"cut\":%ld,\"foreign\":%ld,\"sent\":%ld,\"got\":%ld,\"open\":%ld}\n",
	       total.opened, total.done, total.reset, total.left, total.refused, total.broken,
	       total.cut, total.foreign, total.sent, total.got, open_now);
	fflush(stdout);
}

int main(int count, char **words)
{
	bool fit = count > 3 && inet_pton(AF_INET, words[2], &target.sin_addr) == 1;
	char byte;

	for (int i = 4; i < count; i++)
		fit = fit && set(words[i]);
	if (!fit) {
		fputs("usage: peer streams|datagrams HOST PORT [NAME=NUMBER...]\n", stderr);
		return 2;
	}
	target.sin_port = htons((uint16_t)strtol(words[3], NULL, 10));
	if (plan.at_once > plan.flows)
		plan.at_once = plan.flows;
	alarm((unsigned)plan.limit);
	if (strcmp(words[1], "streams") == 0)
		peer_streams();
	else
		peer_datagrams();
	report();
	while (plan.hold && read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
