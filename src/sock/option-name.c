/* SPDX-License-Identifier: MIT */
/*
 * From a name to a row of the option table, and from a wrong name to the one
 * that was probably meant. The first goes through the whole table: some 220
 * short comparisons cost less than the system call that follows.
 */
#include <stdbool.h>
#include <string.h>

#include "../base/nearest.h"
#include "option-table.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* Not strcasecmp: its answer depends on the locale. */
static bool same(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

const struct option_row *option_row(const char *name, size_t n)
{
	const struct option_row *row;

	for (int i = 0; (row = option_row_at(i)); i++) {
		if (strlen(row->is.name) == n && same(name, row->is.name, n))
			return row;
		if (strlen(row->is.constant) == n && same(name, row->is.constant, n))
			return row;
	}
	return NULL;
}

const char *option_nearest(const char *name)
{
	struct nearest near = nearest_to(name);
	const struct option_row *row;

	for (int i = 0; (row = option_row_at(i)); i++) {
		nearest_try(&near, row->is.name);
		nearest_try(&near, row->is.constant);
	}
	return near.name;
}
