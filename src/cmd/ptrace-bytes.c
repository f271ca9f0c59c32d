/* SPDX-License-Identifier: MIT */
/*
 * The calls that move bytes. libc's send and recv are sendto and recvfrom
 * without an address here, so that is how they are told.
 */
#include <fcntl.h>
#include <sys/syscall.h>

#include "../base/clock.h"
#include "../base/passed.h"
#include "ptrace-inner.h"

static int fd_of(const struct ptrace_call *c)
{
	return (int)c->args[0];
}

static bool begin(struct ptrace_thread *t, struct ptrace_call *c, bool told, uint64_t n, uint64_t flags)
{
	if (!told)
		return false;
	c->e.asked = n;
	c->e.arg[0] = (int32_t)flags;
	if (ptrace_tell_may_wait(c, (int)flags))
		ptrace_tell_enter(t, c);
	return true;
}

/* Into or out of one buffer. */
static int one_buffer(struct ptrace_thread *t, const struct ptrace_call *c)
{
	t->all->iov[0] = (struct iovec){ (void *)(uintptr_t)c->args[1], (size_t)c->e.asked };
	return 1;
}

static uint64_t total(const struct ptrace *p, int iovs)
{
	size_t sum = 0;

	for (int i = 0; i < iovs; i++)
		if (__builtin_add_overflow(sum, p->iov[i].iov_len, &sum))
			return SIZE_MAX;
	return sum;
}

/* -- One buffer --------------------------------------------------------------------------- */

bool ptrace_enter_send(struct ptrace_thread *t, struct ptrace_call *c)
{
	bool told = ptrace_tell_begin_socket(t, c, fd_of(c));

	if (told && !c->args[4])
		c->e.call = EVENT_SEND;
	else if (told)
		ptrace_addr(t, &c->e.peer, c->args[4], c->args[5]);
	return begin(t, c, told, c->args[2], c->args[3]);
}

void ptrace_leave_send(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	ptrace_tell_sent(t, c, r, one_buffer(t, c));
}

bool ptrace_enter_write(struct ptrace_thread *t, struct ptrace_call *c)
{
	return begin(t, c, ptrace_tell_begin(t, c, fd_of(c)), c->args[2], 0);
}

void ptrace_leave_write(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	ptrace_tell_sent(t, c, r, one_buffer(t, c));
}

bool ptrace_enter_read(struct ptrace_thread *t, struct ptrace_call *c)
{
	return ptrace_enter_write(t, c);
}

void ptrace_leave_read(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	ptrace_tell_received(t, c, r, one_buffer(t, c));
}

/* Of the sender's address the kernel stores what there is room for; the length it tells may be greater. */
static void take_peer(struct ptrace_thread *t, struct ptrace_call *c, uint64_t at, uint32_t len)
{
	if (at && len && c->room)
		ptrace_addr(t, &c->e.peer, at, len < c->room ? len : c->room);
}

bool ptrace_enter_recv(struct ptrace_thread *t, struct ptrace_call *c)
{
	bool told = ptrace_tell_begin_socket(t, c, fd_of(c));

	if (told && !c->args[4])
		c->e.call = EVENT_RECV;
	else if (told && !ptrace_read(t, c->args[5], &c->room, sizeof c->room))
		c->room = 0;
	return begin(t, c, told, c->args[2], c->args[3]);
}

void ptrace_leave_recv(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	uint32_t len;

	if (r >= 0 && c->args[4] && ptrace_read(t, c->args[5], &len, sizeof len))
		take_peer(t, c, c->args[4], len);
	ptrace_tell_received(t, c, r, one_buffer(t, c));
}

/* -- Several buffers ---------------------------------------------------------------------- */

bool ptrace_enter_writev(struct ptrace_thread *t, struct ptrace_call *c)
{
	if (!ptrace_tell_begin(t, c, fd_of(c)))
		return false;
	return begin(t, c, true, total(t->all, ptrace_vectors(t, c->args[1], c->args[2])), 0);
}

void ptrace_leave_writev(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	ptrace_tell_sent(t, c, r, ptrace_vectors(t, c->args[1], c->args[2]));
}

bool ptrace_enter_readv(struct ptrace_thread *t, struct ptrace_call *c)
{
	return ptrace_enter_writev(t, c);
}

void ptrace_leave_readv(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	ptrace_tell_received(t, c, r, ptrace_vectors(t, c->args[1], c->args[2]));
}

/* -- Messages ----------------------------------------------------------------------------- */

static int vectors_of(struct ptrace_thread *t, const struct msghdr *m)
{
	return ptrace_vectors(t, (uintptr_t)m->msg_iov, m->msg_iovlen);
}

/* An mmsghdr begins with a msghdr. */
static bool begin_message(struct ptrace_thread *t, struct ptrace_call *c, uint64_t flags)
{
	struct msghdr m = { .msg_iovlen = 0 };

	if (!ptrace_tell_begin_socket(t, c, fd_of(c)))
		return false;
	if (!ptrace_read(t, c->args[1], &m, sizeof m))
		m.msg_iovlen = 0;
	if (event_sends(&c->e) && m.msg_name && c->e.call == EVENT_SENDMSG)
		ptrace_addr(t, &c->e.peer, (uintptr_t)m.msg_name, m.msg_namelen);
	c->room = m.msg_namelen;
	return begin(t, c, true, total(t->all, vectors_of(t, &m)), flags);
}

