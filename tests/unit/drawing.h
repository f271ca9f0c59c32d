/* SPDX-License-Identifier: MIT */
/* A scene drawn into memory, and questions about it. Include it after check.h. */
#ifndef DRAWING_H
#define DRAWING_H

#include "eye/draw.h"
#include "scenes.h"

typedef struct draw *drawing_begin(
	const struct draw_look *look, struct story *story, draw_out *out, void *to);

static struct {
	char *text;
	size_t n, room, calls;
	size_t fails_at; /* the call of out that fails; 0 none */
} drawn;

static inline int drawing_take(void *to, const char *bytes, size_t n)
{
	(void)to;
	if (++drawn.calls == drawn.fails_at)
		return -ENOSPC;
	if (drawn.n + n >= drawn.room) {
		drawn.room = 2 * (drawn.n + n) + 1;
		drawn.text = realloc(drawn.text, drawn.room);
		assert_non_null(drawn.text);
	}
	memcpy(drawn.text + drawn.n, bytes, n);
	drawn.n += n;
	drawn.text[drawn.n] = '\0';
	return 0;
}

static inline void drawing_forget(void)
{
	free(drawn.text);
	memset(&drawn, 0, sizeof drawn);
}

static inline int drawing_look(
	drawing_begin *begin, const char *scene, const struct draw_look *look)
{
	struct draw *d = begin(look, scene_story(), drawing_take, NULL);

	assert_non_null(d);
	assert_true(scene_play(scene, NULL, draw_row, d));
	return draw_end(d);
}

/* The scene as it usually looks. */
static inline const char *drawing_of(drawing_begin *begin, const char *scene)
{
	struct draw_look look = { .payload = true, .title = "a title" };

	drawing_forget();
	assert_int_equal(drawing_look(begin, scene, &look), 0);
	return drawn.text;
}

/* How often a piece of markup is in it. No strstr, which under sanitizers walks to the end each time. */
static inline int drawing_count(const char *piece)
{
	const char *at = drawn.text, *end = drawn.text + drawn.n;
	size_t len = strlen(piece);
	int n = 0;

	while ((at = memchr(at, *piece, (size_t)(end - at)))) {
		bool same = (size_t)(end - at) >= len && !memcmp(at, piece, len);

		n += same;
		at += same ? len : 1;
	}
	return n;
}

static inline bool drawing_has(const char *piece)
{
	return drawing_count(piece) > 0;
}

/* The number behind the n-th place of a piece of markup, from 0. */
static inline int drawing_number(const char *piece, int n)
{
	const char *at = drawn.text;

	for (int i = 0; i <= n; i++) {
		at = strstr(at, piece);
		assert_non_null(at);
		at += strlen(piece);
	}
	return (int)strtol(at, NULL, 10);
}

#endif
