/* SPDX-License-Identifier: MIT */
/*
 * The engine: services at addresses, one loop per worker, on io_uring or
 * epoll. What to do is one plan; engine_run returns when it is done.
 *
 *	struct engine_group group = { .service = service_find("echo"), .where = where, .wheres = 1 };
 *	struct engine_plan plan = { .groups = &group, .count = 1, .say = say };
 *	char why[ENGINE_WHY];
 *
 *	return engine_run(&plan, why);
 *
 * Everything in a plan belongs to the caller and must stay until the return.
 * Zero means the default. Times are ns, sizes bytes.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "conn.h"

enum { ENGINE_WHY = 512, ENGINE_WORKERS_MOST = 256, ENGINE_GROUPS_MOST = 64, ENGINE_WHERES_MOST = 256 };

enum engine_kind { ENGINE_BEST, ENGINE_EPOLL, ENGINE_URING };

/* A network: the first bits of an address. IPv4 stands as ::ffff:a.b.c.d, so bits are 96 to 128. */
struct engine_net {
	uint8_t bytes[16];
	int bits;
};

/* One service, and where and how it is served. */
struct engine_group {
	const struct service *service;
	const char *const *where;       /* addresses as strings */
	int wheres;
	const char *options;            /* for the listeners, "rcvbuf=64k,mark=3", inherited by connections; or NULL */
	const char *congestion;         /* or NULL: cubic for peers on loopback, else the system's */
	const struct engine_net *allow, *deny;  /* deny wins; with an allow list all others are denied */
	int allows, denies;
	int64_t idle;                   /* a connection may move nothing for so long; default 1 h, <0 for ever */
	uint64_t buffer;                /* unsent bytes held for a connection before reading stops; default 64 KiB */
	uint64_t rate;                  /* bytes a second of a connection, or of one network's datagrams; 0 any */
	int backlog;                    /* default 4096 */
	int max_per_source;             /* connections of one address; default 1000, <0 any; loopback is free */
	enum service_bad bad;
};

/* Counters of everything, summed over the workers. */
struct engine_stats {
	int64_t uptime;                 /* ns */
	int workers;
	const char *engine;             /* "io_uring" or "epoll" */
	uint64_t clients, clients_most; /* connected now, allowed */
	uint64_t accepted, closed;
	uint64_t refused_full, refused_source, refused_denied; /* connections turned away, by reason */
	uint64_t accept_errors, accept_pauses;
	uint64_t resets, idled, lingered, cut;  /* ended by reset, --idle, no FIN in time, the drain's end */
	uint64_t bytes_in, bytes_out;
	uint64_t stalls;                /* times a connection was not read because it did not take its replies */
	uint64_t held, held_most;       /* bytes in user memory for slow readers: now, at most */
	uint64_t starved;               /* times the buffer ring ran empty */
	uint64_t datagrams_in, datagrams_out;
	uint64_t datagrams_denied, datagrams_guarded, datagrams_paced; /* not answered: --deny, guards, rates */
	uint64_t replies_too_long, replies_dropped, truncated, kernel_drops;
	uint64_t listen_overflows;      /* of the whole machine since the start, from /proc/net/netstat */
	uint64_t notes_dropped;         /* lines that could not be written in time */
};

/* What is told while it runs, from the thread that called engine_run. */
enum engine_level { ENGINE_ERROR, ENGINE_WARN, ENGINE_NOTE, ENGINE_COME_AND_GO, ENGINE_DETAIL };

struct engine_plan {
	const struct engine_group *groups;
	int count;
	int workers;                    /* default: one for each core that we may run on */
	enum engine_kind engine;        /* a forced one that is not to be had fails with EPERM or ENOSYS */
	int max_clients;                /* default and most: what descriptors allow */
	bool refuse;                    /* close callers beyond max_clients at once instead of letting them wait */
	int64_t drain;                  /* how long clients may finish after TERM or INT; default 10 s, <0 not at all */
	int64_t spin;                   /* poll in vain for so long before sleeping; default 0 */
	enum engine_level level;        /* lines beyond this are not made */
	void *context;                  /* handed to the functions below */

	/* A listener is open at its real address. Called for all of them before the first client is served. */
	void (*listening)(void *context, const char *where, const struct service *service);
	/* All are open. */
	void (*ready)(void *context);
	/* A line, without newline and free of control characters. */
	void (*say)(void *context, enum engine_level level, const char *line);
	/* A drain begins: callers are taken no more. */
	void (*draining)(void *context);
	/* USR1, or the end. */
	void (*report)(void *context, const struct engine_stats *stats, bool last);
};

/*
 * Serve until TERM or INT. Blocks the signals TERM, INT, USR1, PIPE and ALRM in the
 * calling thread for as long as it runs. Returns 0 after a drain in which all
 * clients finished, 128 + the signal when some were cut off, or the exit code
 * of a failure with the sentence in why.
 */
int engine_run(const struct engine_plan *plan, char why[ENGINE_WHY]);

/* Can this kind be had here? 0, or a negative errno with the reason in why. */
int engine_probe(enum engine_kind kind, char why[ENGINE_WHY]);

#endif
