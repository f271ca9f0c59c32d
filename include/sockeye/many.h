/* SPDX-License-Identifier: MIT */
/*
 * Datagrams by the batch, for servers of many small packets: one call receives
 * or sends up to 64 messages (recvmmsg(2), sendmmsg(2)) and, where the kernel
 * has UDP GRO and GSO (udp(7)), each message may be a train of datagrams. An
 * echo server that answers from the address that was asked:
 *
 *	static char arena[64 * 2048];
 *	struct sock_dgram list[64];
 *	struct sock_batch b = { .list = list, .room = 64, .arena = arena, .size = sizeof arena };
 *
 *	sock_batch_tell(&s, SOCKEYE_TELL_HERE);
 *	while (sock_recvmany(&s, &b) > 0)
 *		sock_sendmany(&s, &b);
 */
#ifndef SOCKEYE_MANY_H
#define SOCKEYE_MANY_H

#include <sockeye.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum {
	/* what to ask the kernel for, and in sock_batch.used what a call really used */
	SOCKEYE_TELL_HERE = 1,  /* the local address a datagram was sent to (IP_PKTINFO) */
	SOCKEYE_TELL_HOPS = 2,  /* its hop limit (IP_RECVTTL, IPV6_RECVHOPLIMIT) */
	SOCKEYE_TELL_TIME = 4,  /* when the kernel got it (SO_TIMESTAMPNS) */
	SOCKEYE_TRAINS = 8,     /* trains: GRO when receiving, GSO when sending */
	SOCKEYE_BATCHED = 16    /* used: more than one message in one system call */
};

/* One datagram. */
struct sock_dgram {
	void *data;             /* received: inside the arena; to send: the caller's */
	size_t n;
	size_t cut;             /* received: bytes that did not fit and are lost */
	struct sock_addr addr;  /* received: from; to send: to (len 0: the connected peer) */
	struct sock_addr here;  /* received: our address it was sent to; to send: leave from it; len 0: any */
	int hops;               /* hop limit; received: 0 unknown; to send: 0 the socket's own */
	int group;              /* received: 1 if it was sent to many (broadcast, multicast), with SOCKEYE_TELL_HERE */
	int64_t time;           /* received: ns since 1970 by the kernel's clock; 0 unknown */
};

/* A received message on its way into list: a train of datagrams of step bytes, or one (step 0). */
struct sock_train {
	struct sock_dgram like; /* data, n and cut are what is left of it */
	size_t step;
};

/* A batch. The caller owns list and arena; zero the rest. */
struct sock_batch {
	struct sock_dgram *list;
	int room;               /* entries of list, at least 1 */
	int count;              /* entries filled by sock_recvmany; entries to send */
	void *arena;            /* memory that received datagrams are put in */
	size_t size;            /* its bytes, at least room; see sock_recvmany */
	unsigned used;          /* what the last call really used: SOCKEYE_* bits above */
	int messages;           /* messages the kernel handed over or took in the last call */

	int waiting;            /* messages that did not fit list: the next calls hand them out */
	struct sock_train rest; /* the first of them */
	unsigned char *more;    /* the others, at the end of the arena */
};

/*
 * Ask the kernel to tell about each datagram, SOCKEYE_TELL_* and
 * SOCKEYE_TRAINS together; what it does not know is left out, and what an
 * earlier call asked for and this one does not is taken back. Returns the bits
 * it agreed to, or -1.
 */
int sock_batch_tell(struct sock *s, unsigned what);

/*
 * Receive what has arrived, waiting for at least one datagram. Fills list and
 * count, and points into the arena until the next call. Room for each is size /
 * room, at most 65536; with trains it is 65536 for each message, so that size
 * says how many a call can take. Returns count, 0 when receiving was shut down,
 * or -1. While waiting is not 0 the next call has its datagrams already: make
 * it before a poll. sock_cut is the sum over list.
 */
int sock_recvmany(struct sock *s, struct sock_batch *b);

/*
 * Send the count datagrams of list, in their order. Runs of equal size to one
 * address leave as trains. Returns how many were sent, or -1 when the first
 * could not be. A datagram that was refused, or the limit, ends the call there:
 * errno and the sentence say why, also when some were sent.
 */
int sock_sendmany(struct sock *s, struct sock_batch *b);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif
