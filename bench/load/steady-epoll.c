/* SPDX-License-Identifier: MIT */
/* Moves the bytes of steady.h on epoll, edge-triggered: for machines that forbid io_uring. */
#include "steady.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../plain.h"

enum { EVENTS = 512, BUFFER = 256 << 10, WAIT = 100 };

static int epoll;

static void push(struct run *run, struct conn *c, uint64_t now)
{
	uint64_t room;

	while ((room = steady_room(run, c)) > 0) {
		ssize_t n = send(c->fd, steady_bytes(c), room, MSG_NOSIGNAL);

		if (n < 0) {
			if (errno != EAGAIN)
				steady_broken(run, c);
			return;
		}
		steady_sent(run, c, (uint64_t)n, now);
	}
}

static void pull(struct run *run, struct conn *c)
{
	static char buffer[BUFFER];
	ssize_t n = BUFFER;

	while (n == BUFFER && c->fd >= 0) {
		n = recv(c->fd, buffer, BUFFER, 0);
		uint64_t now = plain_now();

		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			steady_broken(run, c);
			return;
		}
		if (n > 0)
			steady_back(run, c, buffer, (uint64_t)n, now);
		push(run, c, now);
	}
}

/* The first time round every connection is writable, and that begins the first messages. */
static void turn(struct run *run)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(epoll, events, EVENTS, run->load->spin ? 0 : WAIT);

	for (int i = 0; i < n; i++) {
		struct conn *c = &run->conns[events[i].data.u64];

		if (c->fd >= 0 && events[i].events & EPOLLIN)
			pull(run, c);
		else if (c->fd >= 0)
			push(run, c, plain_now());
	}
}

static bool set_up(struct run *run)
{
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0)
		return false;
	for (long i = 0; i < run->load->connections; i++) {
		struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
		int fd = run->conns[i].fd;

		event.data.u64 = (uint64_t)i;
		if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
			epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
			return false;
	}
	return true;
}

static void take_down(void)
{
	close(epoll);
}

const struct engine engine_epoll = { set_up, turn, take_down };
