/* SPDX-License-Identifier: MIT */
#include "dump.h"

#include <inttypes.h>
#include <stdio.h>

enum { ACROSS = 16, ROOM = 96 };

static size_t line(char out[ROOM], enum dump_way way, uint64_t at, const unsigned char *bytes, size_t n)
{
	size_t used = (size_t)sprintf(out, "%c %08" PRIx64 " ", way == DUMP_SENT ? '>' : '<', at);

	for (size_t i = 0; i < ACROSS; i++) {
		used += (size_t)sprintf(out + used, i % 8 ? " " : "  ");
		used += i < n ? (size_t)sprintf(out + used, "%02x", bytes[i]) : (size_t)sprintf(out + used, "  ");
	}
	used += (size_t)sprintf(out + used, "  ");
	for (size_t i = 0; i < n; i++)
		out[used++] = bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '.';
	out[used++] = '\n';
	return used;
}

int dump_piece(struct talk *t, enum dump_way way, const char *bytes, size_t n)
{
	const unsigned char *at = (const unsigned char *)bytes;
	char text[ROOM];
	int err = 0;

	pthread_mutex_lock(&t->lock);
	while (n && !err) {
		size_t some = n < ACROSS ? n : ACROSS;

		err = talk_write(t->out, text, line(text, way, t->dumped[way], at, some));
		t->dumped[way] += some;
		at += some;
		n -= some;
	}
	pthread_mutex_unlock(&t->lock);
	return err;
}
