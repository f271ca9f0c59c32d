/* SPDX-License-Identifier: MIT */
/* Words for sentences about a run: addresses, spans of time, counts; and what kind of address one is. */
#ifndef EYE_WORDS_H
#define EYE_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/addrtext.h"
#include "../base/event.h"

/* By value, so that a sentence may take several: printf("%s", words_addr(&a).s). */
struct words {
	char s[ADDRTEXT_ROOM];
};

struct words words_addr(const struct event_addr *a);    /* "127.0.0.1:7", "unix:/tmp/x" */
struct words words_span(int64_t ns);                    /* "1.2 s" */
struct words words_count(uint64_t n, const char *what); /* "1 byte", "2 bytes" */

int words_port(const struct event_addr *a);             /* -1: it has none */
bool words_is_any(const struct event_addr *a);          /* 0.0.0.0, [::] */
bool words_is_loopback(const struct event_addr *a);     /* 127.0.0.0/8, [::1] */

#endif
