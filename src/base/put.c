/* SPDX-License-Identifier: MIT */
/*
 * Text into a buffer without printf: no lock, no locale, no memory. Used by
 * addrtext.c and by the recorder, which may run inside a signal handler.
 */
#include "put.h"

struct put put_into(char *to, size_t room)
{
	struct put p = { .to = to, .room = room, .full = !room };

	if (room)
		to[0] = '\0';
	return p;
}

void put_bytes(struct put *p, const char *bytes, size_t n)
{
	if (p->full || n >= p->room - p->n) {
		p->full = true;
		return;
	}
	memcpy(p->to + p->n, bytes, n);
	p->n += n;
	p->to[p->n] = '\0';
}

void put_number(struct put *p, uint64_t value)
{
	char digits[20];
	size_t i = sizeof digits;

	do {
		digits[--i] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	put_bytes(p, digits + i, sizeof digits - i);
}

void put_signed(struct put *p, int64_t value)
{
	if (value < 0)
		put_text(p, "-");
	put_number(p, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void put_hex(struct put *p, uint64_t value, int digits)
{
	char text[16];

	if (digits > (int)sizeof text)
		digits = sizeof text;
	for (int i = digits; i-- > 0; value >>= 4)
		text[i] = "0123456789abcdef"[value & 15];
	put_bytes(p, text, (size_t)digits);
}
