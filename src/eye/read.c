/* SPDX-License-Identifier: MIT */
/*
 * A recorded line into an event record. The grammar is parse.c's: here is what
 * each key means. A known key must have a value that fits its field, and may
 * come once; any other value is checked and passed over. Addresses are place.c's
 * matter, names names.c's. The line comes from a file that anybody may have
 * written.
 */
#include "read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/utf8.h"
#include "names.h"
#include "parse.h"
#include "place.h"

/* What a record points to: buffers that have room for the longest string of the line. */
struct read {
	struct parse l;
	struct event *e;
	uint32_t wanted, seen, times;   /* keys, one bit each by their place in the table */
	size_t next;                    /* the key that is likely now */
	char *word, *data, *text;
	struct iovec iov;
};

/* A word as text of its own; at a fault the line is where it began. */
static bool word(struct read *r, size_t *n)
{
	return parse_string(&r->l, r->l.word, n, parse_text);
}

static bool read_i64(struct read *r, size_t field)
{
	uint64_t v;

	if (!parse_integer(&r->l, INT64_MIN, INT64_MAX, &v))
		return false;
	memcpy((char *)r->e + field, &v, sizeof v);
	return true;
}

static bool read_u64(struct read *r, size_t field)
{
	uint64_t v;

	if (!parse_integer(&r->l, 0, UINT64_MAX, &v))
		return false;
	memcpy((char *)r->e + field, &v, sizeof v);
	return true;
}

static bool read_i32(struct read *r, size_t field)
{
	uint64_t v;

	if (!parse_integer(&r->l, INT32_MIN, INT32_MAX, &v))
		return false;
	memcpy((char *)r->e + field, &(int32_t){ (int32_t)v }, sizeof(int32_t));
	return true;
}

static bool read_index(struct read *r, size_t field)
{
	uint64_t v;

	(void)field;
	if (!parse_integer(&r->l, 0, UINT32_MAX, &v))
		return false;
	r->e->index = (uint32_t)v;
	return true;
}

static bool read_args(struct read *r, size_t field)
{
	if (!parse_sign(&r->l, '['))
		return false;
	for (int i = 0; i < 3; i++)
		if ((i && !parse_sign(&r->l, ',')) || !read_i32(r, field + sizeof(int32_t) * (size_t)i))
			return false;
	return parse_sign(&r->l, ']');
}

/* A name that is not known here is no family. */
static bool read_name(struct read *r, size_t field)
{
	bool family = field == offsetof(struct event, family);
	uint64_t v = 0;
	int known = 0;
	size_t n;

	if (r->l.at < r->l.end && *r->l.at != '"') {
		if (!parse_integer(&r->l, 0, UINT16_MAX, &v))
			return false;
		known = (int)v;
	} else if (!word(r, &n)) {
		return false;
	} else {
		names_number(family ? names_families : names_types, r->l.word, n, &known);
	}
	memcpy((char *)r->e + field, &(uint16_t){ (uint16_t)known }, sizeof(uint16_t));
	return true;
}

static bool read_error(struct read *r, size_t field)
{
	const char *begin = r->l.at;
	size_t n;

	if (r->l.at < r->l.end && *r->l.at != '"')
		return read_i32(r, field);
	if (!word(r, &n))
		return false;
	r->e->error = names_error(r->l.word, n);
	if (!r->e->error)
		r->l.at = begin;
	return r->e->error != 0;
}

static bool read_call(struct read *r, size_t field)
{
	size_t n;

	(void)field;
	if (!word(r, &n))
		return false;
	for (int call = 0; call < EVENT_CALLS; call++) {
		const char *name = event_call_name(call);

		if (*name == *r->l.word && !strcmp(name, r->l.word))
			r->e->call = (uint16_t)call;
	}
	return true;
}

static bool read_phase(struct read *r, size_t field)
{
	(void)field;
	r->e->phase = parse_literal(&r->l, "\"enter\"") ? EVENT_ENTER : EVENT_RETURN;
	return r->e->phase == EVENT_ENTER || parse_literal(&r->l, "\"return\"");
}

/* What does not fit is left out, by whole characters. */
static bool read_program(struct read *r, size_t field)
{
	size_t n, used = 0;
	uint32_t point;

	(void)field;
	if (!word(r, &n))
		return false;
	for (int step; (step = utf8_next(r->l.word + used, n - used, &point)); used += (size_t)step)
		if (used + (size_t)step >= sizeof r->e->program)
			break;
	memcpy(r->e->program, r->l.word, used);
	return true;
}

static bool read_addr(struct read *r, size_t field)
{
	struct event_addr a;
	size_t n;

	if (!parse_string(&r->l, r->l.word, &n, parse_utf8))
		return false;
	a = place_read(r->l.word, n);
	memcpy((char *)r->e + field, &a, sizeof a);
	return true;
}

static bool read_hash(struct read *r, size_t field)
{
	struct parse h = r->l;
	uint32_t part;

	(void)field;
	if (!parse_is(&h, '"'))
		return false;
	for (int i = 0; i < 4; i++) {
		if (!parse_hex4(&h, &part))
			return false;
		r->e->hash = r->e->hash << 16 | part;
	}
	r->l = h;
	return parse_is(&r->l, '"');
}

