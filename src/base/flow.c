/* SPDX-License-Identifier: MIT */
/*
 * Descriptors under watch, in pages that are mapped when first touched and
 * never given back. Nothing waits, for records may come from signal handlers.
 * What is known of a descriptor is copied in and out as a whole by whoever
 * gets its flag; who does not get it asks the kernel again. Nobody clears it:
 * it is void as soon as the version of its entry or the age of the watch has
 * gone on. Counts belong to a socket, so all its descriptors hold the same
 * place for them; the last one that lets go makes it free for another.
 */
#include "flow.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

enum { PAGE = 256, PAGES = 4096, MOST = PAGE * PAGES };

struct entry {
	atomic_bool busy;               /* somebody copies flow */
	_Atomic uint32_t version;       /* raised when the number gets another socket */
	_Atomic uint64_t held;          /* the age of the watch, and the number of its counts + 1 */
	struct flow flow;
};

struct counts {
	_Atomic int holders;            /* entries that name these; 0: free */
	_Atomic uint32_t place;         /* raised when the socket's addresses change */
	_Atomic uint64_t in, out;
};

struct page {
	struct entry entries[PAGE];
	struct counts counts[PAGE];
};

static struct page *_Atomic pages[PAGES];

static struct page *new_page(int i)
{
	struct page *none = NULL;
	int saved = errno;
	struct page *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE,
	                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		page = NULL;
	else if (!atomic_compare_exchange_strong(&pages[i], &none, page)) {
		munmap(page, sizeof *page);
		page = none;
	}
	errno = saved;
	return page;
}

/* The entry of a descriptor if it was ever touched. */
static struct entry *old_entry(int fd)
{
	struct page *page = fd >= 0 && fd < MOST ? atomic_load(&pages[fd / PAGE]) : NULL;

	return page ? &page->entries[fd % PAGE] : NULL;
}

static struct entry *entry_at(int fd)
{
	struct entry *e = old_entry(fd);

	return !e && fd >= 0 && fd < MOST && new_page(fd / PAGE) ? old_entry(fd) : e;
}

static struct counts *counts_at(int i)
{
	struct page *page = i >= 0 && i < MOST ? atomic_load(&pages[i / PAGE]) : NULL;

	return page ? &page->counts[i % PAGE] : NULL;
}

static uint32_t age_now(void)
{
	return __atomic_load_n(&event_age, __ATOMIC_ACQUIRE);
}

/* -- Counts and who holds them ------------------------------------------------- */

static struct counts *counts_of(uint64_t held)
{
	return counts_at((int)(uint32_t)held - 1);
}

static bool claim(int i)
{
	struct counts *c = counts_at(i);
	int none = 0;

	if (!c || !atomic_compare_exchange_strong(&c->holders, &none, 1))
		return false;
	atomic_store(&c->place, 0);
	atomic_store(&c->in, 0);
	atomic_store(&c->out, 0);
	return true;
}

/* Free counts for fd, those of its own number if a duplicate does not hold them. -1: none. */
static int claim_some(int fd)
{
	if (claim(fd))
		return fd;
	for (int p = 0; p < PAGES; p++) {
		int first = (fd / PAGE + p) % PAGES * PAGE;

		for (int i = first; counts_at(first) && i < first + PAGE; i++)
			if (claim(i))
				return i;
	}
	return -1;
}

/* One holder more, unless the last has gone meanwhile. */
static bool hold(uint64_t held)
{
	struct counts *c = counts_of(held);
	int n = c ? atomic_load(&c->holders) : 0;

	while (n > 0)
		if (atomic_compare_exchange_weak(&c->holders, &n, n + 1))
			return true;
	return false;
}

/* Each value taken out of an entry is let go once, so the holders never fall below 0. */
static void let_go(uint64_t held)
{
	struct counts *c = counts_of(held);

	if (c)
		atomic_fetch_sub(&c->holders, 1);
}

/* The counts of fd, its own from now on if those it has are none or of an earlier watch. */
static struct counts *take_counts(struct entry *e, int fd)
{
	uint32_t age = age_now();
	uint64_t held = atomic_load(&e->held);

	if (counts_of(held) && held >> 32 == age)
		return counts_of(held);
	int i = claim_some(fd);
	if (i < 0)
		return NULL;
	uint64_t mine = (uint64_t)age << 32 | (uint32_t)(i + 1);
	if (atomic_compare_exchange_strong(&e->held, &held, mine)) {
		let_go(held);
		return counts_of(mine);
	}
	let_go(mine);
	return counts_of(held);
}

/* -- What is known --------------------------------------------------------------- */

struct flow flow_get(int fd)
{
	struct entry *e = entry_at(fd);
	struct flow f = { .age = age_now() };

	if (!e)
		return f;
	f.version = atomic_load(&e->version);
	struct counts *c = take_counts(e, fd);
	uint32_t place = c ? atomic_load(&c->place) : 0;
	if (!atomic_exchange(&e->busy, true)) {
		if (e->flow.version == f.version && e->flow.age == f.age)
			f = e->flow;
		atomic_store(&e->busy, false);
	}
	f.settled = f.settled && f.place == place;
	f.place = place;
	return f;
}

void flow_put(int fd, const struct flow *f)
{
	struct entry *e = entry_at(fd);

	if (!e || atomic_exchange(&e->busy, true))
		return;
	e->flow = *f;
	atomic_store(&e->busy, false);
}

void flow_reset(int fd)
{
	struct entry *e = old_entry(fd);

	if (!e)
		return;
	atomic_fetch_add(&e->version, 1);
	let_go(atomic_exchange(&e->held, 0));
}

void flow_unsettle(int fd)
{
	struct entry *e = entry_at(fd);
	struct counts *c = e ? take_counts(e, fd) : NULL;

	if (c)
		atomic_fetch_add(&c->place, 1);
}

void flow_share(int fd, int copy)
{
	struct entry *from = entry_at(fd), *to = entry_at(copy);

	if (!from || !to || from == to)
		return;
	flow_reset(copy);
	struct flow f = flow_get(fd);
	uint64_t held = atomic_load(&from->held);
	if (!hold(held))
		return;
	/* Between the two lines above they may have become another socket's. */
	if (atomic_load(&from->held) != held) {
		let_go(held);
		return;
	}
	let_go(atomic_exchange(&to->held, held));
	f.version = atomic_load(&to->version);
	flow_put(copy, &f);
}

uint64_t flow_add_in(int fd, uint64_t moved)
{
	struct entry *e = entry_at(fd);
	struct counts *c = e ? take_counts(e, fd) : NULL;

	return c ? atomic_fetch_add(&c->in, moved) : 0;
}

uint64_t flow_add_out(int fd, uint64_t moved)
{
	struct entry *e = entry_at(fd);
	struct counts *c = e ? take_counts(e, fd) : NULL;

	return c ? atomic_fetch_add(&c->out, moved) : 0;
}
