/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as text. Upper-casing gives the same wherever the text is cut and
 * however little room there is, one character or a whole block at a time; what
 * sock_repr shows reads back as the same bytes; nothing is written beyond
 * room. Buffers have the exact size, so that the sanitizer sees every step
 * outside.
 */
#include <sockeye/text.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 2048, LEAST_ROOM = 6, HEAD = 3 };

static void must(int claim)
{
	if (!claim)
		abort();
}

/* A copy of n bytes with nothing around it. */
static char *exact(const void *bytes, size_t n)
{
	char *copy = malloc(n ? n : 1);

	if (!copy)
		exit(0);
	if (n && bytes)
		memcpy(copy, bytes, n);
	return copy;
}

/* Upper-case n bytes, offering piece bytes more each time and room for the answer. */
static size_t pieces(char *out, const char *in, size_t n, size_t piece, size_t room)
{
	size_t from = 0, to = 0, offered = 0;

	while (offered < n) {
		offered = n - offered < piece ? n : offered + piece;
		for (size_t used = 1; used && from < offered; from += used) {
			char *text = exact(in + from, offered - from), *answer = exact(NULL, room);
			size_t got = sock_upper(answer, room, text, offered - from, &used);

			must(got <= room && got <= 3 * used && used <= offered - from);
			memcpy(out + to, answer, got);
			to += got;
			free(text);
			free(answer);
		}
	}
	must(n - from < 4);
	return to;
}

static void check_upper(const char *in, size_t n, size_t piece, size_t room)
{
	char *whole = exact(NULL, 3 * n), *again = exact(NULL, 3 * n);
	size_t used, got = sock_upper(whole, 3 * n, in, n, &used);

	must(n - used < 4 && got <= 3 * used);
	must(pieces(again, in, n, piece, room) == got && !memcmp(whole, again, got));
	must(pieces(again, in, n, n + 1, LEAST_ROOM) == got && !memcmp(whole, again, got));
	free(whole);
	free(again);
}

static int unhex(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* The byte that a piece of a repr stands for. Returns the piece's length. */
static size_t read_piece(const char *s, char *byte)
{
	const char *letters = "t\tn\nr\r\\\\''\"\"";

	must(*s >= ' ' && *s <= '~');
	*byte = *s;
	if (*s != '\\')
		return 1;
	if (s[1] == 'x') {
		*byte = (char)(unhex(s[2]) << 4 | unhex(s[3]));
		return 4;
	}
	for (; *letters && *letters != s[1]; letters += 2)
		;
	must(*letters);
	*byte = letters[1];
	return 2;
}

static void check_repr(const char *in, size_t n, size_t room)
{
	char *shown = exact(NULL, 4 * n + 4), *part = exact(NULL, room), byte;
	const char *s = sock_repr(shown, 4 * n + 4, in, n) + 2;

	must(s == shown + 2 && shown[0] == 'b' && (shown[1] == '\'' || shown[1] == '"'));
	for (size_t i = 0; i < n; i++) {
		must(*s != shown[1]);
		s += read_piece(s, &byte);
		must(byte == in[i]);
	}
	must(s[0] == shown[1] && s[1] == '\0');
	if (room) {
		sock_repr(part, room, in, n);
		must(strnlen(part, room) < room && !strncmp(shown, part, strlen(part)));
	}
	free(shown);
	free(part);
}

static void check_addr(const char *in, size_t n, size_t room)
{
	enum { ENOUGH = 660 };
	struct sock_addr addr = { .len = (socklen_t)n };
	char *whole = exact(NULL, ENOUGH), *part = exact(NULL, room);

	memset(&addr.storage, 0xa5, sizeof addr.storage);
	memcpy(&addr.storage, in, n < sizeof addr.storage ? n : sizeof addr.storage);
	sock_repr_addr(whole, ENOUGH, &addr);
	size_t len = strlen(whole);
	must(len >= 2 && len < ENOUGH - 1 && strchr(")'\"e", whole[len - 1]));
	if (room) {
		sock_repr_addr(part, room, &addr);
		must(strnlen(part, room) < room && !strncmp(whole, part, strlen(part)));
	}
	free(whole);
	free(part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < HEAD || n > TEXT_MAX)
		return 0;
	char *text = exact(data + HEAD, n - HEAD);

	check_upper(text, n - HEAD, data[0] + 1u, data[1] + (size_t)LEAST_ROOM);
	check_repr(text, n - HEAD, data[2]);
	check_addr(text, n - HEAD, data[2]);
	free(text);
	return 0;
}
