/* SPDX-License-Identifier: MIT */
/* Counts by size: 64 equal steps within each power of two, so that one shift finds the place. */
#include "load.h"

enum { STEPS = 64, STEP_BITS = 6 };

static unsigned place(uint64_t value)
{
	unsigned octave, at;

	if (value < STEPS)
		return (unsigned)value;
	octave = 63 - (unsigned)__builtin_clzll(value) - STEP_BITS + 1;
	at = octave * STEPS + (unsigned)(value >> (octave - 1)) % STEPS;
	return at < HISTOGRAM_PLACES ? at : HISTOGRAM_PLACES - 1;
}

static uint64_t middle(unsigned at)
{
	unsigned octave = at / STEPS;
	uint64_t width;

	if (octave == 0)
		return at;
	width = (uint64_t)1 << (octave - 1);
	return (STEPS + at % STEPS) * width + width / 2;
}

void histogram_add(struct histogram *h, uint64_t value, uint64_t times)
{
	h->count[place(value)] += times;
	h->all += times;
}

uint64_t histogram_share(const struct histogram *h, double share)
{
	uint64_t below = 0, wanted = (uint64_t)((double)h->all * share);

	for (unsigned at = 0; at < HISTOGRAM_PLACES; at++) {
		below += h->count[at];
		if (below > wanted)
			return middle(at);
	}
	return 0;
}
