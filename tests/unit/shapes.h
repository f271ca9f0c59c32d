/* SPDX-License-Identifier: MIT */
/*
 * Services of different shapes over the contract of engine/conn.h, each with a
 * model that says what a client gets for what it sends. None is useful: each
 * asks something else of the engine. Their clients are in talks.h. To be
 * included once in a program.
 */
#ifndef SHAPES_H
#define SHAPES_H

#include "running.h"

struct shape {
	struct service service;
	size_t gain;                    /* bytes of a reply for each of the request, at most */
	size_t (*expect)(const char *in, size_t n, char *out);
	bool deaf;                      /* it may end before it has read all */
};

enum { SHAPES_TEXT = 400 * 1024, SHAPES_FILL = 300000, SHAPES_ROOM = SHAPES_TEXT + 100 };

static char shapes_text[SHAPES_TEXT];   /* what all clients send the start of */
static _Atomic uint64_t shapes_opened, shapes_closed;
static _Atomic bool shapes_spoke_after_the_end;
static _Atomic uint64_t shapes_sent, shapes_got;        /* by clients */

/* A service that stands still until a test lets it go on. */
static struct {
	sem_t closed, opened;
} shapes_gate;

static inline void count_opened(struct conn *c)
{
	(void)c;
	shapes_opened++;
}

static inline void count_closed(struct conn *c)
{
	size_t room;

	shapes_closed++;
	if (conn_write(c, "x", 1) || conn_room(c, 1, &room) || room)
		shapes_spoke_after_the_end = true;
}

#define COUNTED .opened = count_opened, .closed = count_closed

/* -- As it comes ------------------------------------------------------------------------- */

static inline size_t echo_bytes(struct conn *c, const char *in, size_t n)
{
	return conn_write(c, in, n);
}

static inline size_t echo_expect(const char *in, size_t n, char *out)
{
	memcpy(out, in, n);
	return n;
}

static const struct shape shape_echo = {
	.service = { .name = "echo", COUNTED, .bytes = echo_bytes }, .gain = 1, .expect = echo_expect,
};

static inline size_t nothing_expect(const char *in, size_t n, char *out)
{
	(void)in;
	(void)n;
	(void)out;
	return 0;
}

static const struct shape shape_nothing = {
	.service = { .name = "nothing", COUNTED }, .gain = 1, .expect = nothing_expect,
};

/* -- In place ------------------------------------------------------------------------------ */

static inline size_t place_bytes(struct conn *c, const char *in, size_t n)
{
	size_t done = 0, room;
	char *out;

	while (done < n && (out = conn_room(c, n - done, &room))) {
		for (size_t i = 0; i < room; i++)
			out[i] = in[done + i] ^ 0x55;
		conn_commit(c, room);
		done += room;
	}
	return done;
}

static inline size_t place_expect(const char *in, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = in[i] ^ 0x55;
	return n;
}

static const struct shape shape_place = {
	.service = { .name = "place", COUNTED, .bytes = place_bytes }, .gain = 1, .expect = place_expect,
};

/* One byte alone is no text but the word to stand still. */
static inline size_t gate_bytes(struct conn *c, const char *in, size_t n)
{
	if (n != 1 || *in != '|')
		return place_bytes(c, in, n);
	sem_post(&shapes_gate.closed);
	running_await(&shapes_gate.opened);
	return n;
}

static const struct shape shape_gate = {
	.service = { .name = "gate", COUNTED, .bytes = gate_bytes }, .gain = 1, .expect = place_expect,
};

/* -- Lines --------------------------------------------------------------------------------- */

static inline void turn_round(const char *line, size_t n, char *out)
{
	for (size_t i = 0; i + 1 < n; i++)
		out[i] = line[n - 2 - i];
	out[n - 1] = '\n';
}

/* Each line turned round. */
static inline size_t some_lines(struct conn *c, const char *in, size_t n, int most)
{
	size_t done = 0, room;
	const char *end;

	for (; most && (end = memchr(in + done, '\n', n - done)); most--) {
		size_t line = end + 1 - (in + done);
		char *out = conn_room(c, line, &room);

		if (room < line)
			break;
		turn_round(in + done, line, out);
		conn_commit(c, line);
		done += line;
	}
	return done;
}

static inline size_t lines_bytes(struct conn *c, const char *in, size_t n)
{
	return some_lines(c, in, n, -1);
}

static inline size_t one_line_bytes(struct conn *c, const char *in, size_t n)
{
	return some_lines(c, in, n, 1);
}

static inline void tell_left(struct conn *c, const char *left, size_t n)
{
	char text[32];

	(void)left;
	conn_write(c, text, (size_t)snprintf(text, sizeof text, "%zu left", n));
	conn_finish(c);
}

static inline size_t lines_expect(const char *in, size_t n, char *out)
{
	size_t done = 0;
	const char *end;

	while ((end = memchr(in + done, '\n', n - done))) {
		size_t line = end + 1 - (in + done);

		turn_round(in + done, line, out + done);
		done += line;
	}
	return done + (size_t)snprintf(out + done, 32, "%zu left", n - done);
}

static const struct shape shape_lines = {
	.service = { .name = "lines", COUNTED, .bytes = lines_bytes, .ended = tell_left },
	.gain = 1, .expect = lines_expect,
}, shape_one_line = {
	.service = { .name = "line", COUNTED, .bytes = one_line_bytes, .ended = tell_left },
	.gain = 20, .expect = lines_expect,
};

