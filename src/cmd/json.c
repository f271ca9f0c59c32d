/* SPDX-License-Identifier: MIT */
/*
 * A writer of flat JSON objects. The records of traces have a writer of their
 * own, for it must work in signal handlers and know bytes from text: eye/json.c.
 */
#include "json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../base/clock.h"
#include "../base/jsontext.h"

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
	put_text(&j->put, "\"");
	jsontext_put_all(&j->put, text, strnlen(text, JSON_TEXT_MOST));
	put_text(&j->put, "\"");
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

void json_fine_seconds(struct json *j, const char *key, int64_t ns)
{
	char text[32];

	snprintf(text, sizeof text, "%lld.%06d", (long long)(ns / CLOCK_SEC), (int)(ns % CLOCK_SEC / 1000));
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
