/* SPDX-License-Identifier: MIT */
/*
 * Sentences, and what kills. A socket that breaks keeps its first sentence for
 * ever; anything else that fails is told and forgotten at the next success.
 * Nothing is printed here but by sock_report.
 */
#include "why.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/code.h"
#include "addr.h"
#include "kind.h"
#include "sigpipe.h"
#include "sys.h"

/* Copy text with its middle left out, so that both ends of a long name show. */
static void cut_middle(char *out, size_t room, const char *text)
{
	size_t n = strlen(text);
	size_t head = (room - 4) / 2;

	if (n < room) {
		memcpy(out, text, n + 1);
		return;
	}
	memcpy(out, text, head);
	memcpy(out + head, "...", 3);
	memcpy(out + head + 3, text + n - (room - 4 - head), room - 4 - head + 1);
}

/*
 * Addresses come from strangers and sentences go to terminals and logs: what
 * could end a line or command a terminal is shown as '?'. In UTF-8 the C1
 * controls are 0xc2 and 0x80 to 0x9f; elsewhere such bytes are parts of letters.
 */
static void disarm(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
			*c = c[1] = '?';
}

void why_build(char *why, const char *op, const char *at, const char *reason)
{
	size_t used = strlen(op) + strlen(reason) + 4;
	size_t room = used + 40 < SOCKEYE_WHY ? SOCKEYE_WHY - used : 40;
	char place[SOCKEYE_WHY];

	cut_middle(place, room, at);
	snprintf(why, SOCKEYE_WHY, "%s%s%s: %s", op, *place ? " " : "", place, reason);
	disarm(why);
}

static const char *limit_words(const struct sock *s, char *buf, size_t n)
{
	int64_t limit = s ? s->limit : -1;

	if (s && s->until && clock_now() >= s->until)
		return "timed out: the moment set by sock_until has passed";
	if (limit == 0)
		return "would block";
	if (limit < 0)
		return "timed out";
	if (limit % CLOCK_SEC == 0)
		snprintf(buf, n, "timed out after %lld s", (long long)(limit / CLOCK_SEC));
	else if (limit >= CLOCK_MS)
		snprintf(buf, n, "timed out after %lld ms", (long long)(limit / CLOCK_MS));
	else
		snprintf(buf, n, "timed out after %lld ns", (long long)limit);
	return buf;
}

const char *why_words(const struct sock *s, int err, char *buf, size_t n)
{
	const char *words = NULL;

	if (err == LIMIT_REACHED)
		return limit_words(s, buf, n);
	words = strerrordesc_np(err);
	if (words)
		return words;
	snprintf(buf, n, "error %d", err);
	return buf;
}

static int public_errno(const struct sock *s, int err)
{
	if (err != LIMIT_REACHED)
		return err;
	return s && s->limit == 0 ? EAGAIN : ETIMEDOUT;
}

/* Errors after which a stream can carry nothing more. */
static bool ends_a_stream(int err)
{
	switch (err) {
	case ECONNRESET:
	case ECONNREFUSED:      /* of a connect that went on after its limit */
	case ECONNABORTED:
	case EPIPE:
	case ETIMEDOUT:
	case ENETRESET:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
		return true;
	default:
		return false;
	}
}

static bool kills(const struct sock *s, int err)
{
	if (err == EBADF || err == ENOTSOCK)
		return true;
	return kind_is_connection(s) && ends_a_stream(err);
}

static int note(struct sock *s, int err, const char *op, const char *at, const char *reason)
{
	char buf[64];

	why_build(s->why, op, at, reason ? reason : why_words(s, err, buf, sizeof buf));
	s->error = public_errno(s, err);
	if (s->error != ENOENT)
		s->gai = 0;
	errno = s->error;
	return -1;
}

bool why_usable(struct sock *s, const char *op)
{
	if (!s) {
		errno = EINVAL;
		return false;
	}
	if (s->state == STATE_OPEN)
		return true;
	if (!s->error) {
		s->error = EBADF;
		why_build(s->why, op, "", s->state == STATE_CLOSED ?
		          "the socket is closed" : "the socket was never opened");
	}
	errno = s->error;
	return false;
}

/* The place a failure is about: whom the socket talks to, else where it stands, else nothing. */
static struct sock_text place(const struct sock *s)
{
	struct sock_addr own = { .type = s->type, .proto = s->proto, .len = sizeof own.storage };
	struct sock_text none = { "" };

