/* SPDX-License-Identifier: MIT */
/* A search in the tables that tools/printable-table.py makes. */
#include "printable.h"

#include <stddef.h>

#include "printable-table.h"

/* A table has the points at which the answer changes, from no on. */
static bool is_in(const uint32_t *edge, size_t edges, uint32_t point)
{
	size_t low = 0, high = edges;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (edge[middle] <= point)
			low = middle + 1;
		else
			high = middle;
	}
	return low % 2;
}

bool printable(uint32_t point)
{
	return is_in(printable_edge, sizeof printable_edge / sizeof *printable_edge, point);
}

bool printable_narrow(uint32_t point)
{
	return is_in(narrow_edge, sizeof narrow_edge / sizeof *narrow_edge, point);
}
