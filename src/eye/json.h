/* SPDX-License-Identifier: MIT */
/*
 * One event record as one line of JSON. The keys, in their order; those in
 * brackets are there only when they have something to say:
 *
 *	time        ns of CLOCK_MONOTONIC, of this record
 *	pid, tid    who made the call
 *	program     its short name
 *	call        the name of the call's man page: "recv"
 *	phase       "enter" (of calls that may block) or "return"
 *	fd          the descriptor, -1 when there is none
 *	[other]     a second descriptor: the new one of accept and dup; of fork the child's pid
 *	[family]    "AF_INET"; a number when it has no name here
 *	[type]      "SOCK_STREAM"; likewise
 *	[proto]     protocol number, where it is not 0
 *	[local]     the own address, in the forms of base/addrtext.h
 *	[peer]      the other end; of a datagram this datagram's
 *	offset      of a stream: the place of the first byte moved, per direction; urgent bytes
 *	            (MSG_OOB) lie beside it
 *	asked       bytes offered, or room for bytes
 *	moved       bytes moved; of a cut datagram those that were stored
 *	[whole]     the full length of a cut datagram
 *	[error]     "ECONNREFUSED"; without it the call did well
 *	took        ns from entry to return, 0 at entry
 *	[hash]      16 hexadecimal digits over all bytes moved. Equal bytes, equal hash, on any
 *	            machine; so it is there even when no payload is shown, and very short or
 *	            guessable payloads can be guessed from it
 *	[data]      the first bytes moved, each as the character with its number, 0 to 255
 *	[text]      the name looked up, or found; what is not UTF-8 in it is U+FFFD
 *	[index]     the message's place in its batch
 *	arg         three numbers, by call: see base/event.h
 *	[cookie]    SO_COOKIE: the same socket has the same, whatever its descriptors
 *	[lost]      records that this process could not write so far
 *
 * A line is pure ASCII and ends in its only newline. Numbers may need 64 bits.
 */
#ifndef EYE_JSON_H
#define EYE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "../base/event.h"

enum { JSON_TEXT = 255 };       /* bytes of text that are shown */

/* Room that always suffices when so many bytes of payload are shown. */
#define JSON_ROOM(payload) ((size_t)3000 + 6 * (size_t)(payload))

/*
 * Write the line, with its newline and a NUL behind it, showing at most
 * payload bytes. Returns its length, or 0 when room is too small. Allocates
 * nothing, takes no lock.
 */
size_t json_event(char *out, size_t room, const struct event *e, size_t payload, uint64_t lost);

#endif
