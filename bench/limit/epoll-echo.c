/* SPDX-License-Identifier: MIT */
/*
 * A bare TCP echo on epoll, edge-triggered: what a loop of a hundred lines
 * costs, and so the line by which an engine is judged. It knows one service,
 * has no limits, no time-outs and no counters, and is no example to follow.
 *
 *	epoll-echo [--spin]             --spin: look again for 50 us before it sleeps
 */
#include "../plain.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 512, SPIN_NS = 50000, BUFFER = 64 << 10 };

struct conn {
	int fd;
	char *rest;             /* what the peer has not taken yet */
	size_t from, to;        /* which part of it */
};

static char buffer[BUFFER];

static void hang_up(struct conn *c)
{
	close(c->fd);
	free(c->rest);
	free(c);
}

static bool keep(struct conn *c, const char *bytes, size_t n)
{
	c->rest = malloc(n);
	if (!c->rest)
		return false;
	memcpy(c->rest, bytes, n);
	c->from = 0;
	c->to = n;
	return true;
}

/* False when the connection is of no more use. */
static bool answer(struct conn *c, size_t n)
{
	ssize_t sent = send(c->fd, buffer, n, MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN)
		return false;
	if (sent < 0)
		sent = 0;
	return (size_t)sent == n || keep(c, buffer + sent, n - (size_t)sent);
}

static bool send_rest(struct conn *c)
{
	ssize_t sent = send(c->fd, c->rest + c->from, c->to - c->from, MSG_NOSIGNAL);

	if (sent < 0)
		return errno == EAGAIN;
	c->from += (size_t)sent;
	if (c->from == c->to) {
		free(c->rest);
		c->rest = NULL;
	}
	return true;
}

/*
 * Until there is nothing to read, or the peer takes no more: then EPOLLOUT
 * calls again. Less than was asked for means that nothing is left, so the call
 * that would only say EAGAIN is saved; a FIN has an event of its own.
 */
static bool serve(struct conn *c, bool ending)
{
	size_t n;

	if (c->rest && !send_rest(c))
		return false;
	do {
		if (c->rest)
			return true;
		ssize_t got = recv(c->fd, buffer, BUFFER, 0);
		if (got <= 0)
			return got < 0 && errno == EAGAIN;
		n = (size_t)got;
		if (!answer(c, n))
			return false;
	} while (n == BUFFER || ending);
	return true;
}

static void welcome(int epoll, int listener)
{
	int fd, one = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn *c = calloc(1, sizeof *c);
		struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };

		if (!c)
			plain_fail("calloc");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		c->fd = fd;
		event.data.ptr = c;
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

/* A server that never slept would take the core from all that are measured beside it. */
static int poll_then_sleep(int epoll, struct epoll_event *events, bool spin)
{
	uint64_t end = spin ? plain_now() + SPIN_NS : 0;

	do {
		int n = epoll_wait(epoll, events, EVENTS, spin ? 0 : -1);

		if (n)
			return n;
	} while (plain_now() < end);
	return epoll_wait(epoll, events, EVENTS, -1);
}

int main(int argc, char **argv)
{
	bool spin = argc > 1 && strcmp(argv[1], "--spin") == 0;
	int listener = plain_listen(SOCK_NONBLOCK), epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event events[EVENTS] = { { .events = EPOLLIN } };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, events) < 0)
		plain_fail("epoll_ctl");
	for (;;) {
		int n = poll_then_sleep(epoll, events, spin);

		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;

			if (!c)
				welcome(epoll, listener);
			else if (!serve(c, events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
				hang_up(c);
		}
	}
}
