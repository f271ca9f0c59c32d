/* SPDX-License-Identifier: MIT */
/*
 * Mistakes between two words: letters added, left out, changed, or two
 * neighbours swapped. A word that only stops too early, as "work" does for
 * "workers", or begins too late, as "ttl" does for "ip-ttl", counts as one
 * mistake.
 */
#include "nearest.h"

#include <stdbool.h>
#include <string.h>

enum { LONGEST = 40 };

struct nearest nearest_to(const char *word)
{
	size_t n = strnlen(word, LONGEST + 1);

	int allowed = n > LONGEST ? 0 : n < 4 ? (int)n : (int)n / 4 + 2;

	return (struct nearest){ .word = word, .mistakes = allowed };
}

/* Not tolower: its answer depends on the locale. */
static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool same(char a, char b)
{
	return lower(a) == lower(b);
}

static int least(int a, int b, int c)
{
	int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Three lines of the matrix suffice: two letters are swapped across one line. */
static int distance(const char *a, const char *b)
{
	int lines[3][LONGEST + 1];
	int *above2 = lines[0], *above = lines[1], *line = lines[2];
	int n = (int)strlen(b);

	for (int j = 0; j <= n; j++)
		line[j] = j;
	for (int i = 1; a[i - 1]; i++) {
		int *spare = above2;

		above2 = above;
		above = line;
		line = spare;
		line[0] = i;
		for (int j = 1; j <= n; j++) {
			line[j] = least(above[j] + 1, line[j - 1] + 1,
			                above[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				line[j] = least(line[j], above2[j - 2] + 1, line[j]);
		}
	}
	return line[n];
}

static bool begins(const char *text, const char *with)
{
	while (*with && same(*text, *with)) {
		text++;
		with++;
	}
	return !*with;
}

/* Is word the front of a name, or all of it but a front part? */
static bool is_part(const char *word, size_t n, const char *name, size_t m)
{
	return n > 1 && (begins(name, word) || (m > n + 1 && name[m - n - 1] == '-' && begins(name + m - n, word)));
}

static int mistakes(const char *word, const char *name)
{
	size_t n = strlen(word), m = strlen(name);

	if (is_part(word, n, name, m))
		return 1;
	return m > LONGEST ? LONGEST : distance(word, name);
}

void nearest_try(struct nearest *near, const char *name)
{
	int found = near->mistakes ? mistakes(near->word, name) : 0;

	if (found < near->mistakes) {
		near->mistakes = found;
		near->name = name;
	}
}
