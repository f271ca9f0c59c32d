/* SPDX-License-Identifier: MIT */
/*
 * Descriptors under watch, in pages that are made when first touched and never
 * freed. A duplicate points at its root, whose counts serve both; when the
 * root goes, the first duplicate takes its place.
 */
#include "flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 256, PAGES = 4096 };

static struct flow *_Atomic pages[PAGES];
static _Atomic int highest;

static struct flow *page_at(int i)
{
	struct flow *page = atomic_load(&pages[i]);
	struct flow *none = NULL;
	int saved = errno;

	if (page)
		return page;
	page = calloc(PAGE, sizeof *page);
	errno = saved;
	if (!page)
		return NULL;
	for (int k = 0; k < PAGE; k++)
		page[k].root = i * PAGE + k;
	if (atomic_compare_exchange_strong(&pages[i], &none, page))
		return page;
	free(page);
	return none;
}

struct flow *flow_at(int fd)
{
	struct flow *page;

	if (fd < 0 || fd >= PAGE * PAGES)
		return NULL;
	page = page_at(fd / PAGE);
	if (fd > atomic_load(&highest))
		atomic_store(&highest, fd);
	return page ? &page[fd % PAGE] : NULL;
}

/* The root of fd goes: its first duplicate inherits the counts, the others follow. */
static void pass_on(int fd, struct flow *old)
{
	struct flow *heir = NULL;
	int heir_fd = -1;

	for (int i = 0; i <= atomic_load(&highest) && old->shares > 0; i++) {
		struct flow *f = i == fd ? NULL : flow_at(i);

		if (!f || f->root != fd)
			continue;
		old->shares--;
		if (heir) {
			f->root = heir_fd;
			heir->shares++;
			continue;
		}
		heir = f;
		heir_fd = f->root = i;
		heir->shares = 0;
		atomic_store(&f->in, atomic_load(&old->in));
		atomic_store(&f->out, atomic_load(&old->out));
	}
}

void flow_reset(int fd)
{
	struct flow *f = flow_at(fd);

	if (!f)
		return;
	if (f->root == fd && f->shares > 0)
		pass_on(fd, f);
	if (f->root != fd) {
		struct flow *root = flow_at(f->root);

		if (root)
			root->shares--;
	}
	memset(f, 0, sizeof *f);
	f->root = fd;
}

void flow_share(int fd, int copy)
{
	struct flow *from = flow_at(fd);
	struct flow *to = flow_at(copy);
	struct flow *root;

	if (!from || !to || fd == copy)
		return;
	flow_reset(copy);
	root = flow_at(from->root);
	if (!root)
		return;
	to->known = from->known;
	to->settled = from->settled;
	to->family = from->family;
	to->type = from->type;
	to->proto = from->proto;
	to->cookie = from->cookie;
	to->local = from->local;
	to->peer = from->peer;
	to->root = from->root;
	root->shares++;
}

static struct flow *root_of(int fd)
{
	struct flow *f = flow_at(fd);

	return f ? flow_at(f->root) : NULL;
}

uint64_t flow_add_in(int fd, uint64_t moved)
{
	struct flow *f = root_of(fd);

	return f ? atomic_fetch_add(&f->in, moved) : 0;
}

uint64_t flow_add_out(int fd, uint64_t moved)
{
	struct flow *f = root_of(fd);

	return f ? atomic_fetch_add(&f->out, moved) : 0;
}
