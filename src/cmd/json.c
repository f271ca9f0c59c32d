/* SPDX-License-Identifier: MIT */
/*
 * A writer of flat JSON objects. Text may come from strangers: what could leave
 * its quotes, end a line or command a terminal is escaped. The records of
 * traces have a writer of their own, for it must work in signal handlers and
 * know bytes from text: eye/json.c.
 */
#include "json.h"

#include <stdio.h>
#include <time.h>

#include "../base/clock.h"
#include "../base/utf8.h"

static void unit(struct put *p, uint32_t value)
{
	put_text(p, "\\u");
	put_hex(p, value, 4);
}

static void character(struct put *p, uint32_t point)
{
	char plain = (char)point;

	if (point == '"' || point == '\\')
		put_text(p, "\\");
	if (point >= 0x20 && point < 0x7f)
		put_bytes(p, &plain, 1);
	else if (point == '\n')
		put_text(p, "\\n");
	else if (point <= 0xffff)
		unit(p, point);
	else {
		unit(p, 0xd7c0 + (point >> 10));
		unit(p, 0xdc00 + (point & 0x3ff));
	}
}

static void string(struct put *p, const char *text)
{
	size_t n = strnlen(text, JSON_TEXT_MOST);

	put_text(p, "\"");
	while (n) {
		uint32_t point = 0xfffd;
		int len = utf8_next(text, n, &point);
		size_t step = len ? (size_t)len : 1;

		character(p, point);
		text += step;
		n -= step;
	}
	put_text(p, "\"");
}

static void member(struct json *j, const char *key)
{
	put_text(&j->put, j->begun ? ",\"" : "\"");
	put_text(&j->put, key);
	put_text(&j->put, "\":");
	j->begun = true;
}

struct json json_begin(char *line, size_t room)
{
	struct json j = { .put = put_into(line, room) };

	put_text(&j.put, "{");
	return j;
}

void json_text(struct json *j, const char *key, const char *text)
{
	member(j, key);
	string(&j->put, text);
}

void json_number(struct json *j, const char *key, uint64_t value)
{
	member(j, key);
	put_number(&j->put, value);
}

void json_signed(struct json *j, const char *key, int64_t value)
{
	member(j, key);
	put_signed(&j->put, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	member(j, key);
	put_text(&j->put, value ? "true" : "false");
}

void json_seconds(struct json *j, const char *key, int64_t ns)
{
	char text[32];

	snprintf(text, sizeof text, "%lld.%03d", (long long)(ns / CLOCK_SEC),
	         (int)(ns % CLOCK_SEC / CLOCK_MS));
	member(j, key);
	put_text(&j->put, text);
}

void json_time(struct json *j)
{
	char text[80];
	struct timespec now;
	struct tm t;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!gmtime_r(&now.tv_sec, &t))
		return;
	snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", 1900 + t.tm_year,
	         1 + t.tm_mon, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
	         (int)(now.tv_nsec / CLOCK_MS));
	json_text(j, "time", text);
}

size_t json_end(struct json *j)
{
	put_text(&j->put, "}\n");
	return j->put.full ? 0 : j->put.n;
}
