/* SPDX-License-Identifier: MIT */
/*
 * Lines of characters without end (RFC 864): 72 of the 95 that ASCII prints,
 * each line beginning one character further on. Where a stream stands follows
 * from how much was written, so nothing is remembered. A line is one copy out
 * of the characters written down twice, which is as fast as memory is.
 */
#include "service.h"

#include <string.h>

enum {
	RING = 95,              /* characters, and so many lines until they come again */
	WIDE = 72,
	LINE = WIDE + 2,        /* with CR and LF */
	WANT = 65536,           /* room to ask for at a time */
	DATAGRAM = 512          /* the RFC's most */
};

static const char ring[RING + WIDE] =
	" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
	"abcdefghijklmnopqrstuvwxyz{|}~"
	" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
	"abcdef";

static void line(char *to, unsigned number)
{
	memcpy(to, ring + number, WIDE);
	memcpy(to + WIDE, "\r\n", 2);
}

/* The first n characters of a line from its column on, or as many as it has. Returns how many. */
static size_t part(char *to, size_t n, unsigned number, size_t column)
{
	char whole[LINE];

	line(whole, number);
	n = n < LINE - column ? n : LINE - column;
	memcpy(to, whole + column, n);
	return n;
}

/* n characters of the pattern, beginning at a place of the stream. */
static void fill(char *to, size_t n, uint64_t place)
{
	unsigned number = (unsigned)(place / LINE % RING);
	size_t done = part(to, n, number, place % LINE);

	for (; n - done >= LINE; done += LINE)
		line(to + done, number = (number + 1) % RING);
	part(to + done, n - done, (number + 1) % RING, 0);
}

static void more(struct conn *c)
{
	size_t room;

	for (char *out; (out = conn_room(c, WANT, &room)); conn_commit(c, room))
		fill(out, room, conn_written(c));
}

/* What comes is dropped, but a datagram is answered: with whole lines, if one fits. */
static size_t bytes(struct conn *c, const char *in, size_t n)
{
	size_t room;
	char *out = conn_is_datagram(c) ? conn_room(c, DATAGRAM, &room) : NULL;

	(void)in;
	if (out) {
		room -= room < LINE ? 0 : room % LINE;
		fill(out, room, 0);
		conn_commit(c, room);
	}
	return n;
}

const struct service service_chargen = {
	.name = "chargen",
	.about = "send lines of characters without end, or one datagram of them",
	.port = 19,
	.nature = SERVICE_LOUD,
	.more = more,
	.bytes = bytes
};
