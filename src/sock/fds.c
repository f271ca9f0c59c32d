/* SPDX-License-Identifier: MIT */
/*
 * What only Unix sockets carry: descriptors and credentials. A descriptor that
 * arrives is open from that moment, asked for or not, so whatever the caller
 * does not get is closed here: none may leak. The layout of control data is
 * msg.c's business.
 */
#include "msg.h"

#include <stdio.h>
#include <string.h>

#include "call.h"
#include "why.h"

enum {
	FDS_MOST = 253,         /* the kernel's SCM_MAX_FD */
	FDS_PIDFD = 4           /* SCM_PIDFD, younger than the headers: a descriptor too */
};

/* Room for all that one message can bring: descriptors, and what SO_PASS* options add. */
union fds_control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(FDS_MOST * sizeof(int)) + 4096];
};

static int not_unix(struct sock *s, const char *op)
{
	if (s->family == AF_UNIX)
		return 0;
	return why_fail_at(s, op, s->peer.len ? sock_peer(s).s : sock_name(s).s, EOPNOTSUPP,
	                   "not a Unix socket");
}

static int check(struct sock *s, size_t n, const int *fds, int count)
{
	char at[32];

	if (not_unix(s, "sendfds") < 0)
		return -1;
	if (count < 0 || count > FDS_MOST) {
		snprintf(at, sizeof at, "%d descriptors", count);
		return why_fail_at(s, "sendfds", at, EINVAL, "a message carries 0 to 253");
	}
	if (count && !fds)
		return why_fail_at(s, "sendfds", "NULL", EINVAL, "not a list of descriptors");
	if (n == 0)
		return why_fail_at(s, "sendfds", "0 bytes", EINVAL,
		                   "descriptors need at least one byte to go with");
	return 0;
}

ssize_t sock_sendfds(struct sock *s, const void *buf, size_t n, const int *fds, int count)
{
	union fds_control room;
	struct sock_control c = { .data = &room, .room = sizeof room };
	struct sock_msg m = { .buf = (void *)(uintptr_t)buf, .n = n, .control = &c };

	if (!why_ok(s, "sendfds"))
		return -1;
	s->sent = 0;
	if (check(s, n, fds, count) < 0)
		return -1;
	if (count)
		sock_control_add(&c, SOL_SOCKET, SCM_RIGHTS, fds, count * sizeof *fds);
	return msg_send(s, "sendfds", &m);
}

/* Hand one item's descriptors to the caller while there is room; returns how many were closed. */
static int take(const struct sock_control_item *item, int *fds, int room, int *count)
{
	int closed = 0;

	for (size_t i = 0; i + sizeof(int) <= item->n; i += sizeof(int)) {
		int fd;

		memcpy(&fd, (const char *)item->data + i, sizeof fd);
		if (*count < room) {
			fds[(*count)++] = fd;
		} else {
			call_close(fd);
			closed++;
		}
	}
	return closed;
}

/* All descriptors in c, wherever they stand; returns how many the caller does not get. */
static int take_all(const struct sock_control *c, int *fds, int room, int *count)
{
	struct sock_control_item item;
	int lost = 0;

	for (size_t at = 0; sock_control_next(c, &at, &item);) {
		if (item.level != SOL_SOCKET)
			continue;
		if (item.type == SCM_RIGHTS)
			lost += take(&item, fds, room, count);
		else if (item.type == FDS_PIDFD)
			take(&item, NULL, 0, &(int){ 0 });
	}
	/* Cut for want of descriptors here: the kernel does not say how many it dropped. */
	return lost + (c->cut != 0);
}

ssize_t sock_recvfds(struct sock *s, void *buf, size_t n, int *fds, int *count)
{
	union fds_control got;
	struct sock_control c = { .data = &got, .room = sizeof got };
	struct sock_msg m = { .buf = buf, .n = n, .control = &c };
	int room = count ? *count : 0;
	ssize_t r;

	if (count)
		*count = 0;
	if (!why_ok(s, "recvfds"))
		return -1;
	s->got = s->cut = 0;
	if (not_unix(s, "recvfds") < 0)
		return -1;
	if (!count || room < 0 || (room && !fds))
		return why_fail_at(s, "recvfds", room < 0 ? "negative count" : "NULL", EINVAL,
		                   "not a list of descriptors");
	r = msg_recv(s, "recvfds", &m);
	if (r >= 0)
		s->cut += take_all(&c, fds, room, count);
	return r;
}

int sock_peer_creds(struct sock *s, pid_t *pid, uid_t *uid, gid_t *gid)
{
	struct ucred who = { .pid = 0 };
	socklen_t n = sizeof who;
	int r;

	if (!why_ok(s, "peer_creds") || not_unix(s, "peer_creds") < 0)
		return -1;
	r = call_getsockopt(s->fd, SOL_SOCKET, SO_PEERCRED, &who, &n);
	if (r < 0)
		return why_fail(s, "peer_creds", -r);
	if (who.uid == (uid_t)-1)
		return why_fail(s, "peer_creds", ENOTCONN);
	if (pid)
		*pid = who.pid;
	if (uid)
		*uid = who.uid;
	if (gid)
		*gid = who.gid;
	why_well(s);
	return 0;
}
