/* SPDX-License-Identifier: MIT */
/*
 * Conversations made by hand, for the drawings that keep their rows: no story
 * has told them, so the story's lanes and sockets, and the meanings, are those
 * of scenes.c.
 */
#ifndef SCENES_H
#define SCENES_H

#include <stdbool.h>
#include <stddef.h>

#include "eye/row.h"
#include "eye/story.h"

/* What a stranger chose, in every place where a stranger can. */
struct scene_attack {
	const char *bytes;
	size_t n;
};

/* The story of the scene that was played last. */
struct story *scene_story(void);

/* Give the scene's rows. False: there is no such scene. The scenes: see scenes.c. */
bool scene_play(const char *name, const struct scene_attack *attack, row_sink *sink, void *to);

#endif
