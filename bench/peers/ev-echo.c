/* SPDX-License-Identifier: MIT */
/*
 * A TCP echo on libev: a watcher a connection, level-triggered, one buffer for
 * all. What the peer does not take is kept, and reading waits until it has.
 */
#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct conn {
	ev_io watcher;
	char *rest;
	size_t from, to;
};

static char buffer[64 << 10];

static void hang_up(struct ev_loop *loop, struct conn *c)
{
	ev_io_stop(loop, &c->watcher);
	close(c->watcher.fd);
	free(c->rest);
	free(c);
}

static void watch(struct ev_loop *loop, struct conn *c, int events)
{
	ev_io_stop(loop, &c->watcher);
	ev_io_set(&c->watcher, c->watcher.fd, events);
	ev_io_start(loop, &c->watcher);
}

static void send_rest(struct ev_loop *loop, struct conn *c)
{
	ssize_t n = send(c->watcher.fd, c->rest + c->from, c->to - c->from, MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN)
			hang_up(loop, c);
		return;
	}
	c->from += (size_t)n;
	if (c->from == c->to) {
		free(c->rest);
		c->rest = NULL;
		watch(loop, c, EV_READ);
	}
}

static void keep(struct ev_loop *loop, struct conn *c, const char *bytes, size_t n)
{
	c->rest = malloc(n);
	if (!c->rest) {
		hang_up(loop, c);
		return;
	}
	memcpy(c->rest, bytes, n);
	c->from = 0;
	c->to = n;
	watch(loop, c, EV_WRITE);
}

static void ready(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct conn *c = (struct conn *)watcher;
	ssize_t n, sent;

	if (events & EV_WRITE) {
		send_rest(loop, c);
		return;
	}
	n = recv(watcher->fd, buffer, sizeof buffer, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	sent = n > 0 ? send(watcher->fd, buffer, (size_t)n, MSG_NOSIGNAL) : 0;
	if (n <= 0 || (sent < 0 && errno != EAGAIN)) {
		hang_up(loop, c);
		return;
	}
	if (sent < n)
		keep(loop, c, buffer + (sent > 0 ? sent : 0), (size_t)(n - (sent > 0 ? sent : 0)));
}

static void called(struct ev_loop *loop, ev_io *watcher, int events)
{
	int fd = accept4(watcher->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct conn *c = fd < 0 ? NULL : calloc(1, sizeof *c);

	(void)events;
	if (!c)
		return;
	ev_io_init(&c->watcher, ready, fd, EV_READ);
	ev_io_start(loop, &c->watcher);
}

int main(void)
{
	struct ev_loop *loop = ev_default_loop(0);
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ev_io listener;

	if (bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(fd, 4096) < 0 ||
		getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
		return 1;
	ev_io_init(&listener, called, fd, EV_READ);
	ev_io_start(loop, &listener);
	printf("listening tcp://127.0.0.1:%d echo\n", ntohs(addr.sin_port));
	fflush(stdout);
	return ev_run(loop, 0);
}
