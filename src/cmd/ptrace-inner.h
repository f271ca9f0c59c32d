/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the outer eye share. ptrace-start.c starts programs,
 * ptrace.c takes their stops, ptrace-thread.c knows who runs. ptrace-step.c
 * makes calls out of stops; ptrace-kind.c says which call is told how, by the
 * functions of ptrace-open.c, ptrace-bytes.c and ptrace-wait.c. ptrace-tell.c
 * fills records, ptrace-files.c knows descriptors, ptrace-memory.c reads what a
 * program points to, ptrace-filter.c tells the kernel where to stop.
 */
#ifndef CMD_PTRACE_INNER_H
#define CMD_PTRACE_INNER_H

#include <linux/audit.h>
#include <sys/ptrace.h>
#include <sys/socket.h>

#include "../eye/map.h"
#include "ptrace.h"

/* The machine whose calls are known, as the kernel names it. */
#if defined(__x86_64__)
#define PTRACE_NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define PTRACE_NATIVE AUDIT_ARCH_AARCH64
#else
#define PTRACE_NATIVE 0U
#endif

enum {
	PTRACE_CALLS = 3,               /* a call, one that a handler makes meanwhile, and so on */
	PTRACE_ARGS = 6,
	PTRACE_NUMBERS = 512,           /* of system calls */
	PTRACE_WHOLE = 1 << 20,         /* bytes of a call that are read for its hash */
	PTRACE_VECTORS = 1024,          /* IOV_MAX of the kernel */
	PTRACE_POLLS = 4096
};

enum ptrace_is { PTRACE_IS_NONE, PTRACE_IS_OTHER, PTRACE_IS_SOCKET, PTRACE_IS_EPOLL };

/* What an epoll descriptor watches. */
struct ptrace_watched {
	struct ptrace_open *open;       /* not held: it goes when that goes */
	int fd;
	uint32_t events;
	uint64_t data;
};

/* An open file, as open(2) calls it: all its descriptors, in whatever process, share it. */
struct ptrace_open {
	int refs;                       /* descriptors, and calls on it */
	enum ptrace_is is;
	bool settled, listens, nonblock;
	uint16_t family, type;
	int32_t proto;
	uint64_t cookie;
	struct event_addr local, peer;
	uint64_t in, out;               /* bytes of the stream so far */
	int watchers;                   /* entries of epolls */
	struct ptrace_watched *watched; /* of an epoll */
	int watched_count, watched_room;
	int chosen;                     /* the entry that stands for all; -1: not chosen */
	struct ptrace_open *next;       /* of all epolls */
};

/* Descriptors of a process, or of several that share them. */
struct ptrace_files {
	int refs;
	struct ptrace_open **each;      /* NULL: not asked yet */
	int room;
};

struct ptrace_process {
	pid_t pid;
	int pidfd;                      /* -1: none */
	int refs, threads;              /* threads, and those that have not ended */
	bool silent;                    /* it is still our own child before its exec */
	bool filtered;
	bool awake;                     /* it has used a socket: its children and its end are told */
	bool over;                      /* its end was told */
	char program[16];
	struct ptrace_files *files;
};

/* One system call, from its entry to its return. */
struct ptrace_call {
	const struct ptrace_kind *kind;
	uint64_t nr, args[PTRACE_ARGS];
	uint64_t ip, sp;
	int64_t start;
	bool entered;                   /* its entry was told */
	struct ptrace_open *open;       /* held; NULL: none */
	struct event e;
	uint32_t room;                  /* for the sender's address */
};

struct ptrace_thread {
	struct ptrace *all;
	pid_t tid;
	struct ptrace_process *process; /* NULL: it came before its parent told of it */
	bool waits;                     /* it is stopped, and not let go yet */
	bool leaving;                   /* it ends */
	bool let_go;                    /* a child that is not followed: it goes at its first stop */
	bool in_call;                   /* its next stop is the return of call[calls - 1] */
	int calls;                      /* under way; those below the last wait for a handler to end */
	struct ptrace_call call[PTRACE_CALLS];
	uint64_t ip;                    /* at the last return */
};

struct ptrace_ended {
	pid_t pid;
	int status;
	bool over;
	struct ptrace_ended *next;
};

