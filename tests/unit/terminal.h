/* SPDX-License-Identifier: MIT */
/*
 * For the tests of what is drawn on a terminal: it comes into memory and is looked at
 * as a terminal would show it, column by column. Include it after check.h.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include "base/printable.h"
#include "base/utf8.h"

static char *out;
static size_t out_n, out_room;

static inline int put_out(void *to, const char *bytes, size_t n)
{
	(void)to;
	if (out_n + n + 1 > out_room) {
		out_room = 2 * (out_n + n + 1);
		out = realloc(out, out_room);
		assert_non_null(out);
	}
	memcpy(out + out_n, bytes, n);
	out_n += n;
	out[out_n] = '\0';
	return 0;
}

static inline int begin(void **state)
{
	(void)state;
	out_n = 0;
	return put_out(NULL, "", 0);
}

static inline int end(void **state)
{
	(void)state;
	free(out);
	out = NULL;
	out_room = out_n = 0;
	return 0;
}

/* -- Looking at what was written ------------------------------------------------------------------ */

/* One character of one column each, nothing else; returns the columns of the line that begins at s. */
static inline int columns(const char *s, size_t n, bool ascii)
{
	int count = 0, len;
	uint32_t point;

	for (size_t i = 0; i < n; i += (size_t)len, count++) {
		len = utf8_next(s + i, n - i, &point);
		if (!len || !printable_narrow(point) || (ascii && point > 0x7e))
			fail_msg("no visible character of one column at %zu of: %.*s", i, (int)n, s);
	}
	return count;
}

static inline void assert_clean(int width, bool ascii)
{
	for (const char *s = out, *end; *s; s = end + 1) {
		end = strchr(s, '\n');
		assert_non_null(end);
		assert_true(columns(s, (size_t)(end - s), ascii) <= width);
		assert_true(end == s || end[-1] != ' ');
	}
	assert_int_equal(strlen(out), out_n);
}

#define CLAIM(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
