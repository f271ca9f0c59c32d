/* SPDX-License-Identifier: MIT */
/*
 * What each descriptor is, in a byte, so that write(2) to a file costs a look
 * into a table. What is not known yet is asked of the kernel once. And which
 * sockets an epoll descriptor watches, as far as epoll_ctl(2) told.
 */
#ifndef PRELOAD_KIND_H
#define PRELOAD_KIND_H

#include <stdbool.h>
#include <stdint.h>

enum {
	KIND_OTHER = 1 << 0,            /* no socket */
	KIND_SOCKET = 1 << 1,
	KIND_NONE = 1 << 2,             /* not open; never in the table */
	KIND_NONBLOCK = 1 << 3,
	KIND_LISTENS = 1 << 4,
	KIND_DATAGRAM = 1 << 5,
	KIND_MOST = 1 << 16             /* descriptors from here on are asked about each time */
};

extern uint8_t kind_table[KIND_MOST];

/* Ask the kernel, and remember. */
uint8_t kind_ask(int fd);

static inline uint8_t kind_get(int fd)
{
	uint8_t kind = fd >= 0 && fd < KIND_MOST ? __atomic_load_n(&kind_table[fd], __ATOMIC_RELAXED) : 0;

	return kind ? kind : kind_ask(fd);
}

static inline bool kind_is_socket(int fd)
{
	return kind_get(fd) & KIND_SOCKET;
}

/* What is known without asking: 0 when nothing is. */
uint8_t kind_known(int fd);

/* A new socket of this type, as socket(2) takes it. */
void kind_made(int fd, int type);

/* A duplicate of fd. */
void kind_copied(int fd, int copy);

/* Set or clear some of the above. */
void kind_change(int fd, uint8_t bits, bool on);

/* It was closed, or is another one now. */
void kind_forget(int fd);

/* The highest descriptor that was ever known, or -1. */
int kind_highest(void);

/* epoll_ctl(2) has let epoll watch fd for these events; 0: no longer. */
void kind_watched(int epoll, int fd, uint32_t events);

/* A socket that epoll watches, one that listens or takes datagrams if there is; -1: none. */
int kind_of_watched(int epoll);
uint32_t kind_events(int fd);
bool kind_is_watched(int epoll, int fd);
int kind_count(int epoll);

#endif
