/* SPDX-License-Identifier: MIT */
/* Which characters may be shown is base/printable.h's; here they are found, however the text was cut. */
#include "visible.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../base/printable.h"
#include "../base/utf8.h"

enum { NUMBER = 11 };           /* "\\U0010ffff" and its NUL */

/* Could these bytes become one character when more come? */
static bool is_begun(const char *at, size_t n)
{
	unsigned char first = (unsigned char)*at;
	size_t whole = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

	if (*at == '\r')
		return n == 1;
	if (first < 0xc2 || first > 0xf4 || n >= whole)
		return false;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)at[i] & 0xc0) != 0x80)
			return false;
	return true;
}

static size_t put_number(char *out, uint32_t point, bool is_byte)
{
	const char *format = is_byte || point < 0x100 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x";

	return (size_t)snprintf(out, NUMBER, format, (unsigned)point);
}

/* One character or stray byte. Returns the bytes written; *used those read. */
static size_t put_one(char *out, const char *at, size_t n, size_t *used)
{
	uint32_t point;
	int len = utf8_next(at, n, &point);

	*used = len ? (size_t)len : 1;
	if (*at == '\r' && n > 1 && at[1] == '\n')
		return 0;
	if (*at == '\r')
		return (size_t)snprintf(out, NUMBER, "\\r");
	if (*at == '\n' || *at == '\t' || (len && printable(point))) {
		memcpy(out, at, *used);
		return *used;
	}
	return put_number(out, len ? point : (unsigned char)*at, !len);
}

static size_t put_all(struct visible *v, char *out, const char *in, size_t n, bool ended)
{
	size_t done = 0, used;

	v->n = 0;
	while (n) {
		if (!ended && n < VISIBLE_HELD && is_begun(in, n)) {
			memcpy(v->held, in, n);
			v->n = n;
			break;
		}
		done += put_one(out + done, in, n, &used);
		in += used;
		n -= used;
	}
	if (done)
		v->last = out[done - 1];
	return done;
}

size_t visible_piece(struct visible *v, char *out, const char *in, size_t n)
{
	char joined[2 * VISIBLE_HELD];
	size_t held = v->n, more = n < VISIBLE_HELD ? n : VISIBLE_HELD, done;

	if (!held)
		return put_all(v, out, in, n, false);
	/* The bytes held back with a few of the next, one character at a time, until none of them is left. */
	memcpy(joined, v->held, held);
	memcpy(joined + held, in, more);
	done = 0;
	for (size_t at = 0; at < held;) {
		size_t used;

		if (more == n && is_begun(joined + at, held + more - at)) {
			v->n = held + more - at;
			memcpy(v->held, joined + at, v->n);
			return done;
		}
		done += put_one(out + done, joined + at, held + more - at, &used);
		at += used;
		if (at >= held) {
			in += at - held;
			n -= at - held;
		}
	}
	if (done)
		v->last = out[done - 1];
	return done + put_all(v, out + done, in, n, false);
}

size_t visible_end(struct visible *v, char *out)
{
	char held[VISIBLE_HELD];
	size_t n = v->n;

	memcpy(held, v->held, n);
	return put_all(v, out, held, n, true);
}
