/* SPDX-License-Identifier: MIT */
/* The conversation of the verb send, and its reply on its way to stdout. */
#include "send.h"

#include <errno.h>
#include <pthread.h>
#include <sockeye/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../sock/why.h"
#include "fail.h"
#include "out.h"
#include "value.h"

enum { PIECE = 64 * 1024 };

int send_lacks_memory(const struct send *s)
{
	verb_fail(s->verb, "no memory for the message", NULL);
	return CODE_NETWORK;
}

/* -- The reply ---------------------------------------------------------------------------- */

static bool is_shown(const struct send *s)
{
	return isatty(STDOUT_FILENO) && !s->raw;
}

static int put(struct send *s, const char *bytes, size_t n)
{
	char shown[VISIBLE_ROOM(1024)];
	int err = 0;

	if (n)
		s->last = bytes[n - 1];
	if (!is_shown(s))
		return out_data(bytes, n);
	while (n && !err) {
		size_t some = n < 1024 ? n : 1024;

		err = out_data(shown, visible_piece(&s->visible, shown, bytes, some));
		bytes += some;
		n -= some;
	}
	return err;
}

static bool keep(struct send *s, const char *bytes, size_t n)
{
	char *more = realloc(s->reply_bytes, s->reply_n + n + 1);

	if (!more)
		return false;
	memcpy(more + s->reply_n, bytes, n);
	s->reply_bytes = more;
	s->reply_n += n;
	return true;
}

/* As Python prints the bytes or, of a datagram, the pair that recvfrom returns. */
static int print_python(struct send *s, const struct sock_addr *from)
{
	char address[700];
	size_t room = 4 * s->reply_n + 4;
	char *text = malloc(room);

	if (!text)
		return send_lacks_memory(s);
	sock_repr(text, room, s->reply_n ? s->reply_bytes : "", s->reply_n);
	if (from)
		printf("(%s, %s)\n", text, sock_repr_addr(address, sizeof address, from));
	else
		puts(text);
	free(text);
	return ferror(stdout) | fflush(stdout) ? fail_stream(s->verb, "stdout", errno) : CODE_OK;
}

/* A person's prompt begins on a line of its own. */
static int finish(struct send *s)
{
	char held[VISIBLE_ROOM(0)];
	int err = 0;

	if (s->python)
		return print_python(s, NULL);
	if (is_shown(s))
		err = out_data(held, visible_end(&s->visible, held));
	if (!err && isatty(STDOUT_FILENO) && s->last && s->last != '\n')
		err = out_data("\n", 1);
	return err ? fail_stream(s->verb, "stdout", -err) : CODE_OK;
}

static int tell_short(const struct send *s, uint64_t got)
{
	char why[SOCKEYE_WHY + 64];

	if (s->line)
		snprintf(why, sizeof why, "%s: the peer ended before its line did", s->meet.where);
	else
		snprintf(why, sizeof why, "%s: the peer ended after %llu of %lld bytes", s->meet.where,
		         (unsigned long long)got, (long long)s->reply);
	verb_fail(s->verb, why, "without --reply and --line whatever comes is the reply");
	return CODE_NETWORK;
}

static int tell_broken(const struct send *s, const struct sock *sock)
{
	char why[SOCKEYE_WHY + 64], time[VALUE_TEXT];

	if (why_code(sock) != CODE_TIMEOUT)
		return fail_tell(s->verb, sock, s->meet.where);
	snprintf(why, sizeof why, "%.250s: the reply was not over within %s", s->meet.where,
	         value_time_text(time, s->timeout));
	verb_fail(s->verb, why, "what had come was printed; --timeout waits longer, --line and --reply end it "
	          "earlier");
	return CODE_TIMEOUT;
}

/* How much of a piece belongs to the reply; *over: it is whole with that. */
static size_t part(const struct send *s, const char *piece, size_t n, uint64_t got, bool *over)
{
	const char *end = s->line ? memchr(piece, '\n', n) : NULL;

	if (end)
		n = (size_t)(end - piece) + 1;
	*over = end != NULL;
	if (s->reply && got + n >= (uint64_t)s->reply) {
		n = (size_t)((uint64_t)s->reply - got);
		*over = true;
	}
	return n;
}

static int hear_stream(struct send *s, struct sock *sock)
{
	char piece[PIECE];
	uint64_t got = 0;
	bool over = false;
	ssize_t n;

	while (!over && (n = sock_recv(sock, piece, sizeof piece)) != 0) {
		if (n < 0)
			return tell_broken(s, sock);
		size_t some = part(s, piece, (size_t)n, got, &over);
		int err = s->python ? keep(s, piece, some) ? 0 : -ENOMEM : put(s, piece, some);

		if (err)
			return fail_stream(s->verb, "stdout", -err);
		got += some;
	}
	int code = finish(s);
	return !code && !over && (s->line || s->reply) ? tell_short(s, got) : code;
}

/* A message may be longer than what lies between us and the peer, who may answer before its end. */
struct speech {
	const struct send *s;
	struct sock sock;
	pthread_t thread;
};

static void *speak(void *speech)
{
	struct speech *sp = speech;
	const struct send *s = sp->s;

	if (sock_sendall(&sp->sock, s->said, s->n) == 0 && !s->line && !s->reply)
		sock_shutdown(&sp->sock, SHUT_WR);
	return NULL;
}

int send_stream(struct send *s, struct sock *sock)
{
	struct speech sp = { .s = s, .sock = sock_dup(sock) };
	int err = sp.sock.fd < 0 ? sp.sock.error : pthread_create(&sp.thread, NULL, speak, &sp);

	if (err) {
		verb_fail(s->verb, strerrordesc_np(err), NULL);
		sock_close(&sp.sock);
		return CODE_NETWORK;
	}
	int code = hear_stream(s, sock);
	bool early = code || s->line || s->reply;

	if (early)                      /* what is still on its way nobody asked for */
		shutdown(sock->fd, SHUT_RDWR);
	pthread_join(sp.thread, NULL);
	if (!early && sp.sock.error)
		code = fail_tell(s->verb, &sp.sock, s->meet.where);
	sock_close(&sp.sock);
	return code;
}

/* -- Datagrams -------------------------------------------------------------------------------- */

static int hear_datagram(struct send *s, struct sock *sock, char *piece, size_t room)
{
	struct sock_addr from;
	ssize_t n = sock_recvfrom(sock, piece, room, &from);
	int err;

	if (n < 0)
		return -1;
	if (sock_cut(sock))
		return fail_cut(sock);
	if (s->python)
		return keep(s, piece, (size_t)n) ? print_python(s, from.len ? &from : &sock->peer) :
		       send_lacks_memory(s);
	err = put(s, piece, (size_t)n);
	return err ? fail_stream(s->verb, "stdout", -err) : finish(s);
}

static void tell_again(const struct send *s, int next)
{
	char text[160], time[VALUE_TEXT];
	int n = snprintf(text, sizeof text, "no reply within %s: sent again (%d of %d)\n",
	                 value_time_text(time, s->timeout), next, s->retry);

	out_log(text, (size_t)n);
}

int send_datagram(struct send *s, struct sock *sock)
{
	static char piece[FAIL_DATAGRAM];
	int code;

	for (int i = 0;; i++) {
		if (sock_send(sock, s->said, s->n) < 0)
			return fail_tell(s->verb, sock, s->meet.where);
		code = hear_datagram(s, sock, piece, sizeof piece);
		if (code >= 0)
			return code;
		if (why_code(sock) != CODE_TIMEOUT || i == s->retry)
			return fail_tell(s->verb, sock, s->meet.where);
		tell_again(s, i + 1);
	}
}
