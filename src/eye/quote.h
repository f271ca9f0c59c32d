/* SPDX-License-Identifier: MIT */
/* Payload as a person can read it: in double quotes, text as it is, all else as C escapes, \x1b. */
#ifndef EYE_QUOTE_H
#define EYE_QUOTE_H

#include <stddef.h>

#include "../base/event.h"

/* Room for so many bytes, their quotes and the mark that there were more. */
#define QUOTE_ROOM(n) (4 * (size_t)(n) + 8)

/* The first bytes of what an event moved, at most most. Returns the length; 0 when it has none to show. */
size_t quote_event(char *out, size_t room, const struct event *e, size_t most);

#endif
