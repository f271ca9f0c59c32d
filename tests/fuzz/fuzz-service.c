/* SPDX-License-Identifier: MIT */
/*
 * Any bytes to any service, on a stream in any pieces with any room, and as a
 * datagram. A service keeps the engine's contract (unit/fake-conn.h aborts where
 * it does not); what it writes with little room is what it writes with much, or
 * the beginning of it; a reply is whole or there is none; and where bytes that
 * are not UTF-8 are replaced or refused, all that upper writes is UTF-8. The
 * input is six bytes that choose, then what comes.
 */
#include "fake-conn.h"

#include <stdint.h>

#include "base/utf8.h"

enum { CHOICES = 6, MOST = 4096, MUCH = 65536, SERVICES = 8, LETTER = 6, ENOUGH = 80 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int64_t moment;

static int64_t stands_still(void)
{
	return moment;
}

static void must(bool claim)
{
	if (!claim)
		abort();
}

static void talk(struct conn *c, const char *in, size_t n, size_t piece)
{
	fake_open(c);
	for (size_t at = 0, size; at < n; at += size) {
		size = piece < n - at ? piece : n - at;
		fake_bring(c, in + at, size);
	}
	fake_end(c);
}

static bool is_utf8(const char *s, size_t n)
{
	uint32_t point;
	size_t at = 0;

	for (int size; at < n && (size = utf8_next(s + at, n - at, &point)) > 0;)
		at += (size_t)size;
	return at == n;
}

static void check_text(const struct conn *c)
{
	if (c->service == &service_upper && c->bad != BAD_PASS)
		must(is_utf8(c->out, c->n));
	if (c->service == &service_echo)
		must(c->notes == 0);
}

/* Could the service do all its work with so much room? */
static bool suffices(const struct conn *c)
{
	size_t room = c->step && c->step < c->limit ? c->step : c->limit;
	size_t enough = c->service == &service_upper ? LETTER : ENOUGH;

	return c->service != &service_chargen && room >= enough;
}

static void check_stream(struct conn like, const char *in, size_t n, size_t piece)
{
	struct conn much = like, little = like;

	much.limit = MUCH;
	much.step = 0;
	talk(&much, in, n, n ? n : 1);
	talk(&little, in, n, piece);
	size_t same = much.n < little.n ? much.n : little.n;
	must(!same || !memcmp(much.out, little.out, same));
	must(little.n <= much.n || like.service == &service_chargen);
	must(little.n == much.n || !suffices(&like));
	check_text(&much);
	check_text(&little);
	fake_free(&much);
	fake_free(&little);
}

static void check_datagram(struct conn like, const char *in, size_t n)
{
	struct conn much = like, little = like;

	much.limit = MUCH;
	bool answered = fake_datagram(&much, in, n);
	bool again = fake_datagram(&little, in, n);
	if (like.service == &service_chargen) {
		must(much.n <= 512 && little.n <= like.limit);
	} else {
		must(again == (answered && much.n <= like.limit));
		must(!again || little.n == much.n);
	}
	must(!little.n || !memcmp(much.out, little.out, little.n));
	check_text(&much);
	fake_free(&much);
	fake_free(&little);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < CHOICES || n > MOST)
		return 0;
	char *in = fake_exact(data + CHOICES, n - CHOICES);
	struct conn like = {
		.service = service_list[data[0] % SERVICES],
		.bad = (enum service_bad)(data[1] % 3)
	};

	service_now_source = stands_still;
	moment = (int64_t)data[5] << 24 ^ (int64_t)data[4] << 16;
	if (data[1] & 0x80) {
		like.limit = data[2] * 4u;
		check_datagram(like, in, n - CHOICES);
	} else {
		like.limit = data[2] + 1u;
		like.step = data[3];
		check_stream(like, in, n - CHOICES, data[4] + 1u);
	}
	free(in);
	return 0;
}