/* -- More than it gets, less than it gets ----------------------------------------------------- */

static inline size_t tenfold_bytes(struct conn *c, const char *in, size_t n)
{
	for (size_t done = 0; done < n; done++) {
		size_t room;
		char *out = conn_room(c, 10, &room);

		if (room < 10)
			return done;
		for (int i = 0; i < 10; i++)
			out[i] = (char)(in[done] + i);
		conn_commit(c, 10);
	}
	return n;
}

static inline size_t tenfold_expect(const char *in, size_t n, char *out)
{
	for (size_t i = 0; i < 10 * n; i++)
		out[i] = (char)(in[i / 10] + (int)(i % 10));
	return 10 * n;
}

static const struct shape shape_tenfold = {
	.service = { .name = "tenfold", COUNTED, .bytes = tenfold_bytes }, .gain = 10, .expect = tenfold_expect,
};

static inline size_t hoarder_bytes(struct conn *c, const char *in, size_t n)
{
	(void)c;
	(void)in;
	(void)n;
	return 0;
}

static inline size_t hoarder_expect(const char *in, size_t n, char *out)
{
	(void)in;
	return (size_t)snprintf(out, 32, "%zu left", n);
}

/* Its clients must send less than a buffer: more will never be read. */
static const struct shape shape_hoarder = {
	.service = { .name = "hoarder", COUNTED, .bytes = hoarder_bytes, .ended = tell_left },
	.gain = 6, .expect = hoarder_expect,
};

/* -- Those that finish ---------------------------------------------------------------------- */

static inline size_t farewell_bytes(struct conn *c, const char *in, size_t n)
{
	if (!memchr(in, '\n', n))
		return 0;
	conn_write(c, "bye", 3);
	conn_finish(c);
	return n / 2;
}

static inline size_t farewell_expect(const char *in, size_t n, char *out)
{
	if (!memchr(in, '\n', n))
		return 0;
	memcpy(out, "bye", 3);
	return 3;
}

static const struct shape shape_farewell = {
	.service = { .name = "farewell", COUNTED, .bytes = farewell_bytes },
	.gain = 1, .expect = farewell_expect, .deaf = true,
};

static inline void greet(struct conn *c)
{
	shapes_opened++;
	conn_write(c, "good ", 5);
	conn_write(c, "day", 3);
	conn_finish(c);
	if (conn_write(c, "!", 1))
		shapes_spoke_after_the_end = true;
}

static inline size_t greeter_expect(const char *in, size_t n, char *out)
{
	(void)in;
	(void)n;
	memcpy(out, "good day", 8);
	return 8;
}

static const struct shape shape_greeter = {
	.service = { .name = "greeter", .opened = greet, .bytes = echo_bytes, .closed = count_closed },
	.gain = 1, .expect = greeter_expect, .deaf = true,
};

static inline void fill_more(struct conn *c)
{
	uint64_t at;
	size_t room;
	char *out;

	while ((at = conn_written(c)) < SHAPES_FILL && (out = conn_room(c, SHAPES_FILL - at, &room))) {
		for (size_t i = 0; i < room; i++)
			out[i] = (char)((at + i) * 7 >> 3);
		conn_commit(c, room);
	}
	if (at == SHAPES_FILL)
		conn_finish(c);
}

/* The peer's end is no reason to stop. */
static inline void go_on(struct conn *c, const char *left, size_t n)
{
	(void)c;
	(void)left;
	(void)n;
}

static inline size_t filler_expect(const char *in, size_t n, char *out)
{
	(void)in;
	(void)n;
	for (size_t i = 0; i < SHAPES_FILL; i++)
		out[i] = (char)(i * 7 >> 3);
	return SHAPES_FILL;
}

static const struct shape shape_filler = {
	.service = { .name = "filler", COUNTED, .more = fill_more, .ended = go_on },
	.gain = 1, .expect = filler_expect, .deaf = true,
};

/* -- Around a test --------------------------------------------------------------------------- */

static inline uint32_t random_below(uint64_t *seed, uint32_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 20) % below;
}

static inline void shapes_begin(void)
{
	uint64_t seed = 88172645463325252u;

	for (size_t i = 0; i < sizeof shapes_text; i++)
		shapes_text[i] = random_below(&seed, 60) ? (char)('0' + random_below(&seed, 70)) : '\n';
	shapes_opened = shapes_closed = shapes_sent = shapes_got = 0;
	shapes_spoke_after_the_end = false;
	sem_init(&shapes_gate.closed, 0, 0);
	sem_init(&shapes_gate.opened, 0, 0);
}

/* What must be true of every run that ended in peace. */
static inline void shapes_end(const struct running *r, uint64_t clients)
{
	const struct engine_stats *s = &r->stats;

	assert_int_equal(shapes_opened, clients);
	assert_int_equal(shapes_closed, clients);
	assert_false(shapes_spoke_after_the_end);
	assert_int_equal(s->accepted, clients);
	assert_int_equal(s->closed, clients);
	assert_int_equal(s->clients, 0);
	assert_int_equal(s->held, 0);
	assert_int_equal(s->cut + s->idled + s->accept_errors + s->notes_dropped, 0);
	if (shapes_got)
		assert_int_equal(s->bytes_out, shapes_got);
	if (shapes_got && !s->resets)
		assert_int_equal(s->bytes_in, shapes_sent);
}

#endif
