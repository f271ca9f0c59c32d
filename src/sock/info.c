/* SPDX-License-Identifier: MIT */
/*
 * TCP_INFO. The C library's struct tcp_info is years behind, and each kernel
 * answers with as much of its own as it knows. So the layout stands here, as
 * far as it is used, and begins zeroed: what an older kernel does not fill in
 * stays 0. The kernel only ever adds at the end.
 */
#include <sockeye/option.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "call.h"
#include "why.h"

struct info {
	uint8_t state, ca_state, retransmits, probes, backoff, options, scales, limits;
	uint32_t rto, ato, snd_mss, rcv_mss;
	uint32_t unacked, sacked, lost, retrans, fackets;
	uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
	uint32_t rcv_rtt, rcv_space;
	uint32_t total_retrans;
	uint64_t pacing_rate, max_pacing_rate;
	uint64_t bytes_acked, bytes_received;
	uint32_t segs_out, segs_in;
	uint32_t notsent_bytes, min_rtt, data_segs_in, data_segs_out;
	uint64_t delivery_rate;
	uint64_t busy_time, rwnd_limited, sndbuf_limited;
	uint32_t delivered, delivered_ce;
	uint64_t bytes_sent, bytes_retrans;    /* what follows is not used */
};

_Static_assert(sizeof(struct info) == 216, "the kernel's layout has no gaps");

int sock_tcp_info(struct sock *s, struct sock_tcp *info)
{
	struct info k = { 0 };
	socklen_t n = sizeof k;

	if (info)
		*info = (struct sock_tcp){ 0 };
	if (!why_ok(s, "tcp_info"))
		return -1;
	if (!info)
		return why_fail_at(s, "tcp_info", "", EINVAL, "no place for the answer");
	int err = -call_getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &k, &n);
	if (err)
		return why_fail(s, "tcp_info", err);
	*info = (struct sock_tcp){
		.state = k.state,
		.rtt = k.rtt,
		.rtt_var = k.rttvar,
		/* All ones: none measured yet. */
		.rtt_min = k.min_rtt == UINT32_MAX ? 0 : k.min_rtt,
		.mss_out = k.snd_mss,
		.mss_in = k.rcv_mss,
		.cwnd = k.snd_cwnd,
		.retransmits = k.total_retrans,
		.lost = k.lost,
		.unsent = k.notsent_bytes,
		.unacked = k.unacked,
		.bytes_sent = k.bytes_sent,
		.bytes_acked = k.bytes_acked,
		.bytes_received = k.bytes_received,
		.bytes_retransmitted = k.bytes_retrans,
		.delivery_rate = k.delivery_rate,
		.pacing_rate = k.pacing_rate,
	};
	why_well(s);
	return 0;
}
