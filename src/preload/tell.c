/* SPDX-License-Identifier: MIT */
/*
 * Records of a program's calls. Memory that the program gave is looked into
 * only after the kernel has read or filled it, or when the kernel says that it
 * could.
 */
#include "tell.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "real.h"

enum { WORD = 8 };

static int ask_option(int fd, int level, int option, void *value, socklen_t *n)
{
	return REAL(getsockopt)(fd, level, option, value, n);
}

static int ask_name(int fd, struct sockaddr *addr, socklen_t *n)
{
	return REAL(getsockname)(fd, addr, n);
}

static int ask_peer(int fd, struct sockaddr *addr, socklen_t *n)
{
	return REAL(getpeername)(fd, addr, n);
}

const struct witness_ask tell_ask = { ask_option, ask_name, ask_peer };

static bool begin(struct witness *w, int call, int fd)
{
	shim_event(&w->e, call);
	witness_begin(w, &tell_ask, fd);
	return true;
}

bool tell_begin(struct witness *w, int call, int fd)
{
	return tell_is_about(fd) && begin(w, call, fd);
}

bool tell_begin_socket(struct witness *w, int call, int fd)
{
	return !shim_is_off() && kind_get(fd) & (KIND_SOCKET | KIND_NONE) && shim_is_on() && begin(w, call, fd);
}

bool tell_begin_new(struct witness *w, int call)
{
	return !shim_is_off() && shim_is_on() && begin(w, call, -1);
}

static bool enter(struct witness *w, int fd, size_t n, int flags)
{
	w->e.asked = n;
	w->e.arg[0] = flags;
	if (tell_may_wait(fd, flags))
		witness_enter(w);
	return true;
}

bool tell_bytes_begin(struct witness *w, int call, int fd, size_t n, int flags)
{
	return begin(w, call, fd) && enter(w, fd, n, flags);
}

bool tell_bytes_socket(struct witness *w, int call, int fd, size_t n, int flags)
{
	return tell_begin_socket(w, call, fd) && enter(w, fd, n, flags);
}

int tell_done(struct witness *w, int r)
{
	witness_done(w, tell_result(r));
	return r;
}

ssize_t tell_sent(struct witness *w, ssize_t r, const void *buf, const struct sockaddr *to, socklen_t len)
{
	struct iovec iov = { (void *)(uintptr_t)buf, buf ? w->e.asked : 0 };
	struct event_addr addr = { .len = 0 };

	if (r < 0 && to)
		tell_addr(&addr, to, len);
	else if (to)
		witness_addr(&addr, to, len);
	witness_sent(w, tell_result(r), &iov, 1, (const struct sockaddr *)addr.bytes, addr.len);
	return r;
}

ssize_t tell_received(struct witness *w, ssize_t r, void *buf, const struct sockaddr *from, socklen_t len)
{
	struct iovec iov = { buf, buf ? w->e.asked : 0 };

	witness_received(w, tell_result(r), &iov, 1, r < 0 ? NULL : from, len);
	return r;
}

/* The kernel reads a signal set of one word before it refuses to do nonsense with it. */
static bool is_readable(const char *word)
{
	return !(REAL(syscall)(SYS_rt_sigprocmask, ~0L, word, NULL, (size_t)WORD) < 0 && errno == EFAULT);
}

/* A word that does not cross a page, with this byte in it. */
static const char *word_of(const char *byte)
{
	return byte - (uintptr_t)byte % WORD;
}

/* An address is no longer than two pages have in common: its two ends tell. The name of a Unix socket may be short. */
void tell_addr(struct event_addr *to, const struct sockaddr *from, socklen_t len)
{
	const char *bytes = (const char *)from;
	int saved = errno;

	to->len = 0;
	if (from && len >= sizeof from->sa_family && len <= sizeof(struct sockaddr_storage) &&
	    is_readable(word_of(bytes)) && is_readable(word_of(bytes + len - 1)))
		witness_addr(to, from, len);
	errno = saved;
}

size_t tell_total(const struct iovec *iov, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; iov && i < n; i++)
		if (__builtin_add_overflow(total, iov[i].iov_len, &total))
			return SIZE_MAX;
	return total;
}
