/* SPDX-License-Identifier: MIT */
/*
 * What the engine is made of, in one sitting.
 *
 * A loop is a worker: one thread that shares nothing on its way. It has a port
 * for each listener, and conns. It works in rounds: a back end waits, hands
 * over what has come, the service writes replies, and they leave. Memory of a
 * round (input buffers, replies in the making) is good until its replies have
 * been offered to the kernel; what the kernel does not take then moves into
 * heap memory of its exact size and the conn is stalled: not read, and its
 * service not called, until the peer takes its replies. So an idle conn holds
 * its record and nothing else.
 */
#ifndef ENGINE_CORE_H
#define ENGINE_CORE_H

#include <sockeye.h>
#include <sockeye/many.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"

enum {
	CORE_INPUT = 16 * 1024,         /* bytes of an input buffer: the largest common message, whole */
	CORE_TIGHT = 8 * 1024,          /* the most that is read at once while too much is held */
	CORE_HEADROOM = 64,             /* in front of it, for the start of a character cut before */
	CORE_SCRATCH = 256 * 1024,      /* the most that is read at once */
	CORE_ROUND = 1024 * 1024,       /* memory for the replies of one round */
	CORE_HELD = 32 * 1024 * 1024,   /* held for slow readers by all workers, beyond which reads are small */
	CORE_LINGER_MS = 10 * 1000      /* for the peer's end after ours */
};

/* Bytes on their way out of a conn. */
struct piece {
	struct piece *next;             /* a ring: conn.out is the last one, its next the first */
	const char *data;
	uint32_t n;
	bool heap;                      /* allocated with its bytes behind it; else of the round */
};

/* Bytes that came and were not used. */
struct rest {
	uint32_t n, room;
	char bytes[];
};

/* A connection: 64 bytes, and nothing else while it is idle. */
struct conn {
	int32_t fd;
	uint16_t is;                    /* CONN_* */
	uint8_t grown : 7;              /* reads are CORE_INPUT << grown */
	bool bulk : 1;                  /* io_uring: the receive under way is one in bulk */
	bool hung;                      /* epoll: read on until there is nothing; io_uring: all is called off */
	struct port *port;              /* where it came in; NULL: the record is free */
	struct piece *out;
	struct rest *in;                /* of a free record: the next one */
	uint64_t got, sent;             /* bytes, by the service's count */
	uint32_t since, active;         /* ticks in ms: connected, last moved bytes */
	uint32_t debt;                  /* bytes moved and not yet paid at --rate */
	uint32_t source;                /* counted at this place; 0: not */
};

_Static_assert(sizeof(struct conn) == 64, "an idle connection costs 64 bytes");

enum {
	CONN_DATAGRAM = 0x1,            /* stands for one datagram */
	CONN_STALLED = 0x2,             /* its output waits in heap memory */
	CONN_ENDED = 0x4,               /* the peer has finished */
	CONN_TOLD = 0x8,                /* and the service knows */
	CONN_FINISHED = 0x10,           /* the service has finished */
	CONN_SHUT = 0x20,               /* and so does the peer know: lingering */
	CONN_DEAD = 0x40,               /* to be closed when the kernel has let go */
	CONN_THROTTLED = 0x80,          /* waits for --rate */
	CONN_QUEUED = 0x100,            /* in loop.later */

	/* epoll's own */
	CONN_READY = 0x200,             /* there may be more to read */
	CONN_WANTS_OUT = 0x400,         /* EPOLLOUT is asked for */

	/* io_uring's own, in the same place but for what stream.c must know */
	CONN_RECEIVING = 0x200,         /* a receive is under way */
	CONN_MULTI = 0x400,             /* which goes on by itself */
	CONN_CANCELLING = 0x800,        /* which is being called off */
	CONN_STARVED = 0x1000,          /* one is wanted, but there was no buffer */
	CONN_DIRTY = 0x2000,            /* output of this round waits to be offered */
	CONN_SENDING = 0x4000,          /* an offer is under way: a send that never waits */
	CONN_DRAINING = 0x8000          /* a send that waits is under way */
};

/* One worker's share of a place that is served. */
struct port {
	struct loop *loop;
	const struct group *group;
	struct sock sock;
	bool owned;                     /* the descriptor is this loop's to close */
	bool given;                     /* it came from outside: not ours to share or tidy */
	bool datagram;
	bool loopback;                  /* nobody else can reach it */
	bool cubic;                     /* decide on congestion control for each caller */
	bool inet;                      /* TCP or UDP: peers have addresses, and MSG_TRUNC drops without copying */
	bool listening;                 /* the back end waits for callers or datagrams */
	bool multi, cancelling;         /* io_uring: the accept goes on by itself; it is being called off */
	bool flooded;                   /* the last batch of datagrams was a full one */
	bool waiting;                   /* io_uring: an accept or a poll is under way */
	dev_t device;                   /* of the Unix path made here; inode 0: none */
	ino_t inode;
	uint32_t resume;                /* tick at which a pause ends; 0 none */
	int backlog;
} __attribute__((aligned(64)));         /* the back ends keep marks in the low bits of pointers */

