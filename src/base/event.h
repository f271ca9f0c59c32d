/* SPDX-License-Identifier: MIT */
/*
 * The event record: what a program did with a socket, one system call at a
 * time. sock, the engine and the preload shim emit records through one hook;
 * whoever watches sets it. Everything that is ever drawn or reported about a
 * conversation comes from these records alone.
 *
 * A call that may block emits a record at its entry and one at its return,
 * every other call one at its return. A batch (recvmmsg, sendmmsg) emits one
 * return record per message moved, index 0, 1, ..., all with one time; when it
 * moves none, one record with the error. With no hook set an emitter pays one
 * predictable branch.
 */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Calls by the names of their man pages; event_call_name gives the text. */
enum event_call {
	EVENT_NONE,
	EVENT_SOCKET,           /* arg: family, type, proto */
	EVENT_SOCKETPAIR,       /* arg: family, type, proto; other: the second fd */
	EVENT_BIND,
	EVENT_LISTEN,           /* arg: backlog */
	EVENT_ACCEPT,           /* other: the new fd; local, peer, cookie: of the new connection; arg: flags,
	                           and of a Unix socket the peer's pid as the kernel has it (SO_PEERCRED) */
	EVENT_CONNECT,          /* peer: the address asked for */
	EVENT_SEND,             /* arg: flags; also for sendto, sendmsg, ... */
	EVENT_SENDTO,
	EVENT_SENDMSG,
	EVENT_SENDMMSG,
	EVENT_WRITE,
	EVENT_WRITEV,
	EVENT_SENDFILE,
	EVENT_SPLICE,           /* arg: flags; 1 when it takes bytes out of the socket, 0 into it */
	EVENT_RECV,             /* arg: flags */
	EVENT_RECVFROM,
	EVENT_RECVMSG,
	EVENT_RECVMMSG,
	EVENT_READ,
	EVENT_READV,
	EVENT_SHUTDOWN,         /* arg: how */
	EVENT_CLOSE,
	EVENT_DUP,              /* other: the new fd */
	EVENT_FCNTL,            /* arg: command, value */
	EVENT_SETSOCKOPT,       /* arg: level, option, value where it is an int */
	EVENT_GETSOCKOPT,       /* arg: level, option, value where it is an int */
	EVENT_GETSOCKNAME,
	EVENT_GETPEERNAME,
	EVENT_POLL,             /* arg: events wanted, events ready, timeout in ms; fd: the socket waited for,
	                           of several one that listens or the first; of the ready ones the
	                           first; asked: how many are waited for, moved: how many are ready */
	EVENT_SELECT,
	EVENT_EPOLL_WAIT,
	EVENT_GETADDRINFO,      /* text: the name; arg: EAI_* */
	EVENT_GETNAMEINFO,      /* peer: the address; text: the name found; arg: EAI_* */
	EVENT_FORK,             /* other: the child's pid */
	EVENT_EXIT,             /* the process ends; arg: exit status, or -1 and the signal */
	EVENT_CALLS             /* how many there are */
};

enum event_phase {
	EVENT_ENTER,
	EVENT_RETURN
};

/* A system address, cut to what is used: enough for sockaddr_un. */
struct event_addr {
	uint16_t len;           /* 0: none */
	uint8_t bytes[112];
};

struct event {
	int64_t time;           /* CLOCK_MONOTONIC, ns, of this record */
	int64_t took;           /* ns from entry to return; 0 at entry */
	uint64_t asked;         /* bytes the caller offered or had room for */
	uint64_t moved;         /* bytes really moved; of a cut datagram what was stored */
	uint64_t whole;         /* its full length where it was cut, else moved */
	uint64_t offset;        /* streams: place of the first byte moved, from 0, per direction; urgent
	                           bytes (MSG_OOB) lie beside the stream and do not count */
	uint64_t hash;          /* event_hash of all bytes moved; 0 when none or unseen */
	uint64_t cookie;        /* SO_COOKIE: which socket this is, whatever its fds; 0 unknown */
	int32_t pid, tid;
	int32_t fd;
	int32_t other;          /* a second fd, see the calls; -1 none */
	int32_t error;          /* errno, 0 for success */
	int32_t arg[3];         /* see the calls */
	uint32_t index;         /* of a batch */
	uint16_t call;          /* enum event_call */
	uint16_t phase;         /* enum event_phase */
	uint16_t family, type;  /* AF_*, SOCK_*; 0 unknown */
	int32_t proto;          /* IPPROTO_* and the like, as the kernel says; 0 unknown */
	char program[16];       /* short name, NUL-terminated */
	struct event_addr local, peer;  /* peer: of a datagram, the other end of this datagram */

	/* The payload stays where it is; these hold during the hook call alone. */
	const struct iovec *iov;        /* buffers, together at least moved bytes; NULL: unseen */
	int iovs;
	const char *text;               /* a name, see the calls; or NULL */
};

/* Called from any thread, and must not call sock. */
typedef void event_hook_fn(const struct event *e);
extern event_hook_fn *event_hook;

/* How often a watch began: what was learnt of a descriptor in an earlier one may be untrue by now. */
extern uint32_t event_age;

/* Set the hook, or with NULL unset it. Where there was none before, a watch begins. */
void event_watch(event_hook_fn *hook);

/* The man page's name of a call: "recv". "unknown" beyond the list. */
const char *event_call_name(int call);

/* Does the call move bytes out of the program, or into it? */
bool event_sends(const struct event *e);
bool event_receives(const struct event *e);

/*
 * A copy in memory of its own, for free(3): with its text and the first bytes of
 * its payload, at most payload. NULL when there is no memory.
 */
struct event *event_copy(const struct event *e, size_t payload);

/* The same into memory of the caller's, aligned as by malloc(3) and of at least event_size() bytes. */
struct event *event_copy_into(void *block, const struct event *e, size_t payload);
size_t event_size(const struct event *e, size_t payload);

/* Fill time, pid, tid and program, and -1 into fd and other; zero the rest. */
void event_init(struct event *e, int call, int phase);

/*
 * A 64-bit hash of n bytes that lie in iov; equal bytes give equal hashes
 * however they are cut into buffers. 0 for none, and when a buffer is NULL.
 */
uint64_t event_hash(const struct iovec *iov, int iovs, size_t n);

/* Gather the first room bytes of the payload (at most moved) into out, up to a NULL; returns how many. */
size_t event_preview(const struct event *e, void *out, size_t room);

#endif
