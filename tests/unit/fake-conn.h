/* SPDX-License-Identifier: MIT */
/*
 * An engine without sockets, for tests of services: it keeps the contract of
 * engine/conn.h to the letter and aborts where a service does not. How much
 * room there is can be chosen, and all memory has the exact size, so that the
 * sanitizer sees every step outside. To be included once in a program.
 *
 *	struct conn c = { .service = &service_echo, .limit = 100 };
 *
 *	fake_open(&c);
 *	fake_bring(&c, "hi", 2);
 *	fake_end(&c);                   // c.out has all that was written, c.n bytes
 *	fake_free(&c);
 */
#ifndef FAKE_CONN_H
#define FAKE_CONN_H

#include <sockeye/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/conn.h"
#include "service/service.h"

#define FAKE_PEER "('127.0.0.1', 54321)"

enum { FAKE_NOTE = 400, FAKE_SHOWN = 64 };

struct conn {
	const struct service *service;
	enum service_bad bad;
	bool datagram;
	size_t limit;                   /* bytes held unsent at most; of a datagram, the reply */
	size_t step;                    /* the most that is given at once, 0: any */
	bool finished;                  /* of a datagram: it is refused, which is no failure */
	bool full;                      /* this call got less than it asked for */
	int replies;                    /* of a datagram: 0 or 1 */
	char *out;                      /* all that was written; sent of it have left */
	size_t n, sent, size;
	char *given;                    /* by conn_room, and not yet committed */
	size_t given_n;
	char *in;                       /* what bytes() has not used */
	size_t in_n;
	int notes;
	char note[FAKE_NOTE + 1];       /* the last one */
	char shown[4 * FAKE_SHOWN + 8];
};

/* What a service must do or must not do. */
static inline void fake_must(bool claim, const char *what)
{
	if (claim)
		return;
	fprintf(stderr, "the contract is broken: %s\n", what);
	abort();
}

/* n bytes with nothing around them, a copy if there is something to copy. */
static inline char *fake_exact(const void *bytes, size_t n)
{
	char *copy = malloc(n ? n : 1);

	if (!copy)
		exit(1);
	*copy = '\0';
	if (n && bytes)
		memcpy(copy, bytes, n);
	return copy;
}

/* Whatever the service was given, it has no longer. */
static inline void fake_take_back(struct conn *c)
{
	free(c->given);
	c->given = NULL;
	c->given_n = 0;
}

static inline void fake_keep(struct conn *c, const void *bytes, size_t n)
{
	fake_must(!c->finished, "nothing is written behind the end");
	if (c->datagram)
		fake_must(!c->replies++, "a datagram has one reply");
	if (c->n + n > c->size) {
		c->size = 2 * c->size + n + 4096;
		c->out = realloc(c->out, c->size);
		if (!c->out)
			exit(1);
	}
	if (n)
		memcpy(c->out + c->n, bytes, n);
	c->n += n;
}

/* What may be written now, of so many bytes. */
static inline size_t fake_space(struct conn *c, size_t want)
{
	size_t most = c->limit - (c->datagram ? 0 : c->n - c->sent);

	most = c->step && c->step < most ? c->step : most;
	c->full |= want > most;
	return want < most ? want : most;
}

size_t conn_write(struct conn *c, const void *bytes, size_t n)
{
	size_t take = fake_space(c, n);

	fake_take_back(c);
	if (c->datagram && take < n)
		return 0;
	if (take || c->datagram)
		fake_keep(c, bytes, take);
	return take;
}

char *conn_room(struct conn *c, size_t want, size_t *room)
{
	fake_must(want > 0, "room is asked for something");
	fake_must(!c->finished, "no room is asked for behind the end");
	fake_take_back(c);
	*room = fake_space(c, want);
	if (!*room)
		return NULL;
	c->given = fake_exact(NULL, *room);
	c->given_n = *room;
	return c->given;
}

void conn_commit(struct conn *c, size_t n)
{
	fake_must(c->given && n && n <= c->given_n, "what was given is committed, once");
	fake_keep(c, c->given, n);
	fake_take_back(c);
}

void conn_finish(struct conn *c)
{
	fake_must(!c->finished, "a conversation is finished once");
	fake_must(!c->replies, "a datagram is answered or refused");
	c->finished = true;
}