struct ptrace {
	struct ptrace_options o;
	const struct ptrace_kind *kinds[PTRACE_NUMBERS];
	struct map threads, sockets;    /* by number; by cookie */
	size_t processes;
	struct ptrace_open *epolls;
	struct ptrace_ended *ended;
	char *bytes;                    /* payload on its way */
	size_t room;
	struct iovec iov[PTRACE_VECTORS];
};

/*
 * How a call is told. Enter returns whether anybody wants to know how it ends;
 * where it does, leave is called with the result or a negative errno.
 */
struct ptrace_kind {
	int nr;
	uint16_t event;
	bool (*enter)(struct ptrace_thread *t, struct ptrace_call *c);
	void (*leave)(struct ptrace_thread *t, struct ptrace_call *c, int64_t r);
	int filter_arg;                 /* the filter stops at it only when this argument ... */
	const uint32_t *filter_values;  /* ... is one of these, the last of which is 0; NULL: always */
};

/* -- ptrace.c: stops -------------------------------------------------------------------------- */

/* What waitpid(2) has told of a thread. */
void ptrace_take(struct ptrace *p, pid_t tid, int status);

/* PTRACE_O_ for PTRACE_SEIZE. */
unsigned long ptrace_flags(const struct ptrace_options *o);

/* -- ptrace-thread.c: who runs ------------------------------------------------------------ */

struct ptrace_thread *ptrace_thread_find(struct ptrace *p, pid_t tid);
struct ptrace_thread *ptrace_thread_new(struct ptrace *p, pid_t tid);
void ptrace_thread_free(struct ptrace_thread *t);

/* A process of its own; from: whose descriptors it got a copy of, or NULL. */
bool ptrace_process_new(struct ptrace_thread *t, const struct ptrace_process *from, bool shares);
void ptrace_process_name(struct ptrace_process *q);

/* The thread is one more of a process. */
void ptrace_process_join(struct ptrace_thread *t, struct ptrace_process *q);

/* It is about to end, or has. Returns whether it is the last of its process. */
bool ptrace_thread_leaves(struct ptrace_thread *t);

/* To which process belongs this thread, as /proc has it? 0: none. */
pid_t ptrace_thread_group(pid_t tid);

/* The process with this number; NULL: not traced. */
struct ptrace_process *ptrace_process_find(struct ptrace *p, pid_t pid);

/* Another program runs in the process, whose thread former has taken the number of all. Returns that thread. */
struct ptrace_thread *ptrace_process_exec(struct ptrace *p, pid_t pid, pid_t former);

/* -- ptrace-step.c ------------------------------------------------------------------------- */

/* It is stopped at the entry or the return of a system call. */
void ptrace_step(struct ptrace_thread *t);

/* Forget all calls: they will not return. */
void ptrace_step_drop(struct ptrace_thread *t);

/* -- ptrace-kind.c ------------------------------------------------------------------------- */

const struct ptrace_kind *ptrace_kind_all(int *n);

/* -- ptrace-memory.c: a program's memory. It may lie. -------------------------------------- */

bool ptrace_read(const struct ptrace_thread *t, uint64_t at, void *out, size_t n);

/* A buffer with the first n bytes of p->iov[0..iovs]; NULL when they cannot be read. */
const char *ptrace_gather(struct ptrace_thread *t, int iovs, size_t n);

/* Read n vectors into p->iov. Returns how many, or -1. */
int ptrace_vectors(struct ptrace_thread *t, uint64_t at, uint64_t n);
void ptrace_addr(struct ptrace_thread *t, struct event_addr *to, uint64_t at, uint64_t len);

/* -- ptrace-files.c: descriptors ----------------------------------------------------------- */

struct ptrace_files *ptrace_files_new(const struct ptrace_files *from);
void ptrace_files_free(struct ptrace *p, struct ptrace_files *f);

/* What is it? Never NULL; not held. */
struct ptrace_open *ptrace_files_get(struct ptrace_thread *t, int fd);

/* What is known without asking; NULL: nothing. */
struct ptrace_open *ptrace_files_known(const struct ptrace_files *f, int fd);

/* The number names this now; NULL: unknown. */
void ptrace_files_set(struct ptrace *p, struct ptrace_files *f, int fd, struct ptrace_open *open);

/* Is there still something at this number? */
bool ptrace_files_is_open(pid_t tid, int fd);

void ptrace_open_hold(struct ptrace_open *open);
void ptrace_open_free(struct ptrace *p, struct ptrace_open *open);

