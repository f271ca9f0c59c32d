/* SPDX-License-Identifier: MIT */
/*
 * Faults on demand: the table of system calls with a counter in front of each
 * entry. A plan says at which call what goes wrong; everything else goes to
 * the kernel.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>

#include "sock/sys.h"

/* The calls that can go wrong, in the order of fault_names. */
enum fault_call {
	FAULT_SOCKET, FAULT_SOCKETPAIR, FAULT_BIND, FAULT_LISTEN, FAULT_ACCEPT, FAULT_CONNECT,
	FAULT_SEND, FAULT_SENDTO, FAULT_SENDMSG, FAULT_SENDMMSG,
	FAULT_RECV, FAULT_RECVFROM, FAULT_RECVMSG, FAULT_RECVMMSG,
	FAULT_SENDFILE, FAULT_PREAD, FAULT_READ, FAULT_SHUTDOWN, FAULT_CLOSE, FAULT_FCNTL,
	FAULT_GETSOCKOPT, FAULT_SETSOCKOPT, FAULT_GETSOCKNAME, FAULT_GETPEERNAME,
	FAULT_POLL, FAULT_EPOLL_CTL, FAULT_EPOLL_WAIT, FAULT_GETADDRINFO, FAULT_MALLOC,
	FAULT_CALLS
};

struct fault_plan {
	int at;                 /* the how-manieth call goes wrong, from 0; -1: none */
	int error;              /* errno to fail with; 0: be short instead */
	bool of_kind;           /* only calls of one kind count */
	enum fault_call kind;
};

enum { FAULT_MOST = 4096 };

/* Start counting, with a plan. */
void fault_begin(struct fault_plan plan);

/* Put the real calls back. Returns how many calls were made; kinds of them are in fault_log. */
int fault_end(void);

/* Which call the i-th was, of the last run. */
extern unsigned char fault_log[FAULT_MOST];

/* Did the plan come true? */
extern bool fault_struck;

/* The errnos that a call's man page documents and a program may meet, ended by 0. */
const int *fault_errors(enum fault_call call);

/* Can this call move fewer bytes than asked? */
bool fault_can_be_short(enum fault_call call);

extern const char *const fault_names[FAULT_CALLS];

#endif
