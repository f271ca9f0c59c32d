/* SPDX-License-Identifier: MIT */
/*
 * Long texts are judged a block at a time: each byte by itself and the three
 * before it, all at once. A block in which anything is wrong is then looked
 * through a character at a time; base/utf8.c says what a valid one is.
 * Vectors are GNU C's own, the same on any machine.
 */
#include "valid.h"

#include <stdint.h>
#include <string.h>

#include "../base/utf8.h"

enum { VECTOR = 16, BLOCK = 64, LONGEST = 4 };

typedef signed char chars __attribute__((vector_size(VECTOR)));
typedef uint64_t words __attribute__((vector_size(VECTOR)));

static inline chars load(const char *from)
{
	chars v;

	memcpy(&v, from, sizeof v);
	return v;
}

/* All bits of those bytes that are at least this one of 0x80 to 0xff. */
static inline chars from(chars c, int low)
{
	return (chars)(c >= (signed char)(low - 256)) & (chars)(c < 0);
}

/* All bits of those that are below it; ASCII is not. */
static inline chars below(chars c, int end)
{
	return (chars)(c < (signed char)(end - 256));
}

static inline chars equal(chars c, int byte)
{
	return (chars)(c == (signed char)(byte - 256));
}

/* Bits where a byte does not fit to those before it. Reads in[-3]. */
static inline chars misfits(const char *in)
{
	chars c = load(in), before = load(in - 1);
	chars follows = below(c, 0xc0);
	chars due = from(before, 0xc0) | from(load(in - 2), 0xe0) | from(load(in - 3), 0xf0);
	chars never = from(c, 0xf5) | (from(c, 0xc0) & below(c, 0xc2));
	chars low = below(c, 0x90), lower_half = below(c, 0xa0);
	chars overlong = (equal(before, 0xe0) & lower_half) | (equal(before, 0xf0) & low);
	chars beyond = (equal(before, 0xed) & ~lower_half) | (equal(before, 0xf4) & ~low);

	return (follows ^ due) | never | overlong | beyond;
}

static inline uint64_t either(chars v)
{
	words w = (words)v;

	return w[0] | w[1];
}

/* Is a block, and what lies just before it, plain ASCII? */
static inline bool plain(const char *in)
{
	chars all = load(in - 3);

	for (int i = 0; i < BLOCK; i += VECTOR)
		all |= load(in + i);
	return !(either(all) & 0x8080808080808080);
}

static inline bool fits(const char *in)
{
	chars all = { 0 };

	for (int i = 0; i < BLOCK; i += VECTOR)
		all |= misfits(in + i);
	return !either(all);
}

/* Go on from a place between two characters, one at a time, up to end or to something wrong. */
static size_t singly(const char *in, size_t at, size_t end, size_t n)
{
	uint32_t point;

	for (int size = 1; size && at < end; at += (size_t)size)
		size = (signed char)in[at] >= 0 ? 1 : utf8_next(in + at, n - at, &point);
	return at;
}

/* The nearest place between two characters, going back: the bytes before this one fit. */
static size_t back(const char *in, size_t at)
{
	for (size_t i = 1; i < LONGEST; i++)
		if ((unsigned char)in[at - i] >= (0xff << (7 - i) & 0xff))
			return at - i;
	return at;
}

size_t valid_run(const char *in, size_t n)
{
	size_t at = singly(in, 0, n < LONGEST ? n : LONGEST - 1, n);

	if (at < LONGEST - 1)
		return at;
	while (n - at >= BLOCK && (plain(in + at) || fits(in + at)))
		at += BLOCK;
	return singly(in, back(in, at), n, n);
}

/* Could a character begin with these up to three bytes, and go on? */
static bool begins(const char *in, size_t n)
{
	unsigned char first = (unsigned char)in[0];
	char full[LONGEST] = { 0, '\x80', '\x80', '\x80' };
	uint32_t point;

	if (n == 1)
		return first >= 0xc2 && first <= 0xf4;
	memcpy(full, in, n);
	return utf8_next(full, sizeof full, &point) > (int)n;
}

size_t valid_wrong(const char *in, size_t n, bool last)
{
	size_t size = 1;
	uint32_t point;

	if (!n || utf8_next(in, n, &point))
		return 0;
	if (!begins(in, 1))
		return 1;
	while (size < n && size < LONGEST - 1 && begins(in, size + 1))
		size++;
	return size == n && !last ? 0 : size;
}
