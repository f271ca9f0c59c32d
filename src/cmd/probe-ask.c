/* SPDX-License-Identifier: MIT */
/*
 * What a socket's fate says of a port. A stream that connects is open. UDP has
 * no such moment: only a reply says open and only ICMP says closed, so silence
 * is called silence. The kernel's queue of errors says more than an errno does
 * and is asked first: probe-icmp.c.
 */
#include "probe-ask.h"

#include <errno.h>
#include <netinet/in.h>
#include <sockeye/addr.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/code.h"
#include "../sock/call.h"

/* The heaviest is the most telling: a host that refused says more than a missing way. */
enum weight { NOT_ASKED, NO_WAY, NO_ANSWER, FORBIDDEN, REFUSED, REPLIED };

const char *probe_state_word(enum probe_state state)
{
	static const char *const words[] = {
		[PROBE_OPEN] = "open",
		[PROBE_CLOSED] = "closed",
		[PROBE_SILENT] = "silent",
		[PROBE_UNKNOWN] = "unknown",
		[PROBE_FAILED] = "failed",
	};

	return words[state];
}

void probe_answer_set(struct probe_answer *a, enum probe_state state, int weight,
                      const char *reason)
{
	static const int codes[] = {
		[PROBE_OPEN] = CODE_OK,
		[PROBE_CLOSED] = CODE_REFUSED,
		[PROBE_SILENT] = CODE_TIMEOUT,
		[PROBE_UNKNOWN] = CODE_NAME,
		[PROBE_FAILED] = CODE_NETWORK,
	};

	a->state = state;
	a->weight = weight;
	a->code = codes[state];
	snprintf(a->reason, sizeof a->reason, "%s", reason);
}

/* -- Verdicts ----------------------------------------------------------------------------- */

/* What an errno says where ICMP said nothing, in words; NULL: the system's own. */
static const struct verdict {
	int error;
	enum probe_state state;
	enum weight weight;
	const char *words;
} verdicts[] = {
	{ ECONNREFUSED, PROBE_CLOSED, REFUSED, "connection refused" },
	{ ECONNRESET, PROBE_CLOSED, REFUSED, "connection reset" },
	{ ECONNABORTED, PROBE_CLOSED, REFUSED, "connection aborted" },
	{ ENOPROTOOPT, PROBE_CLOSED, REFUSED, "protocol unreachable" },
	{ ENOENT, PROBE_CLOSED, REFUSED, "there is no such socket" },
	{ ENOTDIR, PROBE_CLOSED, REFUSED, "a part of the path is a file, not a folder" },
	{ EPROTOTYPE, PROBE_CLOSED, REFUSED, "a socket of another kind is there" },
	{ EACCES, PROBE_CLOSED, FORBIDDEN, "prohibited" },
	{ EPERM, PROBE_CLOSED, FORBIDDEN, "prohibited" },
	{ EHOSTUNREACH, PROBE_CLOSED, NO_WAY, "host unreachable" },
	{ EHOSTDOWN, PROBE_CLOSED, NO_WAY, "host down" },
	{ ENETUNREACH, PROBE_CLOSED, NO_WAY, "network unreachable" },
	{ ENETDOWN, PROBE_CLOSED, NO_WAY, "network down" },
	{ EPROTO, PROBE_CLOSED, NO_WAY, "the packet was not understood" },
	{ ENODEV, PROBE_CLOSED, NO_WAY, "there is no such machine, or no way to it" },
	{ EINVAL, PROBE_FAILED, NOT_ASKED, "this machine cannot call such an address" },
	{ ETIMEDOUT, PROBE_SILENT, NO_ANSWER, "no answer" },
	{ EAFNOSUPPORT, PROBE_FAILED, NOT_ASKED, "this system lacks that family of addresses" },
	{ EADDRNOTAVAIL, PROBE_FAILED, NOT_ASKED, "this machine has no address or port to ask from" },
};

static bool is_short(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM || err == EAGAIN;
}

