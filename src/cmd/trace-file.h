/* SPDX-License-Identifier: MIT */
/* A recorded file, record by record: for those who draw it and those who compare it. */
#ifndef CMD_TRACE_FILE_H
#define CMD_TRACE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/event.h"
#include "trace.h"

/*
 * Takes a record; all that are still to come count from until or later (see
 * eye/order.h). False: there is no memory for it.
 */
typedef bool trace_file_take(void *to, const struct event *e, int64_t until);

/*
 * Give all records of the file at path to take. Lines that are none are told by
 * their number. Returns 0, or TRACE_FAILED and has told why.
 */
int trace_file_read(const struct trace *t, const char *path, trace_file_take *take, void *to);

#endif