/* A group with its defaults filled in. */
struct group {
	const struct engine_group *asked;
	const struct service *service;
	uint32_t idle, buffer;          /* ms, 0 never; bytes */
	uint64_t rate, burst;
	int max_per_source;             /* 0 any */
	struct networks *networks;      /* --rate for datagrams; NULL: none */
};

/* A worker's counters, read by others while they change. */
#define CORE_COUNTER(name, about) _Atomic uint64_t name;
#define CORE_NOTHING(name, about)

struct counters {
	ENGINE_STATISTICS(CORE_COUNTER, CORE_NOTHING)
};

/* Only the worker itself adds, so that no locked instruction is needed. */
#define CORE_COUNT(loop, name, by) \
	atomic_store_explicit(&(loop)->count.name, \
		atomic_load_explicit(&(loop)->count.name, memory_order_relaxed) + (uint64_t)(by), \
		memory_order_relaxed)

enum core_state { CORE_RUN, CORE_DRAIN, CORE_STOP };

struct loop {
	struct engine *engine;
	const struct backend *backend;
	void *own;                      /* the back end's */
	int number;                     /* 0, 1, ... */
	int wake;                       /* eventfd: the engine's state has changed */
	int64_t now;                    /* of this round, ns */
	uint32_t tick;                  /* the same in ms, never 0 */
	uint32_t swept;                 /* tick of the last sweep */
	uint32_t failures;              /* of accepting, in a row */
	bool tight;                     /* too much is held: read little */
	bool shedding;                  /* listeners of this loop are closed: draining */

	struct port *ports;
	int port_count;
	struct conn *conns;             /* reserved for the most there can be, touched as used */
	uint32_t most, top;             /* records; those ever used */
	struct conn *free;
	uint32_t clients;               /* conns that live */

	struct conn **later, **looked;  /* conns to look after when the round ends; those of the last round */
	uint32_t later_count;
	uint32_t period;                /* ms between sweeps; 0: nothing to sweep for */
	bool no_memory;                 /* a service's reply found none */

	char *round;                    /* CORE_ROUND bytes */
	size_t round_used;
	struct piece *room;             /* given to a service where the round had none left */
	const char *in_from, *in_to;    /* input that stays where it is until the round ends */

	struct conn datagram;           /* stands for the datagram at hand */
	struct dgrams *dgrams;          /* memory for datagrams, once there is a port for them */
	struct sock_addr *peers;        /* of each conn, if somebody watches them come and go */
	char text[480];                 /* what conn_peer and conn_repr return, by halves */

	struct counters count;
};

/* Waiting and moving bytes: epoll.c and uring.c. Calls back into accept.h, stream.h, out.h and dgram.h. */
struct backend {
	const char *name;
	bool at_once;                                   /* it sends as soon as it is told: a round is one conn's */
	int (*open)(struct loop *l);                    /* 0 or a negative errno */
	void (*close)(struct loop *l);
	int (*listen)(struct port *p, bool on);         /* wait for callers or datagrams, or not; 0 or an errno */
	int (*begin)(struct conn *c);                   /* a new conn. 0 or a negative errno */
	void (*read)(struct conn *c, bool on);          /* more input is welcome (at a round's end), or not now */
	void (*flush)(struct conn *c);                  /* there is output */
	void (*drop)(struct conn *c);                   /* call off what is under way; at its end stream_gone */
	int (*wait)(struct loop *l, int64_t timeout);   /* one round; ns, <0 for ever. 0 or a negative errno */
};

extern const struct backend backend_epoll, backend_uring;

/* All workers together. */
struct engine {
	const struct engine_plan *plan;
	const struct backend *backend;
	struct group *groups;
	struct loop **loops;
	int workers;
	int64_t began;
	uint64_t overflows_before;      /* the machine's, when it began */
	_Atomic int state;              /* enum core_state */
	_Atomic int64_t deadline;       /* of the drain, ns */
	_Atomic uint32_t clients, clients_most;
	_Atomic uint64_t held, held_most;
	_Atomic int living;             /* workers */
	_Atomic uint32_t complained;    /* tick of the last line about accepting; 0 none */
	_Atomic int failed;             /* errno that ended a worker */
	uint16_t *own_ports;            /* datagram ports that are served here */
	int own_port_count;
	int64_t queues;                 /* callers that may wait in all listeners together */
	struct sources *sources;
	struct networks *paced;
	struct notes *notes;
};

/* Where the round's memory goes on: aligned for anything. */
static inline size_t core_round_top(const struct loop *l)
{
	return (l->round_used + 15) & ~(size_t)15;
}

static inline void core_round_end(struct loop *l)
{
	l->round_used = 0;
}

#endif
