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

enum {
	ENGINE_BACKLOG = 4096,                          /* callers that may wait to be taken */
	ENGINE_DATAGRAM_BUFFER = 4 * 1024 * 1024        /* asked for, each way, for a burst of datagrams */
};

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
	int backlog;                    /* default ENGINE_BACKLOG */
	int max_per_source;             /* connections of one address; default 1000, <0 any; loopback is free */
	enum service_bad bad;
};

/*
 * What is counted, by name and in words: by each worker for itself and then
 * added up, or once for the whole engine. Callers lost to a full queue are told
 * by the system, for the whole machine, from the start of the engine on.
 */
#define ENGINE_STATISTICS(of_worker, of_engine) \
	of_engine(clients, "connected now") \
	of_engine(clients_most, "allowed at once") \
	of_worker(accepted, "connections taken") \
	of_worker(closed, "connections ended") \
	of_worker(refused_full, "turned away: all places taken") \
	of_worker(refused_source, "turned away: too many from one address") \
	of_worker(refused_denied, "turned away: not allowed") \
	of_worker(accept_errors, "connections that failed before they were taken") \
	of_worker(accept_pauses, "rests for lack of a free place, descriptors or memory") \
	of_worker(resets, "connections ended by a reset") \
	of_worker(idled, "connections closed for moving nothing") \
	of_worker(lingered, "connections closed without the peer's end in time") \
	of_worker(cut, "connections cut off when the time to drain was over") \
	of_worker(bytes_in, "bytes received") \
	of_worker(bytes_out, "bytes sent") \
	of_worker(stalls, "waits for a peer that did not take its replies") \
	of_engine(held, "bytes held for slow readers now") \
	of_engine(held_most, "bytes held for slow readers at most") \
	of_worker(starved, "times without a free buffer") \
	of_worker(datagrams_in, "datagrams received") \
	of_worker(datagrams_out, "datagrams sent") \
	of_worker(datagrams_denied, "unanswered: not allowed") \
	of_worker(datagrams_guarded, "unanswered: it could have begun a loop") \
	of_worker(datagrams_paced, "unanswered: too many from one network") \
	of_worker(replies_too_long, "replies longer than a datagram") \
	of_worker(replies_dropped, "replies that the system did not take") \
	of_worker(truncated, "datagrams that came cut short") \
	of_engine(kernel_drops, "datagrams lost before they were read") \
	of_engine(listen_overflows, "callers lost to a full queue, of the whole machine") \
	of_engine(notes_dropped, "lines of the log left out")

#define ENGINE_STATISTIC(name, about) uint64_t name;

struct engine_stats {
	int64_t uptime;                 /* ns */
	int workers;
	const char *engine;             /* "io_uring" or "epoll" */
	ENGINE_STATISTICS(ENGINE_STATISTIC, ENGINE_STATISTIC)
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

/*
 * How many clients the descriptors of this process allow (RLIMIT_NOFILE, its
 * hard limit) to a plan with so many addresses and the default of workers. 0:
 * too few to serve at all.
 */
int engine_clients(int addresses);

#endif
