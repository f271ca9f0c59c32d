/* SPDX-License-Identifier: MIT */
/* What the parts of the helper for the fault tests share: peer.c says what it is. */
#ifndef PEER_H
#define PEER_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

enum { PEER_PIECE = 16384, PEER_QUIET_MS = 400 };

/* What is to be done. */
struct plan {
	long flows, at_once;    /* streams in all, and open at the same time */
	long bytes;             /* of each; with chaos at most so many */
	long read;              /* at most so many at a time, 0: never */
	long rcvbuf, sndbuf;    /* 0: the system's */
	long reset;             /* reset each as soon as it is open */
	long chaos;             /* in one of so many events something unkind is done; 0: never */
	long spread;            /* call from many addresses of 127.0.0.0/8 */
	long hold;              /* keep all open until stdin ends */
	long seed;
	long count, size;       /* datagrams */
	long limit;             /* seconds, then SIGALRM */
};

/* What came of it. */
struct total {
	long opened, done;      /* done: all came back, and the end */
	long reset, left;       /* unkind: reset by us, closed by us half-way */
	long refused, broken;   /* no connection; one that failed */
	long cut;               /* ended before all had come back */
	long foreign;           /* bytes that are not our own */
	long sent, got;
};

extern struct plan plan;
extern struct total total;
extern struct sockaddr_in target;
extern long open_now;

void peer_streams(void);
void peer_datagrams(void);

/* End with a sentence about errno. */
void peer_die(const char *what);

/* The next number of a row that follows from plan.seed; a number that follows from another. */
uint64_t peer_chance(void);
uint64_t peer_mix(uint64_t x);

/* Bytes that follow from a key and their place; how many of these are others. */
void peer_fill(unsigned char *to, size_t n, uint64_t key, size_t at);
long peer_count_wrong(const unsigned char *bytes, size_t n, uint64_t key, size_t at);

#endif