/* The records that were lost say nothing about this one. */
static bool read_lost(struct read *r, size_t field)
{
	uint64_t v;

	(void)field;
	return parse_integer(&r->l, 0, UINT64_MAX, &v);
}

static bool read_data(struct read *r, size_t field)
{
	size_t n;

	(void)field;
	if (!parse_string(&r->l, r->data, &n, parse_byte))
		return false;
	r->iov = (struct iovec){ r->data, n };
	r->e->iov = n ? &r->iov : NULL;
	r->e->iovs = n ? 1 : 0;
	return true;
}

static bool read_text(struct read *r, size_t field)
{
	size_t n;

	(void)field;
	r->e->text = r->text;
	return parse_string(&r->l, r->text, &n, parse_text);
}

#define KEY(name, read) { #name, read, offsetof(struct event, name) }

static const struct key {
	const char *name;
	bool (*read)(struct read *r, size_t field);
	size_t field;
} keys[] = {
	KEY(time, read_i64), KEY(pid, read_i32), KEY(tid, read_i32), KEY(program, read_program),
	KEY(call, read_call), KEY(phase, read_phase), KEY(fd, read_i32), KEY(other, read_i32),
	KEY(family, read_name), KEY(type, read_name), KEY(proto, read_i32),
	KEY(local, read_addr), KEY(peer, read_addr), KEY(offset, read_u64), KEY(asked, read_u64),
	KEY(moved, read_u64), KEY(whole, read_u64), KEY(error, read_error), KEY(took, read_i64),
	KEY(hash, read_hash), { "data", read_data, 0 }, KEY(text, read_text),
	KEY(index, read_index), KEY(arg, read_args), KEY(cookie, read_u64), { "lost", read_lost, 0 },
};

enum { KEYS = sizeof keys / sizeof *keys };

/* Written keys come in the order of the table, so it is gone round once from where the last one was. */
static size_t find(const char *name, size_t from)
{
	for (size_t n = 0; n < KEYS; n++) {
		size_t i = (from + n) % KEYS;

		if (*keys[i].name == *name && !strcmp(keys[i].name, name))
			return i;
	}
	return KEYS;
}

static bool member(struct read *r)
{
	const char *begin = r->l.at;
	size_t n;

	if (!word(r, &n))
		return false;
	size_t i = find(r->word, r->next);
	if (i < KEYS && r->seen >> i & 1) {
		r->l.at = begin;
		return false;
	}
	if (!parse_sign(&r->l, ':'))
		return false;
	if (i == KEYS)
		return parse_skip(&r->l);
	r->seen |= UINT32_C(1) << i;
	r->next = i + 1;
	return r->wanted >> i & 1 ? keys[i].read(r, keys[i].field) : parse_skip(&r->l);
}

static bool object(struct read *r)
{
	if (!parse_sign(&r->l, '{'))
		return false;
	for (bool more = !parse_is(&r->l, '}'); more;) {
		if (!member(r))
			return false;
		more = parse_sign(&r->l, ',');
		if (!more && !parse_is(&r->l, '}'))
			return false;
	}
	parse_space(&r->l);
	return r->l.at == r->l.end;
}

/* What order_time() looks at. */
static uint32_t keys_of_times(void)
{
	static const char *const names[] = { "time", "call", "phase", "took", "arg" };
	uint32_t all = 0;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		all |= UINT32_C(1) << find(names[i], 0);
	return all;
}

struct read *read_new(void)
{
	struct read *r = calloc(1, sizeof *r);

	if (r)
		r->times = keys_of_times();
	return r;
}

void read_free(struct read *r)
{
	if (r)
		free(r->word);
	free(r);
}

/* One block for the three; strings only get shorter on their way out of JSON. */
static bool has_room(struct read *r, size_t n)
{
	if (n < r->l.room)
		return true;
	if (n > SIZE_MAX / 8)
		return false;
	size_t room = 2 * n + 64;
	char *block = malloc(3 * room);
	if (!block)
		return false;
	free(r->word);
	r->word = r->l.word = block;
	r->data = block + room;
	r->text = block + 2 * room;
	r->l.room = room;
	return true;
}

static int read_line(struct read *r, const char *line, size_t n, struct event *e, size_t *at)
{
	*at = 0;
	*e = (struct event){ .fd = -1, .other = -1, .phase = EVENT_RETURN };
	if (!has_room(r, n))
		return -ENOMEM;
	r->e = e;
	r->l.at = line;
	r->l.end = line + n;
	r->seen = 0;
	r->next = 0;
	if (object(r))
		return 0;
	*at = (size_t)(r->l.at - line);
	return -EINVAL;
}

int read_event(struct read *r, const char *line, size_t n, struct event *e, size_t *at)
{
	int err;

	r->wanted = UINT32_MAX;
	err = read_line(r, line, n, e, at);
	if (!err && !(r->seen >> find("whole", 0) & 1))
		e->whole = e->moved;
	return err;
}

int read_times(struct read *r, const char *line, size_t n, struct event *e)
{
	size_t at;

	r->wanted = r->times;
	return read_line(r, line, n, e, &at);
}
