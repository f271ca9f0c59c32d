/* SPDX-License-Identifier: MIT */
/*
 * Bytes out: send, sendall, sendto and their text forms. Every one of them
 * passes MSG_NOSIGNAL, so a peer that is gone is an error and never a signal.
 * Messages with control data are in msg.c, files in sendfile.c.
 */
#include <errno.h>
#include <poll.h>
#include <sockeye/addr.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "call.h"
#include "resolve.h"
#include "step.h"
#include "wait.h"

ssize_t sock_send(struct sock *s, const void *buf, size_t n)
{
	struct pace p;
	ssize_t r;

	if (!why_ok(s, "send"))
		return -1;
	p = pace_of(s);
	do
		r = call_send(s->fd, buf, n, p.flags);
	while (pace_again(&p, s->fd, POLLOUT, &r));
	s->sent = r < 0 ? 0 : r;
	if (r < 0)
		return why_fail(s, "send", -r);
	why_well(s);
	return r;
}

/* A stream with a hole in it is worth nothing: part of a message on the way breaks the socket. */
static int cut_short(struct sock *s, int err)
{
	return s->sent ? why_kill(s, "sendall", err) : why_fail(s, "sendall", err);
}

int sock_sendall(struct sock *s, const void *buf, size_t n)
{
	const char *at = buf ? buf : "";        /* no bytes may be nowhere */
	struct pace p;

	if (!why_ok(s, "sendall"))
		return -1;
	p = pace_of(s);
	s->sent = 0;
	do {
		ssize_t r;

		do
			r = call_send(s->fd, at + s->sent, n - s->sent, p.flags);
		while (pace_again(&p, s->fd, POLLOUT, &r));
		if (r < 0)
			return cut_short(s, -r);
		s->sent += r;
		if (s->sent < n && pace_spent(&p))
			return cut_short(s, LIMIT_REACHED);
	} while (s->sent < n);
	why_well(s);
	return 0;
}

uint64_t sock_sent(const struct sock *s)
{
	return s ? s->sent : 0;
}

/* -- Datagrams to an address ---------------------------------------------------- */

static ssize_t send_to(struct sock *s, const void *buf, size_t n, const struct sock_addr *to, int64_t deadline)
{
	struct pace p = { .deadline = deadline, .flags = deadline == PACE_FOREVER ? 0 : MSG_DONTWAIT };
	struct sock_addr a = s->family == AF_INET6 ? addr_mapped(to) : *to;
	ssize_t r;

	do
		r = call_sendto(s->fd, buf, n, p.flags, &a);
	while (pace_again(&p, s->fd, POLLOUT, &r));
	s->sent = r < 0 ? 0 : r;
	if (r < 0) {
		a.type = s->type;
		return why_fail_at(s, "sendto", sock_addr_text(&a).s, -r, r == -EACCES ?
		                   "Permission denied: a broadcast needs the option \"broadcast\"" : NULL);
	}
	why_well(s);
	return r;
}

ssize_t sock_sendto(struct sock *s, const void *buf, size_t n, const char *where)
{
	struct where_known known;
	struct sock_addr to;
	struct where w;
	char words[64];
	int64_t deadline;
	int err;

	if (!why_ok(s, "sendto"))
		return -1;
	s->sent = 0;
	deadline = pace_of(s).deadline;
	known = step_known(s);
	if (where_parse(&w, where, &known) < 0)
		return why_fail_at(s, "sendto", where ? where : "", EINVAL, w.reason);
	err = resolve_where(&to, 1, &w, false, deadline, &s->gai);
	if (err < 0)
		return why_fail_at(s, "sendto", where, -err, lookup_words(err, s->gai, words, sizeof words));
	s->gai = 0;
	return send_to(s, buf, n, &to, deadline);
}

ssize_t sock_sendto_addr(struct sock *s, const void *buf, size_t n, const struct sock_addr *to)
{
	if (!why_ok(s, "sendto"))
		return -1;
	s->sent = 0;
	if (!to || !to->len)
		return why_fail_at(s, "sendto", "", EINVAL, "no address given");
	return send_to(s, buf, n, to, pace_of(s).deadline);
}

/* -- Text -------------------------------------------------------------------------- */

/* No text is nothing to send, not an empty datagram. */
static int send_text(struct sock *s, const char *text, size_t n)
{
	if (n)
		return sock_sendall(s, text, n);
	s->sent = 0;
	why_well(s);
	return 0;
}

int sock_puts(struct sock *s, const char *text)
{
	if (!why_ok(s, "puts"))
		return -1;
	if (!text)
		return why_fail_at(s, "puts", "", EINVAL, "no text given");
	return send_text(s, text, strlen(text));
}

/* Text that is too long for the stack. */
static int print_long(struct sock *s, const char *format, va_list args, size_t n)
{
	char *text = sys.malloc(n + 1);
	int r;

	if (!text)
		return why_fail_at(s, "printf", "", ENOMEM, NULL);
	vsnprintf(text, n + 1, format, args);
	r = sock_sendall(s, text, n);
	free(text);
	return r;
}

int sock_printf(struct sock *s, const char *format, ...)
{
	va_list args, again;
	char text[1024];
	int n, r;

	if (!why_ok(s, "printf"))
		return -1;
	if (!format)
		return why_fail_at(s, "printf", "", EINVAL, "no format given");
	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(text, sizeof text, format, args);
	if (n < 0)
		r = why_fail_at(s, "printf", "", EINVAL, "the format cannot be printed");
	else if ((size_t)n < sizeof text)
		r = send_text(s, text, n);
	else
		r = print_long(s, format, again, n);
	va_end(again);
	va_end(args);
	return r;
}
