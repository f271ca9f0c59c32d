/* SPDX-License-Identifier: MIT */
/* The system calls of interest, one row each. An older machine's calls are not there on every machine. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "ptrace-inner.h"

#define ROW(nr, event, name) { nr, event, ptrace_enter_##name, ptrace_leave_##name, 0, NULL }
#define ROW_ONLY(nr, event, name, values) { nr, event, ptrace_enter_##name, ptrace_leave_##name, 1, values }

static const uint32_t commands[] = { F_GETFL, F_SETFL, F_DUPFD_CLOEXEC, F_DUPFD };
static const uint32_t requests[] = { FIONBIO, 0 };

static const struct ptrace_kind kinds[] = {
	ROW(SYS_socket, EVENT_SOCKET, socket),
	ROW(SYS_socketpair, EVENT_SOCKETPAIR, socketpair),
	ROW(SYS_bind, EVENT_BIND, bind),
	ROW(SYS_listen, EVENT_LISTEN, number),
	ROW(SYS_accept, EVENT_ACCEPT, accept),
	ROW(SYS_accept4, EVENT_ACCEPT, accept),
	ROW(SYS_connect, EVENT_CONNECT, connect),
	ROW(SYS_sendto, EVENT_SENDTO, send),
	ROW(SYS_sendmsg, EVENT_SENDMSG, sendmsg),
	ROW(SYS_sendmmsg, EVENT_SENDMMSG, sendmmsg),
	ROW(SYS_write, EVENT_WRITE, write),
	ROW(SYS_writev, EVENT_WRITEV, writev),
	ROW(SYS_sendfile, EVENT_SENDFILE, sendfile),
	ROW(SYS_splice, EVENT_SPLICE, splice),
	ROW(SYS_recvfrom, EVENT_RECVFROM, recv),
	ROW(SYS_recvmsg, EVENT_RECVMSG, recvmsg),
	ROW(SYS_recvmmsg, EVENT_RECVMMSG, recvmmsg),
	ROW(SYS_read, EVENT_READ, read),
	ROW(SYS_readv, EVENT_READV, readv),
	ROW(SYS_shutdown, EVENT_SHUTDOWN, number),
	ROW(SYS_close, EVENT_CLOSE, close),
	ROW(SYS_close_range, EVENT_CLOSE, close_range),
	ROW(SYS_dup, EVENT_DUP, dup),
	ROW(SYS_dup3, EVENT_DUP, dup),
	ROW_ONLY(SYS_fcntl, EVENT_FCNTL, fcntl, commands),
	ROW_ONLY(SYS_ioctl, EVENT_NONE, ioctl, requests),
	ROW(SYS_setsockopt, EVENT_SETSOCKOPT, option),
	ROW(SYS_getsockopt, EVENT_GETSOCKOPT, option),
	ROW(SYS_getsockname, EVENT_GETSOCKNAME, name),
	ROW(SYS_getpeername, EVENT_GETPEERNAME, name),
	ROW(SYS_ppoll, EVENT_POLL, poll),
	ROW(SYS_pselect6, EVENT_SELECT, select),
	ROW(SYS_epoll_ctl, EVENT_NONE, epoll_ctl),
	ROW(SYS_epoll_pwait, EVENT_EPOLL_WAIT, epoll_wait),
#ifdef SYS_epoll_pwait2
	ROW(SYS_epoll_pwait2, EVENT_EPOLL_WAIT, epoll_wait),
#endif
#ifdef SYS_poll
	ROW(SYS_dup2, EVENT_DUP, dup),
	ROW(SYS_poll, EVENT_POLL, poll),
	ROW(SYS_select, EVENT_SELECT, select),
	ROW(SYS_epoll_wait, EVENT_EPOLL_WAIT, epoll_wait),
#endif
	ROW(SYS_restart_syscall, EVENT_NONE, restart),
	ROW(SYS_rt_sigreturn, EVENT_NONE, sigreturn),
};

const struct ptrace_kind *ptrace_kind_all(int *n)
{
	*n = sizeof kinds / sizeof *kinds;
	return kinds;
}
