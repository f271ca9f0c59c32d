/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the verb serve share: the plan in the making, from the
 * command line (serve-plan.c) by way of the engine to the operator
 * (serve-report.c). The options themselves stand in serve.c.
 */
#ifndef CMD_SERVE_H
#define CMD_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../engine/engine.h"
#include "address.h"
#include "option.h"
#include "sockopt.h"

enum {
	SERVE_NETS_MOST = 256,          /* of a group, for --allow and for --deny */
	SERVE_PLACE_ROOM = 352          /* a scheme, and a HOST:PORT that was accepted */
};

/* Records of the options: see OPTION_RECORDS. */
enum { SERVE_WHOLE, SERVE_GROUP };

struct serve_group {
	struct engine_group is;         /* its pointers are filled in at the end */
	struct engine_net allow[SERVE_NETS_MOST], deny[SERVE_NETS_MOST];
	char options[SOCKOPT_ROOM];
};

/* An address that is served. */
struct serve_place {
	int group;                      /* whose */
	const char *text;               /* as it was written, or made */
	char made[SERVE_PLACE_ROOM];
	struct address is;
};

/* A megabyte, and what is not used of it is never touched. */
struct serve {
	const struct verb *verb;
	struct engine_plan plan;
	struct serve_group common;      /* the options before the first service */
	struct serve_group group[ENGINE_GROUPS_MOST];
	struct engine_group final[ENGINE_GROUPS_MOST];
	struct serve_place place[ENGINE_WHERES_MOST];
	const char *where[ENGINE_WHERES_MOST];  /* the places' texts, group by group, in the end */
	int groups, places;
	int ready_fd;                   /* -1 none */
	int verbosity;                  /* -v adds, -q takes away */
	bool json;

	/* While it runs. */
	int broken;                     /* stdout or the ready descriptor took nothing: errno */
	const char *broken_at;          /* which of them */
	bool announced;                 /* the service manager believes that we are ready */
	uint64_t lost;                  /* lines that stderr did not take */
};

/* -- serve-plan.c -------------------------------------------------------------- */

/* Read the command line and make the plan. Returns OPTION_GO, or the exit code. Opens nothing. */
int serve_plan(struct serve *s, int argc, char **argv);

/* -- serve-place.c -------------------------------------------------------------- */

/* Serve a group at an address as it was written. 0 or CODE_USAGE, told. */
int serve_place_add(struct serve *s, int group, const char *text);

/* Give the other groups theirs: inherited sockets, or loopback. 0 or CODE_USAGE, told. */
int serve_place_rest(struct serve *s);

/* -- serve-take.c: options whose values are more than a number ------------------ */

const char *serve_take_option(void *group, const char *value, char why[OPTION_WHY]);
const char *serve_take_allow(void *group, const char *value, char why[OPTION_WHY]);
const char *serve_take_deny(void *group, const char *value, char why[OPTION_WHY]);
const char *serve_take_ready_fd(void *serve, const char *value, char why[OPTION_WHY]);

/* -- serve-report.c ---------------------------------------------------------------- */

/* Set the plan's functions, and how much is said. */
void serve_report_begin(struct serve *s);

/* It has ended: tell the service manager and, of a failure, the operator. Returns the exit code. */
int serve_report_end(struct serve *s, int code, const char *why);

/* -- serve-stats.c ----------------------------------------------------------------- */

/* The counters as a table for people, and as a line of JSON. Return the length. */
size_t serve_stats_table(char *out, size_t room, const struct engine_stats *stats);
size_t serve_stats_json(char *out, size_t room, const struct engine_stats *stats);

#endif
