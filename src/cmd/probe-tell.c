/* SPDX-License-Identifier: MIT */
/*
 * A line for each address and port. Lines that come together leave together:
 * sixty-five thousand of them must not cost as many system calls.
 */
#include "probe-tell.h"

#include <sockeye/addr.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "json.h"
#include "out.h"
#include "visible.h"

enum { SHOWN = VISIBLE_ROOM(PROBE_WHERE) };

/* A line of its own length, whole or not at all. */
static int add(struct probe_teller *t, const char *line, size_t n)
{
	int err = sizeof t->lines - t->n < n ? probe_tell_flush(t) : 0;

	memcpy(t->lines + t->n, line, n);
	t->n += n;
	return err;
}

int probe_tell_flush(void *teller)
{
	struct probe_teller *t = teller;
	int err = t->n ? out_data(t->lines, t->n) : 0;

	t->n = 0;
	t->deaf = err < 0;
	return err;
}

/* A host name has no controls, but may have bytes that are no text. */
static const char *shown(char out[SHOWN + 1], const char *where)
{
	struct visible v = { .n = 0 };
	size_t n = visible_piece(&v, out, where, strlen(where));

	n += visible_end(&v, out + n);
	out[n] = '\0';
	return out;
}

static int tell_text(struct probe_teller *t, const char *indent, const char *where,
                     const struct probe_answer *a)
{
	char line[OUT_LINE], place[SHOWN + 1], took[48] = "";

	if (t->verbosity > 0)
		snprintf(took, sizeof took, " (%.3f ms)", (double)a->took / CLOCK_MS);
	int n = snprintf(line, sizeof line, "%s%s %s%s%s%s\n", indent, shown(place, where),
	                 probe_state_word(a->state), *a->reason ? ": " : "", a->reason, took);
	return n < (int)sizeof line ? add(t, line, (size_t)n) : 0;
}

/* An address of a name has its name with it. */
static int tell_json(struct probe_teller *t, const char *name, const char *where,
                     const struct probe_answer *a)
{
	char line[JSON_LINE];
	struct json j = json_begin(line, sizeof line);

	json_text(&j, "event", name ? "try" : "probe");
	json_text(&j, "address", where);
	if (name)
		json_text(&j, "of", name);
	json_text(&j, "state", probe_state_word(a->state));
	json_text(&j, "reason", *a->reason ? a->reason : "connected");
	json_fine_seconds(&j, "seconds", a->took);
	json_number(&j, "code", (uint64_t)a->code);
	return add(t, line, json_end(&j));
}

static int tell_each(struct probe_teller *t, const struct probe_result *r, const char *name)
{
	int err = 0;

	for (int i = 0; r->each && i < r->target->n && !err; i++) {
		struct sock_addr addr = r->target->list[i];

		sock_addr_set_port(&addr, r->port);
		struct sock_text text = sock_addr_text(&addr);
		err = t->json ? tell_json(t, name, text.s, &r->each[i]) :
		      tell_text(t, "  ", text.s, &r->each[i]);
	}
	return err;
}

int probe_tell(void *teller, const struct probe_result *r)
{
	struct probe_teller *t = teller;
	char where[PROBE_WHERE];
	int err;

	if (r->answer.code > t->code)
		t->code = r->answer.code;
	if (t->verbosity < 0)
		return 0;
	probe_target_where(r->target, r->port, where);
	err = t->json ? tell_json(t, NULL, where, &r->answer) : tell_text(t, "", where, &r->answer);
	return err ? err : tell_each(t, r, where);
}
