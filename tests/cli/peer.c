/* SPDX-License-Identifier: MIT */
/*
 * Many callers at once, for the fault tests, where Python would be too slow.
 * It knows nothing of Sockeye and measures nothing: plain calls, IPv4 alone.
 *
 *	peer streams|datagrams HOST PORT [NAME=NUMBER...]
 *
 * Each stream sends bytes that follow from its own key, then its end, and
 * expects exactly those bytes back, then the other's end: one byte of another
 * stream is found at once. It can also be unkind: reset, pause, never read.
 * What came of it is printed as one line of JSON.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 16384, EVENTS = 256, BATCH = 32, LARGEST = 2048, QUIET_MS = 400, SPREAD = 200 };

/* What is to be done. */
static struct plan {
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
} plan = { .flows = 1, .at_once = 256, .read = PIECE, .seed = 1, .count = 1, .size = 64, .limit = 60 };

#define NAME(name) { #name, offsetof(struct plan, name) }

static const struct {
	const char *name;
	size_t at;
} names[] = {
	NAME(flows), NAME(at_once), NAME(bytes), NAME(read), NAME(rcvbuf), NAME(sndbuf),
	NAME(reset), NAME(chaos), NAME(spread), NAME(hold), NAME(seed), NAME(count), NAME(size), NAME(limit)
};

/* What came of it. */
static struct {
	long opened, done;      /* done: all came back, and the end */
	long reset, left;       /* unkind: reset by us, closed by us half-way */
	long refused, broken;   /* no connection; one that failed */
	long cut;               /* ended before all had come back */
	long foreign;           /* bytes that are not our own */
	long sent, got;
} total;

static struct sockaddr_in target = { .sin_family = AF_INET };

