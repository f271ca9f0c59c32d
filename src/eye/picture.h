/* SPDX-License-Identifier: MIT */
/* How a picture begins and ends, for svg.c and html.c. */
#ifndef EYE_PICTURE_H
#define EYE_PICTURE_H

#include "plan.h"

/*
 * A drawing that keeps its rows, lays them out at the end and has them written.
 * Of like its look, story and out are taken, and its row if it has one, which
 * keeps what comes by kept_add. NULL: no memory.
 */
struct draw *picture_draw(struct draw like, void (*write)(struct page *p, const struct plan *plan));

#endif
