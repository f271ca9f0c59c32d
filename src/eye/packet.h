/* SPDX-License-Identifier: MIT */
/*
 * One packet as the wire would have it, and as a block of a pcapng file: IP
 * and TCP or UDP headers with their checksums around bytes of payload, of which
 * perhaps only the first were recorded.
 */
#ifndef EYE_PACKET_H
#define EYE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/event.h"
#include "draw.h"

/* Where packets go. */
struct packet_file {
	draw_out *out;
	void *to;
	int error;              /* the first, of out or -ENOMEM */
	int64_t wall;           /* added to times */
	int64_t now;            /* no packet is before the one before */
};

/* An Internet address, of IPv4 the mapped form, and a port. */
struct packet_end {
	uint8_t ip[16];
	uint16_t port;
};

enum {
	PACKET_FIN = 1, PACKET_SYN = 2, PACKET_RST = 4, PACKET_PSH = 8, PACKET_ACK = 16,
	PACKET_MOST = 65000,            /* bytes of a stream in one segment */
	PACKET_DATAGRAM = 65507,        /* bytes of the longest datagram */
	PACKET_COMMENT = 1000
};

struct packet {
	const struct packet_end *from, *to;
	bool datagram;
	uint8_t flags;                  /* TCP */
	uint32_t seq, ack;
	const uint8_t *bytes;           /* have of whole bytes of payload */
	size_t have, whole;
	const char *comment;            /* or NULL */
};

/* The head of the file. */
void packet_head(struct packet_file *f);

/* Write it, at f->now. */
void packet_put(struct packet_file *f, const struct packet *p);

/*
 * The two ends of a record's socket; what it does not say of its own address
 * while the peer is on this machine is the peer's. False when there is no peer,
 * or it is not of the Internet.
 */
bool packet_ends(const struct event *e, struct packet_end *local, struct packet_end *peer);

bool packet_same(const struct packet_end *a, const struct packet_end *b);

/* "client 4711: send(3, 5) = 5", for a comment. Returns out. */
const char *packet_call(char out[PACKET_COMMENT], const struct event *e);

/* The same comment, which says then that have of whole bytes were recorded. Returns out. */
const char *packet_cut(char out[PACKET_COMMENT], const char *comment, size_t have, size_t whole);

#endif
