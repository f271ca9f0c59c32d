/* SPDX-License-Identifier: MIT */
/* The parts of the picture of a ladder, for svg.c, and the whole of it for html.c. */
#ifndef EYE_SVG_H
#define EYE_SVG_H

#include <stdbool.h>

#include "plan.h"

/*
 * The element svg with everything in it. With links each call is one to its
 * details, #c12, and each row that stands alone to #r7. The style is not in it.
 */
void svg_ladder(struct page *p, const struct plan *plan, bool links);

/* All arrows and their labels; with links, these lead to the details of the row they belong to. */
void svg_arrows(struct page *p, const struct plan *plan, bool links);

/* The words of a row, or its box or band. */
void svg_row(struct page *p, const struct plan *plan, size_t i, bool links);

/* Does it have words of its own? If not, the label of its first arrow says it. */
bool svg_has_words(const struct plan *plan, const struct row *row);

/* Its name in the document: "c12", or "r7" of one without a call. */
void svg_name(struct page *p, const struct kept_row *kept);

#endif
