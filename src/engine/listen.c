/* SPDX-License-Identifier: MIT */
/*
 * Listeners. The first worker's is bound as if it were alone, so that a port
 * in use is an error; then it agrees to share (SO_REUSEPORT) and the other
 * workers bind beside it: the kernel deals the callers out. What cannot be
 * shared so, a Unix path or a given descriptor, all workers wait on together.
 */
#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sockeye/addr.h>
#include <sockeye/option.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "../base/code.h"
#include "../sock/call.h"
#include "../sock/why.h"
#include "dgram.h"
#include "note.h"
#include "source.h"

enum { OPTIONS = 1024 };

_Static_assert(ENGINE_DATAGRAM_BUFFER == 4 << 20, "as defaults_of has it");

int listen_count(const struct engine_plan *plan)
{
	int n = 0;

	for (int i = 0; i < plan->count; i++)
		n += plan->groups[i].wheres;
	return n;
}

static int fail(char why[ENGINE_WHY], int code, const char *sentence)
{
	snprintf(why, ENGINE_WHY, "%s", sentence);
	return code;
}

/* -- Options ------------------------------------------------------------------------ */

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/*
 * What connections inherit from their listener costs no call of their own:
 * TCP_NODELAY, for a reply in pieces must not wait for a delayed ACK, and
 * SO_KEEPALIVE, for a peer that vanished. Datagrams get room for a burst.
 */
static const char *defaults_of(const char *where)
{
	if (begins(where, "tcp"))
		return "nodelay,keepalive";
	if (begins(where, "udp"))
		return "rcvbuf=4m,sndbuf=4m";
	return "";
}

static void add(char options[OPTIONS], const char *more, const char *value)
{
	size_t n = strlen(options);

	if (more && *more)
		snprintf(options + n, OPTIONS - n, "%s%s%s", n ? "," : "", more, value);
}

static void options_for(char options[OPTIONS], const struct engine_group *g, const char *where)
{
	options[0] = '\0';
	add(options, defaults_of(where), "");
	if (g->congestion && begins(where, "tcp"))
		add(options, "congestion=", g->congestion);
	add(options, g->options, "");
}

static bool is_inet(const struct sock *s)
{
	return s->family == AF_INET || s->family == AF_INET6;
}

/*
 * Loopback has no congestion to control, and a system's default that paces
 * (BBR) halves what a connection over it can carry. Elsewhere the system knows.
 */
static void choose_congestion(struct port *p)
{
	char now[16] = "";
	socklen_t n = sizeof now - 1;

	if (p->group->asked->congestion || p->datagram || !is_inet(&p->sock))
		return;
	if (call_getsockopt(p->sock.fd, IPPROTO_TCP, TCP_CONGESTION, now, &n) < 0 || strcmp(now, "cubic") == 0)
		return;
	if (!p->loopback)
		p->cubic = true;
	else if (call_setsockopt(p->sock.fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) < 0)
		return;
	if (p->loop->number == 0)
		note_line(p->loop->engine, ENGINE_COME_AND_GO,
		          "congestion control at %s: cubic for peers on loopback%s%s",
		          sock_name(&p->sock).s, p->cubic ? ", else " : "", p->cubic ? now : "");
}

/* -- Unix paths ------------------------------------------------------------------------- */

/* The path of a listener of ours. False when it has none. */
static bool path_of(struct port *p, struct sockaddr_un *un)
{
	struct sock_addr own;

	if (p->given || p->sock.family != AF_UNIX || sock_name_addr(&p->sock, &own) < 0 ||
	    own.len <= offsetof(struct sockaddr_un, sun_path))
		return false;
	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(un, &own.storage, own.len < sizeof *un ? own.len : sizeof *un);
	un->sun_path[sizeof un->sun_path - 1] = '\0';
	return un->sun_path[0];
}

static void remember_path(struct port *p)
{
	struct sockaddr_un un;
	struct stat st;

	if (!path_of(p, &un) || sys.lstat(un.sun_path, &st) < 0)
		return;
	p->device = st.st_dev;
	p->inode = st.st_ino;
}

