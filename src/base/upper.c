/* SPDX-License-Identifier: MIT */
/*
 * Upper-casing in three gears. Long runs of ASCII are ascii.c's. Other text
 * goes in blocks: nearly every letter's upper case has as many bytes as the
 * letter, so a block is changed in place, the commonest letters all at once
 * and the others by a table. The few that grow or shrink, and the end of a
 * text, are done one character at a time.
 *
 * Vectors are GNU C's own, the same on any machine. tools/upper-table.py makes
 * the tables; utf8.c says what valid UTF-8 is. What is no text stays as it is.
 */
#include "upper.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "ascii.h"
#include "upper-table.h"
#include "utf8.h"

enum {
	VECTOR = 16,
	TURN = 16,              /* blocks until a run is looked for again */
	BLOCK = 64,             /* one bit for each of its bytes in a mask */
	LAST = BLOCK - 3        /* a character that begins before this ends in the block */
};

typedef unsigned char bytes __attribute__((vector_size(VECTOR)));
typedef signed char chars __attribute__((vector_size(VECTOR)));
typedef uint64_t words __attribute__((vector_size(VECTOR)));

/* What is left of both buffers. */
struct text {
	unsigned char *out;
	const unsigned char *in;
	size_t room, n;
};

static void step(struct text *t, size_t in, size_t out)
{
	t->in += in;
	t->n -= in;
	t->out += out;
	t->room -= out;
}

static inline bytes load(const unsigned char *from)
{
	bytes v;

	memcpy(&v, from, sizeof v);
	return v;
}

/* All bits of those bytes that lie in a range. Signed, for SSE2 compares no other way. */
static inline bytes within(bytes c, unsigned char low, unsigned char high)
{
	return (bytes)((chars)(c + (unsigned char)(127 - high)) > (signed char)(126 - high + low));
}

/* The same for 0x80 up to but without end. */
static inline bytes below(bytes c, unsigned char end)
{
	return (bytes)((chars)c < (signed char)end);
}

static inline uint64_t either(bytes v)
{
	words w = (words)v;

	return w[0] | w[1];
}

static inline bool plain(bytes v)
{
	return !(either(v) & 0x8080808080808080);
}

/* Upper-case the ASCII letters among VECTOR bytes. */
static inline bytes ascii(unsigned char *restrict out, const unsigned char *restrict in)
{
	bytes c = load(in), to = c - (within(c, 'a', 'z') & 0x20);

	memcpy(out, &to, sizeof to);
	return c;
}

/* A bit for each byte that is not 0. Each is 0 or 0xff. */
#ifdef __SSE2__
static inline uint64_t bits(bytes v)
{
	return (unsigned)_mm_movemask_epi8((__m128i)v);
}
#else
static inline uint64_t bits(bytes v)
{
	uint64_t w[2];

	v &= 1;
	memcpy(w, &v, sizeof w);
	return le64toh(w[0]) * 0x0102040810204080 >> 56 |
	       le64toh(w[1]) * 0x0102040810204080 >> 56 << 8;
}
#endif

/*
 * Upper-case Russian, U+0400 to U+045F: 0xd0 or 0xd1 and a byte. Each byte is
 * judged by itself and its neighbours, so in[-1] and in[BLOCK] are read.
 * Returns the places of the letters that are done.
 */
static uint64_t russian(unsigned char *restrict out, const unsigned char *restrict in)
{
	uint64_t done = 0;

	for (int i = 0; i < BLOCK; i += VECTOR) {
		bytes c = load(in + i), before = load(in + i - 1);
		bytes d0 = (bytes)(before == 0xd0), d1 = (bytes)(before == 0xd1);
		bytes d1_to_d0 = (bytes)(c == 0xd1) & below(load(in + i + 1), 0xa0);
		bytes a_to_p = d0 & within(c, 0xb0, 0xbf) & 0x20;
		bytes others = d1 & below(c, 0xa0) & ((below(c, 0x90) & 0x30) - 0x10);
		bytes to = load(out + i) - a_to_p + others - (d1_to_d0 & 1);

		memcpy(out + i, &to, sizeof to);
		done |= bits(d1_to_d0 | (bytes)(c == 0xd0)) << i;
	}
	return done;
}

/*
 * Do what can be done in a block for all letters at once. Returns the places
 * of the rest: the first bytes of characters of scripts that know case.
 */
static inline uint64_t vectors(unsigned char *restrict out, const unsigned char *restrict in)
{
	uint64_t leads = 0;
	bytes d0 = { 0 };

	for (int i = 0; i < BLOCK; i += VECTOR) {
		bytes c = ascii(out + i, in + i);

		leads |= bits(within(c, 0xc2, 0xd6) | within(c, 0xe1, 0xe2) |
		              (bytes)(c == 0xea) | within(c, 0xef, 0xf0)) << i;
		d0 |= (bytes)(c == 0xd0);
	}
	return either(d0) ? leads & ~russian(out, in) : leads;
}