uint64_t conn_written(const struct conn *c)
{
	fake_must(!c->datagram, "bytes written are a stream's");
	return c->n;
}

bool conn_is_datagram(const struct conn *c)
{
	return c->datagram;
}

enum service_bad conn_bad(const struct conn *c)
{
	return c->bad;
}

const char *conn_peer(struct conn *c)
{
	(void)c;
	return FAKE_PEER;
}

void conn_note(struct conn *c, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	int n = vsnprintf(c->note, sizeof c->note, format, list);
	va_end(list);
	fake_must(n > 0 && n <= FAKE_NOTE, "a note has at most 400 bytes");
	for (const char *s = c->note; *s; s++)
		fake_must(*s >= ' ' && *s <= '~', "a note is escaped");
	c->notes++;
}

const char *conn_repr(struct conn *c, const void *bytes, size_t n)
{
	sock_repr(c->shown, sizeof c->shown - 3, bytes, n < FAKE_SHOWN ? n : FAKE_SHOWN);
	if (n > FAKE_SHOWN)
		memcpy(c->shown + strlen(c->shown), "...", 4);
	return c->shown;
}

/* Everything written leaves, and the service may write again. */
static inline void fake_drain(struct conn *c)
{
	c->sent = c->n;
	if (c->service->more && !c->finished)
		c->service->more(c);
	fake_take_back(c);
}

static inline void fake_open(struct conn *c)
{
	if (c->service->opened)
		c->service->opened(c);
	if (c->service->more && !c->finished)
		c->service->more(c);
	fake_take_back(c);
}

/* One call of bytes(), with memory that is gone afterwards. Returns the bytes used. */
static inline size_t fake_offer(struct conn *c)
{
	char *in = fake_exact(c->in, c->in_n);

	c->full = false;
	size_t used = c->service->bytes(c, in, c->in_n);
	free(in);
	fake_take_back(c);
	fake_must(used <= c->in_n, "no more is used than there is");
	return used;
}

/* Offer what there is until all of it is used or more has to come. */
static inline void fake_turn(struct conn *c)
{
	while (c->in_n && !c->finished && c->service->bytes) {
		bool empty = c->sent == c->n;
		size_t used = fake_offer(c);

		memmove(c->in, c->in + used, c->in_n - used);
		c->in_n -= used;
		if (!c->full || (!used && empty && c->sent == c->n))
			return;
		fake_drain(c);
	}
	c->in_n = 0;
}

/* So many bytes come on a stream. */
static inline void fake_bring(struct conn *c, const void *bytes, size_t n)
{
	char *in = malloc(c->in_n + n + 1);

	if (!in)
		exit(1);
	if (c->in_n)
		memcpy(in, c->in, c->in_n);
	if (n)
		memcpy(in + c->in_n, bytes, n);
	free(c->in);
	c->in = in;
	c->in_n += n;
	fake_turn(c);
}

/* The peer of a stream finishes. */
static inline void fake_end(struct conn *c)
{
	fake_drain(c);
	if (!c->finished && c->service->ended) {
		char *left = c->in_n ? fake_exact(c->in, c->in_n) : NULL;

		c->sent = c->n;
		c->service->ended(c, left, c->in_n);
		free(left);
		fake_take_back(c);
	} else if (!c->finished) {
		conn_finish(c);
	}
	if (c->service->closed)
		c->service->closed(c);
	fake_must(c->finished, "a stream has an end");
}

/* One datagram comes. True if it is answered: c->n bytes at c->out. */
static inline bool fake_datagram(struct conn *c, const void *bytes, size_t n)
{
	char *in = fake_exact(bytes, n);

	c->datagram = true;
	c->n = c->sent = 0;
	c->replies = 0;
	c->finished = false;
	if (c->service->bytes)
		fake_must(c->service->bytes(c, in, n) <= n, "no more is used than there is");
	free(in);
	fake_take_back(c);
	return c->replies;
}

static inline void fake_free(struct conn *c)
{
	fake_take_back(c);
	free(c->out);
	free(c->in);
	*c = (struct conn){ .service = c->service, .bad = c->bad, .datagram = c->datagram,
		.limit = c->limit, .step = c->step };
}

#endif
