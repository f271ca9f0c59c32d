/* SPDX-License-Identifier: MIT */
/*
 * A load of UDP echoes from one thread and one socket, ended by one line of
 * JSON. Each datagram carries its number and the pattern from there on.
 *
 *	udp-load --port N --mode window         --depth datagrams in flight
 *	udp-load --port N --mode train          the same, by UDP_SEGMENT and UDP_GRO
 *	udp-load --port N --mode flood          never waits: what does not come back is lost
 *
 * In a window a datagram counts as lost when nothing has come for 50 ms.
 */
#include "load.h"

#include "../plain.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BATCH = 64, ROOM = 64 << 10, TRAIN = 65000, HEAD = sizeof(uint64_t) };
enum { IN_FLIGHT_MOST = 1 << 16, SILENCE_US = 50000 };

struct run {
	const struct load *load;
	struct tally *tally;
	int fd;
	size_t size;
	uint64_t sent, back;            /* datagrams */
	uint64_t oldest;                /* those before it are given up */
	uint64_t begun[IN_FLIGHT_MOST]; /* when those in flight were sent, by number */
};

static char out[BATCH][ROOM], in[BATCH][ROOM];
static struct iovec out_parts[BATCH], in_parts[BATCH];
static struct mmsghdr out_msgs[BATCH], in_msgs[BATCH];
static _Alignas(struct cmsghdr) char controls[BATCH][CMSG_SPACE(sizeof(int))];

static bool is_mode(const struct run *run, const char *mode)
{
	return strcmp(run->load->mode, mode) == 0;
}

static void write_datagram(struct run *run, char *to, uint64_t now)
{
	memcpy(to, &run->sent, HEAD);
	memcpy(to + HEAD, pattern_sent(run->sent), run->size - HEAD);
	run->begun[run->sent % IN_FLIGHT_MOST] = now;
	run->sent++;
}

static void read_datagram(struct run *run, const char *from, size_t n, uint64_t now)
{
	uint64_t number = 0;

	memcpy(&number, from, n < HEAD ? n : HEAD);
	if (n != run->size || number >= run->sent ||
		!pattern_returns(run->load, number, from + HEAD, n - HEAD)) {
		run->tally->errors++;
		return;
	}
	if (number < run->oldest)
		return;                         /* late: it counted as lost */
	run->back++;
	run->tally->messages++;
	run->tally->bytes += n;
	histogram_add(&run->tally->took, now - run->begun[number % IN_FLIGHT_MOST], 1);
}

/* Send n datagrams, at most BATCH, in one call. Those that are refused were never sent. */
static void send_each(struct run *run, size_t n)
{
	uint64_t now = plain_now();
	int sent;

	for (size_t i = 0; i < n; i++) {
		write_datagram(run, out[i], now);
		out_parts[i] = (struct iovec){ out[i], run->size };
		out_msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &out_parts[i], .msg_iovlen = 1 };
	}
	sent = sendmmsg(run->fd, out_msgs, (unsigned)n, 0);
	if (sent < 0 && errno == ECONNREFUSED)
		plain_fail("the server is gone");
	run->sent -= n - (size_t)(sent > 0 ? sent : 0);
}

/* Send n datagrams as one train. */
static void send_train(struct run *run, size_t n)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(uint16_t))];
	} control = { .head = { .cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT,
		.cmsg_len = CMSG_LEN(sizeof(uint16_t)) } };
	uint16_t segment = (uint16_t)run->size;
	struct iovec part = { out[0], n * run->size };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof segment) };
	uint64_t now = plain_now();

	memcpy(CMSG_DATA(&control.head), &segment, sizeof segment);
	for (size_t i = 0; i < n; i++)
		write_datagram(run, out[0] + i * run->size, now);
	if (sendmsg(run->fd, &msg, 0) < 0)
		run->sent -= n;
}

