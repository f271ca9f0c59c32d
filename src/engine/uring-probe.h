/* SPDX-License-Identifier: MIT */
/* Finding out by trying. */
#ifndef ENGINE_URING_PROBE_H
#define ENGINE_URING_PROBE_H

/* Does io_uring do all that uring.c needs, here and now? 0, or a negative errno with a reason (a literal). */
int uring_probe(const char **reason);

#endif
