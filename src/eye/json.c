/* SPDX-License-Identifier: MIT */
/*
 * One event record as one line of JSON. It may run inside a signal handler, so
 * it uses base/put.h and nothing that allocates or locks. The recorder that
 * writes the lines is record.c; the keys are told in json.h.
 */
#include "json.h"

#include <string.h>
#include <sys/socket.h>

#include "../base/addrtext.h"
#include "../base/jsontext.h"
#include "names.h"

/* Every key but the first comes with the comma before it. */
static void put_key(struct put *p, const char *key)
{
	put_text(p, ",\"");
	put_text(p, key);
	put_text(p, "\":");
}

static void put_word(struct put *p, const char *key, const char *word)
{
	put_key(p, key);
	put_text(p, "\"");
	put_text(p, word);
	put_text(p, "\"");
}

static void put_count(struct put *p, const char *key, uint64_t value)
{
	put_key(p, key);
	put_number(p, value);
}

static void put_int(struct put *p, const char *key, int64_t value)
{
	put_key(p, key);
	put_signed(p, value);
}

/* Text that a stranger may have chosen. */
static void put_string(struct put *p, const char *key, const char *s, size_t n)
{
	put_key(p, key);
	put_text(p, "\"");
	jsontext_put_all(p, s, n);
	put_text(p, "\"");
}

static void put_name(struct put *p, const char *key, const struct names *list, int number)
{
	const char *text = names_text(list, number);

	if (!number)
		return;
	if (text)
		put_word(p, key, text);
	else
		put_int(p, key, number);
}

/* The record's bytes have no alignment; a system address needs one. */
static void put_addr(struct put *p, const char *key, const struct event_addr *a, const struct event *e)
{
	struct sockaddr_storage aligned = { 0 };
	char text[ADDRTEXT_ROOM];
	size_t len = a->len < sizeof a->bytes ? a->len : sizeof a->bytes;

	if (!len)
		return;
	memcpy(&aligned, a->bytes, len);
	size_t n = addrtext_print(text, sizeof text, (struct sockaddr *)&aligned,
	                          (socklen_t)len, e->type, e->proto);
	put_string(p, key, text, n);
}

static void put_error(struct put *p, int error)
{
	const char *name = strerrorname_np(error);

	if (!error)
		return;
	if (name)
		put_word(p, "error", name);
	else
		put_int(p, "error", error);
}

/* Each byte as the character with its number; most payloads are long runs that need no escape. */
static void put_latin(struct put *p, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t from = i;

		while (i < n && b[i] >= 0x20 && b[i] < 0x7f && b[i] != '"' && b[i] != '\\')
			i++;
		put_bytes(p, b + from, i - from);
		if (i < n)
			jsontext_put(p, (unsigned char)b[i]);
	}
}

static void put_data(struct put *p, const struct event *e, size_t n)
{
	if (n > e->moved)
		n = e->moved;
	if (!n || !e->iov)
		return;
	put_key(p, "data");
	put_text(p, "\"");
	for (int i = 0; i < e->iovs && n; i++) {
		size_t part = e->iov[i].iov_len < n ? e->iov[i].iov_len : n;

		if (part && !e->iov[i].iov_base)
			break;
		put_latin(p, e->iov[i].iov_base, part);
		n -= part;
	}
	put_text(p, "\"");
}

static void put_head(struct put *p, const struct event *e)
{
	put_text(p, "{\"time\":");
	put_signed(p, e->time);
	put_int(p, "pid", e->pid);
	put_int(p, "tid", e->tid);
	put_string(p, "program", e->program, strnlen(e->program, sizeof e->program));
	put_word(p, "call", event_call_name(e->call));
	put_word(p, "phase", e->phase == EVENT_ENTER ? "enter" : "return");
	put_int(p, "fd", e->fd);
	if (e->other >= 0)
		put_int(p, "other", e->other);
}

static void put_who(struct put *p, const struct event *e)
{
	put_name(p, "family", names_families, e->family);
	put_name(p, "type", names_types, e->type);
	if (e->proto)
		put_int(p, "proto", e->proto);
	put_addr(p, "local", &e->local, e);
	put_addr(p, "peer", &e->peer, e);
}

static void put_what(struct put *p, const struct event *e, size_t payload)
{
	put_count(p, "offset", e->offset);
	put_count(p, "asked", e->asked);
	put_count(p, "moved", e->moved);
	if (e->whole != e->moved)
		put_count(p, "whole", e->whole);
	put_error(p, e->error);
	put_int(p, "took", e->took);
	if (e->hash) {
		put_key(p, "hash");
		put_text(p, "\"");
		put_hex(p, e->hash, 16);
		put_text(p, "\"");
	}
	put_data(p, e, payload);
	if (e->text)
		put_string(p, "text", e->text, strnlen(e->text, JSON_TEXT));
}

static void put_rest(struct put *p, const struct event *e, uint64_t lost)
{
	if (e->index || e->call == EVENT_SENDMMSG || e->call == EVENT_RECVMMSG)
		put_count(p, "index", e->index);
	put_key(p, "arg");
	for (int i = 0; i < 3; i++) {
		put_text(p, i ? "," : "[");
		put_signed(p, e->arg[i]);
	}
	put_text(p, "]");
	if (e->cookie)
		put_count(p, "cookie", e->cookie);
	if (lost)
		put_count(p, "lost", lost);
	put_text(p, "}\n");
}

size_t json_event(char *out, size_t room, const struct event *e, size_t payload, uint64_t lost)
{
	struct put p = put_into(out, room);

	put_head(&p, e);
	put_who(&p, e);
	put_what(&p, e, payload);
	put_rest(&p, e, lost);
	return p.full ? 0 : p.n;
}
