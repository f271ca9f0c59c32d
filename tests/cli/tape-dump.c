/* SPDX-License-Identifier: MIT */
/*
 * The records of tapes whose writers have ended, as lines of JSON: one tape
 * after the other, each in its own order. What was lost is said on stderr.
 *
 *	tape-dump FILE...
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/tape.h"
#include "eye/json.h"

enum { PAYLOAD = 4096 };

static int dump(const char *path)
{
	static char line[JSON_ROOM(PAYLOAD)];
	struct tape *tape = tape_open(path);
	struct event e;

	if (!tape) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	while (tape_read(tape, &e, true))
		fwrite(line, 1, json_event(line, sizeof line, &e, PAYLOAD, 0), stdout);
	if (tape_lost(tape))
		fprintf(stderr, "%llu lost\n", (unsigned long long)tape_lost(tape));
	tape_close(tape);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= dump(argv[i]);
	return failed;
}