/* The path goes with the server, unless somebody else has put his own there meanwhile. */
static void remove_path(struct port *p)
{
	struct sockaddr_un un;
	struct stat st;

	if (p->inode && path_of(p, &un) && sys.lstat(un.sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_dev == p->device && st.st_ino == p->inode)
		sys.unlink(un.sun_path);
}

/* -- One listener --------------------------------------------------------------------- */

static bool is_listening(const struct sock *s)
{
	int on = 0;
	socklen_t n = sizeof on;

	return call_getsockopt(s->fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 && on;
}

static int unfit(const struct port *p, char why[ENGINE_WHY])
{
	const struct sock *s = &p->sock;
	const struct service *service = p->group->service;
	const char *reason = NULL;

	if (s->type != SOCK_STREAM && s->type != SOCK_DGRAM)
		reason = "only streams and datagrams are served";
	else if (!p->datagram && !is_listening(s))
		reason = "this is no listening socket: call listen before handing it over";
	else if (p->datagram && service->nature & SERVICE_STREAM_ONLY)
		reason = "this service needs a connection: give it a tcp:// or unix: address";
	else if (p->datagram && is_inet(s) && !p->loopback && service->nature & SERVICE_LOUD)
		reason = "it answers datagrams with more than it gets, a weapon in the hands of others: "
		         "serve it on loopback, or over tcp";
	if (!reason)
		return 0;
	snprintf(why, ENGINE_WHY, "server %.200s: %s: %s", sock_name(s).s, service->name, reason);
	return CODE_USAGE;
}

static void settle(struct port *p, struct loop *l, const struct group *g, struct sock *s)
{
	struct sock_addr own;

	*p = (struct port){ .loop = l, .group = g, .sock = *s };
	p->datagram = s->type == SOCK_DGRAM;
	p->inet = is_inet(s);
	p->loopback = sock_name_addr(&p->sock, &own) == 0 && source_is_loopback(&own);
	p->backlog = g->asked->backlog ? g->asked->backlog : ENGINE_BACKLOG;
	l->port_count++;
	if (!p->datagram)
		l->engine->queues += p->backlog;
}

/* Share the first worker's place with another. */
static int share(struct port *first, struct loop *l, const char *options, char why[ENGINE_WHY])
{
	struct port *p = &l->ports[l->port_count];
	char all[OPTIONS];
	struct sock s;

	if (!is_inet(&first->sock) || first->given) {
		settle(p, l, first->group, &first->sock);
		p->given = first->given;
		return 0;
	}
	snprintf(all, sizeof all, "reuseport%s%s", *options ? "," : "", options);
	s = sock_server_how(sock_name(&first->sock).s,
	                    &(struct sock_how){ .options = all, .backlog = first->backlog });
	if (s.fd < 0)
		return fail(why, why_code(&s), s.why);
	settle(p, l, first->group, &s);
	p->owned = true;
	return 0;
}

/* The system shortens a backlog without a word. */
static void mind_backlog(const struct port *p)
{
	FILE *f = p->group->asked->backlog ? fopen("/proc/sys/net/core/somaxconn", "re") : NULL;
	int most = INT32_MAX;

	if (!f)
		return;
	if (fscanf(f, "%d", &most) == 1 && p->backlog > most)
		note_line(p->loop->engine, ENGINE_WARN, "%s: a backlog of %d is cut to %d (net.core.somaxconn)",
		          sock_name(&p->sock).s, p->backlog, most);
	fclose(f);
}

static int finish(struct port *p, char why[ENGINE_WHY])
{
	int err = call_fcntl(p->sock.fd, F_SETFL, O_NONBLOCK);

	/* A worker that waits in accept serves nobody. */
	if (err < 0) {
		snprintf(why, ENGINE_WHY, "server %.200s: O_NONBLOCK: %s", sock_name(&p->sock).s,
		         strerrordesc_np(-err));
		return CODE_NETWORK;
	}
	if (p->datagram) {
		dgram_prepare(&p->sock);
		if (!dgram_make(p->loop))
			return fail(why, CODE_NETWORK, "out of memory");
	} else if (p->owned) {
		choose_congestion(p);
		if (p->loop->number == 0)
			mind_backlog(p);
	}
	return 0;
}

static int note_own_port(struct engine *e, struct port *p)
{
	struct sock_addr own;
	int port = sock_name_addr(&p->sock, &own) == 0 ? sock_addr_port(&own) : -1;

	if (p->datagram && port > 0)
		e->own_ports[e->own_port_count++] = port;
	return 0;
}

/*
 * A server that was killed leaves its rings to the kernel, which takes a moment
 * to let go of what they held: its place is not free at once.
 */
static struct sock bind_at(const char *where, const struct sock_how *how)
{
	enum { TRIES = 50, PAUSE_MS = 10 };
	struct sock s = sock_server_how(where, how);

	for (int i = 0; i < TRIES && s.fd < 0 && s.error == EADDRINUSE; i++) {
		sys.poll(NULL, 0, PAUSE_MS);
		s = sock_server_how(where, how);
	}
	return s;
}

static int open_one(struct engine *e, const struct group *g, const char *where, char why[ENGINE_WHY])
{
	struct loop *l = e->loops[0];
	struct port *p = &l->ports[l->port_count];
	char options[OPTIONS];
	struct sock s;
	int on = 1, code;

	options_for(options, g->asked, where);
	s = bind_at(where, &(struct sock_how){ .options = *options ? options : NULL,
	            .backlog = g->asked->backlog ? g->asked->backlog : ENGINE_BACKLOG });
	if (s.fd < 0)
		return fail(why, why_code(&s), s.why);
	settle(p, l, g, &s);
	p->owned = true;
	p->given = begins(where, "fd:");
	remember_path(p);
	code = unfit(p, why);
	if (code)
		return code;
	if (e->workers > 1 && is_inet(&s) && !p->given)
		call_setsockopt(s.fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	for (int i = 1; i < e->workers && !code; i++)
		code = share(p, e->loops[i], options, why);
	for (int i = 0; i < e->workers && !code; i++)
		code = finish(&e->loops[i]->ports[l->port_count - 1], why);
	return code ? code : note_own_port(e, p);
}

int listen_all(struct engine *e, char why[ENGINE_WHY])
{
	const struct engine_plan *plan = e->plan;
	int code = 0;

	for (int i = 0; i < plan->count && !code; i++)
		for (int j = 0; j < plan->groups[i].wheres && !code; j++)
			code = open_one(e, &e->groups[i], plan->groups[i].where[j], why);
	return code;
}

void listen_tidy(struct engine *e)
{
	struct loop *l = e->loops ? e->loops[0] : NULL;

	for (int i = 0; l && i < l->port_count; i++)
		remove_path(&l->ports[i]);
}
