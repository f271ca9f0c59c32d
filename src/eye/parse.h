/* SPDX-License-Identifier: MIT */
/*
 * JSON (RFC 8259) from the left to the right. Each function takes what it is
 * named for and returns whether it was there; at a fault the place stays near
 * it, and nothing more should be asked.
 *
 *	struct parse p = { .at = line, .end = line + n, .word = buffer, .room = n + 1 };
 *
 *	parse_sign(&p, '[') && parse_integer(&p, 0, 9, &value) && parse_sign(&p, ']')
 */
#ifndef EYE_PARSE_H
#define EYE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/put.h"

struct parse {
	const char *at, *end;
	char *word;             /* where strings go that are taken as words */
	size_t room;            /* of word and of each other buffer: longer than the text */
};

/* Takes a string's next character: printable ASCII as itself. False: it must not be there. */
typedef bool parse_put_fn(struct put *p, uint32_t point);

/* As UTF-8; the same without NUL, for U+FFFD takes its place; as the byte with its number. */
bool parse_utf8(struct put *p, uint32_t point);
bool parse_text(struct put *p, uint32_t point);
bool parse_byte(struct put *p, uint32_t point);

/* One character as it is; any space; one sign with the space around it. */
bool parse_is(struct parse *l, char c);
void parse_space(struct parse *l);
bool parse_sign(struct parse *l, char c);

/* These letters. */
bool parse_literal(struct parse *l, const char *word);

/* A string of n characters into a buffer of the same room, with a NUL behind it. */
bool parse_string(struct parse *l, char *to, size_t *n, parse_put_fn *put);

/* Four hexadecimal digits. */
bool parse_hex4(struct parse *l, uint32_t *value);

/* A whole number between least and most, below 0 in two's complement. */
bool parse_integer(struct parse *l, int64_t least, uint64_t most, uint64_t *value);

/* Any value. */
bool parse_skip(struct parse *l);

#endif