static bool follows(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* The upper case of a character of a page, NULL when it is the same one. */
static inline const struct upper_letter *letter(unsigned page, unsigned char last)
{
	unsigned entry = upper_entry[page * UPPER_PAGE + last % UPPER_PAGE];

	return entry ? &upper_letter[entry] : NULL;
}

/* The same for any code point. */
static const struct upper_letter *find(uint32_t point)
{
	if (point >= UPPER_LIMIT)
		return NULL;
	return letter(upper_page[point >> 12 << 8 | (point >> 6 & 0x3f)], (unsigned char)point);
}

/* Put a letter of size bytes in its place. False when its upper case has another size. */
static bool place(unsigned char *out, const struct upper_letter *to, size_t size)
{
	if (to && to->size == size)
		memcpy(out, to->text, size);
	return !to || to->size == size;
}

/*
 * The next three do so for the letter at in. Its first byte is one of the leads
 * above; key is that byte and the second one, less 0xc0 and 0x80.
 */
static inline bool two(unsigned char *out, const unsigned char *in, unsigned key)
{
	uint16_t to;

	memcpy(&to, upper_pair[key], sizeof to);
	if (!to)
		return !follows(in[1]);
	memcpy(out, &to, sizeof to);
	return true;
}

static inline bool three(unsigned char *out, const unsigned char *in, unsigned key)
{
	unsigned page = upper_page[key - 0x2000];

	return !page || !follows(in[2]) || place(out, letter(page, in[2]), 3);
}

/* Of the four-byte letters only those of the row from U+10000 to U+1FFFF know case. */
static inline bool four(unsigned char *out, const unsigned char *in)
{
	if ((in[1] & 0xf0) != 0x90 || !follows(in[2]) || !follows(in[3]))
		return true;
	unsigned page = upper_page[(in[1] & 0x0f) << 8 | 0x1000 | (in[2] & 0x3f)];
	return place(out, letter(page, in[3]), 4);
}

/* The bytes of a block without a character that may go on behind it. */
static inline size_t whole(const unsigned char *in)
{
	size_t n = BLOCK;

	n = in[BLOCK - 1] >= 0xc0 ? BLOCK - 1 : n;
	n = in[BLOCK - 2] >= 0xe0 ? BLOCK - 2 : n;
	return in[BLOCK - 3] >= 0xf0 ? BLOCK - 3 : n;
}

static inline unsigned first_two(const unsigned char *in)
{
	uint16_t both;

	memcpy(&both, in, sizeof both);
	return be16toh(both);
}

/* One block. Returns the bytes done, up to a letter that cannot be changed in its place. */
static size_t block(unsigned char *restrict out, const unsigned char *restrict in)
{
	size_t n = whole(in);
	uint64_t mask = vectors(out, in) & UINT64_MAX >> (BLOCK - n);

	for (; mask; mask &= mask - 1) {
		size_t i = (unsigned)__builtin_ctzll(mask);
		unsigned key = first_two(in + i) - 0xc080;

		if (!(key < 0x2000 ? two(out + i, in + i, key) :
		      key < 0x3000 ? three(out + i, in + i, key) : four(out + i, in + i)))
			return i;
	}
	return n;
}

static bool fits(const struct text *t, size_t n)
{
	return t->n >= n && t->room >= n;
}

/* A run of ASCII, if there is one or the text is about to end. */
static void run(struct text *t)
{
	if (fits(t, VECTOR) && !plain(load(t->in)))
		return;
	size_t done = ascii_upper(t->out, t->in, t->n < t->room ? t->n : t->room);
	if (done)
		step(t, done, done);
	while (fits(t, VECTOR) && plain(ascii(t->out, t->in)))
		step(t, VECTOR, VECTOR);
	for (; fits(t, 1) && *t->in < 0x80; step(t, 1, 1))
		*t->out = *t->in - (*t->in >= 'a' && *t->in <= 'z' ? 0x20 : 0);
}

/* Some blocks, as far as they go: the neighbours of each are part of the text. */
static void blocks(struct text *t)
{
	size_t done = BLOCK;

	for (int i = 0; i < TURN && done >= LAST && fits(t, BLOCK + 1); i++) {
		done = block(t->out, t->in);
		step(t, done, done);
	}
}

/* Are these up to three bytes the beginning of a valid character? */
static bool cut(const unsigned char *in, size_t n)
{
	char full[4] = { 0, '\x80', '\x80', '\x80' };
	uint32_t point;

	if (n == 1)
		return in[0] >= 0xc2 && in[0] <= 0xf4;
	memcpy(full, in, n);
	return utf8_next(full, sizeof full, &point) > (int)n;
}

/* One character, or one byte that is none. False when it has to wait. */
static bool character(struct text *t)
{
	uint32_t point;
	size_t size = (size_t)utf8_next((const char *)t->in, t->n, &point);

	if (!size && t->n < 4 && cut(t->in, t->n))
		return false;
	const struct upper_letter *to = size ? find(point) : NULL;
	size_t in = size ? size : 1, out = to ? to->size : in;

	if (out > t->room)
		return false;
	memcpy(t->out, to ? to->text : t->in, out);
	step(t, in, out);
	return true;
}

size_t upper_bytes(char *out, size_t room, const char *in, size_t n, size_t *used)
{
	struct text t = {
		.out = (unsigned char *)out, .room = room,
		.in = (const unsigned char *)in, .n = n
	};

	for (run(&t); t.n && character(&t); run(&t))
		blocks(&t);
	*used = n - t.n;
	return room - t.room;
}
