/* SPDX-License-Identifier: MIT */
/*
 * The grammar of RFC 8259, and no more: no comments, no trailing commas, no
 * NaN. Nothing is built; who calls says what he expects next. What the values
 * mean is read.c's matter. Records come by the million, so what most of a line
 * is, characters that stand for themselves, is taken by the run.
 */
#include "parse.h"

#include <string.h>

#include "../base/utf8.h"

enum { DEPTH = 64 };            /* of values that are passed over */

bool parse_is(struct parse *l, char c)
{
	if (l->at == l->end || *l->at != c)
		return false;
	l->at++;
	return true;
}

void parse_space(struct parse *l)
{
	while (l->at < l->end && (*l->at == ' ' || *l->at == '\t' || *l->at == '\n' || *l->at == '\r'))
		l->at++;
}

/* One of the signs between values, with the space around it. */
bool parse_sign(struct parse *l, char c)
{
	parse_space(l);
	if (!parse_is(l, c))
		return false;
	parse_space(l);
	return true;
}

/* -1 for what is no digit. */
static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool parse_hex4(struct parse *l, uint32_t *value)
{
	*value = 0;
	for (int i = 0; i < 4; i++, l->at++) {
		int digit = l->at < l->end ? digit_of(*l->at) : -1;

		if (digit < 0)
			return false;
		*value = *value << 4 | (uint32_t)digit;
	}
	return true;
}

/* Behind \u. Half a pair of surrogates is no character: U+FFFD. */
static bool unicode(struct parse *l, uint32_t *point)
{
	uint32_t low;

	if (!parse_hex4(l, point))
		return false;
	if (*point < 0xd800 || *point > 0xdfff)
		return true;
	const char *next = l->at;
	if (*point < 0xdc00 && parse_is(l, '\\') && parse_is(l, 'u')) {
		if (!parse_hex4(l, &low))
			return false;
		if (low >= 0xdc00 && low <= 0xdfff) {
			*point = 0x10000 + ((*point - 0xd800) << 10 | (low - 0xdc00));
			return true;
		}
	}
	l->at = next;
	*point = 0xfffd;
	return true;
}

static bool escape(struct parse *l, uint32_t *point)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (parse_is(l, 'u'))
		return unicode(l, point);
	if (l->at == l->end || !*l->at || !(at = strchr(letters, *l->at)))
		return false;
	l->at++;
	*point = (unsigned char)meant[at - letters];
	return true;
}

static bool character(struct parse *l, uint32_t *point)
{
	if (parse_is(l, '\\'))
		return escape(l, point);
	int n = utf8_next(l->at, (size_t)(l->end - l->at), point);
	if (!n || *point < 0x20)
		return false;
	l->at += n;
	return true;
}

/* Step over printable ASCII up to what ends a string or begins an escape: every parse_put_fn takes it as it is. */
static size_t plain(struct parse *l)
{
	const char *from = l->at;

	while (l->at < l->end && *l->at >= ' ' && *l->at <= '~' && *l->at != '"' && *l->at != '\\')
		l->at++;
	return (size_t)(l->at - from);
}

bool parse_string(struct parse *l, char *to, size_t *n, parse_put_fn *put)
{
	struct put p = put_into(to, l->room);
	uint32_t point;

	if (!parse_is(l, '"'))
		return false;
	for (const char *from = l->at;; from = l->at) {
		put_bytes(&p, from, plain(l));
		if (parse_is(l, '"'))
			break;
		from = l->at;
		if (!character(l, &point))
			return false;
		if (!put(&p, point)) {
			l->at = from;
			return false;
		}
	}
	*n = p.n;
	return !p.full;
}

static bool skip_string(struct parse *l)
{
	uint32_t point;

	if (!parse_is(l, '"'))
		return false;
	while (plain(l), !parse_is(l, '"'))
		if (!character(l, &point))
			return false;
	return true;
}

bool parse_utf8(struct put *p, uint32_t c)
{
	char b[4];
	int n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (int i = n; i-- > 1; c >>= 6)
		b[i] = (char)(0x80 | (c & 0x3f));
	b[0] = (char)(first[n] | c);
	put_bytes(p, b, (size_t)n);
	return true;
}

/* A C string ends at its first NUL, so there must be none within. */
bool parse_text(struct put *p, uint32_t c)
{
	return parse_utf8(p, c ? c : 0xfffd);
}

/* Bytes, each as the character with its number. */
bool parse_byte(struct put *p, uint32_t c)
{
	char b = (char)c;

	if (c > 0xff)
		return false;
	put_bytes(p, &b, 1);
	return true;
}

static bool digits(struct parse *l)
{
	const char *from = l->at;

	while (l->at < l->end && *l->at >= '0' && *l->at <= '9')
		l->at++;
	return l->at > from;
}

/* Any number of the grammar; whole tells whether it has neither fraction nor exponent. */
static bool number(struct parse *l, bool *whole)
{
	parse_is(l, '-');
	if (!parse_is(l, '0') && !digits(l))
		return false;
	const char *end = l->at;
	if (parse_is(l, '.') && !digits(l))
		return false;
	if (parse_is(l, 'e') || parse_is(l, 'E')) {
		if (!parse_is(l, '+'))
			parse_is(l, '-');
		if (!digits(l))
			return false;
	}
	*whole = l->at == end;
	return true;
}

/* A whole number between least and most: its magnitude, and whether it is below 0. */
bool parse_integer(struct parse *l, int64_t least, uint64_t most, uint64_t *value)
{
	struct parse begin = *l;
	bool whole, minus, fits = true;
	uint64_t v = 0;

	if (!number(l, &whole))
		return false;
	minus = parse_is(&begin, '-');
	for (const char *c = begin.at; whole && c < l->at; c++) {
		unsigned digit = (unsigned)(*c - '0');

		fits = fits && v <= (UINT64_MAX - digit) / 10;
		v = v * 10 + digit;
	}
	if (!whole || !fits || v > (minus ? -(uint64_t)least : most)) {
		l->at = begin.at - minus;
		return false;
	}
	*value = minus ? -v : v;
	return true;
}

bool parse_literal(struct parse *l, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(l->end - l->at) < n || memcmp(l->at, word, n))
		return false;
	l->at += n;
	return true;
}

static bool skip_value(struct parse *l, int depth);

static bool skip_members(struct parse *l, char end, int depth)
{
	if (depth == DEPTH)
		return false;
	parse_space(l);
	if (parse_is(l, end))
		return true;
	do {
		parse_space(l);
		if (end == '}' && !(skip_string(l) && parse_sign(l, ':')))
			return false;
		if (!skip_value(l, depth + 1))
			return false;
	} while (parse_sign(l, ','));
	return parse_is(l, end);
}

static bool skip_value(struct parse *l, int depth)
{
	bool whole;

	if (l->at == l->end)
		return false;
	switch (*l->at) {
	case '{': l->at++; return skip_members(l, '}', depth);
	case '[': l->at++; return skip_members(l, ']', depth);
	case '"': return skip_string(l);
	case 't': return parse_literal(l, "true");
	case 'f': return parse_literal(l, "false");
	case 'n': return parse_literal(l, "null");
	default: return number(l, &whole);
	}
}

bool parse_skip(struct parse *l)
{
	return skip_value(l, 0);
}
