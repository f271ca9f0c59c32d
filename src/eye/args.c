/* SPDX-License-Identifier: MIT */
/*
 * Arguments and results of calls in words. Each kind of call is a small
 * function; which one prints which call is the table at the end. Flags and
 * options are told by the names of names.c. The brief form leaves out what a
 * reader of a ladder does not miss: payload, schemes, flags that say nothing
 * about the conversation.
 */
#include "args.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/addrtext.h"
#include "../base/jsontext.h"
#include "names.h"
#include "quote.h"

bool args_waits(int call)
{
	return call == EVENT_POLL || call == EVENT_SELECT || call == EVENT_EPOLL_WAIT;
}

/* "tcp://" and "udp://" say what the lane of a ladder shows anyway. */
static size_t scheme_length(const char *text)
{
	return strncmp(text, "tcp://", 6) && strncmp(text, "udp://", 6) ? 0 : 6;
}

static void put_place(struct put *p, const struct event_addr *a, const struct event *e, bool brief)
{
	struct sockaddr_storage aligned = { 0 };
	char text[ADDRTEXT_ROOM];
	size_t len = a->len < sizeof a->bytes ? a->len : sizeof a->bytes;

	memcpy(&aligned, a->bytes, len);
	addrtext_print(text, sizeof text, (struct sockaddr *)&aligned, (socklen_t)len, e->type, e->proto);
	put_text(p, text + (brief ? scheme_length(text) : 0));
}

static void put_more(struct put *p, int64_t number)
{
	put_text(p, ", ");
	put_signed(p, number);
}

static void put_payload(struct put *p, const struct event *e)
{
	bool unseen = e->moved || (event_sends(e) && e->asked);
	char text[QUOTE_ROOM(ARGS_SHOWN)];

	put_text(p, quote_event(text, sizeof text, e, ARGS_SHOWN) ? text : unseen ? "..." : "\"\"");
}

static void put_string(struct put *p, const char *text)
{
	enum { MOST = 255 };

	put_text(p, "\"");
	jsontext_put_all(p, text, strnlen(text, MOST));
	put_text(p, "\"");
}

static void tell_fd(struct put *p, const struct event *e, bool brief)
{
	(void)brief;
	put_signed(p, e->fd);
}

/* The flags of SOCK_ stand in the same number. */
static void put_type(struct put *p, int type, bool brief)
{
	int flags = type & (SOCK_CLOEXEC | SOCK_NONBLOCK);

	names_put(p, names_types, type & ~flags);
	if (!flags || (brief && flags == SOCK_CLOEXEC))
		return;
	put_text(p, "|");
	names_put_flags(p, names_type_flags, flags);
}

static void tell_socket(struct put *p, const struct event *e, bool brief)
{
	bool inet = e->arg[0] == AF_INET || e->arg[0] == AF_INET6;

	names_put(p, names_families, e->arg[0]);
	put_text(p, ", ");
	put_type(p, e->arg[1], brief);
	if (brief && !e->arg[2])
		return;
	put_text(p, ", ");
	if (inet && e->arg[2])
		names_put(p, names_protos, e->arg[2]);
	else
		put_signed(p, e->arg[2]);
}

static void tell_socketpair(struct put *p, const struct event *e, bool brief)
{
	tell_socket(p, e, brief);
	if (e->error || e->phase == EVENT_ENTER)
		return;
	put_text(p, ", [");
	put_signed(p, e->fd);
	put_more(p, e->other);
	put_text(p, "]");
}

static void tell_local(struct put *p, const struct event *e, bool brief)
{
	tell_fd(p, e, brief);
	if (!e->local.len || (e->call == EVENT_GETSOCKNAME && e->phase == EVENT_ENTER))
		return;
	put_text(p, ", ");
	put_place(p, &e->local, e, brief);
}

static void tell_peer(struct put *p, const struct event *e, bool brief)
{
	tell_fd(p, e, brief);
	if (!e->peer.len || (e->call == EVENT_GETPEERNAME && e->phase == EVENT_ENTER))
		return;
	put_text(p, ", ");
	put_place(p, &e->peer, e, brief);
}

static void tell_number(struct put *p, const struct event *e, bool brief)
{
	tell_fd(p, e, brief);
	put_more(p, e->arg[0]);
}

static void tell_accept(struct put *p, const struct event *e, bool brief)
{
	int flags = e->arg[0] & (SOCK_CLOEXEC | SOCK_NONBLOCK);

	tell_fd(p, e, brief);
	if (!flags || (brief && flags == SOCK_CLOEXEC))
		return;
	put_text(p, ", ");
	names_put_flags(p, names_type_flags, flags);
}

