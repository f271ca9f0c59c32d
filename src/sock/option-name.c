/* SPDX-License-Identifier: MIT */
/*
 * From a name to a row of the option table, and from a wrong name to the one
 * that was probably meant. Both go through the whole table: some 220 short
 * comparisons cost less than the system call that follows.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "option-table.h"

/* No row's name is longer, which a test holds. */
enum { NAME_MAX_LENGTH = 40 };

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

static int least(int a, int b, int c)
{
	int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/*
 * Letters to add, drop or change to make b of a (Levenshtein), keeping one line
 * of the matrix. Gives up once it must be most or more, as it soon is for
 * nearly all of the names.
 */
static int distance(const char *a, const char *b, int most)
{
	int line[NAME_MAX_LENGTH + 1];
	int n = (int)strlen(b);

	for (int j = 0; j <= n; j++)
		line[j] = j;
	for (int i = 1; a[i - 1]; i++) {
		int corner = line[0], low = i;

		line[0] = i;
		for (int j = 1; j <= n; j++) {
			int above = line[j];

			line[j] = least(above + 1, line[j - 1] + 1,
			                corner + (lower(a[i - 1]) != lower(b[j - 1])));
			low = line[j] < low ? line[j] : low;
			corner = above;
		}
		if (low >= most)
			return most;
	}
	return line[n];
}

/* Is whole the name with a front part before it: ip-ttl for ttl? */
static bool lacks_front(const char *name, const char *whole)
{
	size_t n = strlen(name), m = strlen(whole);

	return n > 1 && m > n + 1 && whole[m - n - 1] == '-' && same(name, whole + m - n, n);
}

/* How far a name is from the right one, where that is less than most. */
static int mistake(const char *name, const char *right, int most)
{
	if (lacks_front(name, right))
		return 1;
	if (abs((int)strlen(name) - (int)strlen(right)) >= most)
		return most;
	return distance(name, right, most);
}

const char *option_nearest(const char *name)
{
	size_t n = strnlen(name, NAME_MAX_LENGTH + 1);
	int best = (int)(n < 4 ? n : n / 4 + 2);
	const struct option_row *row;
	const char *nearest = NULL;

	if (n > NAME_MAX_LENGTH)
		return NULL;
	for (int i = 0; (row = option_row_at(i)); i++) {
		const char *forms[] = { row->is.name, row->is.constant };

		for (int k = 0; k < 2; k++) {
			int d = mistake(name, forms[k], best);

			if (d < best) {
				best = d;
				nearest = forms[k];
			}
		}
	}
	return nearest;
}
