/* SPDX-License-Identifier: MIT */
/*
 * A picture on its way out: a drawing that keeps its rows, and ways to write
 * markup. What is our own goes out by page_print, what a stranger may have
 * chosen by page_text and page_bytes alone, which let no markup through.
 */
#ifndef EYE_PAGE_H
#define EYE_PAGE_H

#include "draw.h"
#include "kept.h"

struct plan;

struct page {
	struct draw draw;       /* first, so that one is the other */
	void (*write)(struct page *p, const struct plan *plan); /* all of it, at the end */
	struct kept kept;
	size_t n;
	char held[8192];        /* what is not out yet */
};

/* Markup of our own; strings in it must be ours, too. A piece is less than 1 KiB. */
void page_print(struct page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Likewise, of any length; and a list of them that ends in NULL. */
void page_put(struct page *p, const char *markup);
void page_lines(struct page *p, const char *const *lines);

/* Text, visible and escaped: right between tags and in quoted attributes. NULL is "". */
void page_text(struct page *p, const char *text);
void page_bytes(struct page *p, const char *bytes, size_t n);

/* "12,408"; "1.25 ms"; an address in the form of base/addrtext.h. */
void page_count(struct page *p, uint64_t n);
void page_took(struct page *p, int64_t ns);
void page_addr(struct page *p, const struct event_addr *addr, int type, int proto);

/* All of it goes out. */
void page_flush(struct page *p);

#endif
