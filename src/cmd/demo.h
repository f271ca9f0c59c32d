/* SPDX-License-Identifier: MIT */
/*
 * The verb demo: the lectures' conversations, run for real and drawn as trace
 * draws. Its command line is demo.c; one conversation is demo-play.c, a report
 * on three of them demo-report.c.
 */
#ifndef CMD_DEMO_H
#define CMD_DEMO_H

#include <stdbool.h>

#include "trace.h"
#include "verb.h"

/* Two programs that talk, and where their server waits. */
struct conversation {
	const char *name, *about;       /* "udp-echo"; one line */
	const char *shows;              /* what there is to see */
	const char *server, *client;    /* names of the programs */
	const char *host;               /* NULL: this machine's own name */
	int port, type;
	const char *typed;              /* to the client; or NULL */
	const char *own_server, *own_client;    /* the lecture's own names of them, in Python; or NULL */
	int task;                       /* of the lab; 0: of none */
};

/* In the order in which they are played; a name of NULL ends them. */
extern const struct conversation conversations[];

/* NULL: there is none. */
const struct conversation *conversation_find(const char *name);

struct demo {
	const struct verb *verb;
	const struct conversation *chosen;      /* NULL: all */
	const char *server, *client;            /* programs of the user's own, or NULL */
	const char *python;                     /* a folder with Python programs for both; or NULL */
	const char *report, *owner;             /* a folder, and by whom it is; or NULL */
	bool list, bare;                        /* bare: no notes */
	struct trace trace;                     /* how it is drawn */
};

/* A failure in two lines, unless next is NULL. Returns CODE_NETWORK. */
int demo_fail(const struct demo *d, const char *next, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Make the folder of a report. Returns the exit code. */
int demo_report(const struct demo *d);

#endif
