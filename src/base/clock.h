/* SPDX-License-Identifier: MIT */
/* Time in ns of CLOCK_MONOTONIC, and the same clock in a test's hand. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_MS INT64_C(1000000)
#define CLOCK_SEC INT64_C(1000000000)

/* The moment. */
int64_t clock_now(void);

/* For tests: NULL goes back to the real clock. */
extern int64_t (*clock_source)(void);

#endif
