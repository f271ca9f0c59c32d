/* SPDX-License-Identifier: MIT */
/*
 * What the descriptors of programs are. A number is asked about once: its name
 * in /proc tells whether it is a socket, and only a socket is copied here
 * (pidfd_getfd), asked, and closed at once, for a copy that stays would keep a
 * connection open. Descriptors of one socket share one entry, in whatever
 * process they are; so its counts go on where it goes, over fork and exec, and
 * when it is passed, unless it is closed before it has arrived.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/witness.h"
#include "ptrace-inner.h"

static struct ptrace_open none = { .is = PTRACE_IS_NONE }, other = { .is = PTRACE_IS_OTHER };

/* -- Entries ------------------------------------------------------------------------------ */

static bool is_nobodys(const struct ptrace_open *open)
{
	return open == &none || open == &other;
}

void ptrace_open_hold(struct ptrace_open *open)
{
	if (!is_nobodys(open))
		open->refs++;
}

static void remove_watched(struct ptrace_open *epoll, int i)
{
	epoll->watched[i].open->watchers--;
	epoll->watched[i] = epoll->watched[--epoll->watched_count];
	epoll->chosen = -1;
}

/* As the kernel does, when the last descriptor of a socket is closed. */
static void forget_watched(struct ptrace *p, const struct ptrace_open *open)
{
	for (struct ptrace_open *epoll = p->epolls; epoll && open->watchers; epoll = epoll->next)
		for (int i = epoll->watched_count - 1; i >= 0; i--)
			if (epoll->watched[i].open == open)
				remove_watched(epoll, i);
}

static void free_epoll(struct ptrace *p, struct ptrace_open *epoll)
{
	struct ptrace_open **at = &p->epolls;

	while (*at != epoll)
		at = &(*at)->next;
	*at = epoll->next;
	while (epoll->watched_count)
		remove_watched(epoll, epoll->watched_count - 1);
	free(epoll->watched);
}

void ptrace_open_free(struct ptrace *p, struct ptrace_open *open)
{
	if (!open || is_nobodys(open) || --open->refs)
		return;
	if (open->is == PTRACE_IS_EPOLL)
		free_epoll(p, open);
	if (open->watchers)
		forget_watched(p, open);
	if (open->cookie && map_get(&p->sockets, open->cookie) == open)
		map_set(&p->sockets, open->cookie, NULL);
	free(open);
}

/* -- Asking ------------------------------------------------------------------------------- */

static bool link_of(pid_t tid, int fd, char *text, size_t room)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/fd/%d", tid, fd);
	n = readlink(path, text, room - 1);
	text[n < 0 ? 0 : n] = '\0';
	return n >= 0;
}

bool ptrace_files_is_open(pid_t tid, int fd)
{
	char text[16];

	return link_of(tid, fd, text, sizeof text);
}

static int copy_of(const struct ptrace_thread *t, int fd)
{
	return (int)syscall(SYS_pidfd_getfd, t->process->pidfd, fd, 0);
}

static int name_of(int copy, struct sockaddr *a, socklen_t *n)
{
	return getsockname(copy, a, n);
}

static int peer_of(int copy, struct sockaddr *a, socklen_t *n)
{
	return getpeername(copy, a, n);
}

static const struct witness_ask ask = { getsockopt, name_of, peer_of };

static void locate(struct ptrace_open *open, int copy)
{
	witness_locate(&open->local, copy, ask.getsockname);
	witness_locate(&open->peer, copy, ask.getpeername);
	open->listens = witness_option(&ask, copy, SO_ACCEPTCONN);
	open->settled = witness_has_port(&open->local, open->family) &&
	                (open->type != SOCK_STREAM || open->peer.len || open->listens);
}

void ptrace_open_locate(struct ptrace_thread *t, int fd, struct ptrace_open *open)
{
	int copy;

	if (open->is != PTRACE_IS_SOCKET || open->settled)
		return;
	copy = copy_of(t, fd);
	if (copy < 0)
		return;
	locate(open, copy);
	close(copy);
}

pid_t ptrace_open_peer(struct ptrace_thread *t, int fd)
{
	int copy = copy_of(t, fd);

	if (copy < 0)
		return 0;
	pid_t pid = witness_peer_pid(&ask, copy);
	close(copy);
	return pid;
}

static void identify(struct ptrace_open *open, int copy)
{
	open->family = (uint16_t)witness_option(&ask, copy, SO_DOMAIN);
	open->type = (uint16_t)witness_option(&ask, copy, SO_TYPE);
	open->proto = witness_option(&ask, copy, SO_PROTOCOL);
	open->nonblock = fcntl(copy, F_GETFL) & O_NONBLOCK;
	locate(open, copy);
}

/* Where no copy is allowed a socket is known as one, and no more than its calls tell. */
static struct ptrace_open *ask_socket(struct ptrace_thread *t, int fd)
{
	struct ptrace *p = t->all;
	int copy = copy_of(t, fd);
	uint64_t cookie = copy < 0 ? 0 : witness_cookie(&ask, copy);
	struct ptrace_open *open = cookie ? map_get(&p->sockets, cookie) : NULL;

	if (!open) {
		open = calloc(1, sizeof *open);
		if (open) {
			open->is = PTRACE_IS_SOCKET;
			open->chosen = -1;
			open->cookie = cookie;
		}
		if (open && copy >= 0)
			identify(open, copy);
		if (open && cookie)
			map_set(&p->sockets, cookie, open);
	}
	if (copy >= 0)
		close(copy);
	return open ? open : &other;
}

/* -- Numbers ------------------------------------------------------------------------------ */

