/* SPDX-License-Identifier: MIT */
/*
 * Has the service upper answer what stands on stdin, for the comparison with
 * Python. There are no sockets: unit/fake-conn.h is the engine. A request is
 *
 *	4 bytes length, 1 byte policy, 1 byte 'd' or 's', 2 bytes seed, the bytes
 *
 * and its answer on stdout 1 byte for the notes made, 4 bytes length, the bytes;
 * length 2^32 - 1 says that a datagram had no reply. Numbers are little-endian.
 * The seed decides how a stream is cut and how much room there is.
 */
#include "fake-conn.h"

#include <endian.h>

enum { MOST = 1 << 20, LETTER = 6, REPLY = 65507 };

struct request {
	uint32_t n;
	uint8_t bad, kind;
	uint16_t seed;
};

static char in[MOST];

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

static void converse(struct conn *c, size_t n, uint32_t seed)
{
	size_t most = 1 + next(&seed) % (next(&seed) & 1 ? 4 : 200);

	if (next(&seed) & 1)
		c->step = LETTER + next(&seed) % 60;
	fake_open(c);
	for (size_t at = 0, size; at < n; at += size) {
		size = 1 + next(&seed) % most;
		size = size < n - at ? size : n - at;
		fake_bring(c, in + at, size);
	}
	fake_end(c);
}

static int answer(const struct request *r, size_t n)
{
	struct conn c = {
		.service = &service_upper,
		.bad = (enum service_bad)r->bad,
		.limit = REPLY
	};
	bool answered = true;

	if (r->kind == 'd')
		answered = fake_datagram(&c, in, n);
	else
		converse(&c, n, le16toh(r->seed));
	uint32_t size = htole32(answered ? (uint32_t)c.n : UINT32_MAX);
	putchar(c.notes);
	fwrite(&size, sizeof size, 1, stdout);
	if (c.n)
		fwrite(c.out, 1, c.n, stdout);
	fake_free(&c);
	return ferror(stdout);
}

int main(void)
{
	struct request r;

	while (fread(&r, sizeof r, 1, stdin) == 1) {
		size_t n = le32toh(r.n);

		if (n > MOST || fread(in, 1, n, stdin) != n || answer(&r, n))
			return 1;
	}
	return fflush(stdout) ? 1 : 0;
}
