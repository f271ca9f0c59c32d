/* SPDX-License-Identifier: MIT */
/* A character is shown as it is where it is whole, and one that a terminal prints; a byte else by its number. */
#include "quote.h"

#include <stdbool.h>
#include <string.h>

#include "../base/printable.h"
#include "../base/put.h"
#include "../base/utf8.h"

enum { MOST = 256 };

static void put_byte(struct put *p, unsigned char b)
{
	static const char names[] = "\a\b\t\n\v\f\r\"\\", letters[] = "abtnvfr\"\\";
	const char *name = b ? memchr(names, b, sizeof names - 1) : NULL;

	put_text(p, "\\");
	if (name) {
		put_bytes(p, &letters[name - names], 1);
	} else {
		put_text(p, "x");
		put_hex(p, b, 2);
	}
}

size_t quote_event(char *out, size_t room, const struct event *e, size_t most)
{
	char bytes[MOST];
	size_t n = event_preview(e, bytes, most < sizeof bytes ? most : sizeof bytes);
	struct put p = put_into(out, room);
	uint32_t point;

	if (!n)
		return 0;
	put_text(&p, "\"");
	for (size_t i = 0; i < n;) {
		int len = utf8_next(bytes + i, n - i, &point);

		if (len && printable(point) && point != '"' && point != '\\') {
			put_bytes(&p, bytes + i, (size_t)len);
			i += (size_t)len;
		} else {
			put_byte(&p, (unsigned char)bytes[i++]);
		}
	}
	put_text(&p, n < e->moved ? "\"..." : "\"");
	return p.n;
}
