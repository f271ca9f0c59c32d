/* SPDX-License-Identifier: MIT */
/* See jsontext.h. Without printf, for records are written in signal handlers too. */
#include "jsontext.h"

#include "utf8.h"

static void unit(struct put *p, uint32_t value)
{
	put_text(p, "\\u");
	put_hex(p, value, 4);
}

void jsontext_put(struct put *p, uint32_t point)
{
	char plain = (char)point;

	if (point == '"' || point == '\\')
		put_text(p, "\\");
	if (point >= 0x20 && point < 0x7f)
		put_bytes(p, &plain, 1);
	else if (point == '\n')
		put_text(p, "\\n");
	else if (point == '\r')
		put_text(p, "\\r");
	else if (point == '\t')
		put_text(p, "\\t");
	else if (point > 0xffff) {
		unit(p, 0xd7c0 + (point >> 10));
		unit(p, 0xdc00 + (point & 0x3ff));
	} else
		unit(p, point);
}

void jsontext_put_all(struct put *p, const char *text, size_t n)
{
	while (n) {
		uint32_t point = 0xfffd;
		int len = utf8_next(text, n, &point);
		size_t step = len ? (size_t)len : 1;

		jsontext_put(p, point);
		text += step;
		n -= step;
	}
}
