/* SPDX-License-Identifier: MIT */
/*
 * Streams: each sends its own bytes, then its end, and expects the same back.
 * One loop serves them all, and deals out unkindness where the plan asks for it.
 */
#include "peer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, SPREAD = 200, SIPS = 64 };

struct flow {
	int fd;                 /* -1: the place is free */
	uint64_t key;
	size_t want, sent, got;
	bool ended;             /* by us */
	bool paused;
};

static struct flow *flows;
static int poller;

static void ask_for(const struct flow *f, int op)
{
	struct epoll_event e = { .data.ptr = (void *)(uintptr_t)f };

	if (!f->paused && plan.read)
		e.events |= EPOLLIN;
	if (!f->paused && !f->ended && !(plan.hold && f->sent == f->want))
		e.events |= EPOLLOUT;
	if (epoll_ctl(poller, op, f->fd, &e) < 0)
		peer_die("epoll_ctl");
}

static void over(struct flow *f, long *counter)
{
	++*counter;
	close(f->fd);
	f->fd = -1;
	open_now--;
}

static void reset(struct flow *f, long *counter)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(f->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	over(f, counter);
}

/* A source of its own, so that no port is used twice within a minute. */
static void spread(int fd)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	const int on = 1, no_port = 24;         /* IP_BIND_ADDRESS_NO_PORT */

	from.sin_addr.s_addr = htonl(0x7f010001 + (uint32_t)(total.opened % SPREAD));
	setsockopt(fd, IPPROTO_IP, no_port, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0)
		peer_die("bind");
}

static void size_buffer(int fd, int option, long size)
{
	int n = (int)size;

	if (n && setsockopt(fd, SOL_SOCKET, option, &n, sizeof n) < 0)
		peer_die("setsockopt");
}

static int start_call(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		peer_die("socket");
	size_buffer(fd, SO_RCVBUF, plan.rcvbuf);
	size_buffer(fd, SO_SNDBUF, plan.sndbuf);
	if (plan.spread)
		spread(fd);
	return fd;
}

static void call(struct flow *f)
{
	*f = (struct flow){ .fd = start_call(), .want = (size_t)plan.bytes };
	f->key = peer_mix((uint64_t)plan.seed ^ peer_mix((uint64_t)total.opened));
	if (plan.chaos && plan.bytes)
		f->want = 1 + (size_t)(peer_chance() % (uint64_t)plan.bytes);
	total.opened++;
	open_now++;
	if (connect(f->fd, (struct sockaddr *)&target, sizeof target) < 0 && errno != EINPROGRESS) {
		over(f, &total.refused);
		return;
	}
	ask_for(f, EPOLL_CTL_ADD);
}

static void fail(struct flow *f)
{
	bool never = !f->sent && !f->got && errno == ECONNREFUSED;

	over(f, never ? &total.refused : &total.broken);
}

static void put(struct flow *f)
{
	unsigned char piece[PEER_PIECE];
	size_t n = f->want - f->sent < PEER_PIECE ? f->want - f->sent : PEER_PIECE;

	peer_fill(piece, n, f->key, f->sent);
	ssize_t r = n ? send(f->fd, piece, n, MSG_NOSIGNAL) : 0;
	if (r < 0 && errno != EAGAIN) {
		fail(f);
		return;
	}
	f->sent += r > 0 ? (size_t)r : 0;
	total.sent += r > 0 ? r : 0;
	if (f->sent < f->want)
		return;
	if (!plan.hold) {
		shutdown(f->fd, SHUT_WR);
		f->ended = true;
	}
	ask_for(f, EPOLL_CTL_MOD);
}

/* Sizes of 1 to plan.read, in turn, so that all are met. True when there may be more. */
static bool take(struct flow *f)
{
	unsigned char piece[PEER_PIECE];
	size_t n = plan.read < PEER_PIECE ? 1 + f->got % (size_t)plan.read : PEER_PIECE;
	ssize_t r = recv(f->fd, piece, n, 0);

	if (r < 0 && errno != EAGAIN) {
		fail(f);
	} else if (r > 0) {
		total.foreign += peer_count_wrong(piece, (size_t)r, f->key, f->got);
		f->got += (size_t)r;
		total.got += r;
	} else if (r == 0) {
		over(f, f->got == f->want ? &total.done : &total.cut);
	}
	return r == (ssize_t)n;
}

/* Reset, leave half-way, or look away for a while. False: the flow is not to be served now. */
static bool is_kind(struct flow *f)
{
	if (!plan.chaos || peer_chance() % (uint64_t)plan.chaos)
		return true;
	switch (peer_chance() % 4) {
	case 0:
		reset(f, &total.reset);
		return false;
	case 1:
		over(f, &total.left);
		return false;
	default:
		f->paused = true;
		ask_for(f, EPOLL_CTL_MOD);
		return false;
	}
}

static void serve(struct flow *f, uint32_t events)
{
	if (f->fd < 0 || f->paused)
		return;
	if (plan.reset) {
		reset(f, &total.reset);
		return;
	}
	if (!is_kind(f))
		return;
	for (int i = 0; events & EPOLLIN && i < SIPS && take(f); i++)
		;
	if (f->fd >= 0 && events & EPOLLOUT && !f->ended)
		put(f);
	if (f->fd >= 0 && events & (EPOLLERR | EPOLLHUP) && !(events & EPOLLIN)) {
		errno = ECONNRESET;
		fail(f);
	}
}

static void wake_all(void)
{
	for (long i = 0; i < plan.at_once; i++)
		if (flows[i].fd >= 0 && flows[i].paused) {
			flows[i].paused = false;
			ask_for(&flows[i], EPOLL_CTL_MOD);
		}
}

/* Each place that is free is taken by the next one. */
static void call_more(void)
{
	for (long i = 0; i < plan.at_once && open_now < plan.at_once && total.opened < plan.flows; i++)
		if (flows[i].fd < 0)
			call(&flows[i]);
}

static bool all_have_sent(void)
{
	return plan.hold && total.sent >= plan.flows * plan.bytes;
}

void peer_streams(void)
{
	struct epoll_event events[EVENTS];
	long rounds = 0;
	int n = 1;

	poller = epoll_create1(EPOLL_CLOEXEC);
	flows = calloc((size_t)plan.at_once, sizeof *flows);
	if (poller < 0 || !flows)
		peer_die("streams");
	for (long i = 0; i < plan.at_once; i++)
		flows[i].fd = -1;
	call_more();
	while (open_now && !all_have_sent()) {
		n = epoll_wait(poller, events, EVENTS, plan.chaos ? 20 : plan.hold ? PEER_QUIET_MS : -1);
		if (n < 0)
			peer_die("epoll_wait");
		if (n == 0 && plan.hold && total.opened == plan.flows)
			break;
		for (int i = 0; i < n; i++)
			serve(events[i].data.ptr, events[i].events);
		if (plan.chaos && (n == 0 || ++rounds % 64 == 0))
			wake_all();
		call_more();
	}
}