struct ptrace_files *ptrace_files_new(const struct ptrace_files *from)
{
	struct ptrace_files *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->refs = 1;
	if (!from || !from->room)
		return f;
	f->each = calloc((size_t)from->room, sizeof *f->each);
	f->room = f->each ? from->room : 0;
	for (int i = 0; i < f->room; i++) {
		f->each[i] = from->each[i];
		if (f->each[i])
			ptrace_open_hold(f->each[i]);
	}
	return f;
}

void ptrace_files_free(struct ptrace *p, struct ptrace_files *f)
{
	if (!f || --f->refs)
		return;
	for (int i = 0; i < f->room; i++)
		ptrace_open_free(p, f->each[i]);
	free(f->each);
	free(f);
}

struct ptrace_open *ptrace_files_known(const struct ptrace_files *f, int fd)
{
	return fd >= 0 && fd < f->room ? f->each[fd] : NULL;
}

static bool reach(struct ptrace_files *f, int fd)
{
	int room = f->room ? f->room : 16;
	struct ptrace_open **more;

	while (room <= fd)
		room *= 2;
	if (room == f->room)
		return true;
	more = realloc(f->each, (size_t)room * sizeof *more);
	if (!more)
		return false;
	memset(more + f->room, 0, (size_t)(room - f->room) * sizeof *more);
	f->each = more;
	f->room = room;
	return true;
}

void ptrace_files_set(struct ptrace *p, struct ptrace_files *f, int fd, struct ptrace_open *open)
{
	enum { MOST = 1 << 20 };

	if (open)
		ptrace_open_hold(open);
	if (fd >= 0 && fd < f->room)
		ptrace_open_free(p, f->each[fd]);
	if (fd >= 0 && fd < f->room)
		f->each[fd] = open;
	else if (open && fd >= 0 && fd < MOST && reach(f, fd))
		f->each[fd] = open;
	else
		ptrace_open_free(p, open);
}

struct ptrace_open *ptrace_files_get(struct ptrace_thread *t, int fd)
{
	struct ptrace_open *open = ptrace_files_known(t->process->files, fd);
	char text[16];

	if (open)
		return open;
	if (fd < 0 || !link_of(t->tid, fd, text, sizeof text))
		return &none;
	open = strncmp(text, "socket:", 7) == 0 ? ask_socket(t, fd) : &other;
	ptrace_files_set(t->all, t->process->files, fd, open);
	open = ptrace_files_known(t->process->files, fd);
	return open ? open : &none;
}

/* -- What epoll watches ------------------------------------------------------------------- */

static struct ptrace_open *epoll_at(struct ptrace_thread *t, int fd)
{
	struct ptrace_open *open = ptrace_files_known(t->process->files, fd);

	if (open && open->is == PTRACE_IS_EPOLL)
		return open;
	open = calloc(1, sizeof *open);
	if (!open)
		return NULL;
	*open = (struct ptrace_open){ .is = PTRACE_IS_EPOLL, .chosen = -1, .next = t->all->epolls };
	t->all->epolls = open;
	ptrace_open_hold(open);
	ptrace_files_set(t->all, t->process->files, fd, open);
	ptrace_open_free(t->all, open);
	return ptrace_files_known(t->process->files, fd);
}

static struct ptrace_watched *watched_slot(struct ptrace_open *epoll, struct ptrace_open *open, int fd)
{
	for (int i = 0; i < epoll->watched_count && open->watchers; i++)
		if (epoll->watched[i].open == open && epoll->watched[i].fd == fd)
			return &epoll->watched[i];
	if (epoll->watched_count == epoll->watched_room) {
		int room = epoll->watched_room ? 2 * epoll->watched_room : 8;
		struct ptrace_watched *more = realloc(epoll->watched, (size_t)room * sizeof *more);

		if (!more)
			return NULL;
		epoll->watched = more;
		epoll->watched_room = room;
	}
	open->watchers++;
	epoll->watched[epoll->watched_count] = (struct ptrace_watched){ .open = open, .fd = fd };
	return &epoll->watched[epoll->watched_count++];
}

static bool stands_out(const struct ptrace_open *open)
{
	return open->listens || open->type == SOCK_DGRAM || open->type == SOCK_RAW;
}

void ptrace_open_watch(struct ptrace_thread *t, int epoll_fd, int fd, uint32_t events, uint64_t data)
{
	struct ptrace_open *epoll = epoll_at(t, epoll_fd), *open = ptrace_files_get(t, fd);
	struct ptrace_watched *w;

	if (!epoll || open->is != PTRACE_IS_SOCKET)
		return;
	w = watched_slot(epoll, open, fd);
	if (!w)
		return;
	if (!events) {
		remove_watched(epoll, (int)(w - epoll->watched));
		return;
	}
	w->events = events;
	w->data = data;
	if (epoll->chosen >= 0 && stands_out(open) && !stands_out(epoll->watched[epoll->chosen].open))
		epoll->chosen = (int)(w - epoll->watched);
}

const struct ptrace_watched *ptrace_open_chosen(struct ptrace_open *epoll)
{
	for (int i = 0; i < epoll->watched_count && epoll->chosen < 0; i++)
		if (stands_out(epoll->watched[i].open))
			epoll->chosen = i;
	if (!epoll->watched_count)
		return NULL;
	if (epoll->chosen < 0)
		epoll->chosen = 0;
	return &epoll->watched[epoll->chosen];
}

const struct ptrace_watched *ptrace_open_by_data(const struct ptrace_open *epoll, uint64_t data)
{
	for (int i = 0; i < epoll->watched_count; i++)
		if (epoll->watched[i].data == data)
			return &epoll->watched[i];
	return NULL;
}
