/* SPDX-License-Identifier: MIT */
/* The dump of a conversation. Both ways write it, so a piece's lines are written under a lock. */
#include "dump.h"

#include "../base/put.h"
#include "out.h"

enum { ACROSS = 16, ROOM = 96 };

/* The place, each byte behind a space and eight of them behind one more, then the letters. */
static void line(struct put *p, enum dump_way way, uint64_t at, const unsigned char *bytes, size_t n)
{
	put_text(p, way == DUMP_SENT ? "> " : "< ");
	put_hex(p, at, at >> 32 ? 16 : 8);
	for (size_t i = 0; i < ACROSS; i++) {
		put_text(p, i % 8 ? " " : "  ");
		if (i < n)
			put_hex(p, bytes[i], 2);
		else
			put_text(p, "  ");
	}
	put_text(p, "  ");
	for (size_t i = 0; i < n; i++) {
		char shown = bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '.';

		put_bytes(p, &shown, 1);
	}
	put_text(p, "\n");
}

int dump_piece(struct talk *t, enum dump_way way, const char *bytes, size_t n)
{
	const unsigned char *at = (const unsigned char *)bytes;
	char text[ROOM];
	int err = 0;

	pthread_mutex_lock(&t->lock);
	while (n && !err) {
		size_t some = n < ACROSS ? n : ACROSS;
		struct put p = put_into(text, sizeof text);

		line(&p, way, t->dumped[way], at, some);
		err = out_all(t->out, text, p.n);
		t->dumped[way] += some;
		at += some;
		n -= some;
	}
	pthread_mutex_unlock(&t->lock);
	return err;
}
