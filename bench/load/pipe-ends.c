/* SPDX-License-Identifier: MIT */
/*
 * Both ends of a long pipe: where bytes begin, and where they are counted.
 *
 *	pipe-ends source N      write N bytes, each page marked with its number
 *	pipe-ends sink          read to the end, and print how many there were;
 *	                        fails at a page that is not the next
 */
#include "../plain.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 64, PIECE = PAGE * PAGES, WIDE = 1024 * 1024 };

static char piece[PIECE];

static int source(uint64_t left)
{
	for (uint64_t page = 0; left;) {
		size_t n = left < PIECE ? (size_t)left : PIECE;

		for (size_t at = 0; at < n; at += PAGE, page++)
			memcpy(piece + at, &page, sizeof page);
		for (size_t done = 0; done < n;) {
			ssize_t r = write(STDOUT_FILENO, piece + done, n - done);

			if (r < 0 && errno != EINTR)
				plain_fail("write");
			done += r > 0 ? (size_t)r : 0;
		}
		left -= n;
	}
	return 0;
}

/* The marks of the pages that begin in what has just come; a mark may be cut by its end. */
static void check(const char *bytes, size_t n, uint64_t at)
{
	for (uint64_t next = (at + PAGE - 1) / PAGE * PAGE; next + sizeof next <= at + n; next += PAGE) {
		uint64_t mark;

		memcpy(&mark, bytes + (next - at), sizeof mark);
		if (mark != next / PAGE) {
			fprintf(stderr, "pipe-ends: at byte %" PRIu64 " stands page %" PRIu64 "\n", next, mark);
			exit(1);
		}
	}
}

static int sink(void)
{
	uint64_t got = 0;
	ssize_t n;

	while ((n = read(STDIN_FILENO, piece, PIECE)) != 0) {
		if (n < 0 && errno != EINTR)
			plain_fail("read");
		if (n > 0)
			check(piece, (size_t)n, got);
		got += n > 0 ? (uint64_t)n : 0;
	}
	printf("%" PRIu64 "\n", got);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "source") == 0)
		return source(strtoull(argv[2], NULL, 10));
	if (argc == 2 && strcmp(argv[1], "sink") == 0)
		return sink();
	fprintf(stderr, "usage: pipe-ends source N | pipe-ends sink\n");
	return 2;
}
