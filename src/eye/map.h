/* SPDX-License-Identifier: MIT */
/* From numbers to pointers: a hash table that grows. It owns nothing that it points to. */
#ifndef EYE_MAP_H
#define EYE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map {                    /* all zero is an empty one */
	struct map_slot {
		uint64_t key;
		void *value;            /* NULL: never used, or used no more */
		bool used;
	} *slots;
	size_t room, filled;    /* filled: slots ever used since the last growth */
};

/* NULL: it is not there. */
void *map_get(const struct map *m, uint64_t key);

/* Set it; NULL takes it out. False: no memory, and nothing has changed. */
bool map_set(struct map *m, uint64_t key, void *value);

/* Each pair, in no order: at begins as 0. Returns the value, NULL behind the last. Pairs may be taken out meanwhile. */
void *map_next(const struct map *m, size_t *at, uint64_t *key);

void map_free(struct map *m);

#endif