static void die(const char *what)
{
	fprintf(stderr, "peer: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* -- Bytes that follow from a key ------------------------------------------------------ */

/* The finaliser of SplitMix64. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static uint64_t chance(void)
{
	static uint64_t drawn;

	return mix((uint64_t)plan.seed << 32 ^ ++drawn);
}

/* Eight at a time where that is possible. */
static void fill(unsigned char *to, size_t n, uint64_t key, size_t at)
{
	for (size_t i = 0; i < n;) {
		uint64_t eight = htole64(mix(key + (at + i) / 8));
		size_t skip = (at + i) % 8;
		size_t part = 8 - skip < n - i ? 8 - skip : n - i;

		memcpy(to + i, (unsigned char *)&eight + skip, part);
		i += part;
	}
}

static long count_wrong(const unsigned char *bytes, size_t n, uint64_t key, size_t at)
{
	unsigned char right[PIECE];
	long wrong = 0;

	fill(right, n, key, at);
	if (memcmp(bytes, right, n) == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		wrong += bytes[i] != right[i];
	return wrong;
}

/* -- Streams ------------------------------------------------------------------------------ */

struct flow {
	int fd;                 /* -1: the place is free */
	uint64_t key;
	size_t want, sent, got;
	bool ended;             /* by us */
	bool paused;
};

static struct flow *flows;
static int poller;
static long open_now;

static void ask_for(const struct flow *f, int op)
{
	struct epoll_event e = { .data.ptr = (void *)(uintptr_t)f };

	if (!f->paused && plan.read)
		e.events |= EPOLLIN;
	if (!f->paused && !f->ended && !(plan.hold && f->sent == f->want))
		e.events |= EPOLLOUT;
	if (epoll_ctl(poller, op, f->fd, &e) < 0)
		die("epoll_ctl");
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
		die("bind");
}

static void size_buffer(int fd, int option, long size)
{
	int n = (int)size;

	if (n && setsockopt(fd, SOL_SOCKET, option, &n, sizeof n) < 0)
		die("setsockopt");
}

static int start_call(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	size_buffer(fd, SO_RCVBUF, plan.rcvbuf);
	size_buffer(fd, SO_SNDBUF, plan.sndbuf);
	if (plan.spread)
		spread(fd);
	return fd;
}

static void call(struct flow *f)
{
	*f = (struct flow){ .fd = start_call(), .want = (size_t)plan.bytes };
	f->key = mix((uint64_t)plan.seed ^ mix((uint64_t)total.opened));
	if (plan.chaos && plan.bytes)
		f->want = 1 + (size_t)(chance() % (uint64_t)plan.bytes);
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
	unsigned char piece[PIECE];
	size_t n = f->want - f->sent < PIECE ? f->want - f->sent : PIECE;

	fill(piece, n, f->key, f->sent);
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

/* Sizes of 1 to plan.read, in turn, so that all are met. */
static void take(struct flow *f)
{
	unsigned char piece[PIECE];
	size_t n = plan.read < PIECE ? 1 + f->got % (size_t)plan.read : PIECE;
	ssize_t r = recv(f->fd, piece, n, 0);
	long wrong = r > 0 ? count_wrong(piece, (size_t)r, f->key, f->got) : 0;

	if (r < 0 && errno != EAGAIN) {
		fail(f);
	} else if (r > 0) {
		f->got += (size_t)r;
		total.got += r;
		total.foreign += wrong;
	} else if (r == 0) {
		over(f, f->got == f->want ? &total.done : &total.cut);
	}
}

/* Reset, leave half-way, or look away for a while. False: the flow is not to be served now. */
static bool is_kind(struct flow *f)
{
	if (!plan.chaos || chance() % (uint64_t)plan.chaos)
		return true;
	switch (chance() % 4) {
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
	if (events & EPOLLIN)
		take(f);
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

static void streams(void)
{
	struct epoll_event events[EVENTS];
	long rounds = 0;
	int n = 1;

	poller = epoll_create1(EPOLL_CLOEXEC);
	flows = calloc((size_t)plan.at_once, sizeof *flows);
	if (poller < 0 || !flows)
		die("streams");
	for (long i = 0; i < plan.at_once; i++)
		flows[i].fd = -1;
	call_more();
	while (open_now && !all_have_sent()) {
		n = epoll_wait(poller, events, EVENTS, plan.chaos ? 20 : plan.hold ? QUIET_MS : -1);
		if (n < 0)
			die("epoll_wait");
		if (n == 0 && plan.hold && total.opened == plan.flows)
			break;
		for (int i = 0; i < n; i++)
			serve(events[i].data.ptr, events[i].events);
		if (plan.chaos && (n == 0 || ++rounds % 64 == 0))
			wake_all();
		call_more();
	}
}

/* -- Datagrams ------------------------------------------------------------------------------ */

struct batch {
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	unsigned char bytes[BATCH][LARGEST];
};

static void lay_out(struct batch *b, size_t size)
{
	for (int i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){ b->bytes[i], size };
		b->m[i].msg_hdr = (struct msghdr){ .msg_iov = &b->iov[i], .msg_iovlen = 1 };
	}
}

static int caller(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int size = 64 << 20;

	if (fd < 0 || connect(fd, (struct sockaddr *)&target, sizeof target) < 0)
		die("connect");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	return fd;
}

/* All bytes follow from the first eight. */
static void take_replies(int fd)
{
	static struct batch in;
	int n = BATCH;

	while (n == BATCH) {
		lay_out(&in, LARGEST);
		n = recvmmsg(fd, in.m, BATCH, 0, NULL);
		for (int i = 0; i < n; i++) {
			size_t size = in.m[i].msg_len;
			uint64_t key = 0;

			memcpy(&key, in.bytes[i], size < sizeof key ? size : sizeof key);
			total.foreign += size != (size_t)plan.size || key >= (uint64_t)total.sent;
			total.foreign += size > 8 ? count_wrong(in.bytes[i] + 8, size - 8, key, 8) : 0;
			total.got++;
		}
	}
}

static void send_some(int fd, long n)
{
	static struct batch out;

	lay_out(&out, (size_t)plan.size);
	for (long i = 0; i < n; i++) {
		uint64_t key = (uint64_t)(total.sent + i);

		memcpy(out.bytes[i], &key, sizeof key);
		fill(out.bytes[i] + 8, (size_t)plan.size - 8, key, 8);
	}
	int r = sendmmsg(fd, out.m, (unsigned)n, 0);
	if (r < 0 && errno != EAGAIN && errno != ECONNREFUSED)
		die("sendmmsg");
	total.sent += r > 0 ? r : 0;
}

/* Replies that found no room here count as cut. */
static void datagrams(void)
{
	struct pollfd p = { .fd = caller(), .events = POLLIN };
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t n = sizeof info;

	if (plan.size < 8 || plan.size > LARGEST) {
		errno = EINVAL;
		die("size");
	}
	while (total.sent < plan.count) {
		send_some(p.fd, plan.count - total.sent < BATCH ? plan.count - total.sent : BATCH);
		take_replies(p.fd);
	}
	while (total.got < total.sent && poll(&p, 1, QUIET_MS) > 0)
		take_replies(p.fd);
	getsockopt(p.fd, SOL_SOCKET, SO_MEMINFO, info, &n);
	total.cut = info[SK_MEMINFO_DROPS];
}

/* -- The command line ------------------------------------------------------------------------- */

static bool set(const char *text)
{
	const char *equals = strchr(text, '=');

	for (size_t i = 0; equals && i < sizeof names / sizeof *names; i++)
		if (strlen(names[i].name) == (size_t)(equals - text) &&
		    strncmp(names[i].name, text, (size_t)(equals - text)) == 0) {
			long value = strtol(equals + 1, NULL, 10);

			memcpy((char *)&plan + names[i].at, &value, sizeof value);
			return true;
		}
	return false;
}

static void report(void)
{
	printf("{\"opened\":%ld,\"done\":%ld,\"reset\":%ld,\"left\":%ld,\"refused\":%ld,\"broken\":%ld,"
	       "\"cut\":%ld,\"foreign\":%ld,\"sent\":%ld,\"got\":%ld,\"open\":%ld}\n",
	       total.opened, total.done, total.reset, total.left, total.refused, total.broken,
	       total.cut, total.foreign, total.sent, total.got, open_now);
	fflush(stdout);
}

int main(int count, char **words)
{
	bool fit = count > 3 && inet_pton(AF_INET, words[2], &target.sin_addr) == 1;
	char byte;

	for (int i = 4; i < count; i++)
		fit = fit && set(words[i]);
	if (!fit) {
		fputs("usage: peer streams|datagrams HOST PORT [NAME=NUMBER...]\n", stderr);
		return 2;
	}
	target.sin_port = htons((uint16_t)strtol(words[3], NULL, 10));
	if (plan.at_once > plan.flows)
		plan.at_once = plan.flows;
	alarm((unsigned)plan.limit);
	if (strcmp(words[1], "streams") == 0)
		streams();
	else
		datagrams();
	report();
	while (plan.hold && read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
