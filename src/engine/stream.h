/* SPDX-License-Identifier: MIT */
/* The life of a stream connection, from the back end's calls to the service's. */
#ifndef ENGINE_STREAM_H
#define ENGINE_STREAM_H

#include "core.h"

/*
 * Take over an accepted descriptor, whose place among the clients is claimed;
 * peer as far as it was asked for. False: it was closed.
 */
bool stream_open(struct port *p, int fd, uint32_t source, const struct sock_addr *peer);

/*
 * n bytes came at data, which stay until the round ends and have CORE_HEADROOM
 * bytes of room in front. The service uses them; what it does not is kept.
 */
void stream_input(struct conn *c, char *data, size_t n);

/* n bytes came: what of stream_input is left to do where the kernel has dropped them. */
void stream_count(struct conn *c, size_t n);

/* The peer has finished; the connection broke. */
void stream_end(struct conn *c);
void stream_break(struct conn *c, int err);

/*
 * The kernel has been offered the output. If some is left it moves to the heap
 * and the conn is stalled; else whatever waited for that goes on.
 */
void stream_offered(struct conn *c);

/* Close a conn whose output found no memory: waiting would be for nothing. */
void stream_mind_memory(struct conn *c);

/* Something waits for a conn whose output is gone: held input, more, the end. */
bool stream_waits(const struct conn *c);

/* Will something wait, once its output is gone? */
bool stream_will_wait(const struct conn *c);

/* Take up what was left: held input, more output, the end. */
void stream_go_on(struct conn *c);

/* May it be read from? */
bool stream_is_open_for_input(const struct conn *c);

/* Close it: the back end lets go at the round's end. May be called again. */
void stream_close(struct conn *c);

/* The back end holds nothing of it any more: close the descriptor and free the record. */
void stream_gone(struct conn *c);

/* Is everything that comes dropped unseen? Then the kernel need not copy it. */
bool stream_drops(const struct conn *c);

/* Look after a conn later in this round. */
void stream_later(struct conn *c);

#endif
