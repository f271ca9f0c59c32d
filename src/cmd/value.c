/* SPDX-License-Identifier: MIT */
/* Strict like base/num.h: "5 s", "1.5s" and "-1s" are no lengths of time. */
#include "value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/num.h"

/* The longest first, for printing. */
static const struct unit {
	const char *name;
	int64_t ns;
} units[] = {
	{ "d", 86400 * CLOCK_SEC },
	{ "h", 3600 * CLOCK_SEC },
	{ "m", 60 * CLOCK_SEC },
	{ "s", CLOCK_SEC },
	{ "ms", CLOCK_MS },
	{ "us", 1000 },
	{ "ns", 1 },
};

enum { UNITS = sizeof units / sizeof *units };

int value_time(const char *text, int64_t *ns)
{
	size_t digits = strspn(text, "0123456789");
	const char *name = text[digits] ? text + digits : "s";
	uint64_t value;

	for (int i = 0; i < UNITS; i++)
		if (strcmp(name, units[i].name) == 0) {
			uint64_t most = (uint64_t)(INT64_MAX / units[i].ns);
			int err = num_decimal(text, digits, most, &value);

			if (!err)
				*ns = (int64_t)value * units[i].ns;
			return err;
		}
	return -EINVAL;
}

const char *value_time_text(char buf[VALUE_TEXT], int64_t ns)
{
	int i = ns ? 0 : 3;

	while (ns % units[i].ns)
		i++;
	snprintf(buf, VALUE_TEXT, "%lld%s", (long long)(ns / units[i].ns), units[i].name);
	return buf;
}

const char *value_size_text(char buf[VALUE_TEXT], int64_t bytes)
{
	static const char names[][2] = { "", "k", "m", "g" };
	int i = 0;

	while (bytes && bytes % 1024 == 0 && i < 3) {
		bytes /= 1024;
		i++;
	}
	snprintf(buf, VALUE_TEXT, "%lld%s", (long long)bytes, names[i]);
	return buf;
}
