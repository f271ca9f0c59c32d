/* SPDX-License-Identifier: MIT */
/*
 * The tape: a ring of records in a shared file, behind a page of counters. A
 * writer claims room by moving the head on, says in the first word of its
 * record how long it is and that it is busy, fills it, and says that it is
 * done; so records of several writers are filled at the same time. The reader
 * takes a record into memory of its own before it looks at anything but that
 * word, and leaves zeros behind: a claimed record without its word is a zero.
 * A record never wraps: what is left at the end is passed over. What is in one
 * is pack.c's matter.
 */
#include "tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pack.h"

enum { PAGE = 4096, LINE = 64, WORD = 8 };

/* The lowest bits of a record's first word; the others are its length. */
enum { BUSY = 1, DONE = 2, PASS = 3, STATE = WORD - 1 };

static const uint64_t MAGIC = UINT64_C(0x3165706174657965);     /* "eyetape1" */

struct counters {
	uint64_t magic, room;
	_Alignas(LINE) _Atomic uint64_t head;   /* where the next record begins, from 0, never wrapped */
	_Atomic uint64_t lost;
	_Alignas(LINE) _Atomic uint64_t tail;   /* where the reader is */
};

_Static_assert(sizeof(struct counters) <= PAGE, "the counters have a page");

struct tape {
	struct counters *shared;
	char *ring;
	uint64_t room;                          /* a power of two; the file's own word is not trusted */
	size_t size;                            /* of this block, the copy included */
	uint64_t tail, unread;                  /* the reader's: its place, and what it could not read */
	struct iovec iov;
	_Alignas(WORD) char copy[];             /* the record that was read last */
};

/* The word at a place of the ring, which may be counted on round and round. */
static _Atomic uint64_t *word_at(const struct tape *t, uint64_t place)
{
	return (_Atomic uint64_t *)(t->ring + (place & (t->room - 1)));
}

static uint64_t round_up(uint64_t n)
{
	return (n + WORD - 1) & ~(uint64_t)(WORD - 1);
}

/* -- A file, mapped ----------------------------------------------------------------- */

/* Small private memory, not malloc's: tapes begin in the middle of other people's calls. */
static struct tape *new_tape(void *file, uint64_t room, size_t copy)
{
	size_t size = sizeof(struct tape) + copy;
	struct tape *t = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (t == MAP_FAILED)
		return NULL;
	t->size = size;
	t->shared = file;
	t->ring = (char *)file + PAGE;
	t->room = room;
	return t;
}

static uint64_t power_of_two(uint64_t room)
{
	uint64_t n = TAPE_LEAST;

	while (n < room && n < TAPE_MOST)
		n *= 2;
	return n;
}

/*
 * Every page is there from the start, for on a full disk a store into one that
 * is not would kill. So would growing beyond the limit of the process.
 */
static int make_room(int fd, uint64_t size)
{
	struct rlimit limit;
	int err;

	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < size)
		return EFBIG;
	do err = posix_fallocate(fd, 0, size); while (err == EINTR);
	return err;
}

static void *map_file(int fd, uint64_t room)
{
	void *file = mmap(NULL, PAGE + room, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return file == MAP_FAILED ? NULL : file;
}

static void close_quietly(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

/* When its descriptor is closed the file is a tape, for who waits for that by inotify(7). */
static struct counters *make_file(const char *path, uint64_t room)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return NULL;
	int err = make_room(fd, PAGE + room);
	struct counters *c = err ? NULL : map_file(fd, room);
	if (err)
		errno = err;
	if (c) {
		c->room = room;
		__atomic_store_n(&c->magic, MAGIC, __ATOMIC_RELEASE);
	}
	close_quietly(fd);
	return c;
}

struct tape *tape_create(const char *path, size_t room)
{
	uint64_t n = power_of_two(room);
	struct counters *c = make_file(path, n);
	struct tape *t = c ? new_tape(c, n, 0) : NULL;

	if (t)
		return t;
	int saved = errno;
	if (c)
		munmap(c, PAGE + n);
	if (saved != EEXIST)
		unlink(path);
	errno = saved;
	return NULL;
}

/* The room of a tape by its file's size, or 0 when it is none. */
static uint64_t room_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	uint64_t room = st.st_size > PAGE ? st.st_size - PAGE : 0;
	return room >= TAPE_LEAST && room <= TAPE_MOST && room == power_of_two(room) ? room : 0;
}

struct tape *tape_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct tape *t = NULL;

	if (fd < 0)
		return NULL;
	uint64_t room = room_of(fd);
	struct counters *c = room ? map_file(fd, room) : NULL;
	if (!room)
		errno = EPROTO;
	close_quietly(fd);
	if (!c)
		return NULL;
	if (__atomic_load_n(&c->magic, __ATOMIC_ACQUIRE) != MAGIC || c->room != room)
		errno = EPROTO;
	else
		t = new_tape(c, room, room / 2);
	if (!t)
		munmap(c, PAGE + room);
	else
		t->tail = atomic_load(&c->tail) & ~(uint64_t)STATE;
	return t;
}

