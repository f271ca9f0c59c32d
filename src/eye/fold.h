/* SPDX-License-Identifier: MIT */
/*
 * Rows that only repeat what was before become one that counts them: a
 * ping-pong of a million rounds is drawn three times and then counted. It
 * stands between the story (or explain) and a drawing.
 */
#ifndef EYE_FOLD_H
#define EYE_FOLD_H

#include "row.h"

struct fold;

struct fold *fold_new(row_sink *sink, void *to);

/* A row_sink. f is a struct fold. */
void fold_row(void *f, const struct row *row);

/*
 * For a live drawing, when nothing comes for a while: tell how often so far,
 * where rows are being counted now; when nothing came since, who waits.
 */
void fold_idle(struct fold *f);

/* Tell what is still counted, and free it. */
void fold_end(struct fold *f);

#endif
