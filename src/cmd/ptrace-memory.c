/* SPDX-License-Identifier: MIT */
/*
 * Reading what a program points to. It is stopped meanwhile, but its other
 * threads are not, and a pointer may lead nowhere: what cannot be read whole
 * counts as not there.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "ptrace-inner.h"

bool ptrace_read(const struct ptrace_thread *t, uint64_t at, void *out, size_t n)
{
	struct iovec here = { out, n }, there = { (void *)(uintptr_t)at, n };

	return at && process_vm_readv(t->tid, &here, 1, &there, 1, 0) == (ssize_t)n;
}

static bool make_room(struct ptrace *p, size_t n)
{
	char *more = n > p->room ? realloc(p->bytes, n) : p->bytes;

	if (!more)
		return false;
	p->bytes = more;
	p->room = n > p->room ? n : p->room;
	return true;
}

const char *ptrace_gather(struct ptrace_thread *t, int iovs, size_t n)
{
	struct ptrace *p = t->all;
	size_t left = n;
	int used = 0;

	if (!n || !make_room(p, n))
		return NULL;
	for (; used < iovs && left; used++) {
		if (p->iov[used].iov_len > left)
			p->iov[used].iov_len = left;
		left -= p->iov[used].iov_len;
	}
	struct iovec here = { p->bytes, n };
	if (left || process_vm_readv(t->tid, &here, 1, p->iov, (unsigned long)used, 0) != (ssize_t)n)
		return NULL;
	return p->bytes;
}

int ptrace_vectors(struct ptrace_thread *t, uint64_t at, uint64_t n)
{
	if (n > PTRACE_VECTORS || (n && !ptrace_read(t, at, t->all->iov, n * sizeof *t->all->iov)))
		return -1;
	return (int)n;
}

void ptrace_addr(struct ptrace_thread *t, struct event_addr *to, uint64_t at, uint64_t len)
{
	if (len > sizeof to->bytes)
		len = sizeof to->bytes;
	to->len = len && ptrace_read(t, at, to->bytes, len) ? (uint16_t)len : 0;
}
