/* SPDX-License-Identifier: MIT */
/* Lengths of time and sizes, as people write them. More of it: base/num.h. */
#ifndef CMD_VALUE_H
#define CMD_VALUE_H

#include <stdint.h>

enum { VALUE_TEXT = 32 };

/* 30 days in ns: much longer times would overflow clocks of milliseconds. */
#define VALUE_LONGEST (INT64_C(30) * 86400 * 1000000000)

/*
 * A length of time in ns: digits and ns, us, ms, s, m, h or d; without a unit
 * it is seconds. Returns 0, -EINVAL (no such thing) or -ERANGE (too long).
 */
int value_time(const char *text, int64_t *ns);

/* In the largest unit that divides it: "90s", "64k". Returns buf. */
const char *value_time_text(char buf[VALUE_TEXT], int64_t ns);
const char *value_size_text(char buf[VALUE_TEXT], int64_t bytes);

#endif
