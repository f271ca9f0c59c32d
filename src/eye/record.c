/* SPDX-License-Identifier: MIT */
/*
 * The recorder: the event hook that appends JSON lines to a file, and gives
 * them to a hook of the program's own. It runs in
 * the middle of somebody else's program, in any thread, perhaps in a signal
 * handler, so it owns four promises: it takes no lock and allocates nothing,
 * it leaves errno alone, it never kills or blocks its host, and each line goes
 * out in one write(2) to a file in append mode, so that threads and processes
 * do not mix. What the lines look like is json.c's matter.
 */
#include <sockeye/eye.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../base/event.h"
#include "../base/eyenv.h"
#include "../base/num.h"
#include "json.h"

enum {
	SHOWN = 64,             /* bytes of payload in a line, unless told otherwise */
	SHOWN_MOST = 65536,
	NEAR = 4096,            /* a usual line is built on the stack */
	HIGH = 240,             /* the trace leaves the low descriptors to the program */
	PATIENCE = 1000
};

_Static_assert(1 + JSON_ROOM(SHOWN) <= NEAR, "a usual line fits the stack");

/*
 * The open file. Users is 0 when there is none, -1 while it is being opened or
 * closed, else 1 for the owner and 1 for each record under way. The last one
 * out closes, so that no record meets a closed descriptor and nobody waits.
 */
static struct {
	_Atomic int users;
	int fd;
	dev_t dev;
	ino_t ino;
} trace;

static atomic_bool owned;
typedef void own_fn(void *with, const char *text, size_t n);

static _Atomic(own_fn *) own_line;      /* a hook of the program's own */
static void *own_with;
static atomic_bool torn;        /* our last line was cut by a full disk */
static _Atomic size_t shown = SHOWN;
static _Atomic uint64_t lost;

/* A program that closes all descriptors may have another file at our number by now. */
static bool still_ours(void)
{
	struct stat st;

	return fstat(trace.fd, &st) == 0 && st.st_dev == trace.dev && st.st_ino == trace.ino;
}

static bool take(void)
{
	int users = atomic_load(&trace.users);

	while (users > 0)
		if (atomic_compare_exchange_weak(&trace.users, &users, users + 1))
			return true;
	return false;
}

static void leave(void)
{
	int users = atomic_load(&trace.users);

	while (users > 0 && !atomic_compare_exchange_weak(&trace.users, &users,
	                                                  users > 1 ? users - 1 : -1))
		;
	if (users != 1)
		return;
	if (still_ours())
		close(trace.fd);
	atomic_store(&trace.users, 0);
}

/* After fork: records that other threads had under way will never end here. */
static void alone(void)
{
	atomic_store(&trace.users, atomic_load(&owned) ? 1 : 0);
}

/*
 * By syscall(2), since write(2) would be a point of cancellation and may be
 * wrapped. At the file size limit of the process the kernel sends SIGXFSZ,
 * which kills: it is held back and taken away.
 */
