/* SPDX-License-Identifier: MIT */
/* What the kernel has counted on a socket of another process, beside what was told of it. */
#ifndef CMD_TRACE_SILENT_H
#define CMD_TRACE_SILENT_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Has the process sent or taken bytes over the TCP connection at its
 * descriptor? False also where that cannot be known.
 */
bool silent_has_moved(pid_t pid, int fd);

#endif
