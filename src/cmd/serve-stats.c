/* SPDX-License-Identifier: MIT */
/*
 * The engine's counters as text. One table names them: for people those that
 * are not zero, with words; for programs all of them, always, so that a key can
 * be relied on.
 */
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "json.h"
#include "serve.h"

#define ROW(name, about) { #name, about, offsetof(struct engine_stats, name) }

static const struct row {
	const char *name, *about;
	size_t at;
} rows[] = {
	ROW(clients, "connected now"),
	ROW(clients_most, "allowed at once"),
	ROW(accepted, "connections taken"),
	ROW(closed, "connections ended"),
	ROW(refused_full, "turned away: all places taken"),
	ROW(refused_source, "turned away: too many from one address"),
	ROW(refused_denied, "turned away: not allowed"),
	ROW(accept_errors, "connections that failed before they were taken"),
	ROW(accept_pauses, "rests for lack of a free place, descriptors or memory"),
	ROW(resets, "connections ended by a reset"),
	ROW(idled, "connections closed for moving nothing"),
	ROW(lingered, "connections closed without the peer's end in time"),
	ROW(cut, "connections cut off when the time to drain was over"),
	ROW(bytes_in, "bytes received"),
	ROW(bytes_out, "bytes sent"),
	ROW(stalls, "waits for a peer that did not take its replies"),
	ROW(held, "bytes held for slow readers now"),
	ROW(held_most, "bytes held for slow readers at most"),
	ROW(starved, "times without a free buffer"),
	ROW(datagrams_in, "datagrams received"),
	ROW(datagrams_out, "datagrams sent"),
	ROW(datagrams_denied, "unanswered: not allowed"),
	ROW(datagrams_guarded, "unanswered: it could have begun a loop"),
	ROW(datagrams_paced, "unanswered: too many from one network"),
	ROW(replies_too_long, "replies longer than a datagram"),
	ROW(replies_dropped, "replies that the system did not take"),
	ROW(truncated, "datagrams that came cut short"),
	ROW(kernel_drops, "datagrams lost before they were read"),
	ROW(listen_overflows, "callers lost to a full queue, of the whole machine"),
	ROW(notes_dropped, "lines of the log left out"),
};

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
