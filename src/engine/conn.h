/* SPDX-License-Identifier: MIT */
/*
 * The contract between the engine and a service. The engine owns sockets and
 * bounded buffers; a service owns what bytes mean. An echo service, whole:
 *
 *	static size_t bytes(struct conn *c, const char *in, size_t n)
 *	{
 *		return conn_write(c, in, n);
 *	}
 *	const struct service echo = { .name = "echo", .about = "...", .bytes = bytes };
 *
 * Streams and datagrams meet the same functions. On a stream bytes() sees what
 * has come and not been used yet, and is called again when more comes or, if
 * it left some because nothing more could be written, when there is room. Of
 * datagrams each is one call (n may be 0), a conn of its own for that long, and
 * what is written is one reply. A service never blocks, keeps no state beyond
 * a call, and never keeps a pointer that it was given.
 */
#ifndef ENGINE_CONN_H
#define ENGINE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;

/* What the engine must know of a service's nature. */
enum {
	SERVICE_STREAM_ONLY = 1,        /* means nothing over datagrams */
	SERVICE_LOUD = 2,               /* answers a datagram with more than it got: on loopback only */
	SERVICE_PACED = 4               /* answers anything, also nothing: few replies a second to a network */
};

/* What to do with bytes that are not UTF-8: --bad. */
enum service_bad { BAD_PASS, BAD_REPLACE, BAD_CLOSE };

struct service {
	const char *name, *about;       /* "echo", and one line for the list */
	uint16_t port;                  /* where it is served unless told otherwise */
	unsigned nature;                /* SERVICE_* */

	/* Each may be left out. */
	void (*opened)(struct conn *c);                         /* a stream has come to be */
	/* Returns how many bytes of in were used. Left out: all that comes is dropped, unseen and uncopied. */
	size_t (*bytes)(struct conn *c, const char *in, size_t n);
	void (*more)(struct conn *c);                           /* a stream takes bytes (again): fill it */
	/* The peer of a stream has finished; left is what bytes() never used; all is sent. Left out: conn_finish. */
	void (*ended)(struct conn *c, const char *left, size_t n);
	void (*closed)(struct conn *c);                         /* a stream is gone; nothing can be written */
};

/*
 * Write n bytes. Returns how many were taken, fewer when the buffers are full;
 * of a datagram's reply all or none, and of no bytes an empty reply. What is
 * written leaves after the call.
 */
size_t conn_write(struct conn *c, const void *bytes, size_t n);

/*
 * Memory to write the reply into in place: at most want bytes, *room says how
 * many; 1024 at least where nothing is queued. NULL and 0 when the buffers are
 * full. It is the service's until conn_commit or the end of the call.
 */
char *conn_room(struct conn *c, size_t want, size_t *room);

/* The first n bytes of what conn_room gave are written. */
void conn_commit(struct conn *c, size_t n);

/*
 * No more will be written: send what there is, then the end (FIN). Bytes that
 * still come are dropped; the connection closes when the peer has finished too.
 * Of a datagram: it is refused, and its missing reply no failure.
 */
void conn_finish(struct conn *c);

/* The bytes written to a stream so far. */
uint64_t conn_written(const struct conn *c);

bool conn_is_datagram(const struct conn *c);

/* The policy that the operator chose. */
enum service_bad conn_bad(const struct conn *c);

/* The peer as Python prints an address: ('127.0.0.1', 65432). Valid until the next call of it. */
const char *conn_peer(struct conn *c);

/* A line for the operator, at most 400 bytes, without a newline. Escape a peer's bytes first: conn_repr. */
void conn_note(struct conn *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first bytes of a text (at most 64, then "...") as Python prints bytes: b'hi'. Valid until the next call of it. */
const char *conn_repr(struct conn *c, const void *bytes, size_t n);

#endif
