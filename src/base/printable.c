/* SPDX-License-Identifier: MIT */
/* A search in the table that tools/printable-table.py makes. */
#include "printable.h"

#include <stddef.h>

#include "printable-table.h"

bool printable(uint32_t point)
{
	size_t low = 0, high = sizeof printable_edge / sizeof *printable_edge;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (printable_edge[middle] <= point)
			low = middle + 1;
		else
			high = middle;
	}
	return low % 2;
}
