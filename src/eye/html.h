/* SPDX-License-Identifier: MIT */
/* The parts of the page, for html.c. */
#ifndef EYE_HTML_H
#define EYE_HTML_H

#include <stdbool.h>

#include "plan.h"

/* Does this row have details of its own? A begun call has them at its end. */
bool html_has_details(const struct kept *k, size_t i);

/* All that is known of a row: a section that its words in the ladder link to. */
void html_call(struct page *p, size_t i);

/* A row of a list of two columns: what, and then between open and close what there is to say. */
void html_open(struct page *p, const char *what);
void html_close(struct page *p);

/* The table of sockets. */
void html_sockets(struct page *p);

#endif