static void judge_errno(int err, const struct sock_addr *to, struct probe_answer *a)
{
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		const struct verdict *v = &verdicts[i];
		const char *words = v->words;

		if (v->error != err)
			continue;
		if (err == ECONNREFUSED && probe_ask_says(to))
			words = "port unreachable";
		if (sock_addr_family(to) == AF_UNIX && err == ECONNREFUSED)
			words = "no program listens there";
		if (sock_addr_family(to) == AF_UNIX && v->weight == FORBIDDEN)
			words = "permission denied";
		probe_answer_set(a, v->state, v->weight, words);
		return;
	}
	const char *own = strerrordesc_np(err);
	probe_answer_set(a, PROBE_FAILED, NOT_ASKED, own ? own : "an error without a name");
}

/* Did ICMP say something? */
static bool judge_icmp(struct probe_ask *k, struct probe_answer *a)
{
	static const enum weight weights[] = {
		[SAID_UNREACHABLE] = NO_WAY,
		[SAID_PROHIBITED] = FORBIDDEN,
		[SAID_REFUSED] = REFUSED,
	};
	char words[PROBE_SAYING];
	enum probe_saying saying = SAID_NOTHING;

	if (k->s.family == AF_INET || k->s.family == AF_INET6)
		saying = probe_icmp_hear(k->s.fd, &k->to, words);
	if (saying != SAID_NOTHING)
		probe_answer_set(a, PROBE_CLOSED, weights[saying], words);
	return saying != SAID_NOTHING;
}

static enum probe_step done(struct probe_ask *k, struct probe_answer *a)
{
	a->took = clock_now() - k->began;
	sock_close(&k->s);
	return PROBE_DONE;
}

static enum probe_step judge(struct probe_ask *k, int err, struct probe_answer *a)
{
	if (!judge_icmp(k, a))
		judge_errno(err, &k->to, a);
	return done(k, a);
}

/* -- UDP ----------------------------------------------------------------------------------- */

bool probe_ask_says(const struct sock_addr *to)
{
	int family = sock_addr_family(to);

	return to->type == SOCK_DGRAM && (family == AF_INET || family == AF_INET6);
}

struct payload {
	const char *bytes;
	size_t n;
};

/* A question that a server of this port answers and that changes nothing. */
static struct payload payload_for(int port)
{
	/* RFC 1035: one question, for the name servers of the root. */
	static const char dns[17] = { 'S', 'o', 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1 };
	/* RFC 5905: version 4, from a client. */
	static const char ntp[48] = { 0x23 };

	switch (port) {
	case 53:
		return (struct payload){ dns, sizeof dns };
	case 123:
		return (struct payload){ ntp, sizeof ntp };
	default:
		return (struct payload){ "\n", 1 };
	}
}

static enum probe_step hear(struct probe_ask *k, struct probe_answer *a)
{
	char reply[2048], words[64];
	ssize_t n = sock_recv(&k->s, reply, sizeof reply);

	if (n < 0) {
		int err = k->s.error;

		if (judge_icmp(k, a))
			return done(k, a);
		return err == EAGAIN || err == EMSGSIZE ? PROBE_WAITS : judge(k, err, a);
	}
	snprintf(words, sizeof words, "a reply of %llu bytes",
	         (unsigned long long)n + sock_cut(&k->s));
	probe_answer_set(a, PROBE_OPEN, REPLIED, words);
	return done(k, a);
}

enum probe_step probe_ask_again(struct probe_ask *k, const struct probe_how *how,
                                struct probe_answer *a)
{
	struct payload p = payload_for(sock_addr_port(&k->to));

	if (how->payload)
		p = (struct payload){ how->payload, strlen(how->payload) };
	k->sent++;
	if (sock_send(&k->s, p.bytes, p.n) >= 0)
		return PROBE_WAITS;
	int err = k->s.error;
	if (judge_icmp(k, a))
		return done(k, a);
	/* What the system does not take now it may take the next time. */
	return err == EAGAIN || err == ENOBUFS ? PROBE_WAITS : judge(k, err, a);
}