/* A stream's peer is told by its connect or accept, a datagram's by each call. */
static bool tells_peer(const struct event *e)
{
	return e->type != SOCK_STREAM && e->type != SOCK_SEQPACKET && e->peer.len &&
	       e->call != EVENT_SEND && e->call != EVENT_RECV && e->call != EVENT_WRITE &&
	       e->call != EVENT_WRITEV && e->call != EVENT_READ && e->call != EVENT_READV;
}

static bool has_flags(int call)
{
	return (call >= EVENT_SEND && call <= EVENT_SENDMMSG) || (call >= EVENT_RECV && call <= EVENT_RECVMMSG);
}

static void tell_bytes(struct put *p, const struct event *e, bool brief)
{
	int flags = brief ? e->arg[0] & ~(MSG_NOSIGNAL | MSG_CMSG_CLOEXEC) : e->arg[0];

	tell_fd(p, e, brief);
	if (!brief && e->phase == EVENT_RETURN) {
		put_text(p, ", ");
		put_payload(p, e);
	}
	put_text(p, ", ");
	put_number(p, e->asked);
	if (has_flags(e->call) && (flags || !brief)) {
		put_text(p, ", ");
		names_put_flags(p, names_messages, flags);
	}
	if (!tells_peer(e) || (event_receives(e) && (brief || e->error || e->phase == EVENT_ENTER)))
		return;
	put_text(p, ", ");
	put_place(p, &e->peer, e, brief);
}

static void tell_file(struct put *p, const struct event *e, bool brief)
{
	tell_fd(p, e, brief);
	if (e->other >= 0)
		put_more(p, e->other);
	put_text(p, ", ");
	put_number(p, e->asked);
}

static void tell_shutdown(struct put *p, const struct event *e, bool brief)
{
	tell_fd(p, e, brief);
	put_text(p, ", ");
	names_put(p, names_ends, e->arg[0]);
}

static void tell_fcntl(struct put *p, const struct event *e, bool brief)
{
	tell_fd(p, e, brief);
	put_text(p, ", ");
	names_put(p, names_commands, e->arg[0]);
	if (e->arg[0] == F_GETFL || e->arg[0] == F_GETFD || e->arg[0] == F_GETOWN)
		return;
	put_text(p, ", ");
	if (e->arg[0] == F_SETFL)
		names_put_flags(p, names_files, e->arg[1]);
	else
		put_signed(p, e->arg[1]);
}

static void tell_option(struct put *p, const struct event *e, bool brief)
{
	tell_fd(p, e, brief);
	put_text(p, ", ");
	if (!brief) {
		names_put(p, names_levels, e->arg[0]);
		put_text(p, ", ");
	}
	names_put(p, names_options(e->arg[0]), e->arg[1]);
	if (e->call == EVENT_GETSOCKOPT && (e->error || e->phase == EVENT_ENTER))
		return;
	if (e->arg[0] == SOL_SOCKET && e->arg[1] == SO_ERROR && strerrorname_np(e->arg[2]) && e->arg[2]) {
		put_text(p, ", ");
		put_text(p, strerrorname_np(e->arg[2]));
		return;
	}
	put_more(p, e->arg[2]);
}

static void tell_wait(struct put *p, const struct event *e, bool brief)
{
	put_text(p, brief ? "" : "[{");
	put_signed(p, e->fd);
	put_text(p, ", ");
	names_put_flags(p, names_polls, e->arg[0]);
	put_text(p, brief ? "" : "}");
	if (e->asked > 1) {
		put_text(p, " and ");
		put_number(p, e->asked - 1);
		put_text(p, " more");
	}
	put_text(p, brief ? "" : "]");
	put_more(p, e->arg[2]);
}

static void tell_lookup(struct put *p, const struct event *e, bool brief)
{
	if (e->call == EVENT_GETNAMEINFO && e->peer.len)
		put_place(p, &e->peer, e, brief);
	else if (e->text)
		put_string(p, e->text);
	if (e->call != EVENT_GETNAMEINFO || !e->text || e->phase == EVENT_ENTER)
		return;
	put_text(p, ", ");
	put_string(p, e->text);
}

static void tell_exit(struct put *p, const struct event *e, bool brief)
{
	const char *name = e->arg[0] == -1 ? sigabbrev_np(e->arg[1]) : NULL;

	(void)brief;
	put_text(p, name ? "SIG" : "");
	if (name)
		put_text(p, name);
	else
		put_signed(p, e->arg[0]);
}

typedef void tell_fn(struct put *p, const struct event *e, bool brief);

