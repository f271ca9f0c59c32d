/* SPDX-License-Identifier: MIT */
/*
 * The engine's counters as text: for people those that are not zero, with
 * words; for programs all of them, always, so that a key can be relied on.
 */
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "json.h"
#include "serve.h"

#define ROW(name, about) { #name, about, offsetof(struct engine_stats, name) },

static const struct row {
	const char *name, *about;
	size_t at;
} rows[] = { ENGINE_STATISTICS(ROW, ROW) };

enum { ROWS = sizeof rows / sizeof *rows };

static uint64_t counter(const struct engine_stats *stats, const struct row *row)
{
	uint64_t value;

	memcpy(&value, (const char *)stats + row->at, sizeof value);
	return value;
}

/* How wide the columns must be. */
static void measure(const struct engine_stats *stats, int *names, int *values)
{
	uint64_t largest = 0;

	*names = 0;
	for (int i = 0; i < ROWS; i++) {
		uint64_t value = counter(stats, &rows[i]);
		int n = (int)strlen(rows[i].name);

		*names = value && n > *names ? n : *names;
		largest = value > largest ? value : largest;
	}
	*values = snprintf(NULL, 0, "%llu", (unsigned long long)largest);
}

size_t serve_stats_table(char *out, size_t room, const struct engine_stats *stats)
{
	struct put p = put_into(out, room);
	int names, values;
	char line[160];

	measure(stats, &names, &values);
	snprintf(line, sizeof line, "after %lld.%03d s: %s, %d worker%s\n",
	         (long long)(stats->uptime / CLOCK_SEC),
	         (int)(stats->uptime % CLOCK_SEC / CLOCK_MS),
	         stats->engine, stats->workers, stats->workers == 1 ? "" : "s");
	put_text(&p, line);
	for (int i = 0; i < ROWS; i++) {
		uint64_t value = counter(stats, &rows[i]);

		snprintf(line, sizeof line, "  %-*s  %*llu  %s\n", names, rows[i].name, values,
		         (unsigned long long)value, rows[i].about);
		if (value)
			put_text(&p, line);
	}
	return p.n;
}

size_t serve_stats_json(char *out, size_t room, const struct engine_stats *stats)
{
	struct json j = json_begin(out, room);

	json_time(&j);
	json_text(&j, "event", "statistics");
	json_text(&j, "engine", stats->engine);
	json_signed(&j, "workers", stats->workers);
	json_seconds(&j, "uptime", stats->uptime);
	for (int i = 0; i < ROWS; i++)
		json_number(&j, rows[i].name, counter(stats, &rows[i]));
	return json_end(&j);
}
