/* SPDX-License-Identifier: MIT */
/*
 * sock_server and sock_accept. A server is bound before it is worth anything,
 * so whatever fails on the way names the address that could not be had.
 */
#include <errno.h>
#include <netinet/in.h>
#include <sockeye/addr.h>
#include <sockeye/option.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "call.h"
#include "kind.h"
#include "life.h"
#include "resolve.h"
#include "step.h"
#include "wait.h"

/* -- Unix paths that a dead server left behind ----------------------------------- */

/* Does nobody listen there any more? Only a refusal is proof. */
static bool nobody_answers(const struct sock_addr *addr)
{
	int fd = call_socket(AF_UNIX, addr->type | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return false;
	err = call_connect(fd, addr);
	call_close(fd);
	return err == -ECONNREFUSED;
}

static bool is_ours(const char *path, struct stat *st)
{
	return sys.lstat(path, st) == 0 && S_ISSOCK(st->st_mode) && st->st_uid == geteuid();
}

/* An inode's number is used again at once; with the time of its making it is one of a kind. */
static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/*
 * Remove a socket of our own that nobody answers on; anything else stays. A
 * server that starts just now is refused too, between its bind and its listen,
 * so it is given a moment, and the object must still be the same one after it.
 */
static bool remove_stale(const struct sock_addr *addr)
{
	enum { MOMENT_MS = 50 };
	struct stat before, after;
	struct sockaddr_un un;

	memcpy(&un, &addr->storage, sizeof un);
	if (!un.sun_path[0] || !is_ours(un.sun_path, &before) || !nobody_answers(addr))
		return false;
	sys.poll(NULL, 0, MOMENT_MS);
	if (!nobody_answers(addr) || !is_ours(un.sun_path, &after) || !is_same(&before, &after))
		return false;
	return sys.unlink(un.sun_path) == 0;
}

/* -- Serving ------------------------------------------------------------------------ */

static bool inet(const struct sock_addr *addr)
{
	return sock_addr_family(addr) == AF_INET || sock_addr_family(addr) == AF_INET6;
}

/* ::ffff:1.2.3.4 is IPv4 on an IPv6 socket, which such a socket alone can serve. */
static bool is_mapped(const struct sock_addr *addr)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->storage;

	return sock_addr_family(addr) == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
}

/*
 * SO_REUSEADDR lets a server start again while old connections fade out. Not
 * for datagrams: there it would let a second server take the port away.
 */
static void before_bind(struct sock *s, const struct sock_addr *addr, bool dual)
{
	int on = 1, only6 = !dual && !is_mapped(addr);

	if (inet(addr) && s->type == SOCK_STREAM)
		call_setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (s->family == AF_INET6)
		call_setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof only6);
}

static int bind_and_listen(struct sock *s, const struct sock_addr *addr, int backlog)
{
	int err = call_bind(s->fd, addr);

	if (err == -EADDRINUSE && s->family == AF_UNIX && remove_stale(addr))
		err = call_bind(s->fd, addr);
	if (!err && (s->type == SOCK_STREAM || s->type == SOCK_SEQPACKET) && s->family != AF_ALG)
		err = call_listen(s->fd, backlog < 0 ? 0 : backlog);
	return err;
}

static struct sock serve_at(const struct sock_addr *addr, bool dual, const struct sock_how *how)
{
	struct sock_text at = sock_addr_text(addr);
	int family = sock_addr_family(addr);
	struct sock s = life_make(family, addr->type, kind_open_proto(family, addr->proto), "server", at.s);
	char buf[96];
	int err;

	if (s.state != STATE_OPEN)
		return s;
	if (how->limit)
		s.limit = how->limit;
	before_bind(&s, addr, dual);
	if (how->options && sock_set_text(&s, how->options) < 0) {
		s.state = STATE_DEAD;
		sock_close(&s);
		return s;
	}
	err = bind_and_listen(&s, addr, how->backlog ? how->backlog : SOCKEYE_BACKLOG);
	if (err) {
		sock_close(&s);
		return why_dead("server", at.s, -err, step_bind_words(-err, addr, buf, sizeof buf));
	}
	return s;
}

/* Without IPv6 in the kernel the second address of a pair has to do. */
static bool try_next(const struct sock *s)
{
	return s->error == EAFNOSUPPORT || s->error == EADDRNOTAVAIL;
}

static struct sock serve(const char *where, const struct where *w, const struct sock_how *how)
{
	struct sock_addr list[RESOLVE_MOST];
	int64_t deadline = pace_deadline(how->limit ? how->limit : wait_default());
	struct sock s;
	char buf[64];
	int gai, n = resolve_where(list, RESOLVE_MOST, w, true, deadline, &gai);

	if (n < 0) {
		s = (struct sock){ .fd = -1, .limit = how->limit ? how->limit : wait_default() };
		why_kill_at(&s, "server", where, -n, lookup_words(n, gai, buf, sizeof buf));
		s.gai = gai;
		return s;
	}
	for (int i = 0; i < n; i++) {
		s = serve_at(&list[i], w->kind == WHERE_ANY && w->family == AF_UNSPEC, how);
		if (s.state == STATE_OPEN || !try_next(&s))
			break;
	}
	return s;
}

struct sock sock_server_how(const char *where, const struct sock_how *how)
{
	static const struct sock_how plain;
	struct where w;

	how = how ? how : &plain;
	if (where_parse(&w, where, NULL) < 0)
		return why_dead("server", where ? where : "", EINVAL, w.reason);
	if (w.type == SOCK_RAW && w.family != AF_CAN && w.family != AF_PACKET)
		return why_dead("server", where, EINVAL, "no protocol: open this kind of socket with sock_open");
	return w.kind == WHERE_FD ? life_adopt(w.port, how) : serve(where, &w, how);
}

struct sock sock_server(const char *where)
{
	return sock_server_how(where, NULL);
}

int sock_has_dualstack(void)
{
	int off = 0;
	int fd = call_socket(AF_INET6, SOCK_STREAM, 0);
	int err = fd < 0 ? fd : call_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);

	if (fd >= 0)
		call_close(fd);
	return err == 0;
}

/* -- Accepting ------------------------------------------------------------------------ */

/* What concerns one caller, or a lack of resources, leaves the server alive. */
static struct sock accept_failed(struct sock *server, int err)
{
	if (err == EBADF || err == EINVAL || err == ENOTSOCK)
		why_kill(server, "accept", err);
	else
		why_fail_at(server, "accept", sock_name(server).s, err, NULL);
	return why_heir("accept", server);
}

struct sock sock_accept(struct sock *server)
{
	struct sock_addr peer = { .len = 0 };
	struct pace p;
	struct sock s;
	ssize_t fd;

	if (!why_ok(server, "accept"))
		return why_heir("accept", server);
	p = pace_of(server);
	p.when_shut = -EINVAL;
	fd = p.flags ? pace_set_nonblock(server->fd, true) : 0;
	if (fd == 0)
		do
			/* AF_ALG refuses to accept when it is asked for an address. */
			fd = call_accept(server->fd, server->family == AF_ALG ? NULL : &peer);
		while (pace_again(&p, server->fd, POLLIN, &fd));
	fd = call_above_streams(fd);
	if (fd < 0)
		return accept_failed(server, -fd);
	why_well(server);
	s = life_open(fd, server->family, server->type, server->proto);
	peer.type = server->type;
	s.peer = peer;
	return s;
}
