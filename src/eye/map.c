/* SPDX-License-Identifier: MIT */
/*
 * Open addressing with steps of one, at most half full, so that a search ends
 * soon. A slot that was used stays in its chain until the table grows, which
 * leaves such slots behind.
 */
#include "map.h"

#include <stdlib.h>

enum { LEAST = 64 };

/* Keys are often small numbers in a row: the multiplication spreads them. */
static size_t home(const struct map *m, uint64_t key)
{
	key ^= key >> 29;
	key *= UINT64_C(0x9e3779b97f4a7c15);
	return (key >> 32) & (m->room - 1);
}

static struct map_slot *slot_of(const struct map *m, uint64_t key)
{
	size_t i = home(m, key);

	while (m->slots[i].used && m->slots[i].key != key)
		i = (i + 1) & (m->room - 1);
	return &m->slots[i];
}

void *map_get(const struct map *m, uint64_t key)
{
	return m->room ? slot_of(m, key)->value : NULL;
}

static void fill(struct map *m, uint64_t key, void *value)
{
	struct map_slot *slot = slot_of(m, key);

	m->filled += !slot->used;
	*slot = (struct map_slot){ key, value, true };
}

static size_t living(const struct map *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->room; i++)
		n += m->slots[i].value != NULL;
	return n;
}

static bool grow(struct map *m)
{
	size_t room = LEAST;
	struct map old = *m;

	while (room < 4 * living(m))
		room *= 2;
	struct map_slot *slots = calloc(room, sizeof *slots);
	if (!slots)
		return false;
	*m = (struct map){ .slots = slots, .room = room };
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i].value)
			fill(m, old.slots[i].key, old.slots[i].value);
	free(old.slots);
	return true;
}

bool map_set(struct map *m, uint64_t key, void *value)
{
	if (!value) {
		if (map_get(m, key))
			slot_of(m, key)->value = NULL;
		return true;
	}
	if (2 * (m->filled + 1) > m->room && !grow(m))
		return false;
	fill(m, key, value);
	return true;
}

void *map_next(const struct map *m, size_t *at, uint64_t *key)
{
	while (*at < m->room) {
		const struct map_slot *slot = &m->slots[(*at)++];

		if (slot->value) {
			if (key)
				*key = slot->key;
			return slot->value;
		}
	}
	return NULL;
}

void map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map){ .slots = NULL };
}