/* -- All ------------------------------------------------------------------------------------ */

static enum probe_step connect_on(struct probe_ask *k, struct probe_answer *a)
{
	if (sock_connect_addr(&k->s, &k->to) == 0) {
		probe_answer_set(a, PROBE_OPEN, REPLIED, "");
		return done(k, a);
	}
	if (k->s.error != EAGAIN)
		return judge(k, k->s.error, a);
	/* An error may be queued that the connect has not been ended by. */
	if (judge_icmp(k, a))
		return done(k, a);
	return k->s.family == AF_UNIX ? PROBE_QUEUES : PROBE_WAITS;
}

/* An address to ask from. Its port, if it has one, is shared by all that is asked. */
static int bind_source(struct probe_ask *k, const struct sock_addr *source)
{
	bool any = sock_addr_port(source) == 0;
	int on = 1;

	if (k->s.family != AF_INET && k->s.family != AF_INET6)
		return 0;
	if (k->s.family != sock_addr_family(source)) {
		snprintf(k->s.why, sizeof k->s.why, "the source address is of another family");
		return -1;
	}
	if (any)
		call_setsockopt(k->s.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	else
		call_setsockopt(k->s.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	return sock_bind_addr(&k->s, source);
}

static enum probe_step fail(struct probe_ask *k, struct probe_answer *a)
{
	probe_answer_set(a, PROBE_FAILED, NOT_ASKED, k->s.why);
	return done(k, a);
}

/* What this machine is short of now it may have later. */
static enum probe_step open_failed(struct probe_ask *k, struct probe_answer *a)
{
	int err = k->s.error;

	judge_errno(err, &k->to, a);
	done(k, a);
	return is_short(err) ? PROBE_SHORT : PROBE_DONE;
}

/* A stream's connect begins; UDP is connected at once, so that errors find it, and speaks. */
static enum probe_step first(struct probe_ask *k, const struct probe_how *how,
                             struct probe_answer *a)
{
	bool says = probe_ask_says(&k->to);
	int failed = sock_connect_addr(&k->s, &k->to);

	if (!failed && says)
		return probe_ask_again(k, how, a);
	if (failed && is_short(k->s.error) && (says || k->s.error != EAGAIN))
		return open_failed(k, a);
	if (failed && k->s.error == EAGAIN)
		return k->s.family == AF_UNIX ? PROBE_QUEUES : PROBE_WAITS;
	if (failed)
		return judge(k, k->s.error, a);
	probe_answer_set(a, PROBE_OPEN, REPLIED, "");
	return done(k, a);
}

enum probe_step probe_ask_begin(struct probe_ask *k, const struct sock_addr *to,
                                const struct probe_how *how, struct probe_answer *a)
{
	k->to = *to;
	k->sent = 0;
	k->began = clock_now();
	k->s = sock_open(sock_addr_family(to), to->type | SOCK_NONBLOCK, to->proto);
	if (k->s.fd < 0)
		return open_failed(k, a);
	probe_icmp_ask(&k->s);
	if (how->source.len && bind_source(k, &how->source) < 0)
		return fail(k, a);
	return first(k, how, a);
}

enum probe_step probe_ask_go_on(struct probe_ask *k, struct probe_answer *a)
{
	return probe_ask_says(&k->to) ? hear(k, a) : connect_on(k, a);
}

static const char *silence(const struct probe_ask *k)
{
	if (k->s.family == AF_UNIX)
		return "the queue of its callers is full";
	if (probe_ask_says(&k->to))
		return "no reply: it is open and has nothing to say, or packets are dropped";
	return "no answer: packets are dropped, or the host is down";
}

void probe_ask_end(struct probe_ask *k, struct probe_answer *a)
{
	if (probe_ask_go_on(k, a) == PROBE_DONE)
		return;
	probe_answer_set(a, PROBE_SILENT, NO_ANSWER, silence(k));
	done(k, a);
}
