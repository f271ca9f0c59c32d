/* SPDX-License-Identifier: MIT */
/*
 * Any bytes must be refused at a place within them, or become a record; and the
 * line that is written of such a record must be read again as the same record,
 * so that a second line is the first one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eye/args.h"
#include "eye/json.h"
#include "eye/order.h"
#include "eye/read.h"

enum { PAYLOAD = 4096 };

static void hold(int claim)
{
	if (!claim)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char first[JSON_ROOM(PAYLOAD)], second[JSON_ROOM(PAYLOAD)], text[ARGS_ROOM];
	struct read *r = read_new();
	struct event e;
	size_t at;

	if (!r)
		return 0;
	struct event times;
	bool timed = !read_times(r, (const char *)data, n, &times);
	int err = read_event(r, (const char *)data, n, &e, &at);
	hold(err <= 0 && (!err || at <= n));
	hold(err || (timed && order_time(&times) == order_time(&e)));
	/* A longer text is cut, perhaps within a letter. */
	if (!err && (!e.text || strlen(e.text) < JSON_TEXT - 6)) {
		args_text(text, sizeof text, &e, n % 2);
		args_result(text, sizeof text, &e);
		size_t len = json_event(first, sizeof first, &e, PAYLOAD, 0);
		hold(len > 0 && !read_event(r, first, len, &e, &at));
		hold(json_event(second, sizeof second, &e, PAYLOAD, 0) == len);
		hold(!memcmp(first, second, len));
	}
	read_free(r);
	return 0;
}
