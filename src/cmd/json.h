/* SPDX-License-Identifier: MIT */
/*
 * Reports for programs: one object, one line of ASCII, in the caller's buffer.
 *
 *	char line[JSON_LINE];
 *	struct json j = json_begin(line, sizeof line);
 *
 *	json_text(&j, "event", "listening");
 *	json_number(&j, "pid", pid);
 *	out_data(line, json_end(&j));
 *
 * Whatever the text is, it stays inside its quotes and on its line: controls
 * and what is beyond ASCII are written \uXXXX, bytes that are no UTF-8 are
 * U+FFFD. Keys are the program's own words and stand as they are.
 */
#ifndef CMD_JSON_H
#define CMD_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/put.h"

enum { JSON_LINE = 4096 };

struct json {
	struct put put;
	bool begun;             /* there is a member before this one */
};

struct json json_begin(char *line, size_t room);

/* A member. At most JSON_TEXT_MOST bytes of a text are shown. */
enum { JSON_TEXT_MOST = 600 };
void json_text(struct json *j, const char *key, const char *text);
void json_number(struct json *j, const char *key, uint64_t value);
void json_signed(struct json *j, const char *key, int64_t value);
void json_bool(struct json *j, const char *key, bool value);
/* A length of time in seconds, to the millisecond: 12.345. */
void json_seconds(struct json *j, const char *key, int64_t ns);
/* The same to the microsecond, for what is short: 0.000123. */
void json_fine_seconds(struct json *j, const char *key, int64_t ns);
/* The time of day: "time":"2026-01-31T23:59:59.000Z". */
void json_time(struct json *j);

/* Close the object and end the line. Returns its length, or 0 when there was no room for it. */
size_t json_end(struct json *j);

#endif
