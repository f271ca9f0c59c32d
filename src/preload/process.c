/* SPDX-License-Identifier: MIT */
/*
 * The end of a process where it does not come by exit(3), and system calls
 * that go around their functions: those that can be told are led to them.
 * syscall(2) is no point of cancellation, and stays none. ppoll and pselect6
 * are not led: the kernel's change the time that they are given.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "real.h"
#include "shim.h"

void (_exit)(int status)
{
	shim_ends(status);
	for (;;)
		REAL(_exit)(status);
}

void (_Exit)(int status)
{
	shim_ends(status);
	for (;;)
		REAL(_Exit)(status);
}

#define POINTER(a) ((void *)(uintptr_t)(a))
#define NUMBER(a) ((int)(a))

/* The calls that move bytes. Whether it was one of them. */
static bool lead_bytes(long number, const long a[6], long *r)
{
	switch (number) {
	case SYS_sendto: *r = sendto(NUMBER(a[0]), POINTER(a[1]), a[2], NUMBER(a[3]), POINTER(a[4]), a[5]); break;
	case SYS_sendmsg: *r = sendmsg(NUMBER(a[0]), POINTER(a[1]), NUMBER(a[2])); break;
	case SYS_sendmmsg: *r = sendmmsg(NUMBER(a[0]), POINTER(a[1]), a[2], NUMBER(a[3])); break;
	case SYS_write: *r = write(NUMBER(a[0]), POINTER(a[1]), a[2]); break;
	case SYS_writev: *r = writev(NUMBER(a[0]), POINTER(a[1]), NUMBER(a[2])); break;
	case SYS_sendfile: *r = sendfile(NUMBER(a[0]), NUMBER(a[1]), POINTER(a[2]), a[3]); break;
	case SYS_splice: *r = splice(NUMBER(a[0]), POINTER(a[1]), NUMBER(a[2]), POINTER(a[3]), a[4], a[5]); break;
	case SYS_recvfrom: *r = recvfrom(NUMBER(a[0]), POINTER(a[1]), a[2], NUMBER(a[3]), POINTER(a[4]),
	                                 POINTER(a[5])); break;
	case SYS_recvmsg: *r = recvmsg(NUMBER(a[0]), POINTER(a[1]), NUMBER(a[2])); break;
	case SYS_recvmmsg: *r = recvmmsg(NUMBER(a[0]), POINTER(a[1]), a[2], NUMBER(a[3]), POINTER(a[4])); break;
	case SYS_read: *r = read(NUMBER(a[0]), POINTER(a[1]), a[2]); break;
	case SYS_readv: *r = readv(NUMBER(a[0]), POINTER(a[1]), NUMBER(a[2])); break;
	default: return false;
	}
	return true;
}

static bool lead_sockets(long number, const long a[6], long *r)
{
	switch (number) {
	case SYS_socket: *r = socket(NUMBER(a[0]), NUMBER(a[1]), NUMBER(a[2])); break;
	case SYS_socketpair: *r = socketpair(NUMBER(a[0]), NUMBER(a[1]), NUMBER(a[2]), POINTER(a[3])); break;
	case SYS_bind: *r = bind(NUMBER(a[0]), POINTER(a[1]), a[2]); break;
	case SYS_listen: *r = listen(NUMBER(a[0]), NUMBER(a[1])); break;
	case SYS_accept: *r = accept(NUMBER(a[0]), POINTER(a[1]), POINTER(a[2])); break;
	case SYS_accept4: *r = accept4(NUMBER(a[0]), POINTER(a[1]), POINTER(a[2]), NUMBER(a[3])); break;
	case SYS_connect: *r = connect(NUMBER(a[0]), POINTER(a[1]), a[2]); break;
	case SYS_shutdown: *r = shutdown(NUMBER(a[0]), NUMBER(a[1])); break;
	case SYS_setsockopt: *r = setsockopt(NUMBER(a[0]), NUMBER(a[1]), NUMBER(a[2]), POINTER(a[3]), a[4]); break;
	case SYS_getsockopt: *r = getsockopt(NUMBER(a[0]), NUMBER(a[1]), NUMBER(a[2]), POINTER(a[3]),
	                                     POINTER(a[4])); break;
	case SYS_getsockname: *r = getsockname(NUMBER(a[0]), POINTER(a[1]), POINTER(a[2])); break;
	case SYS_getpeername: *r = getpeername(NUMBER(a[0]), POINTER(a[1]), POINTER(a[2])); break;
	default: return false;
	}
	return true;
}

static bool is_told_control(int command)
{
	return command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_GETFL || command == F_SETFL;
}

static bool lead_descriptors(long number, const long a[6], long *r)
{
	if (number == SYS_fcntl && !is_told_control(NUMBER(a[1])))
		return false;
	switch (number) {
	case SYS_close: *r = close(NUMBER(a[0])); break;
	case SYS_close_range: *r = close_range(a[0], a[1], NUMBER(a[2])); break;
	case SYS_dup: *r = dup(NUMBER(a[0])); break;
	case SYS_dup3: *r = dup3(NUMBER(a[0]), NUMBER(a[1]), NUMBER(a[2])); break;
	case SYS_fcntl: *r = fcntl(NUMBER(a[0]), NUMBER(a[1]), a[2]); break;
	case SYS_epoll_ctl: *r = epoll_ctl(NUMBER(a[0]), NUMBER(a[1]), NUMBER(a[2]), POINTER(a[3])); break;
	case SYS_epoll_pwait: *r = epoll_pwait(NUMBER(a[0]), POINTER(a[1]), NUMBER(a[2]), NUMBER(a[3]),
	                                       POINTER(a[4])); break;
#ifdef SYS_dup2
	case SYS_dup2: *r = dup2(NUMBER(a[0]), NUMBER(a[1])); break;
	case SYS_poll: *r = poll(POINTER(a[0]), a[1], NUMBER(a[2])); break;
	case SYS_epoll_wait: *r = epoll_wait(NUMBER(a[0]), POINTER(a[1]), NUMBER(a[2]), NUMBER(a[3])); break;
#endif
	default: return false;
	}
	return true;
}

static bool lead(long number, const long a[6], long *r)
{
	int before;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	bool led = lead_bytes(number, a, r) || lead_sockets(number, a, r) || lead_descriptors(number, a, r);
	pthread_setcancelstate(before, NULL);
	return led;
}

long (syscall)(long number, ...)
{
	long a[6], r;
	va_list rest;

	va_start(rest, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(rest, long);
	va_end(rest);
	if (!shim_is_off() && lead(number, a, &r))
		return r;
	if (number == SYS_exit_group)
		shim_ends(NUMBER(a[0]));
	return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