/* Ask for its addresses, unless they are settled. */
void ptrace_open_locate(struct ptrace_thread *t, int fd, struct ptrace_open *open);

/* Who is at the other end of a Unix connection; 0 unknown. */
pid_t ptrace_open_peer(struct ptrace_thread *t, int fd);

/* epoll_ctl(2) has let epoll watch fd; events 0: no longer. */
void ptrace_open_watch(struct ptrace_thread *t, int epoll, int fd, uint32_t events, uint64_t data);

/* The socket that stands for all that an epoll watches; NULL: there is none. */
const struct ptrace_watched *ptrace_open_chosen(struct ptrace_open *epoll);
const struct ptrace_watched *ptrace_open_by_data(const struct ptrace_open *epoll, uint64_t data);

/* -- ptrace-tell.c: records ---------------------------------------------------------------- */

/* Begin the record of a call on a socket. False: it is none, and the call is not told. */
bool ptrace_tell_begin(struct ptrace_thread *t, struct ptrace_call *c, int fd);

/* The same for a call that sockets alone have: told even when fd is not open. */
bool ptrace_tell_begin_socket(struct ptrace_thread *t, struct ptrace_call *c, int fd);

/* The same for one that has no descriptor yet. */
bool ptrace_tell_begin_new(struct ptrace_thread *t, struct ptrace_call *c);

/* The record is about another socket from now on. */
void ptrace_tell_about(struct ptrace_thread *t, struct ptrace_call *c, int fd);

bool ptrace_tell_may_wait(const struct ptrace_call *c, int flags);
void ptrace_tell_enter(struct ptrace_thread *t, struct ptrace_call *c);
void ptrace_tell_done(struct ptrace_thread *t, struct ptrace_call *c, int64_t r);
void ptrace_tell_made(struct ptrace_thread *t, struct ptrace_call *c, int64_t r);

/* Bytes that went out or came in; they lie at p->iov[0..iovs], -1: unseen. */
void ptrace_tell_sent(struct ptrace_thread *t, struct ptrace_call *c, int64_t r, int iovs);
void ptrace_tell_received(struct ptrace_thread *t, struct ptrace_call *c, int64_t r, int iovs);

/* A socket is closed without a call of its own. */
void ptrace_tell_closed(struct ptrace_thread *t, int fd, int64_t start);

void ptrace_tell_fork(struct ptrace_thread *t, pid_t child);
void ptrace_tell_exit(struct ptrace_thread *t, int status);

/* -- ptrace-open.c, ptrace-bytes.c, ptrace-wait.c: calls -------------------------------------- */

#define PTRACE_KIND(name) \
	bool ptrace_enter_##name(struct ptrace_thread *t, struct ptrace_call *c); \
	void ptrace_leave_##name(struct ptrace_thread *t, struct ptrace_call *c, int64_t r)

PTRACE_KIND(socket);
PTRACE_KIND(socketpair);
PTRACE_KIND(bind);
PTRACE_KIND(accept);
PTRACE_KIND(connect);
PTRACE_KIND(number);            /* listen, shutdown: a number is all they have */
PTRACE_KIND(name);
PTRACE_KIND(option);
PTRACE_KIND(close);
PTRACE_KIND(close_range);
PTRACE_KIND(dup);
PTRACE_KIND(fcntl);
PTRACE_KIND(ioctl);
PTRACE_KIND(send);
PTRACE_KIND(recv);
PTRACE_KIND(write);
PTRACE_KIND(read);
PTRACE_KIND(writev);
PTRACE_KIND(readv);
PTRACE_KIND(sendmsg);
PTRACE_KIND(recvmsg);
PTRACE_KIND(sendmmsg);
PTRACE_KIND(recvmmsg);
PTRACE_KIND(sendfile);
PTRACE_KIND(splice);
PTRACE_KIND(poll);
PTRACE_KIND(select);
PTRACE_KIND(epoll_ctl);
PTRACE_KIND(epoll_wait);
PTRACE_KIND(restart);           /* ptrace-step.c: a call that was interrupted goes on */
PTRACE_KIND(sigreturn);         /* a handler ends */

/* -- ptrace-filter.c ------------------------------------------------------------------------ */

/* In the child: stop at the calls that are told. Returns 0 or a negative errno. */
int ptrace_filter_install(void);

#endif