bool ptrace_enter_sendmsg(struct ptrace_thread *t, struct ptrace_call *c)
{
	return begin_message(t, c, c->args[2]);
}

void ptrace_leave_sendmsg(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	struct msghdr m;

	ptrace_tell_sent(t, c, r, ptrace_read(t, c->args[1], &m, sizeof m) ? vectors_of(t, &m) : -1);
}

/* The number of a received descriptor: it is looked at before whoever sent it closes his. */
static void look_at(void *thread, int fd)
{
	struct ptrace_thread *t = thread;

	ptrace_files_set(t->all, t->process->files, fd, NULL);
	ptrace_files_get(t, fd);
}

static void look_at_passed(struct ptrace_thread *t, const struct msghdr *m)
{
	union { struct cmsghdr align; char bytes[4096]; } control;
	struct msghdr copy = { .msg_control = control.bytes, .msg_controllen = m->msg_controllen };

	if (m->msg_controllen && m->msg_controllen <= sizeof control &&
	    ptrace_read(t, (uintptr_t)m->msg_control, &control, m->msg_controllen))
		passed_each(&copy, look_at, t);
}

/* One of a batch. The address of a single message is taken at its entry. */
static void sent(struct ptrace_thread *t, struct ptrace_call *c, int64_t r, const struct msghdr *m)
{
	if (m->msg_name)
		ptrace_addr(t, &c->e.peer, (uintptr_t)m->msg_name, m->msg_namelen);
	ptrace_tell_sent(t, c, r, vectors_of(t, m));
}

static void received(struct ptrace_thread *t, struct ptrace_call *c, int64_t r, const struct msghdr *m)
{
	if (r >= 0) {
		look_at_passed(t, m);
		take_peer(t, c, (uintptr_t)m->msg_name, m->msg_namelen);
	}
	ptrace_tell_received(t, c, r, vectors_of(t, m));
}

bool ptrace_enter_recvmsg(struct ptrace_thread *t, struct ptrace_call *c)
{
	return begin_message(t, c, c->args[2]);
}

void ptrace_leave_recvmsg(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	struct msghdr m;

	if (ptrace_read(t, c->args[1], &m, sizeof m))
		received(t, c, r, &m);
	else
		ptrace_tell_received(t, c, r, -1);
}

/* -- Batches: one record per message, or one for none. All names have the room of the first. -- */

bool ptrace_enter_sendmmsg(struct ptrace_thread *t, struct ptrace_call *c)
{
	return begin_message(t, c, c->args[3]);
}

static bool next_message(struct ptrace_thread *t, struct ptrace_call *c, int i, struct mmsghdr *m)
{
	if (!ptrace_read(t, c->args[1] + (uint64_t)i * sizeof *m, m, sizeof *m))
		return false;
	c->e.index = (uint32_t)i;
	c->e.asked = total(t->all, vectors_of(t, &m->msg_hdr));
	return true;
}

typedef void tell_message(struct ptrace_thread *t, struct ptrace_call *c, int64_t r, const struct msghdr *m);

static void leave_batch(struct ptrace_thread *t, struct ptrace_call *c, int64_t r, tell_message *tell)
{
	struct event_addr connected = c->e.peer;
	struct mmsghdr m;

	if (r <= 0)
		ptrace_tell_done(t, c, r);
	c->e.time = clock_now();
	for (int i = 0; i < r && next_message(t, c, i, &m); i++) {
		c->e.peer = connected;
		tell(t, c, m.msg_len, &m.msg_hdr);
	}
}

void ptrace_leave_sendmmsg(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	leave_batch(t, c, r, sent);
}

bool ptrace_enter_recvmmsg(struct ptrace_thread *t, struct ptrace_call *c)
{
	return begin_message(t, c, c->args[3]);
}

void ptrace_leave_recvmmsg(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	leave_batch(t, c, r, received);
}

/* -- Unseen ------------------------------------------------------------------------------- */

bool ptrace_enter_sendfile(struct ptrace_thread *t, struct ptrace_call *c)
{
	return begin(t, c, ptrace_tell_begin(t, c, fd_of(c)), c->args[3], 0);
}

void ptrace_leave_sendfile(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	ptrace_tell_sent(t, c, r, -1);
}

/* One end is a pipe, so at most one is a socket. */
bool ptrace_enter_splice(struct ptrace_thread *t, struct ptrace_call *c)
{
	bool out = ptrace_tell_begin(t, c, (int)c->args[2]);
	int wait = c->args[5] & SPLICE_F_NONBLOCK ? MSG_DONTWAIT : 0;

	if (!out && !ptrace_tell_begin(t, c, fd_of(c)))
		return false;
	c->e.asked = c->args[4];
	c->e.arg[0] = (int32_t)c->args[5];
	c->e.arg[1] = !out;
	if (ptrace_tell_may_wait(c, wait))
		ptrace_tell_enter(t, c);
	return true;
}

/* Its flags are not those of messages. */
void ptrace_leave_splice(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)
{
	int flags = c->e.arg[0];

	c->e.arg[0] = 0;
	if (c->e.arg[1])
		ptrace_tell_received(t, c, r, -1);
	else
		ptrace_tell_sent(t, c, r, -1);
	c->e.arg[0] = flags;
}
