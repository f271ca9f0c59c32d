/* SPDX-License-Identifier: MIT */
/* Where the library is that watches a program from within. */
#ifndef CMD_TRACE_LIBRARY_H
#define CMD_TRACE_LIBRARY_H

#include "trace.h"

enum { LIBRARY_PATH = 4096 };

/* Its path, as LD_PRELOAD takes one. Returns 0, or TRACE_FAILED and has told why. */
int library_find(const struct trace *t, char path[LIBRARY_PATH]);

#endif
