/* SPDX-License-Identifier: MIT */
/*
 * The canvas. Lifelines and their like are characters that other things may be
 * laid over; a line is written without the spaces at its end, and colours are
 * changed only where they differ.
 */
#include "canvas.h"

#include <string.h>

#include "../base/printable.h"
#include "../base/put.h"
#include "../base/utf8.h"

/* Characters that lie below all others, and what they are without Unicode. */
static const struct { uint32_t point; char ascii; bool below; } drawn[] = {
	{ 0x2502, '|', true },          /* lifeline */
	{ 0x250a, ':', true },          /* of one that waits */
	{ 0x2500, '-', false }, { 0x2504, '.', false },
	{ 0x25b6, '>', false }, { 0x25c0, '<', false },
	{ 0x251c, '+', false }, { 0x2524, '+', false },
	{ 0x2575, '\'', false }, { 0x2573, 'x', false },
	{ 0x2026, '~', false }, { 0x22ee, ':', false }, { 0x00d7, 'x', false }, { 0x25b8, '-', false },
	{ 0x21b3, '-', false },
};

enum { DRAWN = sizeof drawn / sizeof *drawn };

static bool lies_below(uint32_t point)
{
	for (int i = 0; i < DRAWN; i++)
		if (drawn[i].point == point)
			return drawn[i].below;
	return point == 0;
}

static uint32_t in_ascii(uint32_t point)
{
	for (int i = 0; i < DRAWN; i++)
		if (drawn[i].point == point)
			return (unsigned char)drawn[i].ascii;
	return '?';
}

void canvas_clear(struct canvas *c)
{
	memset(c->cell, 0, sizeof c->cell[0] * (size_t)c->lines);
	c->lines = 0;
}

void canvas_put(struct canvas *c, int line, int column, uint32_t point, int style)
{
	if (line < 0 || line >= CANVAS_LINES || column < 0 || column >= c->width)
		return;
	if (line >= c->lines)
		c->lines = line + 1;
	c->cell[line][column] = (struct canvas_cell){ point, (uint8_t)style };
}

/* Exactly one column per cell: what is wider, narrower or no character becomes a mark. */
static uint32_t shown(const char *text, size_t n, int *used)
{
	uint32_t point;

	*used = 1;
	if (*text >= ' ' && *text <= '~')
		return (unsigned char)*text;
	int len = utf8_next(text, n, &point);
	*used = len ? len : 1;
	return len && printable_narrow(point) ? point : '?';
}

int canvas_text(struct canvas *c, int line, int column, int room, const char *text, size_t n, int style)
{
	int at = 0, used;

	for (size_t i = 0; i < n && at < room; i += (size_t)used, at++) {
		bool is_cut = at + 1 == room && canvas_width(text + i, n - i) > 1;
		uint32_t point = shown(text + i, n - i, &used);

		canvas_put(c, line, column + at, is_cut ? 0x2026 : point, style);
	}
	return at;
}

int canvas_width(const char *text, size_t n)
{
	int columns = 0, used;

	for (size_t i = 0; i < n; i += (size_t)used, columns++)
		shown(text + i, n - i, &used);
	return columns;
}

size_t canvas_step(const char *text, size_t n)
{
	int used;

	shown(text, n, &used);
	return (size_t)used;
}

bool canvas_is_free(const struct canvas *c, int line, int from, int to)
{
	if (line >= CANVAS_LINES)
		return false;
	for (int i = from < 0 ? 0 : from; i < to && i < c->width; i++)
		if (!lies_below(c->cell[line][i].point))
			return false;
	return true;
}

/* -- Writing -------------------------------------------------------------------------- */

static void put_style(struct put *p, int style)
{
	static const char *const codes[] = {
		[CANVAS_PLAIN] = "\033[0m", [CANVAS_DIM] = "\033[0;2m", [CANVAS_WRONG] = "\033[0;1;31m",
		[CANVAS_NOTE] = "\033[0;3;36m", [CANVAS_STRONG] = "\033[0;1m",
	};
	static const char *const lanes[] = {
		"\033[0;36m", "\033[0;33m", "\033[0;32m", "\033[0;35m", "\033[0;34m",
	};

	put_text(p, style < CANVAS_LANE ? codes[style]
	                                : lanes[(style - CANVAS_LANE) % (int)(sizeof lanes / sizeof *lanes)]);
}

static void put_point(struct put *p, uint32_t point)
{
	char b[4];
	size_t n = 0;

	if (point < 0x80) {
		b[n++] = (char)point;
	} else if (point < 0x800) {
		b[n++] = (char)(0xc0 | point >> 6);
		b[n++] = (char)(0x80 | (point & 0x3f));
	} else if (point < 0x10000) {
		b[n++] = (char)(0xe0 | point >> 12);
		b[n++] = (char)(0x80 | (point >> 6 & 0x3f));
		b[n++] = (char)(0x80 | (point & 0x3f));
	} else {
		b[n++] = (char)(0xf0 | point >> 18);
		b[n++] = (char)(0x80 | (point >> 12 & 0x3f));
		b[n++] = (char)(0x80 | (point >> 6 & 0x3f));
		b[n++] = (char)(0x80 | (point & 0x3f));
	}
	put_bytes(p, b, n);
}

static void write_line(const struct canvas *c, int line, struct put *p)
{
	int end = c->width, style = CANVAS_PLAIN;

	while (end && (!c->cell[line][end - 1].point || c->cell[line][end - 1].point == ' '))
		end--;
	for (int i = 0; i < end; i++) {
		struct canvas_cell cell = c->cell[line][i];
		uint32_t point = cell.point ? cell.point : ' ';

		if (c->colour && point != ' ' && cell.style != style)
			put_style(p, style = cell.style);
		put_point(p, c->ascii && point > 0x7e ? in_ascii(point) : point);
	}
	if (style != CANVAS_PLAIN)
		put_style(p, CANVAS_PLAIN);
	put_text(p, "\n");
}

void canvas_flush(struct canvas *c, void (*out)(void *to, const char *bytes, size_t n), void *to)
{
	for (int line = 0; line < c->lines; line++) {
		char text[16 * CANVAS_WIDTH];   /* of each a style and a character */
		struct put p = put_into(text, sizeof text);

		write_line(c, line, &p);
		out(to, text, p.n);
	}
	canvas_clear(c);
}