void tape_close(struct tape *t)
{
	if (!t)
		return;
	munmap(t->shared, PAGE + t->room);
	munmap(t, t->size);
}

uint64_t tape_lost(const struct tape *t)
{
	return atomic_load_explicit(&t->shared->lost, memory_order_relaxed) + t->unread;
}

bool tape_is_crowded(const struct tape *t)
{
	return atomic_load_explicit(&t->shared->head, memory_order_relaxed) - t->tail > t->room / 4;
}

/* -- Writing ------------------------------------------------------------------------ */

/* Room for n bytes in one piece, what it passes over included; NULL when the tape is full. */
static _Atomic uint64_t *claim(struct tape *t, uint64_t n)
{
	struct counters *c = t->shared;
	uint64_t head = atomic_load_explicit(&c->head, memory_order_relaxed);
	uint64_t at, over;

	do {
		at = head & (t->room - 1) & ~(uint64_t)STATE;
		over = t->room - at < n ? t->room - at : 0;
		if (head - atomic_load_explicit(&c->tail, memory_order_acquire) + over + n > t->room)
			return NULL;
	} while (!atomic_compare_exchange_weak_explicit(&c->head, &head, head + over + n,
	                                                memory_order_relaxed, memory_order_relaxed));
	if (!over)
		return word_at(t, at);
	atomic_store_explicit(word_at(t, at), over | PASS, memory_order_release);
	return word_at(t, 0);
}

bool tape_write(struct tape *t, const struct event *e, size_t payload)
{
	struct pack plan = pack_plan(e, payload < t->room / 4 ? payload : t->room / 4);
	uint64_t size = round_up(WORD + plan.size);
	_Atomic uint64_t *word = claim(t, size);

	if (!word) {
		atomic_fetch_add_explicit(&t->shared->lost, 1, memory_order_relaxed);
		return false;
	}
	atomic_store_explicit(word, size | BUSY, memory_order_relaxed);
	pack_event(word + 1, &plan, e);
	atomic_store_explicit(word, size | DONE, memory_order_release);
	return true;
}

/* -- Reading ------------------------------------------------------------------------ */

/* Leave n bytes behind, as zeros, and give their room back. */
static void leave(struct tape *t, uint64_t n)
{
	uint64_t at = t->tail & (t->room - 1);
	uint64_t first = n < t->room - at ? n : t->room - at;

	memset(t->ring + at, 0, first);
	memset(t->ring, 0, n - first);
	t->tail += n;
	atomic_store_explicit(&t->shared->tail, t->tail, memory_order_release);
}

/* Nothing here makes sense: go on behind all that was claimed so far. */
static bool give_up(struct tape *t, uint64_t head)
{
	t->unread++;
	leave(t, head - t->tail <= t->room ? head - t->tail : t->room);
	t->tail = head;
	atomic_store_explicit(&t->shared->tail, head, memory_order_release);
	return false;
}

/* Bytes from the tail to the next word that is not zero, at most n. */
static uint64_t zeros(const struct tape *t, uint64_t n)
{
	uint64_t i = 0;

	while (i < n && !atomic_load(word_at(t, t->tail + i)))
		i += WORD;
	return i;
}

enum found { NOTHING, SOMETHING, NONSENSE };

/* What lies at the tail, with so many bytes claimed from there: n bytes of a record, or to pass over. */
static enum found look(const struct tape *t, uint64_t claimed, bool abandoned, uint64_t *n, int *state)
{
	uint64_t at = t->tail & (t->room - 1);
	uint64_t word = atomic_load_explicit(word_at(t, at), memory_order_acquire);

	*state = word & STATE;
	*n = word & ~(uint64_t)STATE;
	if (!word && !abandoned)
		return NOTHING;
	if (!word) {
		*n = zeros(t, claimed);
		return SOMETHING;
	}
	if (*n == 0 || *n > claimed || *n > t->room - at)
		return NONSENSE;
	if (*state == PASS)
		return SOMETHING;
	if (*n > t->room / 2 || (*state != BUSY && *state != DONE))
		return NONSENSE;
	return *state == DONE || abandoned ? SOMETHING : NOTHING;
}

bool tape_read(struct tape *t, struct event *e, bool abandoned)
{
	uint64_t head = atomic_load_explicit(&t->shared->head, memory_order_acquire) & ~(uint64_t)STATE;

	if (atomic_load_explicit(&t->shared->tail, memory_order_relaxed) != t->tail)
		atomic_store_explicit(&t->shared->tail, t->tail, memory_order_release);
	/* Bounded by what was claimed when it began. */
	while (head != t->tail) {
		uint64_t n;
		int state;

		if (head - t->tail > t->room)
			return give_up(t, head);
		enum found found = look(t, head - t->tail, abandoned, &n, &state);
		if (found == NONSENSE)
			return give_up(t, head);
		if (found == NOTHING)
			return false;
		if (state == DONE)
			memcpy(t->copy, t->ring + (t->tail & (t->room - 1)), n);
		leave(t, n);
		if (state == DONE && pack_read(e, &t->iov, t->copy + WORD, n - WORD))
			return true;
		if (state != PASS)
			t->unread++;
	}
	return false;
}
