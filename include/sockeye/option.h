/* SPDX-License-Identifier: MIT */
/*
 * Options by name. The name is the constant's, in lower case with hyphens and
 * without SO_ or TCP_: "rcvbuf", "nodelay", "ip-ttl", "ipv6-v6only",
 * "udp-segment"; the constant itself ("SO_RCVBUF") is a name too.
 *
 *	int64_t size;
 *
 *	sock_set(&s, "nodelay", 1);
 *	sock_set_text(&s, "congestion=cubic");
 *	sock_get(&s, "rcvbuf", &size);
 *
 * Values are the kernel's: see socket(7), ip(7), ipv6(7), tcp(7), udp(7). A
 * refused option leaves the socket as it was.
 */
#ifndef SOCKEYE_OPTION_H
#define SOCKEYE_OPTION_H

#include <sockeye.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Set a numeric or on/off option; linger in seconds, negative for off, times in
 * us. 0 or -1; an unknown name is EINVAL and the sentence tells the nearest.
 */
int sock_set(struct sock *s, const char *name, int64_t value);

/* Read a numeric or on/off option. 0 or -1. */
int sock_get(struct sock *s, const char *name, int64_t *value);

/*
 * Set options from text: "nodelay", "rcvbuf=64k", "linger=off", "rcvtimeo=250ms",
 * "bindtodevice=lo", "ip-add-membership=239.1.2.3@lo", "ipv6-join-group=ff02::1%lo",
 * several with commas. A bare name switches a flag on. Numbers take k, m and g (1024). If
 * one cannot be understood none is set; the kernel's refusal ends the list. 0 or -1.
 */
int sock_set_text(struct sock *s, const char *options);

/* Read any option as text into out (cut to room). 0 or -1. */
int sock_get_text(struct sock *s, const char *name, char *out, size_t room);

/* getsockopt(2) and setsockopt(2) as they are, with sentences. *n is room, then size. 0 or -1. */
int sock_setopt(struct sock *s, int level, int option, const void *value, socklen_t n);
int sock_getopt(struct sock *s, int level, int option, void *value, socklen_t *n);

/* One row of the table. */
struct sock_option {
	const char *name;       /* "nodelay" */
	const char *constant;   /* "TCP_NODELAY" */
	const char *kind;       /* "flag", "number", "text", "linger", "time" (us), "raw" */
	const char *about;      /* one line */
	int level, option;
};

/* The i-th row of the table, from 0 on, or NULL past its end. */
const struct sock_option *sock_option_at(int i);

/* The row of a name, or NULL. */
const struct sock_option *sock_option(const char *name);

/* What the kernel knows of a TCP connection; times in us. Newer fields are 0 on an old kernel. */
struct sock_tcp {
	int state;                      /* TCP_ESTABLISHED, ... of tcp(7) */
	uint32_t rtt, rtt_var, rtt_min;
	uint32_t mss_out, mss_in, cwnd;  /* cwnd in segments of mss_out */
	uint32_t retransmits, lost;      /* segments, over the whole life; now thought lost */
	uint32_t unsent, unacked;        /* bytes not yet sent; segments not yet acknowledged */
	uint64_t bytes_sent, bytes_acked, bytes_received, bytes_retransmitted;
	uint64_t delivery_rate, pacing_rate;    /* bytes a second */
};

/* Read it: TCP_INFO. 0 or -1. */
int sock_tcp_info(struct sock *s, struct sock_tcp *info);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
