/* SPDX-License-Identifier: MIT */
/*
 * Which record becomes which packet: TCP's go to segments.c, UDP's to
 * datagrams.c, and both write by packet.c. A call that causes something counts
 * from its entry, one that was caused from its return, as in order.h, so that
 * the packets have the order of the ladder.
 */
#include "pcapng.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "../base/clock.h"
#include "args.h"
#include "datagrams.h"
#include "segments.h"

struct pcapng {
	struct packet_file f;
	struct segments *segments;
	struct datagrams *datagrams;
	uint64_t left_out;
};

int64_t pcapng_wall(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * CLOCK_SEC + now.tv_nsec - clock_now();
}

static void release(struct pcapng *p)
{
	segments_free(p->segments);
	datagrams_free(p->datagrams);
	free(p);
}

struct pcapng *pcapng_new(int64_t wall, draw_out *out, void *to)
{
	struct pcapng *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->f = (struct packet_file){ .out = out, .to = to, .wall = wall };
	p->segments = segments_new(&p->f);
	p->datagrams = datagrams_new(&p->f);
	if (!p->segments || !p->datagrams) {
		release(p);
		return NULL;
	}
	packet_head(&p->f);
	return p;
}

static bool is_inet(const struct event *e)
{
	return e->family == AF_INET || e->family == AF_INET6;
}

static bool is_tcp(const struct event *e)
{
	return is_inet(e) && e->type == SOCK_STREAM &&
	       (!e->proto || e->proto == IPPROTO_TCP || e->proto == IPPROTO_MPTCP);
}

static bool is_udp(const struct event *e)
{
	return is_inet(e) && e->type == SOCK_DGRAM && (!e->proto || e->proto == IPPROTO_UDP);
}

static bool causes(const struct event *e)
{
	return event_sends(e) || e->call == EVENT_CONNECT || e->call == EVENT_SHUTDOWN || e->call == EVENT_CLOSE;
}

/* Time goes on only: a record that comes late has the time of the one before. */
static void set_time(struct pcapng *p, const struct event *e)
{
	int64_t time = causes(e) && e->took > 0 && e->time > INT64_MIN + e->took ? e->time - e->took : e->time;

	if (time > p->f.now)
		p->f.now = time;
}

void pcapng_event(struct pcapng *p, const struct event *e)
{
	if (e->phase != EVENT_RETURN)
		return;
	set_time(p, e);
	if (is_tcp(e) || e->call == EVENT_FORK || e->call == EVENT_EXIT)
		segments_event(p->segments, e);
	else if (is_udp(e))
		p->left_out += !datagrams_event(p->datagrams, e);
	else
		p->left_out += e->moved && !e->error && (event_sends(e) || event_receives(e));
}

uint64_t pcapng_left_out(const struct pcapng *p)
{
	return p->left_out;
}

int pcapng_end(struct pcapng *p)
{
	segments_end(p->segments);
	int error = p->f.error;
	release(p);
	return error;
}
