/* SPDX-License-Identifier: MIT */
/*
 * Send back what comes in upper case: the text is UTF-8, the mappings are all
 * of Unicode's, and the answer is the same however TCP cuts the text. What is
 * not UTF-8 is passed through, replaced, or ends the conversation, as the
 * operator chose. The letters themselves are base/upper.c's.
 *
 * Upper case may be three times as long. A stream gives as much as there is
 * room for and is called again; a datagram is answered whole or not at all.
 */
#include "service.h"

#include <string.h>

#include "../base/upper.h"
#include "valid.h"

enum { GROWTH = 3, LONGEST = 4 };

static const char replacement[] = "\xef\xbf\xbd";       /* U+FFFD */

/* What is left of both buffers. */
struct work {
	const char *in;
	size_t n;
	char *out;
	size_t room;
};

static void step(struct work *w, size_t in, size_t out)
{
	w->in += in;
	w->n -= in;
	w->out += out;
	w->room -= out;
}

/* Upper-case up to n bytes. Returns how many were done. */
static size_t letters(struct work *w, size_t n)
{
	size_t used, got = upper_bytes(w->out, w->room, w->in, n, &used);

	step(w, used, got);
	return used;
}

/* What is known to be text. What finds no room now is seen again: not looked at in vain. */
static size_t text(const struct work *w)
{
	size_t most = w->room < LONGEST ? LONGEST : w->room;

	return valid_run(w->in, w->n < most ? w->n : most);
}

/* Put what stands for some bytes that are no text. False when nothing does or it has no room. */
static bool put_wrong(struct work *w, enum service_bad bad, size_t n)
{
	const char *put = bad == BAD_PASS ? w->in : replacement;
	size_t size = bad == BAD_PASS ? n : sizeof replacement - 1;

	if (bad == BAD_CLOSE || size > w->room)
		return false;
	memcpy(w->out, put, size);
	step(w, n, size);
	return true;
}

/* As far as it goes: to the end, or the room's; to a character that is cut, or bytes refused. */
static void convert(struct work *w, enum service_bad bad, bool last)
{
	for (bool goes_on = true; goes_on && w->n;) {
		size_t n = bad == BAD_PASS ? w->n : text(w);
		size_t done = letters(w, n);
		size_t wrong = valid_wrong(w->in, w->n, last);

		goes_on = wrong ? put_wrong(w, bad, wrong) : done && done == n;
	}
}

/* Answer on a stream. Returns the bytes used. */
static size_t answer(struct conn *c, const char *in, size_t n, bool last)
{
	struct work w = { .in = in, .n = n };
	size_t want, room, before;

	do {
		before = w.n;
		want = GROWTH * w.n;
		if (!w.n || !(w.out = conn_room(c, want, &room)))
			break;
		w.room = room;
		convert(&w, conn_bad(c), last);
		if (w.room < room)
			conn_commit(c, room - w.room);
	} while (room < want && w.n < before);
	return n - w.n;
}

/* Is this what may not be? Then say so. */
static bool refuses(struct conn *c, const char *in, size_t n, bool last)
{
	size_t wrong = conn_bad(c) == BAD_CLOSE ? valid_wrong(in, n, last) : 0;

	if (wrong)
		conn_note(c, "%s sent %s, which is not UTF-8",
			conn_peer(c), conn_repr(c, in, wrong));
	return wrong;
}

/* Answer a datagram. The engine counts replies without room; one that is finished was refused. */
static void reply(struct conn *c, const char *in, size_t n)
{
	struct work w = { .in = in, .n = n };
	size_t room;

	if ((w.out = conn_room(c, GROWTH * n, &room))) {
		w.room = room;
		convert(&w, conn_bad(c), true);
	}
	if (!w.n)
		conn_commit(c, room - w.room);
	else if (refuses(c, w.in, w.n, true))
		conn_finish(c);
}

static size_t bytes(struct conn *c, const char *in, size_t n)
{
	if (conn_is_datagram(c)) {
		if (n)
			reply(c, in, n);
		else
			conn_write(c, in, 0);   /* an empty datagram has an empty answer */
		return n;
	}
	size_t used = answer(c, in, n, false);
	if (!refuses(c, in + used, n - used, false))
		return used;
	conn_finish(c);
	return n;
}

static void ended(struct conn *c, const char *left, size_t n)
{
	if (n) {
		size_t used = answer(c, left, n, true);

		refuses(c, left + used, n - used, true);
	}
	conn_finish(c);
}

const struct service service_upper = {
	.name = "upper",
	.about = "send back what comes in upper case",
	.port = 12000,
	.bytes = bytes,
	.ended = ended
};
