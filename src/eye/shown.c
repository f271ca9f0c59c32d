/* SPDX-License-Identifier: MIT */
/* Visible text and its width. Which characters may be shown is base/printable.h's. */
#include "shown.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../base/printable.h"
#include "../base/utf8.h"

enum { NUMBER = 11 }; /* "\\U0010ffff" and its NUL */

static const char ELLIPSIS[] = "\xe2\x80\xa6";

/* Blocks whose letters are as wide as two. */
static const struct {
	uint32_t first, last;
} wide[] = {
	{ 0x1100, 0x115f },
	{ 0x2e80, 0xa4cf },
	{ 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },
	{ 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 },
	{ 0x1f000, 0x1faff },
	{ 0x20000, 0x3fffd },
};

/* One character or stray byte into out; *used is what was read of in. */
static size_t show_one(char out[NUMBER], const char *in, size_t n, size_t *used)
{
	uint32_t point;
	int len = utf8_next(in, n, &point);

	*used = len ? (size_t)len : 1;
	if (len && printable(point)) {
		memcpy(out, in, *used);
		return *used;
	}
	if (!len)
		point = (unsigned char)*in;
	for (const char *c = "\n\\n\r\\r\t\\t"; *c; c += 3)
		if (point == (unsigned char)*c)
			return (size_t)snprintf(out, NUMBER, "%.2s", c + 1);
	return (size_t)snprintf(out, NUMBER,
		point < 0x100     ? "\\x%02x"
		: point < 0x10000 ? "\\u%04x"
				  : "\\U%08x",
		(unsigned)point);
}

size_t shown_bytes(char *out, size_t room, const char *in, size_t n)
{
	size_t done = 0, used;

	for (size_t at = 0; at < n; at += used) {
		char one[NUMBER];
		size_t len = show_one(one, in + at, n - at, &used);

		if (done + len >= room)
			break;
		memcpy(out + done, one, len);
		done += len;
	}
	if (room)
		out[done] = '\0';
	return done;
}

static int columns_of(uint32_t point)
{
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
		if (point >= wide[i].first && point <= wide[i].last)
			return 2;
	return 1;
}

/* The bytes of s that fit so many columns; *took: the columns they take. */
static size_t fit(const char *s, int columns, int *took)
{
	size_t n = strlen(s), at = 0;

	*took = 0;
	while (at < n) {
		uint32_t point = 0;
		int len = utf8_next(s + at, n - at, &point), wants = columns_of(point);

		if (*took + wants > columns)
			break;
		*took += wants;
		at += len ? (size_t)len : 1;
	}
	return at;
}

int shown_columns(const char *s)
{
	int took;

	fit(s, INT32_MAX, &took);
	return took;
}

int shown_cut(char *s, int columns)
{
	int took;

	if (!s[fit(s, columns, &took)])
		return took;
	memcpy(s + fit(s, columns > 0 ? columns - 1 : 0, &took), ELLIPSIS, sizeof ELLIPSIS);
	return took + 1;
}