/* The length of each datagram of what was received: all of it, unless it is a train. */
static size_t segment_of(struct mmsghdr *msg)
{
	int size = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg->msg_hdr); c; c = CMSG_NXTHDR(&msg->msg_hdr, c))
		if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
			memcpy(&size, CMSG_DATA(c), sizeof size);
	return size > 0 && (unsigned)size < msg->msg_len ? (size_t)size : msg->msg_len;
}

/* Take what there is. False when nothing came. */
static bool collect(struct run *run, int flags)
{
	uint64_t now;
	int n;

	for (int i = 0; i < BATCH; i++) {
		in_parts[i] = (struct iovec){ in[i], ROOM };
		in_msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &in_parts[i], .msg_iovlen = 1,
			.msg_control = controls[i], .msg_controllen = sizeof controls[i] };
	}
	n = recvmmsg(run->fd, in_msgs, BATCH, flags, NULL);
	now = plain_now();
	for (int i = 0; i < n; i++) {
		size_t step = segment_of(&in_msgs[i]), left = in_msgs[i].msg_len;

		for (const char *at = in[i]; left > 0; at += step) {
			step = left < step ? left : step;
			read_datagram(run, at, step, now);
			left -= step;
		}
	}
	return n > 0;
}

static bool something_came(struct run *run)
{
	uint64_t end = plain_now() + SILENCE_US * 1000;

	if (!run->load->spin)
		return collect(run, MSG_WAITFORONE);
	while (plain_now() < end)
		if (collect(run, MSG_DONTWAIT))
			return true;
	return false;
}

/* What has not come in time never will: the window is free again. */
static void wait_for_some(struct run *run)
{
	if (something_came(run))
		return;
	run->tally->lost += run->sent - run->back;
	run->back = run->oldest = run->sent;
}

static void fill_window(struct run *run, size_t most, void (*send_some)(struct run *run, size_t n))
{
	uint64_t depth = (uint64_t)run->load->depth;

	while (run->sent - run->back < depth) {
		uint64_t sent = run->sent, room = depth - (run->sent - run->back);

		if (send_some == send_train && room < most && room < depth)
			return;                 /* only whole trains */
		send_some(run, room < most ? (size_t)room : most);
		if (run->sent == sent)
			return;                 /* the buffer is full */
	}
}

static void turn(struct run *run)
{
	size_t whole = TRAIN / run->size;

	if (is_mode(run, "flood")) {
		send_each(run, BATCH);
		collect(run, MSG_DONTWAIT);
		return;
	}
	if (is_mode(run, "train"))
		fill_window(run, whole < BATCH ? whole : BATCH, send_train);
	else
		fill_window(run, BATCH, send_each);
	wait_for_some(run);
}

static void turn_until(struct run *run, uint64_t end)
{
	while (plain_now() < end)
		turn(run);
}

static void measure(struct run *run)
{
	struct tally *tally = run->tally;
	uint64_t sent;

	turn_until(run, plain_now() + run->load->warm);
	tally_start(tally, run->load);
	sent = run->sent;
	turn_until(run, tally->start + run->load->time);
	tally_end(tally, run->load);
	if (is_mode(run, "flood") && run->sent - sent > tally->messages)
		tally->lost = run->sent - sent - tally->messages;
}

static int open_socket(const struct load *load)
{
	struct sockaddr_in addr = plain_loopback(load->port);
	struct timeval silence = { .tv_usec = SILENCE_US };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 4 << 20, one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0)
		plain_fail("connect");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
	if (strcmp(load->mode, "train") == 0 &&
		setsockopt(fd, SOL_UDP, UDP_GRO, &one, sizeof one) < 0)
		plain_fail("UDP_GRO");
	return fd;
}

int main(int argc, char **argv)
{
	static struct tally tally;
	static struct run run;
	struct load load = load_options(argc, argv, "window");

	if (load.size < HEAD || load.size > TRAIN) {
		fprintf(stderr, "udp-load: --size must be from %d to %d\n", HEAD, TRAIN);
		return 2;
	}
	run = (struct run){ .load = &load, .tally = &tally, .size = (size_t)load.size };
	run.fd = open_socket(&load);
	measure(&run);
	tally_print(&tally);
	close(run.fd);
	return 0;
}
