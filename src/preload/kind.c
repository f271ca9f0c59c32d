/* SPDX-License-Identifier: MIT */
/*
 * What descriptors are. Each entry is written by whoever makes, copies or
 * closes the descriptor; threads that race for one number race in the program,
 * too. Nothing waits, nothing allocates.
 */
#include "kind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "real.h"
#include "shim.h"

uint8_t kind_table[KIND_MOST];

/* By descriptor, each number one more than it is: 0 is none. */
static struct {
	_Atomic int32_t epoll;          /* of a socket: who watches it */
	_Atomic int32_t first;          /* of an epoll: the socket that stands for all */
	_Atomic int32_t count;          /* of an epoll: how many sockets it watches */
	_Atomic uint32_t events;        /* of a socket: what it is watched for */
} watched[KIND_MOST];

static _Atomic int highest = -1;

static bool in_table(int fd)
{
	return fd >= 0 && fd < KIND_MOST;
}

static void set(int fd, uint8_t kind)
{
	int most = highest;

	if (!in_table(fd))
		return;
	__atomic_store_n(&kind_table[fd], kind, __ATOMIC_RELAXED);
	while (fd > most && !atomic_compare_exchange_weak(&highest, &most, fd))
		;
}

int kind_highest(void)
{
	return highest;
}

static int option(int fd, int name)
{
	int value = 0;
	socklen_t n = sizeof value;

	return REAL(getsockopt)(fd, SOL_SOCKET, name, &value, &n) < 0 ? 0 : value;
}

static uint8_t of_type(int type)
{
	return type == SOCK_DGRAM || type == SOCK_RAW ? KIND_SOCKET | KIND_DATAGRAM : KIND_SOCKET;
}

static uint8_t ask_socket(int fd)
{
	uint8_t kind = of_type(option(fd, SO_TYPE));

	if (option(fd, SO_ACCEPTCONN))
		kind |= KIND_LISTENS;
	if (REAL(fcntl)(fd, F_GETFL) & O_NONBLOCK)
		kind |= KIND_NONBLOCK;
	return kind;
}

/* The child of a vfork has descriptors of its own and our table: there it is not for writing. */
uint8_t kind_ask(int fd)
{
	int saved = errno;
	uint8_t kind = KIND_NONE;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0)
		kind = S_ISSOCK(st.st_mode) ? ask_socket(fd) : KIND_OTHER;
	if (kind != KIND_NONE && shim_is_ours())
		set(fd, kind);
	errno = saved;
	return kind;
}

uint8_t kind_known(int fd)
{
	return in_table(fd) ? __atomic_load_n(&kind_table[fd], __ATOMIC_RELAXED) : 0;
}

void kind_made(int fd, int type)
{
	kind_forget(fd);
	set(fd, of_type(type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) | (type & SOCK_NONBLOCK ? KIND_NONBLOCK : 0));
}

void kind_copied(int fd, int copy)
{
	kind_forget(copy);
	set(copy, kind_known(fd));
}

void kind_change(int fd, uint8_t bits, bool on)
{
	uint8_t kind = kind_known(fd);

	if (kind)
		set(fd, on ? kind | bits : kind & ~bits);
}

void kind_forget(int fd)
{
	if (!in_table(fd))
		return;
	__atomic_store_n(&kind_table[fd], 0, __ATOMIC_RELAXED);
	if (watched[fd].epoll)
		kind_watched(watched[fd].epoll - 1, fd, 0);
	watched[fd].first = 0;
	watched[fd].count = 0;
}

/* -- What epoll watches --------------------------------------------------------------- */

static bool stands_out(int fd)
{
	return kind_known(fd) & (KIND_LISTENS | KIND_DATAGRAM);
}

void kind_watched(int epoll, int fd, uint32_t events)
{
	if (!in_table(epoll) || !in_table(fd))
		return;
	bool was = watched[fd].epoll == epoll + 1;
	int first = watched[epoll].first - 1;
	watched[fd].events = events;
	watched[fd].epoll = events ? epoll + 1 : 0;
	watched[epoll].count += (events != 0) - was;
	if (!events && first == fd)
		watched[epoll].first = 0;
	if (events && (first < 0 || (stands_out(fd) && !stands_out(first))))
		watched[epoll].first = fd + 1;
}

/* The one that stood for all may be gone: then another does. */
int kind_of_watched(int epoll)
{
	if (!in_table(epoll) || watched[epoll].count <= 0)
		return -1;
	for (int fd = 0; !watched[epoll].first && fd <= highest; fd++)
		if (watched[fd].epoll == epoll + 1)
			watched[epoll].first = fd + 1;
	return watched[epoll].first - 1;
}

uint32_t kind_events(int fd)
{
	return in_table(fd) ? watched[fd].events : 0;
}

bool kind_is_watched(int epoll, int fd)
{
	return in_table(epoll) && in_table(fd) && watched[fd].epoll == epoll + 1;
}

int kind_count(int epoll)
{
	return in_table(epoll) ? watched[epoll].count : 0;
}