	if (s->peer.len && !addr_unnamed(&s->peer))
		return sock_addr_text(&s->peer);
	if (sys.getsockname(s->fd, (struct sockaddr *)&own.storage, &own.len) < 0)
		return none;
	if (sock_addr_port(&own) == 0 || addr_unnamed(&own))
		return none;
	return sock_addr_text(&own);
}

int why_fail(struct sock *s, const char *op, int err)
{
	struct sock_text at = place(s);

	/* Of TCP that was never connected the kernel says what it says of one that broke. */
	if (err == EPIPE && kind_is_connection(s) && !s->peer.len)
		return note(s, ENOTCONN, op, at.s, "not connected: call sock_connect first");
	if (kills(s, err))
		s->state = STATE_DEAD;
	return note(s, err, op, at.s, NULL);
}

int why_fail_at(struct sock *s, const char *op, const char *at, int err, const char *reason)
{
	return note(s, err, op, at, reason);
}

int why_kill(struct sock *s, const char *op, int err)
{
	s->state = STATE_DEAD;
	return note(s, err, op, place(s).s, err == EINVAL && strcmp(op, "accept") == 0 ?
	            "Invalid argument: the socket does not listen" : NULL);
}

int why_kill_at(struct sock *s, const char *op, const char *at, int err, const char *reason)
{
	s->state = STATE_DEAD;
	return note(s, err, op, at, reason);
}

struct sock why_dead(const char *op, const char *at, int err, const char *reason)
{
	struct sock s = { .fd = -1, .state = STATE_DEAD, .limit = SOCKEYE_FOREVER };

	note(&s, err, op, at, reason);
	return s;
}

struct sock why_heir(const char *op, const struct sock *s)
{
	struct sock heir = { .fd = -1, .state = STATE_DEAD, .limit = SOCKEYE_FOREVER };

	if (!s)
		return why_dead(op, "", EINVAL, "no socket given");
	heir.error = s->error;
	heir.gai = s->gai;
	memcpy(heir.why, s->why, sizeof heir.why);
	errno = heir.error;
	return heir;
}

int why_say(char *why, int err, const char *op, const char *at, const char *reason)
{
	char buf[64];

	if (why)
		why_build(why, op, at, reason ? reason : why_words(NULL, err, buf, sizeof buf));
	errno = err == LIMIT_REACHED ? ETIMEDOUT : err;
	return -1;
}

int why_code(const struct sock *s)
{
	if (s->gai)
		return CODE_NAME;
	switch (s->error) {
	case 0:
		return CODE_OK;
	case EINVAL:
		return CODE_USAGE;
	case ECONNREFUSED:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
		return CODE_REFUSED;
	case ETIMEDOUT:
	case EAGAIN:
		return CODE_TIMEOUT;
	case EACCES:
	case EPERM:
		return CODE_FORBIDDEN;
	default:
		return CODE_NETWORK;
	}
}

int sock_report(const struct sock *s)
{
	struct iovec line[] = { { NULL, 0 }, { (char[]){ "\n" }, 1 } };

	if (!s || !s->error)
		return 0;
	line[0].iov_base = (void *)(uintptr_t)s->why;
	line[0].iov_len = strnlen(s->why, sizeof s->why);
	/* Whoever read stdout or stderr may be gone, but the exit code must reach the shell. */
	struct sigpipe hold = sigpipe_hold();
	bool failed = fflush(stdout) != 0;

	failed |= writev(STDERR_FILENO, line, 2) < 0;
	sigpipe_release(&hold, failed);
	return why_code(s);
}

/* -- Several attempts ------------------------------------------------------------- */

enum { MORE_ROOM = 16, PLACE_SHOWN = 100 };

struct why_list why_list(const char *op, const char *at)
{
	size_t place = strlen(at) < PLACE_SHOWN ? strlen(at) : PLACE_SHOWN;
	struct why_list l = { .room = SOCKEYE_WHY - MORE_ROOM - strlen(op) - place - 3 };

	return l;
}

void why_list_add(struct why_list *l, const char *at, const char *reason)
{
	const char *between = l->used ? "; " : "";
	size_t n = strlen(between) + strlen(at) + 2 + strlen(reason);

	if (l->more || (l->used && l->used + n >= l->room)) {
		l->more++;
		return;
	}
	snprintf(l->text + l->used, l->room - l->used, "%s%s: %s", between, at, reason);
	l->used += strlen(l->text + l->used);
}

const char *why_list_text(struct why_list *l)
{
	if (l->more)
		snprintf(l->text + l->used, sizeof l->text - l->used, "; and %d more", l->more);
	return l->text;
}