static tell_fn *const printers[EVENT_CALLS] = {
	[EVENT_SOCKET] = tell_socket,
	[EVENT_SOCKETPAIR] = tell_socketpair,
	[EVENT_BIND] = tell_local,
	[EVENT_LISTEN] = tell_number,
	[EVENT_ACCEPT] = tell_accept,
	[EVENT_CONNECT] = tell_peer,
	[EVENT_SEND] = tell_bytes,
	[EVENT_SENDTO] = tell_bytes,
	[EVENT_SENDMSG] = tell_bytes,
	[EVENT_SENDMMSG] = tell_bytes,
	[EVENT_WRITE] = tell_bytes,
	[EVENT_WRITEV] = tell_bytes,
	[EVENT_SENDFILE] = tell_file,
	[EVENT_SPLICE] = tell_file,
	[EVENT_RECV] = tell_bytes,
	[EVENT_RECVFROM] = tell_bytes,
	[EVENT_RECVMSG] = tell_bytes,
	[EVENT_RECVMMSG] = tell_bytes,
	[EVENT_READ] = tell_bytes,
	[EVENT_READV] = tell_bytes,
	[EVENT_SHUTDOWN] = tell_shutdown,
	[EVENT_CLOSE] = tell_fd,
	[EVENT_DUP] = tell_fd,
	[EVENT_FCNTL] = tell_fcntl,
	[EVENT_SETSOCKOPT] = tell_option,
	[EVENT_GETSOCKOPT] = tell_option,
	[EVENT_GETSOCKNAME] = tell_local,
	[EVENT_GETPEERNAME] = tell_peer,
	[EVENT_POLL] = tell_wait,
	[EVENT_SELECT] = tell_wait,
	[EVENT_EPOLL_WAIT] = tell_wait,
	[EVENT_GETADDRINFO] = tell_lookup,
	[EVENT_GETNAMEINFO] = tell_lookup,
	[EVENT_EXIT] = tell_exit,
};

int args_text(char *out, size_t room, const struct event *e, bool brief)
{
	struct put p = put_into(out, room);

	if (e->call < EVENT_CALLS && printers[e->call])
		printers[e->call](&p, e, brief);
	return (int)p.n;
}

static void put_error(struct put *p, int error)
{
	const char *name = strerrorname_np(error), *words = strerrordesc_np(error);

	put_text(p, "= -1 ");
	if (name)
		put_text(p, name);
	else
		put_signed(p, error);
	if (!words)
		return;
	put_text(p, " (");
	put_text(p, words);
	put_text(p, ")");
}

static void put_lookup(struct put *p, int code)
{
	put_text(p, "= ");
	names_put(p, names_lookups, code);
	if (!code)
		return;
	put_text(p, " (");
	put_text(p, gai_strerror(code));
	put_text(p, ")");
}

static void put_from(struct put *p, const struct event *e)
{
	if (!e->peer.len)
		return;
	put_text(p, " from ");
	put_place(p, &e->peer, e, true);
}

/* A batch of waits has a record for each socket, where the number of those ready is not told. */
static void put_ready(struct put *p, const struct event *e)
{
	put_text(p, "= ");
	put_number(p, e->moved || !e->arg[1] ? e->moved : 1);
	if (!e->moved && !e->arg[1]) {
		put_text(p, " (timed out)");
		return;
	}
	put_text(p, " ready (");
	names_put_flags(p, names_polls, e->arg[1]);
	put_text(p, ")");
}

static void put_moved(struct put *p, const struct event *e)
{
	put_text(p, "= ");
	put_number(p, e->moved);
	if (e->whole > e->moved) {
		put_text(p, " of ");
		put_number(p, e->whole);
	}
	if (event_receives(e) && tells_peer(e))
		put_from(p, e);
}

static void put_well(struct put *p, const struct event *e)
{
	bool bytes = event_sends(e) || event_receives(e);
	bool made = e->call == EVENT_ACCEPT || e->call == EVENT_DUP || e->call == EVENT_FORK;

	if (bytes) {
		put_moved(p, e);
	} else if (args_waits(e->call)) {
		put_ready(p, e);
	} else {
		put_text(p, "= ");
		put_signed(p, e->call == EVENT_SOCKET ? e->fd : made ? e->other : 0);
	}
	if (e->call == EVENT_ACCEPT)
		put_from(p, e);
}

int args_result(char *out, size_t room, const struct event *e)
{
	struct put p = put_into(out, room);
	bool lookup = e->call == EVENT_GETADDRINFO || e->call == EVENT_GETNAMEINFO;

	if (e->phase == EVENT_ENTER || e->call == EVENT_EXIT || e->call == EVENT_NONE)
		return 0;
	if (lookup && e->arg[0])
		put_lookup(&p, e->arg[0]);
	else if (e->error)
		put_error(&p, e->error);
	else
		put_well(&p, e);
	return (int)p.n;
}