static ssize_t quiet_write(const char *line, size_t n)
{
	const struct timespec now = { 0 };
	sigset_t limit, old;
	ssize_t r;

	sigemptyset(&limit);
	sigaddset(&limit, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &limit, &old);
	do r = syscall(SYS_write, trace.fd, line, n); while (r < 0 && errno == EINTR);
	if (r < 0 && errno == EFBIG)
		sigtimedwait(&limit, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

/* The byte before the line is a newline: it goes first where our last line was cut. */
static void append(const char *line, size_t n)
{
	bool again = atomic_exchange(&torn, false);
	ssize_t r = quiet_write(line - again, n + again);

	if (r == (ssize_t)(n + again))
		return;
	if (r > 0 || again)
		atomic_store(&torn, true);
	atomic_fetch_add(&lost, 1);
}

/* Long lines are built in pages of their own: malloc(3) is not for signal handlers. */
static char *far(size_t room)
{
	void *pages = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

static void write_event(const struct event *e, bool filed)
{
	own_fn *own = atomic_load(&own_line);
	size_t payload = atomic_load(&shown);
	char near[NEAR];

	if (payload > e->moved)
		payload = e->moved;
	size_t room = 1 + JSON_ROOM(payload);
	char *pages = room > sizeof near ? far(room) : NULL;
	char *line = pages ? pages : near;
	if (!pages && payload > SHOWN)
		payload = SHOWN;
	line[0] = '\n';
	size_t n = json_event(line + 1, (pages ? room : sizeof near) - 1, e, payload,
	                      atomic_load(&lost));
	if (filed)
		append(line + 1, n);
	if (own)
		own(own_with, line + 1, n - 1);
	if (pages)
		munmap(pages, room);
}

static void record(const struct event *e);

static void unhook(void)
{
	event_hook_fn *mine = record;

	if (atomic_load(&own_line))
		return;
	__atomic_compare_exchange_n(&event_hook, &mine, NULL, false,
	                            __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static void record(const struct event *e)
{
	int saved = errno;
	bool open = take(), filed = open && still_ours();

	if (filed || atomic_load(&own_line))
		write_event(e, filed);
	else if (open)
		unhook();
	if (open)
		leave();
	errno = saved;
}

/*
 * Only what neither blocks nor signals when written to: files, and devices
 * such as /dev/null. A link may lead anywhere, so it is refused.
 */
static int open_trace(const char *path, struct stat *st)
{
	int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, flags, 0600);

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0 || !(S_ISREG(st->st_mode) || S_ISCHR(st->st_mode))) {
		close(fd);
		return -EINVAL;
	}
	int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH);
	if (high < 0)
		return fd;
	close(fd);
	return high;
}

/* A record of another thread may still be on its way into the former file. */
static bool claim(void)
{
	static atomic_bool forks;

	if (!atomic_exchange(&forks, true))
		pthread_atfork(NULL, NULL, alone);
	for (int i = 0; i < PATIENCE; i++) {
		int none = 0;

		if (atomic_compare_exchange_strong(&trace.users, &none, -1))
			return true;
		sched_yield();
	}
	return false;
}

static int start(const char *path)
{
	struct stat st;
	int fd = path ? open_trace(path, &st) : -EINVAL;

	if (fd < 0)
		return fd;
	eye_stop();
	if (!claim()) {
		close(fd);
		return -EBUSY;
	}
	trace.fd = fd;
	trace.dev = st.st_dev;
	trace.ino = st.st_ino;
	atomic_store(&torn, false);
	atomic_store(&lost, 0);
	atomic_store(&trace.users, 1);
	atomic_store(&owned, true);
	event_watch(record);
	return 0;
}

int eye_start(const char *path)
{
	int err = start(path);

	if (err)
		errno = -err;
	return err ? -1 : 0;
}

void eye_stop(void)
{
	int saved = errno;

	unhook();
	if (atomic_exchange(&owned, false))
		leave();
	errno = saved;
}

void eye_hook(own_fn *line, void *with)
{
	int saved = errno;

	atomic_store(&own_line, NULL);
	own_with = with;
	atomic_store(&own_line, line);
	if (line)
		event_watch(record);
	else if (!atomic_load(&owned))
		unhook();
	errno = saved;
}

size_t eye_payload(size_t n)
{
	return atomic_exchange(&shown, n < SHOWN_MOST ? n : SHOWN_MOST);
}

/* What is no number shows nothing: better too little than a secret. */
static size_t read_payload(const char *text)
{
	uint64_t n = 0;
	int err = num_decimal(text, strlen(text), SHOWN_MOST, &n);

	return err == -ERANGE ? SHOWN_MOST : n;
}

/* Under the shim every call is told already. */
__attribute__((constructor)) static void from_environment(void)
{
	const char *path = secure_getenv("SOCKEYE_TRACE");
	const char *payload = secure_getenv("SOCKEYE_TRACE_PAYLOAD");
	int saved = errno;

	if (payload)
		eye_payload(read_payload(payload));
	if (path && *path && !secure_getenv(EYENV_NAME))
		eye_start(path);
	errno = saved;
}
