/* SPDX-License-Identifier: MIT */
/* Strict number parsing: "7x" is not 7, and 99999 is not a port. */
#include "num.h"

#include <errno.h>

int num_decimal(const char *text, size_t n, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;
	int err = n ? 0 : -EINVAL;

	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned char)text[i] - '0';

		if (digit > 9)
			return -EINVAL;
		if (v > (UINT64_MAX - digit) / 10)
			err = -ERANGE;
		v = v * 10 + digit;
	}
	if (!err && v > max)
		err = -ERANGE;
	if (!err)
		*value = v;
	return err;
}

static int unit_shift(char c)
{
	switch (c) {
	case 'k': case 'K': return 10;
	case 'm': case 'M': return 20;
	case 'g': case 'G': return 30;
	default: return 0;
	}
}

int num_size(const char *text, size_t n, uint64_t max, uint64_t *value)
{
	int shift = n ? unit_shift(text[n - 1]) : 0;
	uint64_t v = 0;
	int err = num_decimal(text, n - (shift != 0), max >> shift, &v);

	if (!err)
		*value = v << shift;
	return err;
}
