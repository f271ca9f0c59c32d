/* SPDX-License-Identifier: MIT */
/* See space.h. Nothing is set aside for it: a loop's reserve is for the most clients there could be. */
#include "space.h"

#include <sys/mman.h>

void *space_reserve(size_t n)
{
	void *at = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

void space_release(void *at, size_t n)
{
	if (at)
		munmap(at, n);
}
